// A real master with a replica, and a Sentinel that replaces the master.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, redisServer, startOn, startOnFreePort } from '../conformance/redis.mjs';
import { start, stop } from '../conformance/processes.mjs';
import { until } from './replicas.mjs';

const NAME = 'main';

/** Reads one value of RESP; returns it and where the next one begins, or nothing if more has to come. */
function read(text, from = 0) {
    const end = text.indexOf('\r\n', from);
    if (end < 0) return undefined;
    const line = text.slice(from + 1, end);
    let next = end + 2;
    switch (text[from]) {
        case '$':
            if (line === '-1') return [null, next];
            return text.length < next + Number(line) + 2
                ? undefined
                : [text.slice(next, next + Number(line)), next + Number(line) + 2];
        case '*': {
            const values = [];
            for (let i = 0; i < Number(line); i++) {
                const value = read(text, next);
                if (!value) return undefined;
                values.push(value[0]);
                next = value[1];
            }
            return [values, next];
        }
        case '-':
            throw new Error(line);
        default:
            return [line, next];
    }
}

/** Sends one command on a connection of its own, and returns what is answered. */
function command(port, ...words) {
    return new Promise((resolve, reject) => {
        let text = '';
        const socket = net.connect(port, '127.0.0.1', () => socket.write(`${words.join(' ')}\r\n`));
        socket.setEncoding('latin1');
        socket.on('error', reject);
        socket.on('close', () => reject(new Error(`${words.join(' ')}: the connection was closed`)));
        socket.on('data', (data) => {
            text += data;
            try {
                const value = read(text);
                if (!value) return;
                resolve(value[0]);
            } catch (error) {
                reject(error);
            }
            socket.destroy();
        });
    });
}

/** @returns the servers as the `url` that names them, `failOver()` and `close()` */
export async function startSentinel(root) {
    const { binary } = await redisServer(root);
    const directory = path.join(tmpdir(), `mcp-sessions-sentinel-${process.pid}`);
    await mkdir(directory, { recursive: true });
    const options = ['--repl-diskless-sync-delay', '0'];
    const master = await startOnFreePort(binary, directory, options);
    const replica = await startOnFreePort(binary, directory, [...options, '--replicaof', `127.0.0.1 ${master.port}`]);
    const port = await freePort();
    const configuration = path.join(directory, 'sentinel.conf');
    await writeFile(
        configuration,
        [
            `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
            `sentinel down-after-milliseconds ${NAME} 1000`,
            `sentinel failover-timeout ${NAME} 3000`,
            '',
        ].join('\n'),
    );
    const sentinel = await start(
        'sentinel',
        binary,
        [configuration, '--sentinel', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
        { ready: /\+monitor master/ },
    );
    const servers = [master, replica];
    const current = async () => {
        const address = await command(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
        return servers.find((server) => `${server.port}` === address[1]);
    };
    const hasReplica = (server) => async () =>
        /slave0:.*state=online/.test(await command(server.port, 'INFO', 'replication').catch(() => ''));
    await until(hasReplica(master));
    await until(async () => (await command(port, 'SENTINEL', 'REPLICAS', NAME)).length > 0, 30_000);
    return {
        url: `redis-sentinel://127.0.0.1:${port}#${NAME}`,

        /** Kills the master, and starts it again as a replica of the one that has taken its place. Returns the milliseconds without a master. */
        async failOver() {
            const old = await current();
            old.server.child.kill('SIGKILL');
            const killed = Date.now();
            await until(async () => (await current()) !== old, 30_000);
            const millis = Date.now() - killed;
            const promoted = await current();
            old.server = await startOn(old.port, binary, directory, [
                ...options, '--replicaof', `127.0.0.1 ${promoted.port}`,
            ]);
            await until(hasReplica(promoted), 30_000);
            return millis;
        },

        async close() {
            await Promise.all([sentinel, ...servers.map(({ server }) => server)].map(stop));
            await rm(directory, { recursive: true, force: true });
        },
    };
}
