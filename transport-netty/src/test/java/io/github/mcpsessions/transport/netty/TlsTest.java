package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {

    private final BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
    private X509Bundle certificate;
    private SslContext context;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        certificate = new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        context = SslContextBuilder.forServer(certificate.toKeyManagerFactory())
                .protocols("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1")
                .build();
        server = TestServer.start(exchanges::add, config -> config.sslContext(context));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void servesOverTls(String protocol) throws Exception {
        assertThat(server.server().url()).startsWith("https://");
        try (RawClient client = new RawClient(connect(protocol))) {
            client.post("x".repeat(100_000));
            TestServer.echo(next());
            assertThat(client.response().body()).hasSize(100_000);

            client.send(request("GET", "/mcp"));
            EventStream stream = next().openEventStream(null, () -> {});
            stream.flush();
            client.head();
            stream.send(null, utf8("{}"), null);
            assertThat(client.chunk()).isEqualTo("data: {}\n\n");
            stream.close();
            assertThat(client.chunk()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void letsTheSenderOfALongBodyReadTheAnswer(String protocol) throws Exception {
        try (RawClient client = new RawClient(connect(protocol))) {
            client.post("x".repeat(8 << 20));
            assertThat(client.response().status()).isEqualTo(413);
            assertThat(client.untilClosed()).isEmpty();
        }
    }

    @Test
    void speaksNoOlderVersion() {
        assertThat(context.newEngine(UnpooledByteBufAllocator.DEFAULT).getEnabledProtocols())
                .as("the context would")
                .contains("TLSv1.1");
        EmbeddedChannel channel = new EmbeddedChannel(new McpPipeline(
                HttpServerConfig.builder().sslContext(context).build(),
                exchanges::add,
                null,
                new HostPolicy(true, Set.of(), Set.of()),
                new Connections(1, 1, EngineObserver.NONE),
                new ServerHeaders(Map.of(), Clock.systemUTC())));
        SslHandler handler = (SslHandler) channel.pipeline().get(McpPipeline.TLS);

        assertThat(handler.engine().getEnabledProtocols()).containsExactlyInAnyOrder("TLSv1.3", "TLSv1.2");
        channel.finishAndReleaseAll();
    }

    @Test
    void closesAConnectionThatIsNotTls() throws Exception {
        try (RawClient client = server.connect()) {
            client.post("{}");
            assertThat(client.untilClosed()).doesNotContain("HTTP");
        }
        assertThat(exchanges).isEmpty();
    }

    @Test
    void closesGracefully() throws Exception {
        try (RawClient client = new RawClient(connect("TLSv1.3"))) {
            client.post("{}");
            HttpExchange exchange = next();
            var closed = server.server().closeGracefully(Duration.ofHours(1));
            TestServer.echo(exchange);
            assertThat(client.response().headers()).containsEntry("Connection", "close");
            assertThat(client.untilClosed()).isEmpty();
            closed.get(10, TimeUnit.SECONDS);
        }
    }

    private SSLSocket connect(String protocol) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, certificate.toTrustManagerFactory().getTrustManagers(), null);
        InetSocketAddress address = server.server().address();
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
        socket.setEnabledProtocols(new String[] {protocol});
        try {
            socket.startHandshake();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return socket;
    }

    private HttpExchange next() throws InterruptedException {
        HttpExchange exchange = exchanges.poll(10, TimeUnit.SECONDS);
        assertThat(exchange).isNotNull();
        return exchange;
    }
}
