// Tries what streams promise with the official TypeScript client: three replicas of the example server as processes on one
// real Redis, behind a proxy that balances each request and cuts connections.
//
//   node streams.mjs [scenario]...      prints PASS or FAIL per scenario and a JSON summary, exits 1 after a failure
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CreateMessageRequestSchema,
    ElicitRequestSchema,
    LoggingMessageNotificationSchema,
    ResourceUpdatedNotificationSchema,
    ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { stop } from '../conformance/processes.mjs';
import { startReplicas, tryAll, until } from './replicas.mjs';

const logs = {};
const server = await startReplicas('streams', {
    onLine: (name, line) => (logs[name] = `${logs[name] ?? ''}${line}\n`),
});
const { replicas, proxy } = server;

async function connect(options = {}) {
    const client = new Client(
        { name: 'streams', version: '1.0.0' },
        { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
    );
    const log = [];
    const events = [];
    client.setNotificationHandler(LoggingMessageNotificationSchema, (n) => void log.push(n.params));
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void events.push('tools'));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, (n) => void events.push(n.params.uri));
    client.setRequestHandler(CreateMessageRequestSchema, async (request) => ({
        role: 'assistant',
        model: 'none',
        content: { type: 'text', text: `echo ${request.params.messages[0].content.text}` },
    }));
    client.setRequestHandler(ElicitRequestSchema, options.onElicit ?? (() => ({ action: 'decline' })));
    const transport = new StreamableHTTPClientTransport(new URL(proxy.url));
    const from = proxy.seen.length;
    await client.connect(transport);
    await until(() => proxy.seen.slice(from).some((entry) => entry.method === 'GET' && entry.status === 200));
    return {
        client,
        log,
        events,
        call: (name, args = {}, extra = {}) =>
            client.callTool({ name, arguments: args }, undefined, { timeout: 60_000, ...extra }),
        get: () => proxy.openStreams('GET'),
        close: async () => {
            await transport.terminateSession();
            await client.close();
        },
    };
}

/** One GET per client stays open, and the proxy sees no further request for a while. */
async function quiet(clients = 1) {
    await until(() => proxy.openStreams('GET').length === clients);
    await pause(3_500);
    const before = proxy.seen.length;
    await pause(2_500);
    assert.equal(proxy.seen.length, before, 'requests while nothing happens');
    assert.equal(proxy.openStreams('GET').length, clients, 'open GET streams');
}

const text = (result) => result.content[0].text;
const steps = (log) => log.map((entry) => entry.data).filter((data) => typeof data === 'string' && data.startsWith('step'));
const isCall = (entry) => entry.method === 'POST';

const scenarios = {
    async 'GET cut while notifications are emitted elsewhere'() {
        const c = await connect();
        const done = c.call('test_emit_notifications', { count: 60, intervalMs: 50 });
        await until(() => c.log.length > 10);
        assert.equal(proxy.cut((entry) => entry.method === 'GET'), 1);
        await done;
        await until(() => c.log.length >= 60);
        assert.deepEqual(c.log.map((entry) => entry.data.seq), [...Array(60).keys()]);
        await quiet();
        await c.close();
    },

    async 'POST stream cut in the middle of slow_count'() {
        const c = await connect();
        const done = c.call('slow_count', { count: 40, intervalMs: 50 }, { onprogress: () => {} });
        await until(() => steps(c.log).length > 5);
        assert.equal(proxy.cut(isCall), 1);
        const result = await done;
        assert.ok(!result.isError, text(result));
        assert.deepEqual(steps(c.log), [...Array(40).keys()].map((i) => `step ${i + 1} of 40`));
        await quiet();
        await c.close();
    },

    async 'POST stream cut while an elicitation waits'() {
        let answer;
        let asked = 0;
        const c = await connect({
            onElicit: () => {
                asked++;
                return new Promise((resolve) => (answer = resolve));
            },
        });
        const done = c.call('test_elicitation', { message: 'who?' });
        await until(() => answer);
        assert.equal(proxy.cut(isCall), 1);
        await until(() => proxy.seen.some((entry) => entry.lastEventId && entry.status === 200));
        answer({ action: 'accept', content: { username: 'ann', email: 'ann@example.com' } });
        assert.match(text(await done), /accept/);
        assert.equal(asked, 1);
        await quiet();
        await c.close();
    },

    async '10 concurrent samplings of one session'() {
        const c = await connect();
        const results = await Promise.all(
            [...Array(10).keys()].map((i) => c.call('test_sampling', { prompt: `prompt ${i}` })),
        );
        results.forEach((result, i) => assert.match(text(result), new RegExp(`echo prompt ${i}$`)));
        await quiet();
        await c.close();
    },

    async 'list change and resource update from another replica'() {
        const c = await connect();
        await c.client.subscribeResource({ uri: 'test://watched-resource' });
        const listening = c.get()[0].port;
        const other = replicas.find((replica) => replica.port !== listening);
        proxy.pin(other.port);
        await c.call('test_trigger_tool_change');
        await c.call('test_trigger_resource_update', { uri: 'test://watched-resource' });
        await c.call('test_trigger_resource_update', { uri: 'test://static-text' });
        proxy.pin();
        await until(() => c.events.length >= 3);
        await pause(500);
        assert.deepEqual(c.events, ['tools', 'tools', 'test://watched-resource']);
        await c.close();
    },

    async 'log level set on one replica, respected on another'() {
        const c = await connect();
        proxy.pin(replicas[0].port);
        await c.client.setLoggingLevel('error');
        proxy.pin(replicas[1].port);
        await pause(1_000);
        await c.call('test_tool_with_logging');
        assert.equal(c.log.length, 0);
        await c.client.setLoggingLevel('info');
        proxy.pin(replicas[2].port);
        await pause(1_000);
        await c.call('test_tool_with_logging');
        assert.equal(c.log.length, 3);
        proxy.pin();
        await c.close();
    },

    async 'the server closes the connection (SEP-1699)'() {
        const c = await connect();
        assert.match(text(await c.call('test_reconnection')), /success/);
        await quiet();
        await c.close();
    },

    async 'a streamed call that is cancelled, then quiet'() {
        const c = await connect();
        const abort = new AbortController();
        const done = c.call('slow_count', { count: 1_000, intervalMs: 50 }, { signal: abort.signal, onprogress: () => {} });
        await until(() => steps(c.log).length > 5);
        abort.abort('enough');
        await assert.rejects(done);
        await until(() => Object.values(logs).some((log) => /slow_count cancelled/.test(log)));
        await quiet();
        await c.close();
    },

    async 'a streamed call that fails with a JSON-RPC error, then quiet'() {
        const c = await connect();
        // No client answers this within its stream: the tool asks for something that the client refuses.
        await assert.rejects(c.client.request(
            { method: 'tools/call', params: { name: 'slow_count', arguments: { count: 'x' } } },
            (await import('@modelcontextprotocol/sdk/types.js')).CallToolResultSchema,
        ).then((result) => {
            if (result.isError) throw new Error(text(result));
        }));
        await quiet();
        await c.close();
    },

    async 'two cuts with no event between'() {
        const c = await connect();
        const done = c.call('slow_count', { count: 4, intervalMs: 3_000 }, { onprogress: () => {} });
        await until(() => steps(c.log).length === 1);
        const from = proxy.seen.length;
        proxy.cut(isCall);
        await until(() => proxy.seen.slice(from).some((entry) => entry.lastEventId && entry.status === 200));
        proxy.cut((entry) => entry.lastEventId && !entry.lastEventId.startsWith('0:'));
        const result = await done;
        assert.ok(!result.isError, text(result));
        assert.equal(steps(c.log).length, 4);
        await quiet();
        await c.close();
    },

    async 'kill -9 of the replica that runs a call'() {
        const c = await connect();
        const runner = replicas.find((replica) => replica.port !== c.get()[0].port);
        proxy.pin(runner.port);
        const done = c.call('slow_count', { count: 1_000, intervalMs: 50 }, { onprogress: () => {} });
        await until(() => steps(c.log).length > 5);
        proxy.pin();
        const killed = Date.now();
        runner.child.kill('SIGKILL');
        await assert.rejects(done, /stopped/);
        const seconds = (Date.now() - killed) / 1000;
        assert.ok(seconds < 10, `${seconds} s`);
        for (let i = 0; i < 20; i++) assert.match(text(await c.call('echo', { message: `m${i}` })), new RegExp(`m${i}$`));
        await server.startAgain(runner);
        await quiet();
        await c.close();
        return { seconds };
    },

    async 'rolling restart under load'() {
        const c = await connect();
        const counting = c.call('slow_count', { count: 100, intervalMs: 50 }, { onprogress: () => {} });
        counting.catch(() => {});
        let calls = 0;
        let over = false;
        const loop = (async () => {
            while (!over) {
                assert.match(text(await c.call('echo', { message: `m${calls}` })), new RegExp(`m${calls}$`));
                calls++;
            }
        })();
        loop.catch(() => {});
        for (const old of [...replicas]) {
            await stop(old);
            await server.startAgain(old);
        }
        const result = await counting;
        over = true;
        await loop;
        assert.ok(!result.isError, text(result));
        assert.deepEqual(steps(c.log), [...Array(100).keys()].map((i) => `step ${i + 1} of 100`));
        await quiet();
        await c.close();
        return { calls };
    },
};

const passed = await tryAll(scenarios, proxy, () => until(() => proxy.openStreams('GET').length === 0).catch(() => {}));
await server.close();
process.exit(passed ? 0 : 1);
