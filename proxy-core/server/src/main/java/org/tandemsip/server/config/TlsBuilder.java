package org.tandemsip.server.config;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;
import org.tandemsip.codec.Transport;
import org.tandemsip.server.tls.Credentials;
import org.tandemsip.server.tls.TlsFileException;
import org.tandemsip.server.tls.TlsSettings;
import org.tandemsip.server.tls.TrustAnchors;

/** Reads what {@code tls} names, and sees that TLS is possible wherever it is asked for. */
final class TlsBuilder {
    private static final Path SYSTEM = Path.of("system");

    private final Reading reading;
    private final Bound top;

    TlsBuilder(final Reading reading, final Bound top) {
        this.reading = reading;
        this.top = top;
    }

    /** The settings; those of a configuration with mistakes, which are noted, are of no use. */
    TlsSettings build(final List<Config.Listen> listen, final List<Config.Trunk> trunks) {
        final Bound tls = top.get(TlsKeys.TLS);
        final boolean listening = listen.stream().anyMatch(point -> point.transport() == Transport.TLS);
        final boolean secure = listen.stream().anyMatch(point -> point.transport().secure());
        if (tls == null) {
            return TlsSettings.NONE;
        }
        final List<Credentials> certificates = new ArrayList<>();
        final List<Item<Bound>> items = tls.get(TlsKeys.CERTIFICATES);
        for (final Item<Bound> item : items == null ? List.<Item<Bound>>of() : items) {
            credentials(item.value(), TlsKeys.CERT, TlsKeys.KEY).ifPresent(certificates::add);
        }
        checkListeners(items == null || items.isEmpty());
        final Map<String, TlsSettings.OfTrunk> ofTrunks = new LinkedHashMap<>();
        final Map<String, Bound> bounds = top.get(Keys.TRUNKS);
        for (final Config.Trunk trunk : trunks) {
            final Bound bound = bounds.get(trunk.name());
            final TlsSettings.OfTrunk of = ofTrunk(trunk, bound.get(TlsKeys.TRUNK));
            checkPeers(trunk, of, bound, listening);
            ofTrunks.put(trunk.name(), of);
        }
        final Path ca = tls.get(TlsKeys.CA);
        final boolean wanted = secure || !certificates.isEmpty();
        return new TlsSettings(certificates, ca == null || !wanted ? null : trust(tls, TlsKeys.CA),
                wanted ? ofTrunks : Map.of());
    }

    private void checkListeners(final boolean none) {
        final List<Item<Config.Listen>> listen = top.get(Keys.LISTEN);
        for (final Item<Config.Listen> item : listen == null ? List.<Item<Config.Listen>>of() : listen) {
            if (none && item.value().transport().secure()) {
                reading.problem(ErrorCode.TLS_NEEDED, item.node(),
                        "'" + item.value() + "' needs a certificate; name one in 'tls.certificates'");
            }
        }
    }

    private TlsSettings.OfTrunk ofTrunk(final Config.Trunk trunk, final Bound bound) {
        final List<String> hosts = trunk.peers().stream().filter(peer -> peer.domain() != null)
                .map(peer -> peer.domain().host()).distinct().toList();
        if (bound == null) {
            return new TlsSettings.OfTrunk(Optional.empty(), Optional.empty(), List.of(), hosts, true, false);
        }
        final List<String> names = ConfigBuilder.values(bound.get(TlsKeys.NAMES));
        final boolean certified = Boolean.TRUE.equals(bound.get(TlsKeys.REQUIRE));
        final boolean verified = bound.get(TlsKeys.VERIFY) != TlsKeys.Verify.NONE;
        if (certified && names.isEmpty() && hosts.isEmpty()) {
            reading.problem(ErrorCode.TLS_NEEDED, bound.at(TlsKeys.REQUIRE),
                    "the certificate that trunk '" + trunk.name() + "' must show has no name to show; give 'tls.name'");
        }
        if (certified && !verified) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(TlsKeys.VERIFY), "a certificate that is required must be"
                    + " verified");
        }
        Optional<Credentials> credentials = Optional.empty();
        if ((bound.get(TlsKeys.TRUNK_CERT) == null) != (bound.get(TlsKeys.TRUNK_KEY) == null)) {
            reading.problem(ErrorCode.MISSING_KEY, bound.node(), "'cert' and 'key' belong together in 'tls' of trunk '"
                    + trunk.name() + "'");
        } else if (bound.get(TlsKeys.TRUNK_CERT) != null) {
            credentials = credentials(bound, TlsKeys.TRUNK_CERT, TlsKeys.TRUNK_KEY);
        }
        return new TlsSettings.OfTrunk(credentials,
                bound.get(TlsKeys.TRUNK_CA) == null ? Optional.empty()
                        : Optional.ofNullable(trust(bound, TlsKeys.TRUNK_CA)),
                names, hosts, verified, certified);
    }

    private void checkPeers(final Config.Trunk trunk, final TlsSettings.OfTrunk of, final Bound bound,
            final boolean listening) {
        final List<Item<Peers.Spec>> specs = bound.get(Keys.PEERS);
        for (int i = 0; specs != null && i < specs.size() && i < trunk.peers().size(); i++) {
            final Config.Peer peer = trunk.peers().get(i);
            if (peer.transport() != Transport.TLS) {
                continue;
            }
            if (!listening) {
                reading.problem(ErrorCode.TLS_NEEDED, specs.get(i).node(), "'" + specs.get(i).value().text()
                        + "' is reached by TLS, and 'listen' has no tls://ADDRESS to send from");
            } else if (peer.domain() == null && of.names().isEmpty() && of.verified()) {
                reading.problem(ErrorCode.TLS_NEEDED, specs.get(i).node(), "'" + specs.get(i).value().text()
                        + "' is an address, and certificates show names; give 'tls.name' in trunk '" + trunk.name()
                        + "', or 'tls.verify: none'");
            }
        }
    }

    private Optional<Credentials> credentials(final Bound bound, final Key<Path> certKey, final Key<Path> keyKey) {
        final Path certFile = bound.get(certKey);
        final Path keyFile = bound.get(keyKey);
        if (certFile == null || keyFile == null) {
            return Optional.empty();
        }
        final List<X509Certificate> chain;
        try {
            chain = Credentials.chain(certFile);
        } catch (final TlsFileException e) {
            unusable(bound.at(certKey), certFile, e);
            return Optional.empty();
        }
        try {
            return Optional.of(Credentials.of(certFile, chain, keyFile));
        } catch (final TlsFileException e) {
            unusable(bound.at(keyKey), keyFile, e);
            return Optional.empty();
        }
    }

    private TrustAnchors trust(final Bound bound, final Key<Path> key) {
        final Path file = bound.get(key);
        if (file.equals(SYSTEM)) {
            return TrustAnchors.system();
        }
        try {
            return TrustAnchors.of(file);
        } catch (final TlsFileException e) {
            unusable(bound.at(key), file, e);
            return null;
        }
    }

    private void unusable(final Node node, final Path file, final TlsFileException e) {
        reading.problem(ErrorCode.TLS_FILE, node, "file '" + file + "' " + e.getMessage());
    }
}
