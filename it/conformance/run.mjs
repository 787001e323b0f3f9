// Starts the servers, runs the suite at each revision, reads its checks.json files and prints one table.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, start, stop } from './processes.mjs';
import { startRedis } from './redis.mjs';
import { startRoundRobinProxy } from './round-robin-proxy.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const jar = path.join(root, 'example-server', 'target', 'example-server.jar');
const suite = path.join(here, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
const outputs = path.join(root, 'it', 'target', 'conformance');

const { values: options } = parseArgs({
    options: {
        only: { type: 'string' },
        'spec-version': { type: 'string', multiple: true, default: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] },
        requirements: { type: 'string', multiple: true, default: ['2026-07-28', '2025-11-25'] },
    },
});
const setups = { memory: oneReplicaInMemory, redis: threeReplicasOnRedis };
if (options.only && !setups[options.only]) {
    console.error(`--only: ${options.only} (expected: ${Object.keys(setups).join(' or ')})`);
    process.exit(2);
}

async function startReplica(name, env) {
    const replica = await start(name, 'java', ['-jar', jar], {
        env: { REDIS_URL: '', HOST: '127.0.0.1', PORT: '0', NODE_ID: name, ...env },
        ready: /http:\/\/(?:127\.0\.0\.1|localhost):(\d+)\//,
        logFile: path.join(outputs, `${name}.log`),
    });
    return { ...replica, port: Number(replica.match[1]) };
}

async function oneReplicaInMemory(test) {
    const replica = await startReplica('memory-1', {});
    try {
        await test('1 replica, memory', `http://127.0.0.1:${replica.port}/mcp`);
    } finally {
        await stop(replica);
    }
}

async function threeReplicasOnRedis(test) {
    const redis = await startRedis(root);
    console.log(`Redis: ${redis.from}`);
    const replicas = [];
    let proxy;
    try {
        const namespace = `conformance-${process.pid}-${Date.now()}`;
        const stateKeys = `k1:${randomBytes(32).toString('base64')}`;
        for (const name of ['redis-1', 'redis-2', 'redis-3']) {
            replicas.push(await startReplica(name, {
                REDIS_URL: redis.url, MCP_NAMESPACE: namespace, MCP_STATE_KEYS: stateKeys,
            }));
        }
        proxy = await startRoundRobinProxy(replicas.map((replica) => replica.port));
        await test('3 replicas, Redis, round robin', `http://127.0.0.1:${proxy.port}/mcp`);
        for (const [port, count] of proxy.served) {
            if (count === 0) throw new Error(`the replica on port ${port} served no request`);
        }
    } finally {
        await proxy?.close();
        await Promise.all(replicas.map(stop));
        await redis.close();
    }
}

/** What the suite is to run: all that there is at a revision, or what the revision required when it was released. */
const lists = [
    ...options['spec-version'].map((revision) => ({ name: revision, select: ['--spec-version', revision], all: ['--suite', 'all'] })),
    ...options.requirements.map((revision) => ({ name: `${revision} req.`, select: ['--requirements', revision], all: [] })),
];

async function scenariosOf(list) {
    const { code, output } = await run(process.execPath, [suite, 'list', '--server', ...list.select]);
    if (code !== 0) throw new Error(`conformance list ended with code ${code}\n${output}`);
    // Of a list of requirements, what is asked of servers and scored.
    const [, ofServers] = /^Server scenarios[^\n]*\n((?:\s+- .*\n?)+)/m.exec(output) ?? [undefined, ''];
    return [...ofServers.matchAll(/^\s+- (\S+)/gm)].map((match) => match[1]);
}

async function runSuite(setup, url, list) {
    const output = path.join(outputs, `${setup} ${list.name}`.replace(/[^a-z0-9]+/gi, '-'));
    await mkdir(output);
    const result = await run(process.execPath, [
        suite, 'server', '--url', url, ...list.all, ...list.select, '-o', output,
    ]);
    const checks = [];
    const directories = await readdir(output);
    for (const scenario of await scenariosOf(list)) {
        const prefix = `server-${scenario}-2`;
        const directory = directories.find((name) => name.startsWith(prefix));
        const read = directory ? JSON.parse(await readFile(path.join(output, directory, 'checks.json'), 'utf8')) : [];
        if (read.length === 0) {
            read.push({ id: scenario, status: 'FAILURE', errorMessage: `no check was made\n${result.output}` });
        }
        checks.push(...read.map((check) => ({ ...check, scenario })));
    }
    return { setup, specVersion: list.name, checks };
}

await rm(outputs, { recursive: true, force: true });
await mkdir(outputs, { recursive: true });
const rows = [];
for (const [name, setUp] of Object.entries(setups)) {
    if (options.only && options.only !== name) continue;
    await setUp(async (setup, url) => {
        for (const list of lists) {
            rows.push(await runSuite(setup, url, list));
        }
    });
}

const count = (checks, status) => checks.filter((check) => check.status === status).length;
const totals = { SUCCESS: 0, FAILURE: 0, WARNING: 0, SKIPPED: 0 };
const line = (...cells) => console.log(cells.map((cell, i) => `${cell}`.padEnd([32, 17, 8, 8, 9, 8][i])).join(''));

console.log();
line('setup', 'revision', 'passed', 'failed', 'warnings', 'skipped');
for (const { setup, specVersion, checks } of rows) {
    const counts = Object.keys(totals).map((status) => count(checks, status));
    Object.keys(totals).forEach((status, i) => (totals[status] += counts[i]));
    line(setup, specVersion, ...counts);
}
for (const { setup, specVersion, checks } of rows) {
    for (const check of checks) {
        if (!(check.status in totals) && check.status !== 'INFO') {
            totals.FAILURE++;
            check.errorMessage = `unknown status ${check.status}`;
        } else if (!['FAILURE', 'WARNING', 'SKIPPED'].includes(check.status)) {
            continue;
        }
        const why = check.errorMessage ?? check.description ?? '';
        console.log(`\n${check.status} ${check.scenario} / ${check.id} (${setup}, ${specVersion})\n    ${why}`);
    }
}
console.log(`\n${totals.SUCCESS} passed, ${totals.FAILURE} failed`);
process.exitCode = totals.FAILURE === 0 && totals.SUCCESS > 0 ? 0 : 1;
