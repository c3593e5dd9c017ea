package org.tandemsip.testkit.judge;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;
import org.tandemsip.testkit.wire.WireMessage;
import org.tandemsip.testkit.wire.WireVia;

/** The wire log put in order: server and client transactions of every element, and what belongs to none. */
public final class WireView {
    /** An element may look at a message this long after it arrived; judged times are that fuzzy. */
    public static final long SLACK_NS = 5_000_000;

    /** A time that never comes; far enough from the ends of the number range that differences do not overflow. */
    static final long NEVER_NS = Long.MAX_VALUE / 4;

    /** Name of the element that keeps no rules at all. */
    private static final String ATTACKER = "attacker";

    final WireLog log;
    final Map<String, ProxyFacts> proxies = new HashMap<>();
    final List<ServerSide> servers = new ArrayList<>();
    final List<ClientSide> clients = new ArrayList<>();
    /** Received ACKs that end no transaction of their receiver: for a 2xx. */
    final List<WireEvent> acksDelivered = new ArrayList<>();
    /** Sent ACKs that are no answer to a non-2xx received by their sender. */
    final List<WireEvent> acksSent = new ArrayList<>();
    /** Sent responses to requests that the sender never received. */
    final List<WireEvent> orphans = new ArrayList<>();
    /** Received responses to requests that the receiver never sent. */
    final List<WireEvent> strays = new ArrayList<>();
    /** Times at which elements crashed. */
    final Map<String, List<Long>> crashes = new HashMap<>();

    private final Map<String, Character> modes = new HashMap<>();
    private final Map<String, ServerSide> liveServers = new HashMap<>();
    private final Map<String, ClientSide> liveClients = new HashMap<>();

    /** Reads {@code log}. */
    public WireView(final WireLog log, final List<ProxyFacts> facts) {
        this.log = log;
        facts.forEach(proxy -> proxies.put(proxy.name(), proxy));
        for (final WireEvent event : log.events()) {
            if (event.element().equals(ATTACKER)
                    || event.packet() != null && event.packet().sender().equals(ATTACKER)) {
                continue;
            }
            switch (event.kind()) {
                case SENT -> sent(event);
                case DELIVERED -> delivered(event);
                case CRASHED -> crashed(event);
                case STREAM_FAILED -> streamFailed(event);
                case MODE -> mode(event);
                case LOST, RESTARTED, NOTE -> {
                    // Nothing that the element itself could notice.
                }
            }
        }
    }

    boolean isProxy(final String element) {
        return proxies.containsKey(element);
    }

    /** Whether any proxy crashed in this run. */
    boolean anyCrash() {
        return !crashes.isEmpty();
    }

    /** Whether the element has held a transaction of the same key before. */
    boolean livedBefore(final ServerSide server) {
        return servers.stream().anyMatch(other -> other.element.equals(server.element)
                && other.key.equals(server.key) && other.first.index() < server.first.index());
    }

    /** Whether anything travelled on a stream in this run. */
    boolean anyStream() {
        return clients.stream().anyMatch(ClientSide::stream);
    }

    /** Whether {@code element} crashed between the two times. */
    boolean crashedBetween(final String element, final long fromNs, final long toNs) {
        return crashes.getOrDefault(element, List.of()).stream().anyMatch(at -> at - fromNs >= 0 && toNs - at >= 0);
    }

    /**
     * Whether the stream that {@code request} came over was gone when {@code response} was sent: closed, which one side
     * may be told before the other, or lost with all else in a crash.
     */
    boolean streamGone(final WireEvent request, final WireEvent response) {
        final String element = response.element();
        if (crashedBetween(element, request.timeNs(), response.timeNs())) {
            return true;
        }
        final String stream = "tcp" + request.packet().connection() + ' ';
        for (int i = request.index(); i < response.index(); i++) {
            final WireEvent event = log.events().get(i);
            if (event.kind() == WireEvent.Kind.STREAM_FAILED && event.note().startsWith(stream)) {
                return true;
            }
        }
        return false;
    }

    /** The INVITE server transaction that a request with that Via belongs to, latest life, or {@code null}. */
    ServerSide inviteServer(final String element, final WireVia via) {
        return liveServers.get(element + serverKey(via, "INVITE"));
    }

    private void sent(final WireEvent event) {
        final WireMessage message = event.message();
        if (message == null) {
            return;
        }
        final String element = event.element();
        if (!message.isRequest()) {
            final ServerSide server = liveServers.get(element + serverKey(message.topVia(), message.method()));
            if (server == null) {
                orphans.add(event);
            } else {
                server.responses.add(event);
            }
            return;
        }
        final String stem = element + '|' + message.topVia().branch() + '|';
        if (message.method().equals("ACK")) {
            final ClientSide invite = liveClients.get(stem + "INVITE");
            if (invite != null && invite.firstResponse(300, 699) != null) {
                invite.acks.add(event);
            } else {
                acksSent.add(event);
            }
            return;
        }
        ClientSide client = liveClients.get(stem + message.method());
        final ServerSide server = message.vias().size() < 2 ? null
                : liveServers.get(element + serverKey(message.vias().get(1), message.method()));
        final boolean cancelsAnother = client != null && message.method().equals("CANCEL") && server == null
                && client.partner != liveClients.get(stem + "INVITE");
        final boolean another = client != null && client.server != server && client.over(event.timeNs());
        if (client == null || another || cancelsAnother) {
            client = new ClientSide(element, event);
            liveClients.put(stem + message.method(), client);
            clients.add(client);
            link(client, stem, server);
        }
        client.requests.add(event);
    }

    private void link(final ClientSide client, final String stem, final ServerSide server) {
        if (client.request().method().equals("CANCEL")) {
            client.partner = liveClients.get(stem + "INVITE");
            if (client.partner != null) {
                client.partner.partner = client;
            }
        }
        client.server = server;
        if (server != null) {
            server.forwards.add(client);
        }
    }

    private void delivered(final WireEvent event) {
        final WireMessage message = event.message();
        if (message == null) {
            return;
        }
        final String element = event.element();
        if (!message.isRequest()) {
            final ClientSide client = liveClients.get(
                    element + '|' + message.topVia().branch() + '|' + message.method());
            if (client == null) {
                strays.add(event);
            } else {
                client.responses.add(event);
            }
            return;
        }
        if (message.method().equals("ACK")) {
            final ServerSide invite = inviteServer(element, message.topVia());
            if (invite != null) {
                invite.acks.add(event);
            } else {
                acksDelivered.add(event);
            }
            return;
        }
        final String key = serverKey(message.topVia(), message.method());
        ServerSide server = liveServers.get(element + key);
        if (server == null
                || event.timeNs() - server.goneNs() + SLACK_NS >= 0 && server.goneNs() != WireView.NEVER_NS) {
            server = new ServerSide(element, key, event, isProxy(element) ? modes.getOrDefault(element, '?') : 'a');
            liveServers.put(element + key, server);
            servers.add(server);
        }
        final boolean switched = isProxy(element) && modes.getOrDefault(element, '?') != server.mode
                && event.timeNs() - server.first.timeNs() >= 0;
        if (switched && server.mode == 's') {
            server.mode = '?';
        }
        server.requests.add(event);
    }

    /**
     * A message that is still waiting to be looked at is treated by the new mode, so its transaction is not judged by
     * mode.
     */
    private void mode(final WireEvent event) {
        modes.put(event.element(), event.note().equals("stateful") ? 't' : 's');
        for (final ServerSide server : servers) {
            if (server.element.equals(event.element())
                    && event.timeNs() - server.first.timeNs() < SLACK_NS) {
                server.mode = '?';
            }
        }
    }

    private void crashed(final WireEvent event) {
        final String element = event.element();
        crashes.computeIfAbsent(element, key -> new ArrayList<>()).add(event.timeNs());
        for (final ServerSide server : servers) {
            if (server.element.equals(element) && !server.crashed()) {
                server.crashedNs = event.timeNs();
            }
        }
        for (final ClientSide client : clients) {
            if (client.element.equals(element) && !client.crashed()) {
                client.crashedNs = event.timeNs();
            }
        }
        liveServers.keySet().removeIf(key -> key.startsWith(element + '|'));
        liveClients.keySet().removeIf(key -> key.startsWith(element + '|'));
    }

    private void streamFailed(final WireEvent event) {
        for (final ClientSide client : clients) {
            if (client.element.equals(event.element()) && client.stream()
                    && event.note().startsWith("tcp" + client.first.packet().connection() + ' ')) {
                client.streamFailedNs = event.timeNs();
            }
        }
    }

    private static String serverKey(final WireVia via, final String method) {
        return '|' + via.branch() + '|' + via.sentBy() + '|' + method;
    }
}
