// A reverse proxy that sends each HTTP request to the next upstream, streams bodies through both ways, and leaves every
// header, Host above all, as it came.
import http from 'node:http';

/**
 * @param {number[]} upstreamPorts ports on 127.0.0.1
 * @returns {Promise<{port: number, served: Map<number, number>, close: () => Promise<void>}>}
 */
export async function startRoundRobinProxy(upstreamPorts) {
    let turn = 0;
    const served = new Map(upstreamPorts.map((port) => [port, 0]));

    const server = http.createServer((request, response) => {
        const port = upstreamPorts[turn++ % upstreamPorts.length];
        served.set(port, served.get(port) + 1);
        const upstream = http.request({
            host: '127.0.0.1',
            port,
            method: request.method,
            path: request.url,
            headers: request.rawHeaders,
            setHost: false,
            agent: false,
        });
        upstream.on('response', (answer) => {
            response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
            response.flushHeaders();
            answer.pipe(response);
            answer.on('error', () => response.destroy());
        });
        upstream.on('error', (error) => {
            if (response.headersSent) {
                response.destroy();
            } else {
                response.writeHead(502, { 'Content-Type': 'text/plain' });
                response.end(`upstream 127.0.0.1:${port}: ${error.message}\n`);
            }
        });
        response.on('close', () => upstream.destroy());
        request.pipe(upstream);
    });
    server.requestTimeout = 0;

    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
    });
    return {
        port: server.address().port,
        served,
        close: () =>
            new Promise((resolve) => {
                server.close(resolve);
                server.closeAllConnections();
            }),
    };
}
