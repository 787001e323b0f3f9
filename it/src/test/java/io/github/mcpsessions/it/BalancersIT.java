package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.contentOf;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.mcpsessions.it.harness.CallLoop;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.it.harness.TestRedis;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Three replicas behind a real balancer with its file in {@code deploy/}, in which only the ports are replaced. */
class BalancersIT {

    private static final Path DEPLOY = Path.of("..", "deploy");

    enum Balancer {
        NGINX("nginx", "nginx.conf") {
            @Override
            List<String> command(Path binary, Path folder) {
                return List.of(binary.toString(), "-p", folder.toString(), "-c", "nginx.conf");
            }
        },
        HAPROXY("haproxy", "haproxy.cfg") {
            @Override
            List<String> command(Path binary, Path folder) {
                return List.of(
                        binary.toString(),
                        "-db",
                        "-f",
                        folder.resolve("haproxy.cfg").toString());
            }
        };

        private final String binary;
        private final String file;

        Balancer(String binary, String file) {
            this.binary = binary;
            this.file = file;
        }

        abstract List<String> command(Path binary, Path folder);
    }

    @TempDir
    private Path folder;

    private ReplicaProcesses replicas;
    private Process process;

    @AfterEach
    void stop() {
        if (process != null) {
            process.destroy();
        }
        if (replicas != null) {
            replicas.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void callsAlternateOverAllReplicasInOneSession(Balancer balancer) throws IOException {
        URI endpoint = start(balancer);
        RawSession session = RawSession.initialize(endpoint);

        Set<String> servers = new HashSet<>();
        for (int i = 0; i < 30; i++) {
            servers.add(session.whoami(endpoint).get("replica").asString());
        }

        assertThat(servers).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource
    void eventsArriveOneByOneAndAStreamIsResumed(Balancer balancer) throws IOException {
        URI endpoint = start(balancer);
        RawSession session = RawSession.initialize(endpoint);
        Map<String, Object> steps = Map.of("count", 4, "intervalMs", 500);
        try (SseStream call = session.openTool(endpoint, "slow_count", steps)) {
            call.awaitMethod("notifications/message");
            assertThat(call.messages()).as("while the call goes on").hasSizeLessThan(4);
            call.close();

            try (SseStream rest = session.resume(endpoint, call.lastEventId())) {
                assertThat(rest.awaitResponse().at("/result/content/0/text").asString())
                        .isEqualTo("Counted to 4");
                assertThat(call.messages().size() + rest.messages().size()).isEqualTo(5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noCallFailsWhenAReplicaEndsInGoodOrder(Balancer balancer) throws IOException {
        URI endpoint = start(balancer);
        RawSession session = RawSession.initialize(endpoint);
        try (CallLoop loop = CallLoop.start(session, endpoint)) {
            for (Replica replica : replicas.all().subList(0, 2)) {
                loop.awaitCalls(30);
                replica.stop();
            }
            loop.awaitCalls(30);
            assertThat(loop.stop()).isEmpty();
        }
    }

    private URI start(Balancer balancer) throws IOException {
        Path binary = find(balancer.binary);
        replicas = new ReplicaProcesses(3, TestRedis.uri(), Map.of("MCP_SHUTDOWN_GRACE", "3s"));
        int port = freePort();
        String text = Files.readString(DEPLOY.resolve(balancer.binary).resolve(balancer.file))
                .replace("8080", Integer.toString(port))
                .replace("/tmp/mcp-nginx.pid", folder.resolve("nginx.pid").toString());
        for (int i = 0; i < 3; i++) {
            text = text.replace(
                    "127.0.0.1:300" + (i + 1),
                    "127.0.0.1:" + replicas.get(i).endpoint().getPort());
        }
        Files.writeString(folder.resolve(balancer.file), text);
        Path common = DEPLOY.resolve(balancer.binary).resolve("mcp-proxy.conf");
        if (Files.exists(common)) {
            Files.copy(common, folder.resolve("mcp-proxy.conf"));
        }
        Path output = folder.resolve("output");
        process = new ProcessBuilder(balancer.command(binary, folder))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        await().atMost(Duration.ofSeconds(20)).until(() -> accepts(port) || !process.isAlive());
        assertThat(process.isAlive()).as(() -> contentOf(output.toFile())).isTrue();
        return URI.create("http://127.0.0.1:" + port + "/mcp");
    }

    private static Path find(String binary) {
        List<Path> found = new ArrayList<>();
        for (String directory :
                (System.getenv("PATH") + File.pathSeparator + "/usr/sbin").split(File.pathSeparator, -1)) {
            Path file = Path.of(directory, binary);
            if (Files.isExecutable(file)) {
                found.add(file);
            }
        }
        assumeTrue(!found.isEmpty(), binary + " is not installed");
        return found.get(0);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
