// A round-robin reverse proxy like a load balancer in front of replicas: goes on to the next replica where one cannot be
// connected to, remembers what passed, and cuts connections on demand.
import http from 'node:http';

/**
 * @param {() => number[]} upstreamPorts the ports on 127.0.0.1 to use now
 * @returns the proxy: `seen` holds every request as {method, port, status, lastEventId, open}, `pin(port)` sends everything
 *     to one replica until `pin()`, `cut(predicate)` breaks the open connections that match and returns their number
 */
export async function startCuttingProxy(upstreamPorts) {
    let turn = 0;
    let pinned;
    const seen = [];
    const open = new Set();

    const server = http.createServer((request, response) => {
        const entry = {
            method: request.method,
            lastEventId: request.headers['last-event-id'],
            at: Date.now(),
            status: 0,
            open: true,
            response,
        };
        seen.push(entry);
        open.add(entry);
        response.on('close', () => {
            entry.open = false;
            open.delete(entry);
        });
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            entry.body = Buffer.concat(chunks);
            const ports = pinned ? [pinned] : upstreamPorts();
            forward(entry, request, response, ports, turn++, ports.length);
        });
    });

    function forward(entry, request, response, ports, index, attempts) {
        entry.port = ports[index % ports.length];
        const upstream = http.request({
            host: '127.0.0.1',
            port: entry.port,
            method: request.method,
            path: request.url,
            headers: request.rawHeaders,
            setHost: false,
            agent: false,
        });
        upstream.on('response', (answer) => {
            entry.status = answer.statusCode;
            response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
            response.flushHeaders();
            answer.pipe(response);
            answer.on('error', () => response.destroy());
            answer.on('aborted', () => response.destroy());
        });
        upstream.on('error', (error) => {
            if (error.code === 'ECONNREFUSED' && attempts > 1) {
                forward(entry, request, response, ports, index + 1, attempts - 1);
            } else if (response.headersSent) {
                response.destroy();
            } else {
                entry.status = 502;
                response.writeHead(502).end();
            }
        });
        response.on('close', () => upstream.destroy());
        upstream.end(entry.body);
    }

    server.requestTimeout = 0;
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}/mcp`,
        seen,
        pin: (port) => (pinned = port),
        cut: (predicate) => {
            const victims = [...open].filter((entry) => entry.status === 200 && predicate(entry));
            victims.forEach((entry) => entry.response.destroy());
            return victims.length;
        },
        openStreams: (method) => [...open].filter((entry) => entry.method === method && entry.status === 200),
        close: () => {
            server.close();
            server.closeAllConnections();
        },
    };
}
