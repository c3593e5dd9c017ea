package org.tandemsip.server.tls;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a configuration says about TLS, its files read. Two are equal when nothing would change, whatever the dates of
 * the files.
 *
 * @param certificates ours; a client that names a host (SNI) gets the one for it, any other the first
 * @param trust        who is believed where a trunk says nothing; {@code null} when nobody ever has to be
 * @param trunks       what is different for some trunks, by name
 */
public record TlsSettings(List<Credentials> certificates, TrustAnchors trust, Map<String, OfTrunk> trunks) {
    /** No certificate, and nobody who is believed. */
    public static final TlsSettings NONE = new TlsSettings(List.of(), null, Map.of());

    /** What a trunk wants of which nothing is said. */
    public static final OfTrunk USUAL = new OfTrunk(Optional.empty(), Optional.empty(), List.of(), List.of(), true,
            false);

    /**
     * TLS with one trunk.
     *
     * @param credentials  our certificate towards it, both ways; else the global ones
     * @param trust        who is believed; else the global ones
     * @param names        names that its certificates may show in place of the peers' own
     * @param hosts        names of its peers
     * @param verified     whether a peer's certificate is looked at at all
     * @param certified    whether it must show one when it connects to us
     */
    public record OfTrunk(Optional<Credentials> credentials, Optional<TrustAnchors> trust, List<String> names,
            List<String> hosts,
            boolean verified, boolean certified) {}

    /** What holds for {@code trunk}. */
    public OfTrunk of(final String trunk) {
        return trunks.getOrDefault(trunk, USUAL);
    }

    /** All certificates of ours. */
    public Stream<Credentials> all() {
        return Stream.concat(certificates.stream(), trunks.values().stream().flatMap(of -> of.credentials().stream()));
    }

    /** Certificates that have expired or soon will, for people. */
    public List<String> warnings(final Instant now) {
        return all().map(credentials -> credentials.warning(now)).flatMap(Optional::stream).distinct().toList();
    }
}
