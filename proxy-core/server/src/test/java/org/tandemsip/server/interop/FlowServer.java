package org.tandemsip.server.interop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tandemsip.server.tls.TestCa;

/**
 * A real server between real SIPp agents. Each flow has a pair of trunks of its own, so that all run at the same time.
 * Debian's SIPp has no TLS: there one stunnel stands between, with a connection for each flow and side.
 *
 * <pre>
 *   SIPp 127.0.2.x:5070 --tcp--> stunnel 127.0.4.x:5160 --tls from 127.0.2.x--> server 127.0.1.1:5161
 *   server --tls--> stunnel 127.0.3.x:5081 --tcp--> SIPp 127.0.3.x:5080
 * </pre>
 */
final class FlowServer implements AutoCloseable {
    private static final String PROXY = "127.0.1.1";
    private static final int PORT = 5160;

    /** Transports of the two sides. */
    record Mix(String caller, String callee) {
        boolean tls() {
            return caller.equals("tls") || callee.equals("tls");
        }
    }

    /** The agents of one flow. */
    record Pair(CallFlows flow, Sipp.Agent caller, Sipp.Agent callee) {}

    private final Mix mix;
    private final List<CallFlows> flows;
    private final int proxies;
    private final ServerProcess server;
    private final Stunnel stunnel;

    private FlowServer(final Mix mix, final List<CallFlows> flows, final int proxies,
            final ServerProcess server, final Stunnel stunnel) {
        this.mix = mix;
        this.flows = flows;
        this.proxies = proxies;
        this.server = server;
        this.stunnel = stunnel;
    }

    /**
     * Starts a server for these flows.
     *
     * @param t1   timer T1, as its configuration has it
     * @param more lines of its configuration
     */
    static FlowServer start(final String mode, final Mix mix, final List<CallFlows> flows, final String t1,
            final String more) throws Exception {
        final StringBuilder yaml =
                new StringBuilder("mode: %s%ntimers: {t1: %s}%ndrain: 0s%n%s".formatted(mode, t1, more));
        Stunnel stunnel = null;
        if (mix.tls()) {
            Stunnel.require();
            final Path certificates = makeCertificates();
            stunnel = Stunnel.start(services(mix, flows.size(), certificates));
            yaml.append("listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d, tls://%1$s:%3$d]%n".formatted(PROXY, PORT,
                    PORT + 1));
            yaml.append("tls: {certificates: {cert: %1$s/tandem.pem, key: %1$s/tandem.key}, ca: %1$s/ca.pem}%n"
                    .formatted(certificates));
        } else {
            yaml.append("listen: [udp://%1$s:%2$d, tcp://%1$s:%2$d]%n".formatted(PROXY, PORT));
        }
        final StringBuilder trunks = new StringBuilder("trunks:\n");
        final StringBuilder routes = new StringBuilder("routes:\n");
        for (int i = 0; i < flows.size(); i++) {
            trunks.append(trunk("caller" + i, caller(i), 5070, mix.caller()));
            trunks.append(trunk("callee" + i, callee(i), 5080, mix.callee()));
            routes.append(
                    "  - {from: caller%1$s, to: callee%1$s}%n  - {from: callee%1$s, to: caller%1$s}%n".formatted(i));
        }
        try {
            return new FlowServer(mix, flows, mode.equals("b2bua") ? 0 : 1, ServerProcess
                    .start(new InetSocketAddress(PROXY, PORT), caller(0), yaml.append(trunks).append(routes)
                            .toString()),
                    stunnel);
        } catch (final IOException | IllegalStateException e) {
            if (stunnel != null) {
                stunnel.close();
            }
            throw e;
        }
    }

    private static Path makeCertificates() throws Exception {
        final Path folder = Folders.make("flows");
        final TestCa ca = new TestCa("Flows");
        TestCa.write(folder, "tandem", ca.issue("tandem.test"));
        TestCa.write(folder, "callee", ca.issue("callee.test"));
        Files.writeString(folder.resolve("ca.pem"), ca.pem());
        return folder;
    }

    private static String trunk(final String name, final String ip, final int port, final String transport) {
        final boolean tls = transport.equals("tls");
        return "  %s: {peers: [\"sip:%s:%d;transport=%s\"]%s}%n".formatted(name, ip, tls ? port + 1 : port, transport,
                tls ? ", tls: {name: callee.test}" : "");
    }

    private static List<Stunnel.Service> services(final Mix mix, final int flows, final Path certificates) {
        final List<Stunnel.Service> services = new ArrayList<>();
        for (int i = 0; i < flows; i++) {
            if (mix.caller().equals("tls")) {
                services.add(Stunnel.toServer(new InetSocketAddress(tunnel(i), PORT), caller(i),
                        new InetSocketAddress(PROXY, PORT + 1), certificates.resolve("ca.pem"), "tandem.test"));
            }
            if (mix.callee().equals("tls")) {
                services.add(Stunnel.fromClient(new InetSocketAddress(callee(i), 5081),
                        new InetSocketAddress(callee(i), 5080), certificates, "callee"));
            }
        }
        return services;
    }

    /** Runs all flows, adds their agents to {@code pairs}, and returns what is wrong. */
    List<String> carry(final List<Pair> pairs) throws IOException, InterruptedException {
        for (int i = 0; i < flows.size(); i++) {
            final CallFlows flow = flows.get(i);
            pairs.add(new Pair(flow, null, Sipp.start(flow.name() + "-callee",
                    SippScript.render(false, flow.name(), flow.callee(), proxies), callee(i), 5080,
                    !mix.callee().equals("udp"), 1)));
        }
        Thread.sleep(500); // SIPp does not say when it has bound its port
        for (int i = 0; i < flows.size(); i++) {
            final CallFlows flow = flows.get(i);
            final List<String> rest = new ArrayList<>(List.of("-s", "callee"));
            if (mix.caller().equals("tls")) {
                rest.addAll(List.of("-rsa", tunnel(i) + ':' + PORT));
            }
            rest.add(PROXY + ':' + PORT);
            pairs.set(i, new Pair(flow, Sipp.start(flow.name() + "-caller",
                    SippScript.render(true, flow.name(), flow.caller(), proxies), caller(i), 5070,
                    !mix.caller().equals("udp"), 1, rest.toArray(String[]::new)), pairs.get(i).callee()));
        }
        final List<String> broken = new ArrayList<>();
        for (final Pair pair : pairs) {
            final int caller = pair.caller().await(40);
            final int callee = pair.callee().await(caller == 0 ? 20 : 1);
            if (caller != 0 || callee != 0) {
                broken.add("%s: caller %d, callee %d%n%s%n%s".formatted(pair.flow().name(), caller, callee,
                        pair.caller().complaint(), pair.callee().complaint()));
            }
        }
        return broken;
    }

    @Override
    public String toString() {
        return server + "\n" + stunnel;
    }

    ServerProcess server() {
        return server;
    }

    @Override
    public void close() throws IOException {
        if (stunnel != null) {
            stunnel.close();
        }
        server.close();
    }

    private static String caller(final int flow) {
        return "127.0.2." + (10 + flow);
    }

    private static String callee(final int flow) {
        return "127.0.3." + (10 + flow);
    }

    private static String tunnel(final int flow) {
        return "127.0.4." + (10 + flow);
    }
}
