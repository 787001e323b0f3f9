package io.github.mcpsessions.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An HTTP exchange whose answer a test can wait for. */
final class FakeExchange implements HttpExchange {

    /** What the client got: a complete response, or the beginning of a stream. */
    record Answer(
            int status,
            @Nullable String sessionId,
            String body,
            @Nullable FakeStream stream) {}

    final CompletableFuture<Answer> answer = new CompletableFuture<>();
    final Map<String, String> responseHeaders = new ConcurrentHashMap<>();
    private volatile Runnable goneListener = () -> {};
    private volatile Runnable openListener = () -> {};
    private volatile Consumer<String> sendListener = data -> {};
    private final String method;
    private final Map<String, String> headers = new ConcurrentHashMap<>();
    private final byte[] body;
    private final Map<String, String> query = new ConcurrentHashMap<>();
    private String path = "/mcp";

    private FakeExchange(String method, String body) {
        this.method = method;
        this.body = body.getBytes(StandardCharsets.UTF_8);
    }

    static FakeExchange post(@Nullable String sessionId, String body) {
        return new FakeExchange("POST", body)
                .with("Content-Type", "application/json")
                .with("Accept", "application/json, text/event-stream")
                .with("Mcp-Session-Id", sessionId);
    }

    static FakeExchange get(@Nullable String sessionId) {
        return new FakeExchange("GET", "").with("Accept", "text/event-stream").with("Mcp-Session-Id", sessionId);
    }

    static FakeExchange delete(@Nullable String sessionId) {
        return new FakeExchange("DELETE", "").with("Mcp-Session-Id", sessionId);
    }

    FakeExchange with(String name, @Nullable String value) {
        if (value == null) {
            headers.remove(name.toLowerCase(Locale.ROOT));
        } else {
            headers.put(name.toLowerCase(Locale.ROOT), value);
        }
        return this;
    }

    @Override
    public String method() {
        return method;
    }

    /** Sends the request to another path than that of the MCP endpoint. */
    FakeExchange to(String target) {
        int query = target.indexOf('?');
        path = query < 0 ? target : target.substring(0, query);
        if (query >= 0) {
            for (String parameter : target.substring(query + 1).split("&", -1)) {
                int equals = parameter.indexOf('=');
                this.query.put(parameter.substring(0, equals), parameter.substring(equals + 1));
            }
        }
        return this;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public @Nullable String queryParameter(String name) {
        return query.get(name);
    }

    @Override
    public @Nullable String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public void setResponseHeader(String name, String value) {
        responseHeaders.put(name, value);
    }

    @Override
    public void respond(int status, @Nullable String sessionId, @Nullable BodyWriter writer) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (writer != null) {
                writer.writeTo(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            BodyWriter instead = writer == null ? null : writer.instead();
            if (instead == null) {
                throw e;
            }
            respond(status, sessionId, instead);
            return;
        }
        answer.complete(new Answer(status, sessionId, out.toString(StandardCharsets.UTF_8), null));
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        FakeStream stream = new FakeStream(onClose, sendListener);
        openListener.run();
        answer.complete(new Answer(200, sessionId, "", stream));
        return stream;
    }

    @Override
    public void onClientGone(Runnable listener) {
        goneListener = listener;
    }

    /** Runs an action in the middle of the opening of a stream. */
    void onOpen(Runnable action) {
        openListener = action;
    }

    /** Runs an action with the data of each event, before the one who sends it goes on. */
    void onSend(Consumer<String> action) {
        sendListener = action;
    }

    /** The client goes away before it was answered. */
    void clientGone() {
        goneListener.run();
    }

    /** An event stream that remembers what was sent. */
    static final class FakeStream implements EventStream {

        /** An event as the client got it; the data is empty for a priming event. */
        record Sent(
                @Nullable String type,
                @Nullable String id,
                String data,
                @Nullable Duration retry) {}

        final List<Sent> events = new CopyOnWriteArrayList<>();
        final List<String> comments = new CopyOnWriteArrayList<>();
        private final Runnable onClose;
        private final Consumer<String> sendListener;
        private boolean closed;

        FakeStream(Runnable onClose, Consumer<String> sendListener) {
            this.onClose = onClose;
            this.sendListener = sendListener;
        }

        @Override
        public synchronized boolean send(
                @Nullable String type, @Nullable String id, byte[] data, @Nullable Duration retry) {
            if (closed) {
                return false;
            }
            String text = new String(data, StandardCharsets.UTF_8);
            events.add(new Sent(type, id, text, retry));
            sendListener.accept(text);
            return true;
        }

        @Override
        public void flush() {}

        @Override
        public void comment() {
            comments.add("");
        }

        @Override
        public void close() {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
            }
            onClose.run();
        }

        /** What the client got apart from priming events. */
        List<String> messages() {
            return events.stream()
                    .map(Sent::data)
                    .filter(data -> !data.isEmpty())
                    .toList();
        }

        /** The id that the client would send as {@code Last-Event-ID}. */
        String lastId() {
            return events.stream().map(Sent::id).reduce("", (former, id) -> id == null ? former : id);
        }

        /** The client's connection breaks. */
        void cut() {
            close();
        }

        @Override
        public synchronized boolean isClosed() {
            return closed;
        }
    }
}
