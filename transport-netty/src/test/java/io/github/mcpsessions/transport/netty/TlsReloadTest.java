package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.spec.McpSchema;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A transport that serves HTTPS while the files of its certificate are replaced, as the clients of an MCP server see it. */
class TlsReloadTest {

    private static final String ACCEPT =
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    private static final int ALERT = 0x15;
    private static final int HANDSHAKE = 0x16;
    private static final int FATAL = 2;
    private static final int PROTOCOL_VERSION = 70;

    private final List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(PemSslContext.class);
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event);
        }
    };

    @TempDir
    private Path directory;

    private Path chain;
    private Path key;
    private X509Bundle first;
    private X509Bundle second;
    private PemSslContext context;
    private NettyStreamableServerTransportProvider transport;
    private McpSyncServer server;

    @BeforeEach
    void start() throws Exception {
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(Level.INFO);
        chain = directory.resolve("tls.crt");
        key = directory.resolve("tls.key");
        first = certificate("first");
        second = certificate("second");
        Files.writeString(chain, first.getCertificatePathPEM());
        Files.writeString(key, first.getPrivateKeyPEM());
        context = new PemSslContext(chain, key, Duration.ofMillis(20));
        transport = NettyStreamableServerTransportProvider.builder()
                .port(0)
                .sslContext(context)
                .build();
        server = McpServer.sync(transport)
                .serverInfo("t", "1")
                .tools(SyncToolSpecification.builder()
                        .tool(McpSchema.Tool.builder("greet", Map.of("type", "object"))
                                .build())
                        .callHandler((exchange, request) -> McpSchema.CallToolResult.builder()
                                .addTextContent("hello")
                                .build())
                        .build())
                .build();
    }

    @AfterEach
    void stop() {
        logger.detachAppender(appender);
        logger.setLevel(null);
        server.closeGracefully();
    }

    private static X509Bundle certificate(String name) throws Exception {
        return new CertificateBuilder()
                .subject("CN=" + name)
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .algorithm(Algorithm.ecp256)
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private static SSLContext trusting(X509Bundle certificate) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, certificate.toTrustManagerFactory().getTrustManagers(), null);
        return context;
    }

    private static Socket socket(InetSocketAddress address, X509Bundle trusted) throws Exception {
        return trusting(trusted).getSocketFactory().createSocket(address.getAddress(), address.getPort());
    }

    /** The official client on connections of its own. */
    private String greet(X509Bundle trusted) throws Exception {
        String url = transport.url();
        SSLContext trust = trusting(trusted);
        try (McpSyncClient client = McpClient.sync(
                        HttpClientStreamableHttpTransport.builder(url.substring(0, url.length() - "/mcp".length()))
                                .customizeClient(http -> http.sslContext(trust))
                                .build())
                .initializationTimeout(Duration.ofSeconds(20))
                .build()) {
            client.initialize();
            var result =
                    client.callTool(McpSchema.CallToolRequest.builder("greet").build());
            return ((McpSchema.TextContent) result.content().get(0)).text();
        }
    }

    private static RawClient.Response post(RawClient client, String headers, String body) throws IOException {
        return client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + ACCEPT + headers + "Content-Length: "
                        + body.length() + "\r\n\r\n" + body)
                .response();
    }

    private long count(Level level) {
        return lines.stream().filter(line -> line.getLevel() == level).count();
    }

    @Test
    @DisplayName("New connections get the new certificate; on an open one its session goes on, and its stream")
    void reload() throws Exception {
        assertThat(greet(first)).isEqualTo("hello");
        try (RawClient open = new RawClient(socket(transport.boundAddress(), first));
                RawClient listening = new RawClient(socket(transport.boundAddress(), first))) {
            RawClient.Response initialized = post(
                    open,
                    "",
                    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                            + "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}");
            String session = "Mcp-Session-Id: " + initialized.header("Mcp-Session-Id");
            assertThat(post(open, session + "\r\n", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}")
                            .status())
                    .isEqualTo(202);
            listening.send(RawClient.request("GET", "/mcp", "Accept: text/event-stream", session));
            assertThat(listening.head().status()).isEqualTo(200);
            assertThat(listening.chunk()).contains("id: ");

            Files.writeString(chain, second.getCertificatePathPEM());
            Files.writeString(key, second.getPrivateKeyPEM());
            await().until(() -> count(Level.INFO) == 1);

            assertThat(greet(second)).isEqualTo("hello");
            assertThatThrownBy(() -> greet(first)).hasRootCauseInstanceOf(CertPathBuilderException.class);
            String call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"greet\"}}";
            assertThat(post(open, session + "\r\n", call).body()).contains("hello");
            server.notifyToolsListChanged();
            assertThat(listening.chunk()).contains("notifications/tools/list_changed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"half a chain", "half a key", "another key", "no key"})
    @DisplayName("Files that cannot be used leave the old certificate in use, and are one line in the log")
    void unusable(String what) throws Exception {
        switch (what) {
            case "half a chain" -> Files.writeString(chain, half(second.getCertificatePathPEM()));
            case "half a key" -> Files.writeString(key, half(second.getPrivateKeyPEM()));
            case "another key" -> Files.writeString(key, second.getPrivateKeyPEM());
            default -> Files.delete(key);
        }
        await().until(() -> count(Level.WARN) == 1);
        for (int i = 0; i < 5; i++) {
            context.refresh();
        }

        assertThat(greet(first)).isEqualTo("hello");
        assertThat(lines)
                .singleElement()
                .satisfies(line -> assertThat(line.getFormattedMessage())
                        .isEqualTo("The TLS certificate in " + chain + " is not used, the former one stays"));

        Files.writeString(chain, second.getCertificatePathPEM());
        Files.writeString(key, second.getPrivateKeyPEM());
        await().until(() -> count(Level.INFO) == 1);
        assertThat(greet(second)).isEqualTo("hello");
    }

    private static String half(String pem) {
        return pem.substring(0, pem.length() / 2);
    }

    @Test
    @DisplayName(
            "A client that knows nothing newer than TLS 1.1 is refused with that reason; the same hello at 1.2 is not")
    void oldTls() throws Exception {
        assertThat(hello(0x0303)[0]).isEqualTo(HANDSHAKE);
        assertThat(hello(0x0302)).containsExactly(ALERT, FATAL, PROTOCOL_VERSION);
        assertThat(hello(0x0301)).containsExactly(ALERT, FATAL, PROTOCOL_VERSION);
    }

    /** Says hello in a version of TLS; returns the type of the record that comes, and its first two bytes. */
    private int[] hello(int version) throws IOException {
        InetSocketAddress address = transport.boundAddress();
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(clientHello(version));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int type = in.read();
            in.skipNBytes(4);
            return new int[] {type, in.read(), in.read()};
        }
    }

    private static byte[] clientHello(int version) throws IOException {
        ByteArrayOutputStream hello = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(hello);
        out.writeShort(version);
        out.write("thirty-two bytes without meaning".getBytes(StandardCharsets.US_ASCII));
        out.writeByte(0); // No session.
        out.writeShort(4);
        out.writeShort(0xc02b); // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        out.writeShort(0xc009); // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, for before 1.2
        out.writeShort(1 << 8); // No compression.
        out.writeShort(22);
        for (int[] extension : new int[][] {{10, 0x0017}, {13, 0x0403}}) { // secp256r1; ecdsa_secp256r1_sha256
            out.writeShort(extension[0]);
            out.writeShort(4);
            out.writeShort(2);
            out.writeShort(extension[1]);
        }
        out.writeShort(11); // Uncompressed points.
        out.writeShort(2);
        out.writeShort(1 << 8);
        byte[] body = hello.toByteArray();
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        out = new DataOutputStream(record);
        out.writeByte(HANDSHAKE);
        out.writeShort(0x0301);
        out.writeShort(body.length + 4);
        out.writeInt(1 << 24 | body.length);
        out.write(body);
        return record.toByteArray();
    }
}
