package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A certificate that is replaced while the server runs. */
class PemSslContextTest {

    @TempDir
    private Path directory;

    private Path chain;
    private Path key;

    @BeforeEach
    void paths() {
        chain = directory.resolve("tls.crt");
        key = directory.resolve("tls.key");
    }

    private static X509Bundle certificate(String name, Algorithm algorithm) throws Exception {
        return new CertificateBuilder()
                .subject("CN=" + name)
                .addSanDnsName("localhost")
                .algorithm(algorithm)
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private void write(X509Bundle certificate) throws IOException {
        Files.writeString(chain, certificate.getCertificatePathPEM());
        Files.writeString(key, certificate.getPrivateKeyPEM());
    }

    private static SSLSocket connect(TestServer server, X509Bundle trusted) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = trusted.toTrustManagerFactory();
        context.init(null, trust.getTrustManagers(), null);
        InetSocketAddress address = server.server().address();
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
        try {
            socket.startHandshake();
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return socket;
    }

    private static String served(TestServer server, X509Bundle trusted) throws Exception {
        try (SSLSocket socket = connect(server, trusted)) {
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Algorithm.class,
            names = {"ecp256", "rsa2048"})
    void newConnectionsGetTheNewCertificateAndOpenOnesGoOn(Algorithm algorithm) throws Exception {
        X509Bundle first = certificate("first", algorithm);
        X509Bundle second = certificate("second", algorithm);
        write(first);
        PemSslContext context = new PemSslContext(chain, key);
        try (TestServer server = TestServer.start(TestServer::echo, config -> config.sslContext(context));
                RawClient open = new RawClient(connect(server, first))) {
            open.post("before");
            assertThat(open.response().body()).isEqualTo("before");

            write(second);
            context.refresh();

            assertThat(served(server, second)).isEqualTo("CN=second");
            open.post("after");
            assertThat(open.response().body()).isEqualTo("after");
        }
    }

    @Test
    void filesThatDoNotFitTogetherChangeNothingUntilTheyDo() throws Exception {
        X509Bundle first = certificate("first", Algorithm.ecp256);
        X509Bundle second = certificate("second", Algorithm.ecp256);
        write(first);
        PemSslContext context = new PemSslContext(chain, key);
        try (TestServer server = TestServer.start(TestServer::echo, config -> config.sslContext(context))) {
            Files.writeString(chain, second.getCertificatePathPEM());
            context.refresh();
            assertThat(served(server, first)).isEqualTo("CN=first");

            Files.writeString(key, "not PEM");
            context.refresh();
            Files.delete(key);
            context.refresh();
            assertThat(served(server, first)).isEqualTo("CN=first");

            Files.writeString(key, second.getPrivateKeyPEM());
            context.refresh();
            assertThat(served(server, second)).isEqualTo("CN=second");
        }
    }

    @Test
    void filesThatDoNotFitTogetherStopTheStart() throws Exception {
        X509Bundle first = certificate("first", Algorithm.ecp256);
        X509Bundle second = certificate("second", Algorithm.rsa2048);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PemSslContext(chain, key))
                .withMessage("tls: " + chain + ", " + key
                        + " (expected: PEM files of a certificate chain and of its private key in PKCS#8)");
        write(first);
        Files.writeString(key, second.getPrivateKeyPEM());
        assertThatIllegalArgumentException().isThrownBy(() -> new PemSslContext(chain, key));
        Files.writeString(key, certificate("third", Algorithm.ecp256).getPrivateKeyPEM());
        assertThatIllegalArgumentException().isThrownBy(() -> new PemSslContext(chain, key));
        Files.writeString(chain, "");
        assertThatIllegalArgumentException().isThrownBy(() -> new PemSslContext(chain, key));
    }
}
