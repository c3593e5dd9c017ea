package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireMessage.Header;
import org.tandemsip.testkit.wire.WireVia;

/** What a proxy may change in what it passes on: I-10. */
final class ForwardRules {
    private static final Set<String> REWRITTEN = Set.of("via", "max-forwards", "route", "record-route", "max-breadth");
    private static final Set<String> CHALLENGES = Set.of("www-authenticate", "proxy-authenticate");

    private ForwardRules() {}

    /**
     * I-10. Everything a proxy sends is SIP that a strict reader accepts. A forwarded request has one Via more, the
     * others as they came (the received one may have gained received and rport); Max-Forwards is one less (70 where
     * there was none); the proxy's own Routes are gone from the front and nothing else of the Route set; a
     * dialog-forming INVITE has gained one or two Record-Routes, no request more than two; Request-URI, body and every
     * other header field are the same, in order. A response is either one that came from downstream, less its topmost
     * Via (401 and 407 may have gained challenges), or the proxy's own: then the Vias, From, Call-ID and CSeq of its
     * request, To with a tag, no body and nothing of any agent in it. A stateless proxy passes on every response of a
     * living branch.
     */
    static void i10OnlyWhatTheRfcChanges(final WireView view, final Findings findings) {
        for (final WireEvent event : view.log.events()) {
            if (event.kind() == WireEvent.Kind.SENT && view.isProxy(event.element()) && event.message() == null) {
                findings.add("I-10", event.element(), null, "not SIP: " + event.packet().error());
            }
        }
        for (final ServerSide server : view.servers) {
            final ProxyFacts proxy = view.proxies.get(server.element);
            if (proxy == null) {
                continue;
            }
            for (final ClientSide copy : server.forwards) {
                for (final WireEvent event : copy.requests) {
                    request(proxy, server, event, findings);
                }
            }
            for (final WireEvent response : server.responses) {
                response(server, response, findings);
            }
            if (server.stateless() && !server.crashed() && !view.livedBefore(server)) {
                allPassedOn(server, findings);
            }
        }
        for (final WireEvent ack : view.acksSent) {
            ack(view, ack, findings);
        }
    }

    private static void request(final ProxyFacts proxy, final ServerSide server, final WireEvent sent,
            final Findings findings) {
        String difference = "no copy received";
        for (final WireEvent received : server.requests) {
            difference = difference(proxy, received.message(), sent.message());
            if (difference == null) {
                return;
            }
        }
        findings.add("I-10", server, "forwarded copy: " + difference);
    }

    private static void ack(final WireView view, final WireEvent sent, final Findings findings) {
        final ProxyFacts proxy = view.proxies.get(sent.element());
        if (proxy == null || sent.message().vias().size() < 2) {
            return;
        }
        String difference = "never received";
        for (final WireEvent received : view.log.events()) {
            if (received.kind() == WireEvent.Kind.DELIVERED && received.element().equals(sent.element())
                    && received.message() != null && received.message().method().equals("ACK")
                    && received.message().topVia().branch().equals(sent.message().vias().get(1).branch())) {
                difference = difference(proxy, received.message(), sent.message());
                if (difference == null) {
                    return;
                }
            }
        }
        findings.add("I-10", sent.element(), sent.message().callId(), "forwarded ACK: " + difference);
    }

    private static String difference(final ProxyFacts proxy, final WireMessage in, final WireMessage out) {
        if (!in.startLine().equals(out.startLine())) {
            return "start line " + in.startLine() + " became " + out.startLine();
        }
        if (!in.body().equals(out.body())) {
            return "body changed";
        }
        final int hops = in.maxForwards() < 0 ? 70 : in.maxForwards() - 1;
        if (in.maxForwards() == 0) {
            return "forwarded with no hops left";
        }
        if (out.maxForwards() != hops) {
            return "Max-Forwards " + in.maxForwards() + " became " + out.maxForwards();
        }
        if (!sameVias(in.vias(), out.vias().subList(1, out.vias().size()))) {
            return "Vias " + in.all("via") + " became " + out.all("via");
        }
        if (!others(in, REWRITTEN).equals(others(out, REWRITTEN))) {
            return "header fields " + others(in, REWRITTEN) + " became " + others(out, REWRITTEN);
        }
        final List<String> routes = new ArrayList<>(in.all("route"));
        while (!routes.isEmpty() && names(proxy, routes.get(0))) {
            routes.remove(0);
        }
        if (!routes.equals(out.all("route"))) {
            return "Routes " + in.all("route") + " became " + out.all("route");
        }
        return recordRoutes(proxy, in, out);
    }

    private static String recordRoutes(final ProxyFacts proxy, final WireMessage in, final WireMessage out) {
        final List<String> before = in.all("record-route");
        final List<String> after = out.all("record-route");
        final int gained = after.size() - before.size();
        final boolean forming = in.method().equals("INVITE") && in.toTag().isEmpty() && proxy.recordRoute();
        if (gained < (forming ? 1 : 0) || gained > 2 || !after.subList(gained, after.size()).equals(before)) {
            return "Record-Routes " + before + " became " + after;
        }
        for (int i = 0; i < gained; i++) {
            if (!names(proxy, after.get(i)) || !after.get(i).contains(";lr")) {
                return "Record-Route " + after.get(i) + " is not the proxy's";
            }
        }
        return null;
    }

    private static boolean names(final ProxyFacts proxy, final String route) {
        final String uri = WireMessage.uriOf(route);
        final String rest = uri.substring(uri.indexOf(':') + 1);
        final String hostPort = rest.substring(rest.indexOf('@') + 1).split("[;?]")[0];
        return proxy.addresses().contains(SimAddress.of(hostPort));
    }

    private static boolean sameVias(final List<WireVia> in, final List<WireVia> out) {
        if (in.size() != out.size()) {
            return false;
        }
        for (int i = 1; i < in.size(); i++) {
            if (!in.get(i).raw().equals(out.get(i).raw())) {
                return false;
            }
        }
        return in.isEmpty() || sameStamped(in.get(0), out.get(0));
    }

    /** Same Via but for received and the value of rport. */
    private static boolean sameStamped(final WireVia in, final WireVia out) {
        return in.transport().equals(out.transport()) && in.sentBy().equals(out.sentBy())
                && in.branch().equals(out.branch())
                && in.params().keySet().stream().allMatch(out.params()::containsKey)
                && out.params().keySet().stream().allMatch(name -> in.params().containsKey(name)
                        || name.equals("received"));
    }

    private static void response(final ServerSide server, final WireEvent sent, final Findings findings) {
        final WireMessage out = sent.message();
        for (final ClientSide copy : server.forwards) {
            for (final WireEvent received : copy.responses) {
                if (received.index() < sent.index() && popped(received.message(), out)) {
                    return;
                }
            }
        }
        final WireMessage request = server.request();
        final String to = out.one("to");
        final boolean tagged = out.status() == 100 || !out.toTag().isEmpty();
        if (!sameVias(request.vias(), out.vias()) || !out.one("from").equals(request.one("from"))
                || !out.one("cseq").equals(request.one("cseq")) || !out.callId().equals(request.callId()) || !tagged
                || !to.startsWith(request.one("to")) || !out.body().isEmpty() || out.first("x-sim-agent") != null
                || out.first("contact") != null) {
            findings.add("I-10", server, "response neither came from downstream nor is the proxy's own: " + out + ' '
                    + out.headers());
        }
    }

    /** Whether {@code out} is {@code in} less its topmost Via; challenges may have been added to 401 and 407. */
    private static boolean popped(final WireMessage in, final WireMessage out) {
        final boolean challenge = in.status() == 401 || in.status() == 407;
        final Set<String> free = challenge ? union(Set.of("via"), CHALLENGES) : Set.of("via");
        return in.startLine().equals(out.startLine()) && in.body().equals(out.body())
                && in.vias().size() == out.vias().size() + 1
                && raws(in.vias().subList(1, in.vias().size())).equals(raws(out.vias()))
                && others(in, free).equals(others(out, free))
                && (!challenge || CHALLENGES.stream().allMatch(name -> out.all(name).containsAll(in.all(name))));
    }

    private static Set<String> union(final Set<String> a, final Set<String> b) {
        final Set<String> both = new java.util.HashSet<>(a);
        both.addAll(b);
        return both;
    }

    private static List<String> raws(final List<WireVia> vias) {
        return vias.stream().map(WireVia::raw).toList();
    }

    private static List<Header> others(final WireMessage message, final Set<String> without) {
        return message.headers().stream().filter(header -> !without.contains(header.canonical())).toList();
    }

    private static void allPassedOn(final ServerSide server, final Findings findings) {
        int came = 0;
        for (final ClientSide copy : server.forwards) {
            came += copy.responses.size();
        }
        if (server.responses.size() < came) {
            findings.add("I-10", server, came + " responses came, " + server.responses.size() + " passed on");
        }
    }
}
