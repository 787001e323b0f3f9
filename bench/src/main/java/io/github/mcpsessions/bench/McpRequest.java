package io.github.mcpsessions.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A request as bytes, of which only the JSON-RPC id changes from one sending to the next. */
final class McpRequest {

    private static final String FIRST_ID = "100000000";

    private final ByteBuf bytes;
    private final int idIndex;

    private McpRequest(
            String method, URI uri, @Nullable String sessionId, @Nullable String version, @Nullable String body) {
        StringBuilder head = new StringBuilder(512)
                .append(method)
                .append(' ')
                .append(uri.getRawPath())
                .append(" HTTP/1.1\r\nHost: ")
                .append(uri.getAuthority())
                .append("\r\nAccept: application/json, text/event-stream\r\n");
        if (sessionId != null) {
            head.append("Mcp-Session-Id: ").append(sessionId).append("\r\n");
        }
        if (version != null) {
            head.append("MCP-Protocol-Version: ").append(version).append("\r\n");
        }
        if (body != null) {
            head.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(body.length())
                    .append("\r\n");
        }
        head.append("\r\n");
        byte[] all = (body == null ? head.toString() : head + body).getBytes(StandardCharsets.US_ASCII);
        bytes = Unpooled.directBuffer(all.length).writeBytes(all);
        int id = body == null ? -1 : body.indexOf(FIRST_ID);
        idIndex = id < 0 ? -1 : head.length() + id;
    }

    static McpRequest initialize(URI uri) {
        return new McpRequest("POST", uri, null, null, """
                {"jsonrpc":"2.0","id":100000000,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                "capabilities":{},"clientInfo":{"name":"load","version":"1"}}}""");
    }

    static McpRequest initialized(URI uri, String sessionId, String version) {
        return new McpRequest(
                "POST", uri, sessionId, version, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    }

    static McpRequest echo(URI uri, String sessionId, String version) {
        return new McpRequest("POST", uri, sessionId, version, """
                {"jsonrpc":"2.0","id":100000000,"method":"tools/call","params":{"name":"echo",\
                "arguments":{"message":"hello"}}}""");
    }

    static McpRequest emit(URI uri, String sessionId, String version, int count) {
        return new McpRequest("POST", uri, sessionId, version, """
                {"jsonrpc":"2.0","id":100000000,"method":"tools/call","params":{"name":"emit",\
                "arguments":{"count":%d}}}""".formatted(count));
    }

    static McpRequest delete(URI uri, String sessionId, String version) {
        return new McpRequest("DELETE", uri, sessionId, version, null);
    }

    static McpRequest listen(URI uri, String sessionId, String version) {
        return new McpRequest("GET", uri, sessionId, version, null);
    }

    /** Returns the bytes to write, with an id that was not used before; what was written before must have been sent. */
    ByteBuf next() {
        for (int i = idIndex + FIRST_ID.length() - 1; idIndex >= 0 && i > idIndex; i--) {
            int digit = bytes.getByte(i);
            if (digit < '9') {
                bytes.setByte(i, digit + 1);
                break;
            }
            bytes.setByte(i, '0');
        }
        return bytes.retainedDuplicate();
    }

    void release() {
        bytes.release();
    }
}
