package io.github.mcpsessions.transport.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSessionContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-side TLS with a certificate and a key in PEM files, which are read again when they have changed. A connection goes on
 * with what it began with. Files that do not fit together, such as between the replacement of the one and of the other, change
 * nothing. Thread-safe.
 */
final class PemSslContext extends SslContext {

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final Logger logger = LoggerFactory.getLogger(PemSslContext.class);
    private static final byte[] PROBE = {1, 2, 3, 4};

    private final Path certificateChain;
    private final Path privateKey;
    private final Duration interval;
    private final AtomicBoolean refreshing = new AtomicBoolean();

    /** What the files had in them at the last look; empty if they could not be read. */
    private volatile List<byte[]> seen;

    private volatile SslContext current;

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException if they cannot be read, or do not fit together
     */
    PemSslContext(Path certificateChain, Path privateKey) {
        this(certificateChain, privateKey, INTERVAL);
    }

    PemSslContext(Path certificateChain, Path privateKey, Duration interval) {
        this.certificateChain = certificateChain;
        this.privateKey = privateKey;
        this.interval = interval;
        try {
            this.seen = read();
            this.current = load(seen);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "tls: " + certificateChain + ", " + privateKey
                            + " (expected: PEM files of a certificate chain and of its private key in PKCS#8)",
                    e);
        }
    }

    /** {@return how often the files are to be looked at} */
    Duration interval() {
        return interval;
    }

    /** Looks at the files on another thread than the caller's; at most one look is under way. */
    void refreshInBackground() {
        if (refreshing.compareAndSet(false, true)) {
            CompletableFuture.runAsync(this::refresh).whenComplete((done, failure) -> {
                refreshing.set(false);
                if (failure != null) {
                    logger.warn("The TLS certificate could not be looked at", failure);
                }
            });
        }
    }

    /** Takes the files over if they have changed since the last look. What is wrong with them is said once. */
    synchronized void refresh() {
        List<byte[]> before = seen;
        try {
            seen = List.of();
            seen = read();
            if (!isSeen(before)) {
                current = load(seen);
                logger.info("New connections get the TLS certificate that is now in {}", certificateChain);
            }
        } catch (IOException | GeneralSecurityException e) {
            if (!isSeen(before)) {
                logger.warn("The TLS certificate in {} is not used, the former one stays", certificateChain, e);
            }
        }
    }

    private boolean isSeen(List<byte[]> before) {
        return Arrays.deepEquals(seen.toArray(), before.toArray());
    }

    private List<byte[]> read() throws IOException {
        return List.of(Files.readAllBytes(certificateChain), Files.readAllBytes(privateKey));
    }

    private static SslContext load(List<byte[]> files) throws IOException, GeneralSecurityException {
        X509Certificate[] chain;
        PrivateKey key;
        try {
            chain = toX509Certificates(new ByteArrayInputStream(files.get(0)));
            key = toPrivateKey(new ByteArrayInputStream(files.get(1)), null);
        } catch (IllegalArgumentException e) {
            throw new SSLException(e);
        }
        PrivateKey own = ofThePlatform(key, chain[0].getPublicKey().getAlgorithm());
        requirePair(chain[0], own);
        return SslContextBuilder.forServer(own, chain)
                .protocols("TLSv1.3", "TLSv1.2")
                .build();
    }

    /** Netty has Bouncy Castle read PEM where it finds it, whose keys the platform's signatures do not take. */
    private static PrivateKey ofThePlatform(PrivateKey key, String algorithm) throws GeneralSecurityException {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(key.getEncoded()));
    }

    private static void requirePair(X509Certificate certificate, PrivateKey key) throws GeneralSecurityException {
        String algorithm = switch (certificate.getPublicKey().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> certificate.getPublicKey().getAlgorithm();
        };
        Signature signer = Signature.getInstance(algorithm);
        signer.initSign(key);
        signer.update(PROBE);
        byte[] signature = signer.sign();
        Signature verifier = Signature.getInstance(algorithm);
        verifier.initVerify(certificate.getPublicKey());
        verifier.update(PROBE);
        if (!verifier.verify(signature)) {
            throw new GeneralSecurityException("The private key is not that of the certificate");
        }
    }

    @Override
    public boolean isClient() {
        return false;
    }

    @Override
    public List<String> cipherSuites() {
        return current.cipherSuites();
    }

    @Override
    @SuppressWarnings("deprecation") // Abstract in SslContext.
    public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
        return current.applicationProtocolNegotiator();
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator alloc) {
        return current.newEngine(alloc);
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator alloc, String peerHost, int peerPort) {
        return current.newEngine(alloc, peerHost, peerPort);
    }

    @Override
    public SSLSessionContext sessionContext() {
        return current.sessionContext();
    }
}
