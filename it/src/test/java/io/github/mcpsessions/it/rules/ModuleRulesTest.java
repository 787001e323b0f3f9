package io.github.mcpsessions.it.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.jspecify.annotations.NullMarked;

/** Which module and package may know which: what the build files cannot say, because class paths are wider. */
@AnalyzeClasses(
        packages = "io.github.mcpsessions",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleRulesTest.NoTestJars.class})
class ModuleRulesTest {

    private static final String STORE = "io.github.mcpsessions.store";
    private static final String MEMORY = "io.github.mcpsessions.store.memory..";
    private static final String REDIS = "io.github.mcpsessions.store.redis..";
    private static final String ENGINE = "io.github.mcpsessions.transport";
    private static final String HTTP = "io.github.mcpsessions.transport.netty..";
    private static final String METRICS = "io.github.mcpsessions.metrics..";
    private static final String JWT = "io.github.mcpsessions.auth.jwt..";
    private static final String EXAMPLE = "io.github.mcpsessions.example..";

    @ArchTest
    static final ArchRule the_spi_knows_the_jdk_alone = classes()
            .that()
            .resideInAPackage(STORE)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(STORE, "java..", "javax.crypto..", "org.jspecify..");

    @ArchTest
    static final ArchRule the_memory_store_knows_the_spi_and_caffeine = classes()
            .that()
            .resideInAPackage(MEMORY)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(MEMORY, STORE, "com.github.benmanes.caffeine..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule the_redis_store_knows_the_spi_lettuce_and_jackson = classes()
            .that()
            .resideInAPackage(REDIS)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    REDIS, STORE, "io.lettuce..", "tools.jackson..", "org.slf4j..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule the_engine_knows_no_http_server_and_no_redis = noClasses()
            .that()
            .resideInAPackage(ENGINE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", HTTP, "io.lettuce..", REDIS, EXAMPLE);

    @ArchTest
    static final ArchRule only_the_http_side_knows_netty = noClasses()
            .that()
            .resideOutsideOfPackages(HTTP)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.netty..");

    @ArchTest
    static final ArchRule the_http_side_knows_no_redis = noClasses()
            .that()
            .resideInAPackage(HTTP)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.lettuce..", REDIS, EXAMPLE);

    @ArchTest
    static final ArchRule metrics_know_the_engine_and_micrometer = classes()
            .that()
            .resideInAPackage(METRICS)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(METRICS, ENGINE, "io.micrometer..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule whoever_wants_no_metrics_needs_no_micrometer = noClasses()
            .that()
            .resideOutsideOfPackages(METRICS, EXAMPLE)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.micrometer..");

    @ArchTest
    static final ArchRule jwt_authentication_knows_the_engine_and_nimbus = classes()
            .that()
            .resideInAPackage(JWT)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    JWT,
                    ENGINE,
                    "com.nimbusds..",
                    "com.github.benmanes.caffeine..",
                    "org.slf4j..",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule whoever_does_not_use_jwts_needs_no_nimbus = noClasses()
            .that()
            .resideOutsideOfPackages(JWT, EXAMPLE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.nimbusds..", JWT);

    @ArchTest
    static final ArchRule packages_form_no_cycle =
            slices().matching("io.github.mcpsessions.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule one_class_reads_the_sdks_private_parts = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("io.github.mcpsessions.transport.SdkInternals")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.lang.reflect..");

    @ArchTest
    static final ArchRule the_libraries_never_sleep =
            noClasses().that().resideOutsideOfPackage(EXAMPLE).should().callMethod(Thread.class, "sleep", long.class);

    @ArchTest
    static final ArchRule every_package_says_what_may_be_null = classes().should(resideInANullMarkedPackage());

    private static ArchCondition<JavaClass> resideInANullMarkedPackage() {
        return new ArchCondition<>("reside in a package whose package-info.java is @NullMarked") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(new SimpleConditionEvent(type, marked, type.getName() + " is not in a @NullMarked package"));
            }
        };
    }

    /** Leaves out the test jars of the other modules, which are packed when Maven runs beyond the test phase. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }
}
