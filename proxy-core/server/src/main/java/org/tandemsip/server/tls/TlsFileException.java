package org.tandemsip.server.tls;

/** A file of certificates or a key that cannot be used; the message completes "file 'x' ...". */
public final class TlsFileException extends Exception {
    private static final long serialVersionUID = 1L;

    TlsFileException(final String message) {
        super(message);
    }
}
