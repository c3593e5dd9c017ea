package org.tandemsip.testkit.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;

import org.tandemsip.testkit.wire.Packet;
import org.tandemsip.testkit.wire.SimAddress;
import org.tandemsip.testkit.wire.WireEvent;
import org.tandemsip.testkit.wire.WireLog;

/**
 * The simulated network: datagrams that get lost, doubled, delayed and overtaken by the path's {@link LinkProfile},
 * streams that do not, partitions, and address translators. All chance comes from one seed. Packets are plain byte
 * arrays.
 */
public final class SimNetwork {
    private final SimLoop loop;
    private final SplittableRandom random;
    private final WireLog log;
    private final Map<SimAddress, SimEndpoint> bound = new HashMap<>();
    private final Map<String, LinkProfile> profiles = new HashMap<>();
    private final Map<SimAddress, SimAddress> outside = new HashMap<>();
    private final Map<SimAddress, SimAddress> inside = new HashMap<>();
    private final Set<String> partitions = new HashSet<>();
    private final Set<SimAddress> refusing = new HashSet<>();
    private final Map<Long, SimStream> streams = new LinkedHashMap<>();
    private Predicate<Packet> doomed = packet -> false;
    private LinkProfile standard = LinkProfile.CLEAN;
    private long streamIds;
    private int ephemeralPorts = 32_768;

    /** Makes a network whose chances all come from {@code random}. */
    public SimNetwork(final SimLoop loop, final SplittableRandom random, final WireLog log) {
        this.loop = loop;
        this.random = random;
        this.log = log;
    }

    /** The event queue. */
    public SimLoop loop() {
        return loop;
    }

    /** What has happened so far. */
    public WireLog log() {
        return log;
    }

    /** Lets {@code endpoint} receive what is sent to {@code address}, datagrams and streams. */
    public void bind(final SimAddress address, final SimEndpoint endpoint) {
        bound.put(address, endpoint);
    }

    /** Treats all paths without a profile of their own like this from now on. */
    public void standard(final LinkProfile profile) {
        standard = profile;
    }

    /** Treats the path from one host to another like this; {@code null}: like the standard. */
    public void path(final String fromHost, final String toHost, final LinkProfile profile) {
        profiles.put(fromHost + '>' + toHost, profile);
    }

    /** Loses everything from one host to another (one direction). */
    public void partition(final String fromHost, final String toHost) {
        partitions.add(fromHost + '>' + toHost);
    }

    /** Loses every datagram that the test picks, beside what chance picks. */
    public void doom(final Predicate<Packet> packets) {
        doomed = packets;
    }

    /** Refuses streams to {@code address} from now on, as a host does that has only UDP there. */
    public void refuseStreams(final SimAddress address) {
        refusing.add(address);
    }

    /** Ends all partitions, targeted losses and path profiles: everything clean. */
    public void heal() {
        partitions.clear();
        profiles.clear();
        doomed = packet -> false;
        standard = LinkProfile.CLEAN;
        log.note(loop.nowNs(), WireEvent.Kind.NOTE, "network", "healed");
    }

    /** Puts {@code host:port} behind an address translator that shows it as {@code seenAs} to everybody. */
    public void translate(final SimAddress host, final SimAddress seenAs) {
        outside.put(host, seenAs);
        inside.put(seenAs, host);
    }

    /** All streams that are open, oldest first. */
    public List<SimStream> openStreams() {
        streams.values().removeIf(stream -> !stream.open());
        return new ArrayList<>(streams.values());
    }

    /** Sends a datagram. */
    public void send(final SimEndpoint sender, final SimAddress from, final SimAddress to, final byte[] bytes) {
        final SimAddress source = outside.getOrDefault(from, from);
        final Packet packet = Packet.of(sender.name(), source, to, 0, bytes);
        log.add(loop.nowNs(), WireEvent.Kind.SENT, sender.name(), packet);
        final LinkProfile profile = profile(source, to);
        final boolean lost = random.nextDouble() < profile.loss();
        if (lost || partitioned(source, to) || doomed.test(packet)) {
            log.add(loop.nowNs(), WireEvent.Kind.LOST, sender.name(), packet);
            return;
        }
        loop.after(delayNs(source, to), () -> arrive(packet));
        if (random.nextDouble() < profile.duplication()) {
            loop.after(delayNs(source, to), () -> arrive(packet));
        }
    }

    /** Lets a copy of a datagram arrive late, as if it had been on its way all the time. */
    public void replay(final SimEndpoint sender, final SimAddress from, final SimAddress to, final byte[] bytes,
            final long delayNs) {
        final Packet packet = Packet.of(sender.name(), outside.getOrDefault(from, from), to, 0, bytes);
        loop.after(delayNs, () -> arrive(packet));
    }

    /**
     * Opens a stream. Bytes may be written at once; where nobody listens, the end is told so after one delay of the
     * path.
     *
     * @return this side of the stream
     */
    public SimStream.End connect(final SimEndpoint owner, final String fromHost, final SimAddress to) {
        final SimEndpoint other = bound.get(to);
        final SimAddress from = new SimAddress(fromHost, ephemeralPorts++);
        final SimStream stream = new SimStream(this, ++streamIds, owner, from, other == null ? owner : other, to);
        streams.put(stream.id(), stream);
        if (other == null || !other.up() || refusing.contains(to)) {
            stream.refuse();
        }
        return stream.opener();
    }

    private void arrive(final Packet packet) {
        final SimAddress target = inside.getOrDefault(packet.to(), packet.to());
        final SimEndpoint endpoint = bound.get(target);
        if (endpoint == null || !endpoint.up()) {
            log.add(loop.nowNs(), WireEvent.Kind.LOST, endpoint == null ? "nobody" : endpoint.name(), packet);
            return;
        }
        log.add(loop.nowNs(), WireEvent.Kind.DELIVERED, endpoint.name(), packet);
        endpoint.onDatagram(packet, target);
    }

    private LinkProfile profile(final SimAddress from, final SimAddress to) {
        final LinkProfile own = profiles.get(from.host() + '>' + to.host());
        return own == null ? standard : own;
    }

    private boolean partitioned(final SimAddress from, final SimAddress to) {
        return partitions.contains(from.host() + '>' + to.host());
    }

    long delayNs(final SimAddress from, final SimAddress to) {
        final LinkProfile profile = profile(from, to);
        long delay = profile.minDelayNs();
        if (profile.meanDelayNs() > 0) {
            delay += (long) (-Math.log(1 - random.nextDouble()) * profile.meanDelayNs());
        }
        if (random.nextDouble() < profile.reordering()) {
            delay += 10 * profile.meanDelayNs();
        }
        return delay;
    }

    /** When what is written now to a stream arrives: a lost segment costs retransmissions, a partition holds it up. */
    long streamDueNs(final SimAddress from, final SimAddress to) {
        long delay = delayNs(from, to);
        if (random.nextDouble() < profile(from, to).loss()) {
            delay += 200_000_000;
        }
        if (partitioned(from, to)) {
            delay += 3_000_000_000L;
        }
        return loop.nowNs() + delay;
    }

    /** Where to cut a message of that size into two segments; 0 for not at all. */
    int cutAt(final int length) {
        return length > 1 && random.nextInt(4) == 0 ? random.nextInt(1, length) : 0;
    }

    /** Whether the next segment arrives together with the one before. */
    boolean glue() {
        return random.nextInt(4) == 0;
    }
}
