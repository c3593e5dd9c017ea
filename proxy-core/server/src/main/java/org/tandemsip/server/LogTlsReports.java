package org.tandemsip.server;

import org.tandemsip.server.transport.TlsFailure;
import org.tandemsip.server.transport.TlsReports;

/** Failed handshakes as log lines; {@link org.tandemsip.server.transport.Tls} sees to it that these are few. */
final class LogTlsReports implements TlsReports {
    @Override
    public void failed(final String remote, final boolean incoming, final TlsFailure failure, final String reason,
            final long suppressed) {
        EventLog.warn("tls", incoming ? "src" : "dst", remote, "failed",
                failure.name().toLowerCase(java.util.Locale.ROOT), "reason", reason, "suppressed", suppressed);
    }
}
