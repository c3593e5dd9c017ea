package org.tandemsip.server.admin;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.handler.ListenPoint;
import org.tandemsip.engine.metrics.Traffic;
import org.tandemsip.server.tls.Credentials;
import org.tandemsip.server.tls.TlsSettings;
import org.tandemsip.server.transport.LoopStatus;
import org.tandemsip.server.transport.Network;

/** Metrics of what moves the messages: loops, sockets, memory, certificates. All of it is looked up when asked for. */
final class ProcessMetrics {
    private static final List<Path> UDP_SOCKETS = List.of(Path.of("/proc/net/udp"), Path.of("/proc/net/udp6"));
    private static final int ADDRESS_FIELD = 1;
    private static final int HEX = 16;

    private final Metrics out;

    ProcessMetrics(final Metrics out) {
        this.out = out;
    }

    void write(final Network network, final TlsSettings tls) {
        traffic(network.traffic());
        loops(network.loops());
        memory();
        out.single("tandem_udp_kernel_drops_total", "counter",
                "Datagrams that the kernel has dropped: a socket buffer was full, or we were overloaded; 0 where it "
                        + "does not say.",
                kernelDrops(network.listenPoints()));
        certificates(tls);
    }

    private void traffic(final List<Traffic> loops) {
        out.head("tandem_messages_received_total", "counter", "Messages that arrived whole, well-formed or not.");
        messages("tandem_messages_received_total", loops, Traffic::receivedCount);
        out.head("tandem_messages_sent_total", "counter", "Messages handed to the sockets.");
        messages("tandem_messages_sent_total", loops, Traffic::sentCount);
        out.head("tandem_forward_duration_seconds", "histogram",
                "Time from the read of one socket to the write of another, by method of what was written.");
        for (int kind = 0; kind < Traffic.KINDS; kind++) {
            forwarded("method=\"" + method(kind) + '"', loops, kind);
        }
    }

    private interface Messages {
        long count(Traffic traffic, Transport transport, int kind);
    }

    private void messages(final String name, final List<Traffic> loops, final Messages counts) {
        for (final Transport transport : Transport.values()) {
            for (int kind = 0; kind < Traffic.KINDS; kind++) {
                long sum = 0;
                for (final Traffic loop : loops) {
                    sum += counts.count(loop, transport, kind);
                }
                if (sum > 0 || transport == Transport.UDP) {
                    out.line(name, "transport=\"" + Metrics.word(transport) + "\",method=\"" + method(kind) + '"', sum);
                }
            }
        }
    }

    private void forwarded(final String labels, final List<Traffic> loops, final int kind) {
        long sum = 0;
        for (int bucket = 0; bucket <= Traffic.BOUNDS.length; bucket++) {
            for (final Traffic loop : loops) {
                sum += loop.forwardedCount(kind, bucket);
            }
            out.bucket("tandem_forward_duration_seconds", labels,
                    bucket == Traffic.BOUNDS.length ? Double.POSITIVE_INFINITY : Traffic.BOUNDS[bucket], sum);
        }
        out.line("tandem_forward_duration_seconds_sum", labels,
                loops.stream().mapToLong(loop -> loop.forwardedNs(kind)).sum() / 1e9);
        out.line("tandem_forward_duration_seconds_count", labels, sum);
    }

    private static String method(final int kind) {
        return kind == Traffic.RESPONSE ? "RESPONSE"
                : kind == Method.EXTENSION.ordinal() ? "OTHER"
                        : Method.values()[kind].name();
    }

    private void loops(final List<LoopStatus> loops) {
        loops(loops, "tandem_loop_busy_ratio", "Share of the last second that a thread has run.", LoopStatus::busy);
        loops(loops, "tandem_loop_stall_seconds_max", "Longest time a thread took to answer its heartbeat.",
                loop -> loop.maxStallMs() / 1e3);
        loops(loops, "tandem_loop_batch_size",
                "Messages that a thread has handed to sockets per turn in which there were any.",
                LoopStatus::batchSize);
        loops(loops, "tandem_queue_seconds", "How long messages wait for a loop; 0 while it leaves nothing unread.",
                loop -> loop.queueNs() / 1e9);
        loops(loops, "tandem_overloaded", "Whether a loop turns new requests away.",
                loop -> loop.overloaded() ? 1 : 0);
        out.single("tandem_overload_state", "gauge", "Whether any loop turns new requests away.",
                loops.stream().anyMatch(LoopStatus::overloaded) ? 1 : 0);
    }

    private void loops(final List<LoopStatus> loops, final String name, final String help,
            final ToDoubleFunction<LoopStatus> value) {
        out.head(name, "gauge", help);
        loops.forEach(loop -> out.line(name, "loop=\"" + Metrics.escape(loop.name()) + '"',
                value.applyAsDouble(loop)));
    }

    private void memory() {
        final Runtime runtime = Runtime.getRuntime();
        out.single("tandem_heap_used_bytes", "gauge", "Java heap in use.",
                runtime.totalMemory() - runtime.freeMemory());
        out.single("tandem_heap_max_bytes", "gauge", "Largest size of the Java heap.", runtime.maxMemory());
        out.head("tandem_buffer_bytes", "gauge", "Memory outside of the Java heap, by what it is for.");
        if (ByteBufAllocator.DEFAULT instanceof PooledByteBufAllocator pooled) {
            out.line("tandem_buffer_bytes", "pool=\"netty\"", pooled.metric().usedDirectMemory());
        }
        for (final BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            out.line("tandem_buffer_bytes", "pool=\"" + Metrics.escape(pool.getName()) + '"', pool.getMemoryUsed());
        }
        out.head("tandem_gc_pause_seconds", "summary",
                "Time that garbage collectors have stopped all threads, or worked, where they work beside them.");
        for (final GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            final String labels = "gc=\"" + Metrics.escape(collector.getName()) + '"';
            out.line("tandem_gc_pause_seconds_sum", labels, Math.max(0, collector.getCollectionTime()) / 1e3);
            out.line("tandem_gc_pause_seconds_count", labels, Math.max(0, collector.getCollectionCount()));
        }
    }

    /**
     * Reads what Linux counts per UDP socket: the last field of the lines whose local port is one of ours.
     *
     * <pre>
     *   sl  local_address rem_address   st tx_queue rx_queue tr retrnsmt uid timeout inode ref pointer drops
     *   11: 0100007F:13C4 00000000:0000 07 00000000:00000000 00 00000000   0       0  8121   2 0000000     0
     * </pre>
     */
    private static long kernelDrops(final List<ListenPoint> listenPoints) {
        final Set<Integer> ports = new HashSet<>();
        listenPoints.stream().filter(listen -> listen.transport() == Transport.UDP)
                .forEach(listen -> ports.add(listen.port()));
        long drops = 0;
        for (final Path file : UDP_SOCKETS) {
            try {
                for (final String line : Files.readAllLines(file)) {
                    final String[] fields = line.trim().split("\\s+");
                    final int colon = fields.length > 2 ? fields[ADDRESS_FIELD].lastIndexOf(':') : -1;
                    if (colon > 0 && Character.isDigit(fields[0].charAt(0))
                            && ports.contains(Integer.parseInt(fields[ADDRESS_FIELD].substring(colon + 1), HEX))) {
                        drops += Long.parseLong(fields[fields.length - 1]);
                    }
                }
            } catch (final IOException | NumberFormatException unreadable) {
                // Not Linux, or a file that is not shown to us.
            }
        }
        return drops;
    }

    private void certificates(final TlsSettings tls) {
        final Map<Path, Credentials> ours = new LinkedHashMap<>();
        tls.certificates().forEach(credentials -> ours.put(credentials.file(), credentials));
        tls.trunks().values()
                .forEach(trunk -> trunk.credentials().ifPresent(each -> ours.putIfAbsent(each.file(), each)));
        out.head("tandem_tls_certificate_not_after_timestamp_seconds", "gauge",
                "When a certificate of ours ends, in seconds since 1970.");
        ours.forEach((file, credentials) -> out.line("tandem_tls_certificate_not_after_timestamp_seconds",
                "file=\"" + Metrics.escape(file.toString()) + '"',
                credentials.certificate().getNotAfter().toInstant().getEpochSecond()));
    }
}
