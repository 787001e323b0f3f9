// What the official TypeScript client sees while Sentinel replaces the master of Redis, three times: clients that call on in
// their sessions, and others that open one session after another. Three replicas of the example server behind a proxy that
// balances each request.
//
//   node failover.mjs      prints the figures, exits 1 if a call in a session has failed
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { setTimeout as pause } from 'node:timers/promises';
import { startReplicas } from './replicas.mjs';
import { startSentinel } from './sentinel.mjs';

const CLIENTS = 8;
const FAILOVERS = 3;

let sentinel;
const server = await startReplicas('failover', {
    env: { MCP_REDIS_WAIT_REPLICAS: '1' },
    startStore: async (root) => (sentinel = await startSentinel(root)),
});
const figures = { calls: 0, failedCalls: 0, opened: 0, failedOpens: 0, sessionsLost: 0, withoutMasterMillis: [] };
let over = false;

async function connect() {
    const client = new Client({ name: 'failover', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(server.proxy.url));
    await client.connect(transport);
    return { client, close: () => client.close() };
}

async function echo(client, message) {
    const result = await client.callTool({ name: 'echo', arguments: { message } });
    if (!result.content[0].text.endsWith(message)) throw new Error(`not the echo of ${message}: ${result.content[0].text}`);
}

async function callOn({ client }) {
    for (let i = 0; !over; i++) {
        try {
            await echo(client, `m${i}`);
            figures.calls++;
        } catch (error) {
            figures.failedCalls++;
            console.log(`a call has failed: ${error.message}`);
            await pause(100);
        }
    }
}

/** A client that gets its session asks again later whether it has it still. */
async function openOn(opened) {
    while (!over) {
        try {
            opened.push(await connect());
            figures.opened++;
        } catch {
            figures.failedOpens++;
        }
        await pause(100);
    }
}

const clients = await Promise.all([...Array(CLIENTS)].map(connect));
// Each replica takes each session over before the first failover.
for (const { client } of clients) for (const _ of server.replicas) await echo(client, 'hello');
const opened = [];
const loops = [...clients.map(callOn), openOn(opened)];
for (let i = 0; i < FAILOVERS; i++) {
    await pause(3_000);
    figures.withoutMasterMillis.push(await sentinel.failOver());
}
await pause(3_000);
over = true;
await Promise.all(loops);
for (const { client } of opened) await echo(client, 'still there').catch(() => figures.sessionsLost++);
for (const { close } of [...clients, ...opened]) await close();
console.log(JSON.stringify(figures));
await server.close();
process.exit(figures.failedCalls === 0 && figures.sessionsLost === 0 ? 0 : 1);
