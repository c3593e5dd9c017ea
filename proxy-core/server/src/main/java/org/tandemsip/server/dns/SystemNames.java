package org.tandemsip.server.dns;

import io.netty.resolver.HostsFileEntriesProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tandemsip.codec.IpAddress;

/**
 * What the operator of this machine says about names: {@code /etc/resolv.conf} and {@code /etc/hosts}, read anew when
 * they have changed.
 */
final class SystemNames {
    private static final int DNS_PORT = 53;
    private static final int MAX_SERVERS = 4;
    private static final int MAX_SEARCH = 6;
    private static final int MAX_FILE_BYTES = 1 << 20;

    private final Path resolvConf;
    private final Path hosts;
    private Object readState;
    private List<InetSocketAddress> servers = List.of();
    private List<String> search = List.of();
    private HostsFileEntriesProvider entries;

    SystemNames(final Path resolvConf, final Path hosts) {
        this.resolvConf = resolvConf;
        this.hosts = hosts;
    }

    /** Reads the files again if they are others than those read last. */
    void refresh() {
        final List<Object> state = new ArrayList<>();
        for (final Path path : List.of(resolvConf, hosts)) {
            try {
                state.add(Files.getLastModifiedTime(path));
                state.add(Files.size(path));
            } catch (final IOException e) {
                state.add("none");
            }
        }
        if (!state.equals(readState)) {
            readState = state;
            readResolvConf();
            entries = HostsFileEntriesProvider.parser().parseSilently(hosts.toFile(), StandardCharsets.UTF_8);
        }
    }

    private void readResolvConf() {
        final List<InetSocketAddress> newServers = new ArrayList<>();
        search = List.of();
        for (final String line : lines(resolvConf)) {
            final String[] words = line.strip().split("\\s+");
            if (words.length > 1 && words[0].equals("nameserver") && newServers.size() < MAX_SERVERS) {
                try {
                    newServers.add(new InetSocketAddress(InetAddress.ofLiteral(words[1]), DNS_PORT));
                } catch (final IllegalArgumentException e) {
                    // Not an address: the system's resolver passes over it as well.
                }
            } else if (words.length > 1 && (words[0].equals("search") || words[0].equals("domain"))) {
                search = List.of(words).subList(1, Math.min(words.length, 1 + MAX_SEARCH)).stream()
                        .filter(Domain::isName).toList();
            }
        }
        // Without a word about servers there is one on this machine (resolv.conf(5)).
        servers = newServers.isEmpty()
                ? List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), DNS_PORT)) : newServers;
    }

    private static List<String> lines(final Path path) {
        try {
            return Files.size(path) > MAX_FILE_BYTES ? List.of() : Files.readAllLines(path, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return List.of();
        }
    }

    /** Servers of {@code resolv.conf}. */
    List<InetSocketAddress> servers() {
        return servers;
    }

    /** Domains in which names without a dot are looked for. */
    List<String> search() {
        return search;
    }

    /** Addresses of a name in the hosts file; empty when it is not there. */
    List<Rdata> addresses(final String name, final RecordType type) {
        final List<InetAddress> found = (type == RecordType.A ? entries.ipv4Entries() : entries.ipv6Entries())
                .getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        return found.stream().limit(Answer.MAX_RECORDS).map(SystemNames::address).toList();
    }

    /** Whether the hosts file holds a name. */
    boolean knows(final String name) {
        return !addresses(name, RecordType.A).isEmpty() || !addresses(name, RecordType.AAAA).isEmpty();
    }

    private static Rdata address(final InetAddress address) {
        final ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return bytes.capacity() == 4 ? new Rdata.Address(0, IpAddress.IPV4_PREFIX | bytes.getInt() & 0xFFFF_FFFFL)
                : new Rdata.Address(bytes.getLong(), bytes.getLong());
    }
}
