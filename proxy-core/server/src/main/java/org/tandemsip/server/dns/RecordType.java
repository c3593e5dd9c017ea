package org.tandemsip.server.dns;

import io.netty.handler.codec.dns.DnsRecordType;

/** The types of records that are asked for. */
public enum RecordType {
    A(DnsRecordType.A), AAAA(DnsRecordType.AAAA), SRV(DnsRecordType.SRV), NAPTR(DnsRecordType.NAPTR);

    private final DnsRecordType wire;

    RecordType(final DnsRecordType wire) {
        this.wire = wire;
    }

    DnsRecordType wire() {
        return wire;
    }
}
