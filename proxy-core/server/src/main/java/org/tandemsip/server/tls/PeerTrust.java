package org.tandemsip.server.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Judges the chain of a peer by RFC 5280, on either side of a connection alike. The JDK's own manager would refuse the
 * certificates of most SIP servers as soon as they act as clients: these are server certificates, and what public
 * authorities issue no longer says anything else. So any of the extended key usages for TLS or SIP (RFC 5924) will do
 * for both roles. Whose certificate it is, is for {@link CertificateNames} to say. Any thread.
 */
public final class PeerTrust extends X509ExtendedTrustManager {
    private static final Set<String> USAGES = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.20",
            "2.5.29.37.0");
    private static final int MAX_CHAIN = 10;

    /** Why a chain is not believed. */
    public enum Reason {
        EXPIRED, NOT_YET_VALID, UNTRUSTED, WRONG_USAGE
    }

    /** A chain that is not believed. */
    public static final class Distrust extends CertificateException {
        private static final long serialVersionUID = 1L;

        private final Reason reason;

        Distrust(final Reason reason, final String message) {
            super(message);
            this.reason = reason;
        }

        /** What is wrong with it. */
        public Reason reason() {
            return reason;
        }
    }

    private final Set<TrustAnchor> anchors;
    private final Set<X509Certificate> trusted;
    private final X509Certificate[] issuers;

    /** Believes {@code trusted} and whom they vouch for. */
    public PeerTrust(final TrustAnchors believed) {
        anchors = believed.anchors();
        trusted = believed.certificates();
        // Told to clients as who they might show a certificate of; a long list is worth nothing and costs a packet.
        issuers = trusted.size() > 16 ? new X509Certificate[0] : trusted.toArray(X509Certificate[]::new);
    }

    private void check(final X509Certificate[] chain) throws CertificateException {
        if (chain == null || chain.length == 0 || chain.length > MAX_CHAIN) {
            throw new Distrust(Reason.UNTRUSTED, "no certificate, or too many");
        }
        final X509Certificate certificate = chain[0];
        for (final X509Certificate each : chain) {
            try {
                each.checkValidity();
            } catch (final CertificateExpiredException e) {
                throw new Distrust(Reason.EXPIRED, subject(each) + " expired on " + each.getNotAfter().toInstant());
            } catch (final CertificateNotYetValidException e) {
                throw new Distrust(Reason.NOT_YET_VALID,
                        subject(each) + " is not valid before " + each.getNotBefore().toInstant());
            }
        }
        final List<String> usages = certificate.getExtendedKeyUsage();
        if (usages != null && usages.stream().noneMatch(USAGES::contains)) {
            throw new Distrust(Reason.WRONG_USAGE, subject(certificate) + " is not for TLS");
        }
        if (trusted.contains(certificate)) {
            return;
        }
        try {
            final X509CertSelector target = new X509CertSelector();
            target.setCertificate(certificate);
            final PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.setRevocationEnabled(false);
            parameters.setMaxPathLength(MAX_CHAIN);
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(chain))));
            CertPathBuilder.getInstance("PKIX").build(parameters);
        } catch (final GeneralSecurityException e) {
            throw new Distrust(Reason.UNTRUSTED,
                    subject(certificate) + " is issued by nobody who is trusted: "
                            + certificate.getIssuerX500Principal().getName());
        }
    }

    private static String subject(final X509Certificate certificate) {
        return "certificate of " + certificate.getSubjectX500Principal().getName();
    }

    @Override
    public void checkClientTrusted(final X509Certificate[] chain, final String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(final X509Certificate[] chain, final String authType, final Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(final X509Certificate[] chain, final String authType, final SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(final X509Certificate[] chain, final String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(final X509Certificate[] chain, final String authType, final Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(final X509Certificate[] chain, final String authType, final SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return issuers.clone();
    }
}
