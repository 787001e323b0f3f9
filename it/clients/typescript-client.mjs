// Calls tools of an MCP server, one after another, with the official TypeScript client, and reports what happened.
//
//   node typescript-client.mjs <url> <calls>     ends after that many calls
//   node typescript-client.mjs <url> until-eof   ends when its standard input does
//
// Prints one JSON object per line: {"calls": n} after each call, then the report.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CreateMessageRequestSchema,
    ElicitRequestSchema,
    LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

const [url, amount] = process.argv.slice(2);
if (!url || !(amount === 'until-eof' || Number(amount) > 0)) {
    console.error('usage: typescript-client.mjs <url> <calls>|until-eof');
    process.exit(2);
}

// A call whose stream is cut before its first event id never ends by itself.
const CALL_TIMEOUT_MS = 10_000;

const statuses = {};
const sessions = new Set();
const replicas = {};
const failures = [];
let logMessages = 0;
let calls = 0;
let stopped = false;

const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: async (target, init) => {
        const response = await fetch(target, init);
        const key = `${init?.method ?? 'GET'} ${response.status}`;
        statuses[key] = (statuses[key] ?? 0) + 1;
        return response;
    },
});
const client = new Client(
    { name: 'typescript-client', version: '1.0.0' },
    { capabilities: { sampling: {}, elicitation: {} } },
);
client.setRequestHandler(CreateMessageRequestSchema, () => ({
    role: 'assistant',
    model: 'none',
    content: { type: 'text', text: 'sampled' },
}));
client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { username: 'ann', email: 'ann@example.com' },
}));
client.setNotificationHandler(LoggingMessageNotificationSchema, () => {
    logMessages++;
});

async function call(name, args, expected) {
    try {
        const result = await client.callTool({ name, arguments: args }, undefined, { timeout: CALL_TIMEOUT_MS });
        const text = result.content[0].text;
        if (result.isError || !text.includes(expected)) throw new Error(`unexpected result: ${text}`);
        return text;
    } catch (error) {
        failures.push({ tool: name, code: error.code, message: error.message });
        return undefined;
    }
}

async function oneCall() {
    switch (calls % 10) {
        case 7:
            await call('test_sampling', { prompt: 'What?' }, 'sampled');
            break;
        case 8:
            await call('test_elicitation', { message: 'Who?' }, 'ann@example.com');
            break;
        case 9:
            await call('test_tool_with_logging', {}, '');
            break;
        default: {
            const self = await call('whoami', {}, 'sessionId');
            if (self) {
                const { sessionId, replica } = JSON.parse(self);
                sessions.add(sessionId);
                replicas[replica] = (replicas[replica] ?? 0) + 1;
            }
        }
    }
    calls++;
    console.log(JSON.stringify({ calls }));
}

if (amount === 'until-eof') {
    process.stdin.on('end', () => (stopped = true)).resume();
}
await client.connect(transport);
const sessionId = transport.sessionId;
while (!stopped && (amount === 'until-eof' || calls < Number(amount))) {
    await oneCall();
}
await transport.terminateSession();
await client.close();
console.log(
    JSON.stringify({
        report: true,
        calls,
        failures,
        sessionId,
        sessions: [...sessions],
        replicas,
        logMessages,
        statuses,
    }),
);
process.exit(0);
