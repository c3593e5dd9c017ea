package org.tandemsip.server.config;

import java.nio.file.Path;
import java.util.List;

/** The keys under {@code tls}, of the whole server and of a trunk. */
final class TlsKeys {
    /** Whether the certificate of a peer is looked at. */
    enum Verify {
        FULL, NONE
    }

    private static final Scalar<String> NAME = Scalars.text("a host name",
            "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*", "a host name");

    static final Key<Path> CERT = Key.required("cert", Scalars.path(), "/etc/tandem/tls/fullchain.pem",
            "Certificate in PEM form, followed by those that lead to its authority.");
    static final Key<Path> KEY = Key.required("key", Scalars.path(), "/etc/tandem/tls/privkey.pem",
            "Its private key in PEM form, without a pass phrase.");
    static final Key<List<Item<Bound>>> CERTIFICATES = Key.of("certificates",
            new ListOf<>(new Section(List.of(CERT, KEY)), 64), "[]",
            "Our certificates. A client that names a host (SNI) is shown the one for it, any other the first, which"
                    + " is also shown to peers that ask for one. Read again by reload.");
    static final Key<Path> CA = Key.of("ca", Scalars.path(), "system",
            "File of the authorities that are believed, in PEM form; system for those of the machine.");
    static final Key<Bound> TLS = new Key<>("tls", new Section(List.of(CERTIFICATES, CA)), null, false,
            "TLS 1.2 and 1.3. Needed where listen names a tls address.", null);

    static final Key<Path> TRUNK_CERT = Key.optional("cert", Scalars.path(), "/etc/tandem/tls/carrier.pem",
            "Our certificate towards this trunk, in place of the global ones, with key.");
    static final Key<Path> TRUNK_KEY = Key.optional("key", Scalars.path(), "/etc/tandem/tls/carrier.key",
            "Private key of cert.");
    static final Key<Path> TRUNK_CA = Key.optional("ca", Scalars.path(), "/etc/tandem/tls/carrier-ca.pem",
            "Authorities believed about this trunk, in place of the global ones; a certificate may stand here"
                    + " itself.");
    static final Key<List<Item<String>>> NAMES = Key.of("name", new ListOf<>(NAME, 16), "[]", "[sip.carrier.example]",
            "Names that the trunk's certificates may show (RFC 5922: no wildcards), in place of the peers' own. Needed"
                    + " for peers that are addresses.");
    static final Key<Verify> VERIFY = Key.of("verify", Scalars.choice("way to verify", Verify.class), "full",
            "full: a peer's certificate must be valid, trusted and for its name. none: any will do, which keeps out"
                    + " nobody who can get in between.");
    static final Key<Boolean> REQUIRE = Key.of("require-certificate", Scalars.flag(), "false",
            "Whether the trunk must show a certificate of its own when it connects (mutual TLS). Then nothing that"
                    + " comes from its addresses in the clear counts as its.");
    static final Key<Bound> TRUNK = new Key<>("tls",
            new Section(List.of(TRUNK_CERT, TRUNK_KEY, TRUNK_CA, NAMES, VERIFY, REQUIRE)), null, false,
            "TLS with this trunk.", null);

    private TlsKeys() {}
}
