package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisTlsTest {

    private static final String PASSWORD = "password";

    @TempDir
    private Path directory;

    @Test
    void speaksTlsAndVerifiesTheServerUnlessToldNotTo() throws Exception {
        KeyStore keyStore = selfSigned();
        String port = Integer.toString(RedisProcess.freePort());
        String certificate = pem("CERTIFICATE", keyStore.getCertificate("redis").getEncoded());
        String key = pem(
                "PRIVATE KEY", keyStore.getKey("redis", PASSWORD.toCharArray()).getEncoded());
        try (RedisProcess redis = RedisProcess.start(
                "--tls-port", port,
                "--tls-cert-file", certificate,
                "--tls-key-file", key,
                "--tls-auth-clients", "no")) {
            assertThat(redis.call("PING")).isEqualTo("PONG");

            String id = newId();
            try (SessionBackend trusting =
                    RedisSessionBackend.connect("rediss://localhost:" + port + "?verifyPeer=NONE")) {
                result(trusting.sessionStore().create(session(id), TTL));
                assertThat(result(trusting.sessionStore().load(id, null, TTL))).contains(session(id));
                assertThat(trusting.replicaBus().epoch()).isPositive();
            }
            try (SessionBackend verifying = RedisSessionBackend.connect("rediss://localhost:" + port)) {
                assertThat(failure(verifying.sessionStore().load(id, null, TTL), StoreUnavailableException.class))
                        .hasStackTraceContaining("certification path");
            }
        }
    }

    private KeyStore selfSigned() throws IOException, InterruptedException, GeneralSecurityException {
        Path file = directory.resolve("redis.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "redis",
                        "-keyalg",
                        "RSA",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keyStore = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keyStore.load(in, PASSWORD.toCharArray());
        }
        return keyStore;
    }

    private String pem(String type, byte[] content) throws IOException {
        String text = "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(content)
                + "\n-----END " + type + "-----\n";
        return Files.writeString(directory.resolve(type.replace(' ', '-') + ".pem"), text)
                .toString();
    }
}
