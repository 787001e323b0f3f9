// Finds a real Redis: REDIS_URL, else redis-server on the PATH, else the static binary in the embedded-redis jar.
import { chmod, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run, start, stop } from './processes.mjs';

/** @returns {Promise<{url: string, from: string, close: () => Promise<void>}>} */
export async function startRedis(root) {
    if (process.env.REDIS_URL) {
        return { url: process.env.REDIS_URL, from: 'REDIS_URL', close: async () => {} };
    }
    const { binary, from } = await redisServer(root);
    const directory = path.join(tmpdir(), `mcp-sessions-redis-${process.pid}`);
    await mkdir(directory, { recursive: true });
    const { port, server } = await startOnFreePort(binary, directory);
    return {
        url: `redis://127.0.0.1:${port}`,
        from,
        close: async () => {
            await stop(server);
            await rm(directory, { recursive: true, force: true });
        },
    };
}

/** The program, and where it is from. */
export async function redisServer(root) {
    const installed = await run('sh', ['-c', 'command -v redis-server']);
    return installed.code === 0
        ? { binary: installed.output.trim(), from: installed.output.trim() }
        : { binary: await embeddedBinary(root), from: 'the embedded-redis jar' };
}

/** Starts a server that keeps nothing on disk. */
export function startOn(port, binary, directory, options = []) {
    return start(
        'redis-server',
        binary,
        ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory, ...options],
        { ready: /Ready to accept connections/ },
    );
}

export async function startOnFreePort(binary, directory, options) {
    for (let attempt = 1; ; attempt++) {
        const port = await freePort();
        try {
            return { port, server: await startOn(port, binary, directory, options) };
        } catch (error) {
            // Somebody else may have taken the port between the look and the start.
            if (attempt === 5 || !/Address already in use/.test(error.message)) throw error;
        }
    }
}

export function freePort() {
    return new Promise((resolve, reject) => {
        const probe = createServer();
        probe.once('error', reject);
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

async function embeddedBinary(root) {
    const os = { linux: 'linux', darwin: 'darwin' }[process.platform];
    const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
    if (!os || !arch) {
        throw new Error(`no embedded redis-server for ${process.platform} ${process.arch}: set REDIS_URL`);
    }
    const directory = path.join(root, 'it', 'target', 'redis-server');
    await mkdir(directory, { recursive: true });
    const suffix = `${os}-${arch}`;
    const found = (await readdir(directory)).find((file) => file.startsWith('redis-server-') && file.endsWith(suffix));
    if (found) return path.join(directory, found);

    const pom = await readFile(path.join(root, 'pom.xml'), 'utf8');
    const version = /<embedded-redis\.version>([^<]+)</.exec(pom)?.[1];
    if (!version) throw new Error('embedded-redis.version not found in pom.xml');
    await mustRun('mvn', [
        '-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy',
        `-Dartifact=org.signal:embedded-redis:${version}`, `-DoutputDirectory=${directory}`,
    ], { cwd: tmpdir() });
    const jar = path.join(directory, `embedded-redis-${version}.jar`);
    const unpacked = path.join(directory, 'unpacked');
    await mkdir(unpacked, { recursive: true });
    await unpack(jar, unpacked);
    const name = (await readdir(unpacked)).find((file) => file.startsWith('redis-server-') && file.endsWith(suffix));
    if (!name) throw new Error(`${jar} holds no redis-server for ${suffix}: set REDIS_URL`);
    await chmod(path.join(unpacked, name), 0o755);
    await rename(path.join(unpacked, name), path.join(directory, name));
    await rm(unpacked, { recursive: true });
    await rm(jar);
    return path.join(directory, name);
}

async function unpack(jar, directory) {
    const tool = process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', 'jar') : 'jar';
    await mustRun(tool, ['xf', jar], { cwd: directory });
}

async function mustRun(command, args, options) {
    const { code, output } = await run(command, args, options);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}\n${output}`);
}
