/**
 * Certificates, keys and whom they are believed from: what TLS needs of files, without a socket.
 *
 * <p>{@link org.tandemsip.server.tls.TlsSettings} is what a configuration says, its files read and checked.
 * {@link org.tandemsip.server.tls.PeerTrust} judges the chain that a peer shows (RFC 5280) and
 * {@link org.tandemsip.server.tls.CertificateNames} whether it is for the name that was meant (RFC 5922 section 7).
 */
package org.tandemsip.server.tls;
