package org.tandemsip.testkit.sim;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.StreamFramer;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.Destination;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.handler.Source;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.testkit.judge.NodeFacts;
import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;

/**
 * A simulated Tandem: the real parser, framer, shards and proxies, between a simulated network and the fake clock. Can
 * crash and start again with the same token key, a new table key and nothing else (faults F01 and F02).
 */
public final class SimNode implements SimEndpoint {
    private static final int UDP = 0;
    private static final int TCP = 1;

    private final NodeSetup setup;
    private final SimNetwork network;
    private final SplittableRandom random;
    private final List<ListenPoint> listenPoints;
    private final Map<SimStream.End, Inbound> streams = new LinkedHashMap<>();
    private final Map<SimStream.End, List<Long>> unconfirmed = new LinkedHashMap<>();
    private RoutingPolicy policy;
    private NodeLife life;

    /** What has arrived on a stream and was not yet a whole message. */
    private static final class Inbound {
        private final StreamFramer framer = new StreamFramer(NodeLife.LIMITS);
        private byte[] bytes = new byte[0];
    }

    /** Makes a node, binds its address and starts it. */
    public SimNode(final NodeSetup setup, final SimNetwork network, final SplittableRandom random) {
        this.setup = setup;
        this.network = network;
        this.random = random;
        this.policy = setup.policy();
        final SimAddress address = setup.address();
        final byte[] sentBy = address.toString().getBytes(StandardCharsets.US_ASCII);
        listenPoints = List.of(
                new ListenPoint(UDP, Transport.UDP, 0, address.low(), address.port(), sentBy),
                new ListenPoint(TCP, Transport.TCP, 0, address.low(), address.port(), sentBy));
        network.bind(address, this);
        start();
    }

    @Override
    public String name() {
        return setup.name();
    }

    @Override
    public boolean up() {
        return life != null;
    }

    /** What its present life says of itself. */
    public NodeFacts facts() {
        return life.facts();
    }

    /** Loses all state at once, as by kill -9. */
    public void crash() {
        if (life == null) {
            return;
        }
        life.end();
        life = null;
        network.log().note(network.loop().nowNs(), WireEvent.Kind.CRASHED, name(), "crashed");
        streams.clear();
        unconfirmed.clear();
        for (final SimStream stream : network.openStreams()) {
            if (stream.opener().local().host().equals(setup.address().host())
                    || stream.acceptor().local().equals(setup.address())) {
                stream.cut();
            }
        }
    }

    /** Starts again after a crash. */
    public void restart() {
        if (life == null) {
            network.log().note(network.loop().nowNs(), WireEvent.Kind.RESTARTED, name(), "restarted");
            start();
        }
    }

    /** Whether it treats new requests statefully. */
    public boolean stateful() {
        return policy.mode() == Mode.STATEFUL;
    }

    /** Gives {@code command} to one shard of its present life, if it has one. */
    public void command(final int shard, final ShardCommand command) {
        if (life != null) {
            life.command(shard, command);
        }
    }

    /** Treats new requests by another mode from now on. */
    public void mode(final Mode mode) {
        policy = policy.withMode(mode);
        if (life != null) {
            life.command(new ShardCommand.Configure(policy));
            noteMode();
        }
    }

    private void start() {
        policy = Topology.restarted(policy);
        life = new NodeLife(setup, policy, network.loop(), random.split(), listenPoints, this::transmit);
        noteMode();
    }

    private void noteMode() {
        network.log().note(network.loop().nowNs(), WireEvent.Kind.MODE, name(),
                policy.mode() == Mode.STATEFUL ? "stateful" : "stateless");
    }

    @Override
    public void onDatagram(final Packet packet, final SimAddress local) {
        life.receive(packet.bytes(), false, source(Transport.UDP, UDP, packet.from(), 0));
    }

    @Override
    public void onBytes(final SimStream.End end, final byte[] arrived) {
        unconfirmed.remove(end);
        final Inbound inbound = streams.computeIfAbsent(end, key -> new Inbound());
        final int before = inbound.bytes.length;
        inbound.bytes = Arrays.copyOf(inbound.bytes, before + arrived.length);
        System.arraycopy(arrived, 0, inbound.bytes, before, arrived.length);
        while (true) {
            final UnsafeBuffer buffer = new UnsafeBuffer(inbound.bytes);
            final StreamFramer framer = inbound.framer;
            final StreamFramer.Result result = framer.poll(buffer, 0, inbound.bytes.length);
            if (result == StreamFramer.Result.MESSAGE) {
                life.receive(Arrays.copyOfRange(inbound.bytes, framer.messageOffset(),
                        framer.messageOffset() + framer.messageLength()), true,
                        source(Transport.TCP, TCP, end.remote(), end.stream().id()));
            } else if (result == StreamFramer.Result.PING) {
                end.writeRaw(new byte[] {'\r', '\n'});
            } else if (result == StreamFramer.Result.BROKEN) {
                streams.remove(end);
                end.close();
                return;
            }
            inbound.bytes = Arrays.copyOfRange(inbound.bytes, framer.consumed(), inbound.bytes.length);
            if (result == StreamFramer.Result.NEED_MORE) {
                return;
            }
        }
    }

    @Override
    public void onClosed(final SimStream.End end) {
        streams.remove(end);
        final List<Long> lost = unconfirmed.remove(end);
        // What was written to a connection that stood is in nobody's hands: no socket tells.
        if (lost != null && end.stream().refused()) {
            lost.forEach(life::sendFailed);
        }
    }

    private Source source(final Transport transport, final int listenPoint, final SimAddress remote,
            final long connection) {
        final Source source = new Source();
        source.transport = transport;
        source.listenPoint = listenPoint;
        source.addressHigh = 0;
        source.addressLow = remote.low();
        source.port = remote.port();
        source.connection = connection;
        return source;
    }

    private void transmit(final byte[] message, final Destination destination, final long correlation) {
        final SimAddress to = SimAddress.of(destination.addressLow, destination.port);
        if (destination.transport == Transport.UDP) {
            network.send(this, setup.address(), to, message);
            return;
        }
        SimStream.End end = find(destination.connection, to);
        if (end == null) {
            end = network.connect(this, setup.address().host(), to);
            streams.put(end, new Inbound());
            unconfirmed.put(end, new ArrayList<>());
        }
        // Until something comes back, nobody knows that the connection was not refused.
        final List<Long> waiting = unconfirmed.get(end);
        if (waiting != null) {
            waiting.add(correlation);
        }
        end.write(message);
    }

    private SimStream.End find(final long connection, final SimAddress to) {
        SimStream.End found = null;
        for (final SimStream.End end : streams.keySet()) {
            if (end.stream().open() && end.remote().equals(to)) {
                found = end;
                if (end.stream().id() == connection) {
                    return end;
                }
            } else if (end.stream().open() && end.stream().id() == connection && connection != 0) {
                return end;
            }
        }
        return found;
    }
}
