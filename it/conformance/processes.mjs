// Child processes that never outlive this one.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const running = new Set();

process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => process.exit(130));
}

/** Starts a process and resolves with `{child, match}` when one of its lines matches `ready`; keeps its output in a file or hands it to `onLine`. */
export function start(name, command, args, { env = {}, ready, logFile, onLine: tell, timeoutMs = 60_000 } = {}) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const log = [];
    return new Promise((resolve, reject) => {
        const fail = (reason) => {
            clearTimeout(timer);
            reject(new Error(`${name}: ${reason}\n${log.join('\n')}`));
        };
        const timer = setTimeout(() => fail(`not ready within ${timeoutMs} ms`), timeoutMs);
        const onLine = (line) => {
            log.push(line);
            if (log.length > 30) log.shift();
            if (logFile) appendFileSync(logFile, `${line}\n`);
            tell?.(line);
            const match = ready.exec(line);
            if (match) {
                clearTimeout(timer);
                resolve({ child, match });
            }
        };
        createInterface({ input: child.stdout }).on('line', onLine);
        createInterface({ input: child.stderr }).on('line', onLine);
        child.on('error', (error) => fail(error.message));
        child.on('exit', (code, signal) => {
            running.delete(child);
            fail(`ended with ${signal ?? `code ${code}`} before it was ready`);
        });
    });
}

/** Ends a started process, politely first. */
export async function stop({ child }) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
}

/** Runs a process to its end and resolves with its exit code and output. */
export function run(command, args, { cwd } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
        running.add(child);
        let output = '';
        child.stdout.on('data', (data) => (output += data));
        child.stderr.on('data', (data) => (output += data));
        child.on('error', reject);
        child.on('close', (code) => {
            running.delete(child);
            resolve({ code, output });
        });
    });
}
