package org.tandemsip.server.tls;

import java.net.IDN;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** Which SIP domains a certificate is for (RFC 5922 section 7.1), compared as section 7.2 says: whole, no wildcards. */
public final class CertificateNames {
    private static final int DNS_NAME = 2;
    private static final int URI = 6;

    private CertificateNames() {}

    /**
     * The SIP domain identities of a certificate, lower case: hosts of {@code sip:} URIs without a user part; where
     * there are none, DNS names; the common name only where there is no subjectAltName at all.
     */
    public static Set<String> of(final X509Certificate certificate) {
        final Set<String> uris = new TreeSet<>();
        final Set<String> names = new TreeSet<>();
        final Collection<List<?>> alternatives;
        try {
            alternatives = certificate.getSubjectAlternativeNames();
        } catch (final CertificateParsingException e) {
            return Set.of();
        }
        if (alternatives == null) {
            return commonName(certificate);
        }
        for (final List<?> alternative : alternatives) {
            final int type = (Integer) alternative.get(0);
            if (type == URI) {
                addUri(uris, (String) alternative.get(1));
            } else if (type == DNS_NAME) {
                names.add(((String) alternative.get(1)).toLowerCase(Locale.ROOT));
            }
        }
        return uris.isEmpty() ? names : uris;
    }

    /** Whether a certificate is for {@code name}. */
    public static boolean match(final X509Certificate certificate, final String name) {
        return of(certificate).contains(canonical(name));
    }

    /** A host name as certificates write it: lower case, without a dot at its end. */
    public static String canonical(final String name) {
        final String lower = name.toLowerCase(Locale.ROOT);
        final String whole = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
        try {
            return IDN.toASCII(whole);
        } catch (final IllegalArgumentException e) {
            return whole;
        }
    }

    private static void addUri(final Set<String> uris, final String uri) {
        final String lower = uri.toLowerCase(Locale.ROOT);
        if (!lower.startsWith("sip:") || lower.indexOf('@') >= 0) {
            return;
        }
        final String rest = lower.substring(4);
        final int end = rest.startsWith("[") ? rest.indexOf(']') + 1 : indexOfAny(rest, ":;?");
        uris.add(rest.substring(0, end));
    }

    private static int indexOfAny(final String text, final String stops) {
        for (int i = 0; i < text.length(); i++) {
            if (stops.indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return text.length();
    }

    private static Set<String> commonName(final X509Certificate certificate) {
        try {
            for (final Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN") && rdn.getValue() instanceof final String name
                        && name.matches("[A-Za-z0-9._-]+")) {
                    return Set.of(name.toLowerCase(Locale.ROOT));
                }
            }
        } catch (final InvalidNameException e) {
            // A subject that cannot be read names nobody.
        }
        return Set.of();
    }
}
