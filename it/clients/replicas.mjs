// Three replicas of the example server as processes on one real Redis, behind a proxy that balances each request over those
// that say they are ready, and scenarios that are tried with them one after the other.
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start, stop } from '../conformance/processes.mjs';
import { startRedis } from '../conformance/redis.mjs';
import { startCuttingProxy } from './cutting-proxy.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

const PROBE_MILLIS = 200;

export const jar = path.join(root, 'example-server', 'target', 'example-server.jar');

/**
 * @param name of the logical server
 * @param env further settings of its replicas
 * @param startStore starts their Redis and returns its `url` and `close()`
 * @param onLine is told which replica has written which line
 * @returns the replicas as `{child, name, port}`, the proxy, `startAgain(replica)` for one that has ended, and `close()`
 */
export async function startReplicas(name, { env = {}, onLine = () => {}, startStore = startRedis } = {}) {
    const redis = await startStore(root);
    const namespace = `${name}-${process.pid}-${Date.now()}`;
    const replicas = [];

    async function startReplica(id, port = 0) {
        const started = await start(id, 'java', ['-jar', jar], {
            env: {
                REDIS_URL: redis.url,
                HOST: '127.0.0.1',
                PORT: `${port}`,
                NODE_ID: id,
                MCP_NAMESPACE: namespace,
                MCP_SHUTDOWN_GRACE: '1s',
                ...env,
            },
            ready: /http:\/\/127\.0\.0\.1:(\d+)\//,
            onLine: (line) => onLine(id, line),
        });
        return { ...started, name: id, port: Number(started.match[1]) };
    }

    replicas.push(...(await Promise.all(['a', 'b', 'c'].map((id) => startReplica(id)))));
    const away = new Set();
    const probe = setInterval(() => {
        for (const { port } of replicas) {
            fetch(`http://127.0.0.1:${port}/health/ready`).then(
                ({ ok }) => (ok ? away.delete(port) : away.add(port)),
                () => away.add(port),
            );
        }
    }, PROBE_MILLIS);
    const proxy = await startCuttingProxy(() => {
        const ports = replicas.map((replica) => replica.port);
        const ready = ports.filter((port) => !away.has(port));
        return ready.length > 0 ? ready : ports;
    });
    return {
        replicas,
        proxy,
        async startAgain(replica) {
            replicas[replicas.indexOf(replica)] = await startReplica(replica.name, replica.port);
        },
        async close() {
            clearInterval(probe);
            proxy.close();
            await Promise.all(replicas.map(stop));
            await redis.close();
        },
    };
}

export async function until(condition, millis = 15_000) {
    const deadline = Date.now() + millis;
    while (!(await condition())) {
        if (Date.now() > deadline) throw new Error(`not within ${millis} ms: ${condition}`);
        await pause(20);
    }
}

/**
 * Tries the scenarios whose names have one of the words of the command line, or all; prints PASS or FAIL for each and a JSON
 * summary, and returns whether some were tried and all have passed.
 *
 * @param scenarios functions by name, which may return figures for the summary
 * @param settled is waited for after each scenario, when all its connections are cut
 */
export async function tryAll(scenarios, proxy, settled = async () => {}) {
    const wanted = process.argv.slice(2);
    const summary = {};
    let failed = 0;
    for (const [name, scenario] of Object.entries(scenarios)) {
        if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
        const began = Date.now();
        try {
            const figures = await scenario();
            summary[name] = { passed: true, millis: Date.now() - began, ...figures };
            console.log(`PASS ${name} (${Date.now() - began} ms) ${figures ? JSON.stringify(figures) : ''}`);
        } catch (error) {
            failed++;
            summary[name] = { passed: false, error: `${error.message}` };
            console.log(`FAIL ${name}: ${error.stack}`);
            for (const entry of proxy.seen.slice(-12)) {
                console.log(`    ${entry.method} ${entry.status} port ${entry.port} after ${entry.lastEventId} open ${entry.open}`);
            }
        }
        proxy.pin();
        proxy.cut(() => true);
        await settled();
    }
    const passed = Object.keys(summary).length - failed;
    console.log(JSON.stringify(summary));
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0;
}
