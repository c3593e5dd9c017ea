package org.tandemsip.house;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.elements.ClassesShould;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Who may know whom. {@link #LAYERS} is the list of ARCHITECTURE.md, top to bottom: a package uses what is named in its
 * own line and nothing else of this project. Maven keeps the same walls between modules; this keeps them between
 * packages.
 */
class LayeringTest {

    private static final String ROOT = "org.tandemsip.";
    private static final String PROJECT = "org.tandemsip..";

    private static final List<String> L1 = List.of("codec");
    private static final List<String> L2 = List.of("engine.timer", "engine.metrics");
    private static final List<String> L3 = List.of("engine.handler");
    private static final List<String> AUTH = List.of("engine.auth", "engine.registrar");
    private static final List<String> L4 = List.of("engine.transaction", "engine.routing", "engine.trunk");
    private static final List<String> CLIENT = List.of("engine.client");
    private static final List<String> L5 = List.of("engine.proxy", "b2bua");
    private static final List<String> L6 = List.of("engine.shard");
    private static final List<String> SYSTEM = List.of("linux");
    private static final List<String> SERVER =
            List.of("server", "server.tls", "server.transport", "server.dns", "server.config",
                    "server.admin", "server.cli", "server.registrar", "server.media", "server.journal",
                    "server.records");

    static final List<Layer> LAYERS = List.of(
            new Layer(L1, List.of()),
            new Layer(SYSTEM, List.of()),
            new Layer(L2, L1),
            new Layer(L3, join(L1, L2)),
            new Layer(AUTH, join(L1, L2, L3)),
            new Layer(L4, join(L1, L2, L3, AUTH)),
            new Layer(CLIENT, join(L1, L2, L3, AUTH, L4)),
            new Layer(L5, join(L1, L2, L3, AUTH, L4, CLIENT)),
            new Layer(L6, join(L1, L2, L3)),
            new Layer(List.of("testkit"), join(L1, L2, L3, L4, List.of("engine.proxy"), L6)),
            new Layer(List.of("server.tls"), List.of()),
            new Layer(List.of("server.journal"), List.of()),
            new Layer(List.of("server.registrar"),
                    join(L1, L3, List.of("engine.registrar", "server.journal"))),
            new Layer(List.of("server.records"), join(List.of("engine.routing", "server.journal"))),
            new Layer(List.of("server.media"), join(L1, L2, L3)),
            new Layer(List.of("server.transport"), join(L1, L2, L3, L6, SYSTEM, List.of("server.tls"))),
            new Layer(List.of("server", "server.dns", "server.config", "server.admin", "server.cli"),
                    join(L1, L2, L3, AUTH, L4, List.of("engine.proxy"), L6, SYSTEM, SERVER)),
            new Layer(List.of("perf.load"),
                    join(L1, L2, L3, L4, L5, L6, SYSTEM, SERVER)),
            new Layer(List.of("perf.compare"), join(SERVER, List.of("perf.load"))));

    /** Everything below {@code server}: a step function of its arguments, so that the simulator can run it. */
    private static final String[] CORE = {ROOT + "codec..", ROOT + "engine..", ROOT + "b2bua.."};

    private static final String[] HOT = {ROOT + "codec..", ROOT + "engine.."};

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.tandemsip");
    }

    @ParameterizedTest
    @FieldSource("LAYERS")
    void shouldUseOnlyWhatItsLineNames(Layer layer) {
        for (String owner : layer.packages()) {
            String[] allowed = Stream.concat(layer.uses().stream(), Stream.of(owner))
                    .flatMap(p -> SERVER.contains(p) ? Stream.of(ROOT + p) : Stream.of(ROOT + p, ROOT + p + ".."))
                    .toArray(String[]::new);
            check(noClasses().that().resideInAnyPackage(patternsOf(owner)).should()
                    .dependOnClassesThat(resideInAPackage(PROJECT).and(not(resideInAnyPackage(allowed))))
                    .because(
                            owner + " may use only " + layer.uses() + "; move the class up, or pass what it needs in"));
        }
    }

    @Test
    void shouldPlaceEveryPackageInTheList() {
        List<String> known = LAYERS.stream().flatMap(layer -> layer.packages().stream()).toList();
        List<String> strangers = classes.stream()
                .map(JavaClass::getPackageName)
                .distinct()
                .filter(name -> known.stream().noneMatch(p -> name.equals(ROOT + p)
                        || !SERVER.contains(p) && name.startsWith(ROOT + p + ".")))
                .toList();
        assertEquals(List.of(), strangers, "give each of these packages a line in LayeringTest and in ARCHITECTURE.md");
    }

    @Test
    void shouldKnowNettyOnlyAtTheEdges() {
        check(noClasses().that(resideInAPackage(PROJECT)
                .and(not(resideInAnyPackage(ROOT + "server.transport..", ROOT + "server.dns..", ROOT + "server.admin..",
                        ROOT + "perf.."))))
                .should().dependOnClassesThat().resideInAPackage("io.netty..")
                .because("sockets belong to server.transport, .dns and .admin; speak to them by an interface"));
    }

    @Test
    void shouldKnowTheRingOnlyInTheShard() {
        check(noClasses().that(resideInAPackage(PROJECT).and(resideOutsideOfPackage(ROOT + "engine.shard..")))
                .should().dependOnClassesThat().resideInAPackage("com.lmax..")
                .because("the ring is an affair of engine.shard; offer to Shards instead"));
    }

    @Test
    void shouldNotLockLogOrFormatOnTheHotPath() {
        check(core(HOT).dependOnClassesThat().resideInAnyPackage("java.util.concurrent.locks..", "org.slf4j..",
                "org.apache.logging..", "java.util.logging..", "java.util.regex..", "java.text..")
                .because(
                        "codec and engine count instead of logging, and one thread owns each field instead of a lock"));
        check(core(HOT).callMethodWhere(calls("java\\.lang\\.String\\.(format|formatted|split|matches|replaceAll)"))
                .because("codec and engine write bytes with AsciiWriter; a message for people is composed in server"));
    }

    @Test
    void shouldTakeTimeAndChanceAsArgumentsBelowTheServer() {
        check(core(CORE).callMethodWhere(calls("java\\.lang\\.System\\.(nanoTime|currentTimeMillis)"
                + "|java\\.lang\\.Math\\.random"
                + "|java\\.time\\..*\\.(now|systemUTC|systemDefaultZone|tick.*)"
                + "|java\\.util\\.UUID\\.randomUUID"
                + "|java\\.lang\\.Thread\\.(sleep|onSpinWait)"))
                .because("time is the argument nowNs and keys come with ShardContext; the simulator must own both"));
        check(core(CORE).dependOnClassesThat(nameMatching("java\\.util\\.(Random|SplittableRandom)"
                + "|java\\.util\\.concurrent\\.ThreadLocalRandom|java\\.security\\.SecureRandom"
                + "|java\\.util\\.random\\..*"
                + "|org\\.agrona\\.concurrent\\.(System|Offset|HighResolution).*Clock"))
                .because("keys and seeds come with ShardContext; the simulator must own them"));
    }

    @Test
    void shouldNotTouchSocketsOrFilesBelowTheServer() {
        check(core(CORE).dependOnClassesThat()
                .resideInAnyPackage("java.net..", "java.nio.channels..", "java.nio.file..")
                .because("sends go through Egress, and what must be stored is handed to the server"));
        check(core(CORE).dependOnClassesThat(nameMatching("java\\.io\\.(File|RandomAccessFile).*"))
                .because("what must be stored is handed to the server"));
    }

    private static ClassesShould core(String... packages) {
        return noClasses().that().resideInAnyPackage(packages).should();
    }

    private static DescribedPredicate<JavaCall<?>> calls(String regex) {
        return DescribedPredicate.describe("call " + regex, call -> {
            String name = call.getTargetOwner().getName() + '.' + call.getTarget().getName();
            return name.matches(regex);
        });
    }

    private static String[] patternsOf(String owner) {
        return SERVER.contains(owner) ? new String[] {ROOT + owner} : new String[] {ROOT + owner + ".."};
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(classes);
    }

    @SafeVarargs
    private static List<String> join(List<String>... lists) {
        List<String> all = new ArrayList<>();
        for (List<String> list : lists) {
            all.addAll(list);
        }
        return List.copyOf(all);
    }

    record Layer(List<String> packages, List<String> uses) {
        @Override
        public String toString() {
            return String.join(" · ", packages);
        }
    }
}
