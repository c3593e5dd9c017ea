package org.tandemsip.server.dns;

import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The servers that are asked, one after the other until one answers; the one that answered last is asked first. Each
 * question leaves from a port of its own with a number of its own, both drawn by chance, so that an answer is hard to
 * forge (RFC 5452). Resolver thread only.
 */
final class DnsServers implements Upstream, AutoCloseable {
    /** Larger ones are fragmented on some paths; what does not fit comes over TCP (RFC 9715). */
    private static final int MAX_PAYLOAD = 1_232;
    private static final int MIN_TRIES = 2;
    private static final int MAX_TRIES = 4;

    private final Supplier<List<InetSocketAddress>> servers;
    private final DnsNameResolver resolver;
    private int first;

    /**
     * @param servers   addresses of the servers, as of now
     * @param timeoutNs how long a question may take over all
     */
    DnsServers(final EventLoop loop, final Supplier<List<InetSocketAddress>> servers, final long timeoutNs) {
        this.servers = servers;
        resolver = new DnsNameResolverBuilder(loop).datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .queryTimeoutMillis(TimeUnit.NANOSECONDS.toMillis(timeoutNs) / tries(servers.get()))
                .maxPayloadSize(MAX_PAYLOAD).build();
    }

    private static int tries(final List<InetSocketAddress> servers) {
        return Math.clamp(servers.size(), MIN_TRIES, MAX_TRIES);
    }

    @Override
    public void ask(final Question question, final Consumer<Reply> answered) {
        final List<InetSocketAddress> now = servers.get();
        ask(question, now, first % now.size(), tries(now), answered);
    }

    private void ask(final Question question, final List<InetSocketAddress> all, final int index, final int triesLeft,
            final Consumer<Reply> answered) {
        resolver.query(all.get(index), new DefaultDnsQuestion(question.name() + '.', question.type().wire()))
                .addListener((final Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> future) -> {
                    final Reply reply = reply(question, future);
                    if (reply.kind() != Answer.Kind.FAILED) {
                        first = index;
                        answered.accept(reply);
                    } else if (triesLeft > 1) {
                        ask(question, all, (index + 1) % all.size(), triesLeft - 1, answered);
                    } else {
                        answered.accept(reply);
                    }
                });
    }

    private static Reply reply(final Question question,
            final Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> future) {
        if (!future.isSuccess()) {
            return Reply.failed(reason(future.cause()));
        }
        final AddressedEnvelope<DnsResponse, InetSocketAddress> envelope = future.getNow();
        try {
            return Reply.of(question, envelope.content());
        } catch (final RuntimeException e) {
            // Names inside of records are read by the library, which throws at those that are malformed.
            return Reply.failed("malformed answer");
        } finally {
            envelope.release();
        }
    }

    private static String reason(final Throwable cause) {
        final String message = String.valueOf(cause.getMessage()) + cause.getCause();
        return message.contains("imed out") || message.contains("imeout") ? "no answer from the DNS server"
                : "DNS server: " + message;
    }

    @Override
    public void close() {
        resolver.close();
    }
}
