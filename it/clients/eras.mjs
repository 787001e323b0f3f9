// Tries clients that nobody here has written, of every revision, against three replicas of the example server as processes
// on one real Redis, behind a proxy that balances each request.
//
//   node eras.mjs [scenario]...      prints PASS or FAIL per scenario, exits 1 after a failure
import { createMCPClient } from '@ai-sdk/mcp';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CreateMessageRequestSchema,
    LoggingMessageNotificationSchema,
    ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../conformance/processes.mjs';
import { jar, startReplicas, tryAll, until } from './replicas.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const server = await startReplicas('eras', {
    env: { MCP_STATE_KEYS: `k1:${randomBytes(32).toString('base64')}`, MCP_SSE: 'true' },
});
const { replicas, proxy } = server;
const origin = new URL(proxy.url).origin;
const sseUrl = new URL('/sse', origin);

const text = (result) => result.content[0].text;
const info = { name: 'eras', version: '1.0.0' };

async function kill(replica) {
    const gone = new Promise((resolve) => replica.child.once('exit', resolve));
    replica.child.kill('SIGKILL');
    await gone;
}

async function connectSse(sessionId) {
    const client = new Client(info, { capabilities: { sampling: {} } });
    const seen = { log: [], changes: 0 };
    client.setNotificationHandler(LoggingMessageNotificationSchema, (n) => void seen.log.push(n.params.data));
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void seen.changes++);
    client.setRequestHandler(CreateMessageRequestSchema, async (request) => ({
        role: 'assistant',
        model: 'none',
        content: { type: 'text', text: `echo ${request.params.messages[0].content.text}` },
    }));
    const url = new URL(sseUrl);
    if (sessionId) url.searchParams.set('sessionId', sessionId);
    const transport = new SSEClientTransport(url);
    await client.connect(transport);
    return {
        client,
        transport,
        seen,
        call: (name, args = {}) => client.callTool({ name, arguments: args }, undefined, { timeout: 30_000 }),
        connection: () => proxy.openStreams('GET')[0],
    };
}

async function connectModern(options = {}) {
    const client = new ModernClient(info, {
        capabilities: { elicitation: {} },
        versionNegotiation: { mode: 'auto' },
    });
    if (options.onElicit) client.setRequestHandler('elicitation/create', options.onElicit);
    await client.connect(new ModernTransport(new URL(proxy.url)));
    return client;
}

const echoes = async (call, count) => {
    for (let i = 0; i < count; i++) assert.match(text(await call('echo', { message: `m${i}` })), new RegExp(`m${i}$`));
    return count;
};

async function javaClient(transport, calls) {
    const { code, output } = await run('java', [
        '-cp', jar, path.join(here, 'JavaClient.java'), origin, transport, `${calls}`,
    ]);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`right ${calls}$`, 'm'));
    return calls;
}

/** Starts an elicitation on one replica and has it retried on another one. */
async function elicit(tool, between) {
    const [a, b] = replicas;
    const client = await connectModern({
        onElicit: async () => {
            await between(a);
            proxy.pin(b.port);
            return { action: 'accept', content: { name: 'Ann', username: 'ann', email: 'ann@example.com' } };
        },
    });
    const from = proxy.seen.length;
    proxy.pin(a.port);
    try {
        return await client.callTool({ name: tool, arguments: { message: 'who?' } });
    } finally {
        proxy.pin();
        await client.close();
        const ports = proxy.seen.slice(from).filter((entry) => entry.method === 'POST').map((entry) => entry.port);
        assert.deepEqual([...new Set(ports)], [a.port, b.port], 'asked on a, retried on b');
        if (a.child.signalCode !== null) await server.startAgain(a);
    }
}

const scenarios = {
    async 'SSEClientTransport: calls, a question and notifications by way of all replicas'() {
        const c = await connectSse();
        const from = proxy.seen.length;
        assert.deepEqual(c.client.getServerVersion().name.length > 0, true);
        await echoes(c.call, 30);
        assert.match(text(await c.call('test_sampling', { prompt: 'hello' })), /echo hello/);
        await c.call('test_tool_with_logging');
        assert.equal(c.seen.log.length, 3);
        await c.call('test_trigger_tool_change');
        await until(() => c.seen.changes === 2);
        const ports = new Set(proxy.seen.slice(from).filter((e) => e.method === 'POST').map((e) => e.port));
        assert.equal(ports.size, 3);
        await c.client.close();
    },

    async 'SSEClientTransport: comes back to its session by its URL, and keeps it when its connection is cut'() {
        const first = await connectSse();
        await first.client.setLoggingLevel('error');
        const sessionId = JSON.parse(text(await first.call('whoami'))).sessionId;
        await first.client.close();

        const c = await connectSse(sessionId);
        const from = proxy.seen.length;
        const done = c.call('slow_count', { count: 5, intervalMs: 300 });
        await until(() => proxy.seen.slice(from).some((entry) => entry.method === 'POST' && entry.status === 202));
        assert.equal(proxy.cut((entry) => entry.method === 'GET'), 1);
        assert.ok(!(await done).isError);
        await c.call('test_tool_with_logging');
        assert.deepEqual(c.seen.log, []);
        assert.equal(JSON.parse(text(await c.call('whoami'))).sessionId, sessionId);
        await c.client.close();
    },

    async 'SSEClientTransport: kill -9 of the replica that has its connection'() {
        const first = await connectSse();
        const sessionId = JSON.parse(text(await first.call('whoami'))).sessionId;
        await first.client.close();
        const c = await connectSse(sessionId);
        const holder = replicas.find((replica) => replica.port === c.connection().port);
        await kill(holder);
        try {
            await until(() => proxy.openStreams('GET').length === 1);
            await echoes(c.call, 10);
            assert.equal(JSON.parse(text(await c.call('whoami'))).sessionId, sessionId);
        } finally {
            await server.startAgain(holder);
        }
        await c.client.close();
    },

    async 'an event source that sends Last-Event-ID alone gets exactly what it missed'() {
        const open = async (headers) => {
            const response = await fetch(sseUrl, { headers: { Accept: 'text/event-stream', ...headers } });
            const reader = response.body.getReader();
            let read = '';
            return {
                async event(pattern) {
                    while (!pattern.test(read)) read += new TextDecoder().decode((await reader.read()).value);
                    return pattern.exec(read)[1];
                },
                close: () => reader.cancel(),
            };
        };
        const post = (target, message) => fetch(new URL(target, origin), {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', ...message }),
        });
        const first = await open({});
        const target = await first.event(/data: (\/messages.*)\n\n/);
        await post(target, {
            id: 0, method: 'initialize',
            params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: info },
        });
        const seen = await first.event(/id: (.*)\n.*"id":0,/);
        await post(target, { id: 1, method: 'ping' });
        await first.event(/("id":1,)/);
        await first.close();
        const again = await open({ 'Last-Event-ID': seen });
        assert.equal(await again.event(/data: (\/messages.*)\n\n/), target);
        await again.event(/("id":1,)/);
        await again.close();
    },

    async 'a POST without a connection is 410, and GET /sse?sessionId=... brings the session back'() {
        const first = await fetch(sseUrl, { headers: { Accept: 'text/event-stream' } });
        const reader = first.body.getReader();
        const event = new TextDecoder().decode((await reader.read()).value);
        const messages = new URL(/data: (.*)/.exec(event)[1], origin);
        await reader.cancel();
        const ping = () => fetch(messages, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        });
        await until(() => proxy.openStreams('GET').length === 0);
        await until(async () => (await ping()).status === 410);
        const refused = await ping();
        const sentence = (await refused.json()).error.message;
        assert.ok(sentence.includes(`GET /sse${messages.search}`), sentence);
        const again = await fetch(new URL(`/sse${messages.search}`, origin), { headers: { Accept: 'text/event-stream' } });
        assert.equal(again.status, 200);
        assert.equal((await ping()).status, 202);
        await again.body.cancel();
        messages.searchParams.set('sessionId', 'x'.repeat(32));
        assert.equal((await ping()).status, 404);
    },

    async 'clients of every revision at once'() {
        const sse = await connectSse();
        const modern = await connectModern();
        assert.equal(modern.getNegotiatedProtocolVersion(), '2026-07-28');
        const legacy = new Client(info, { capabilities: {} });
        await legacy.connect(new StreamableHTTPClientTransport(new URL(proxy.url)));
        const ai = await createMCPClient({ transport: { type: 'http', url: proxy.url } });
        const aiSse = await createMCPClient({ transport: { type: 'sse', url: sseUrl.href } });
        const calls = await Promise.all([
            echoes(sse.call, 40),
            echoes((name, args) => modern.callTool({ name, arguments: args }), 40),
            echoes((name, args) => legacy.callTool({ name, arguments: args }), 40),
            echoes((name, args) => ai.callTool({ name, arguments: args }), 40),
            echoes((name, args) => aiSse.callTool({ name, arguments: args }), 40),
            javaClient('streamable', 40),
            javaClient('sse', 40),
        ]);
        await Promise.all([sse.client.close(), modern.close(), legacy.close(), ai.close(), aiSse.close()]);
        return { clients: calls.length, calls: calls.reduce((sum, count) => sum + count, 0) };
    },

    async 'an elicitation at 2026-07-28: asked on a, answered on b, and a goes on'() {
        const result = await elicit('test_elicitation', async () => {});
        assert.match(text(result), /action=accept/);
    },

    async 'an elicitation at 2026-07-28: a is killed in between, and b runs the repeatable tool again'() {
        assert.equal(text(await elicit('test_input_required_result_elicitation', kill)), 'Hello, Ann!');
    },

    async 'an elicitation at 2026-07-28: a is killed in between, and b does not run any other tool again'() {
        await assert.rejects(elicit('test_elicitation', kill), { code: -32603 });
    },
};

const passed = await tryAll(scenarios, proxy);
await server.close();
process.exit(passed ? 0 : 1);
