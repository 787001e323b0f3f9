package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.ReplicaProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What the Kubernetes manifests name exists, in Kubernetes' API and in the server. They are read with the types of the API;
 * what only a cluster checks (ranges, combinations of fields) is not.
 */
class KubernetesFilesIT {

    private static final Path DEPLOY = Path.of("..", "deploy");

    /** {@code shutdownTimeout}, which the example server leaves as it is. */
    private static final Duration RUNNING_CALLS = Duration.ofSeconds(20);

    private static final ObjectReader MANIFEST = YAMLMapper.builder()
            .annotationIntrospector(new Strict())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build()
            .readerFor(HasMetadata.class);

    private static Deployment deployment;
    private static Service service;
    private static HorizontalPodAutoscaler autoscaler;
    private static PodDisruptionBudget budget;

    /** The models keep fields that they do not know; here they are errors. */
    private static final class Strict extends JacksonAnnotationIntrospector {

        private static final long serialVersionUID = 1L;

        @Override
        public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
            return false;
        }
    }

    @BeforeAll
    static void read() throws IOException {
        List<HasMetadata> all = parse(Files.readString(DEPLOY.resolve("kubernetes/mcp-server.yaml")));
        deployment = only(all, Deployment.class);
        service = only(all, Service.class);
        autoscaler = only(all, HorizontalPodAutoscaler.class);
        budget = only(all, PodDisruptionBudget.class);
    }

    private static List<HasMetadata> parse(String yaml) {
        try (MappingIterator<HasMetadata> documents = MANIFEST.readValues(yaml)) {
            return documents.readAll();
        }
    }

    private static <T> T only(List<HasMetadata> all, Class<T> kind) {
        List<T> found = all.stream().filter(kind::isInstance).map(kind::cast).toList();
        assertThat(found).as(kind.getSimpleName()).hasSize(1);
        return found.get(0);
    }

    private static PodSpec pod() {
        return deployment.getSpec().getTemplate().getSpec();
    }

    private static Container container() {
        assertThat(pod().getContainers()).hasSize(1);
        return pod().getContainers().get(0);
    }

    private static EnvVar variable(String name) {
        return container().getEnv().stream()
                .filter(variable -> variable.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static int port(String name) {
        return container().getPorts().stream()
                .filter(port -> port.getName().equals(name))
                .findFirst()
                .map(ContainerPort::getContainerPort)
                .orElseThrow();
    }

    @Test
    void everyFieldIsOneOfTheApi() throws IOException {
        try (Stream<Path> files = Files.list(DEPLOY.resolve("kubernetes"))) {
            for (Path file : files.toList()) {
                String text = Files.readString(file);

                assertThat(parse(text)).as("%s", file).hasSizeGreaterThan(3);
                assertThatThrownBy(() -> parse(text.replace("periodSeconds", "periodSecond")))
                        .isInstanceOf(JacksonException.class)
                        .hasMessageContaining("periodSecond");
            }
        }
    }

    @Test
    void theProbesAskForWhatTheServerServes() {
        assertThat(variable("PORT").getValue()).isEqualTo(Integer.toString(port("mcp")));
        assertThat(variable("MCP_MANAGEMENT_PORT").getValue()).isEqualTo(Integer.toString(port("management")));

        ReplicaProcess replica = ReplicaProcess.start("node-a", Map.of());
        try {
            for (Probe probe : List.of(
                    container().getStartupProbe(),
                    container().getLivenessProbe(),
                    container().getReadinessProbe())) {
                HTTPGetAction get = probe.getHttpGet();
                URI health = replica.endpoint().resolve(get.getPath());

                assertThat(get.getPort().getStrVal()).isEqualTo("management");
                assertThat(RawHttp.send("GET", health, Map.of(), null).status())
                        .as(get.getPath())
                        .isEqualTo(200);
            }
        } finally {
            replica.kill();
        }
    }

    @Test
    void aPodMayTakeAsLongToEndAsItsServer() {
        List<String> preStop = container().getLifecycle().getPreStop().getExec().getCommand();
        assertThat(preStop).hasSize(2).startsWith("sleep");
        Duration grace =
                Duration.parse("PT" + variable("MCP_SHUTDOWN_GRACE").getValue().toUpperCase(Locale.ROOT));
        Duration ends = Duration.ofSeconds(Long.parseLong(preStop.get(1)))
                .plus(grace)
                .plus(grace) // for connections that are idle
                .plus(RUNNING_CALLS);

        assertThat(Duration.ofSeconds(pod().getTerminationGracePeriodSeconds())).isGreaterThan(ends.plusSeconds(5));
        Probe readiness = container().getReadinessProbe();
        assertThat(grace)
                .as("two probes")
                .isGreaterThanOrEqualTo(
                        Duration.ofSeconds(2L * readiness.getPeriodSeconds() * readiness.getFailureThreshold()));
    }

    @Test
    void allSelectTheSamePods() {
        Map<String, String> labels =
                deployment.getSpec().getTemplate().getMetadata().getLabels();

        assertThat(labels)
                .isNotEmpty()
                .isEqualTo(deployment.getSpec().getSelector().getMatchLabels())
                .isEqualTo(service.getSpec().getSelector())
                .isEqualTo(budget.getSpec().getSelector().getMatchLabels());
        assertThat(pod().getTopologySpreadConstraints())
                .allSatisfy(spread ->
                        assertThat(spread.getLabelSelector().getMatchLabels()).isEqualTo(labels));
        assertThat(service.getSpec().getPorts())
                .singleElement()
                .satisfies(port -> assertThat(port.getTargetPort().getStrVal()).isEqualTo("mcp"));
        assertThat(service.getSpec().getSessionAffinity()).isNull();
    }

    @Test
    void theAutoscalerHasWhatItMeasures() {
        assertThat(autoscaler.getSpec().getScaleTargetRef()).satisfies(target -> {
            assertThat(target.getApiVersion()).isEqualTo(deployment.getApiVersion());
            assertThat(target.getKind()).isEqualTo(deployment.getKind());
            assertThat(target.getName()).isEqualTo(deployment.getMetadata().getName());
        });
        assertThat(autoscaler.getSpec().getMetrics())
                .allSatisfy(metric -> assertThat(container().getResources().getRequests())
                        .containsKey(metric.getResource().getName()));
        assertThat(deployment.getSpec().getReplicas())
                .as("else each apply undoes what the autoscaler did")
                .isNull();
        assertThat(budget.getSpec().getMaxUnavailable().getIntVal())
                .isLessThan(autoscaler.getSpec().getMinReplicas());
    }

    @Test
    void redisComesFromTheSecret() {
        EnvVar redis = variable("REDIS_URL");

        assertThat(redis.getValue()).isNull();
        assertThat(redis.getValueFrom().getSecretKeyRef()).satisfies(secret -> {
            assertThat(secret.getName()).isEqualTo("mcp-redis");
            assertThat(secret.getKey()).isEqualTo("url");
            assertThat(secret.getOptional()).isNull();
        });
    }

    @Test
    void theServerIsTheUserOfItsImageAndWritesOnlyToTmp() throws IOException {
        assertThat(Files.readString(DEPLOY.resolve("Dockerfile")))
                .contains("\nUSER " + pod().getSecurityContext().getRunAsUser() + "\n");
        assertThat(container().getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container().getVolumeMounts())
                .extracting(VolumeMount::getMountPath)
                .containsExactly("/tmp");
        assertThat(container().getVolumeMounts().get(0).getName())
                .isEqualTo(pod().getVolumes().get(0).getName());
    }
}
