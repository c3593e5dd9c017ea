package org.tandemsip.server.dns;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a message of a DNS server says about a question.
 *
 * @param kind       {@link Answer.Kind}
 * @param records    for FOUND
 * @param alias      name that the question's name stands for, when the message does not say what is there; else
 *                   {@code null}
 * @param ttlSeconds how long this may be kept; -1 where the message does not say
 * @param detail     why there is nothing, for people
 */
record Reply(Answer.Kind kind, List<Rdata> records, String alias, long ttlSeconds, String detail) {
    /** Most aliases that are followed, in one message and over all. */
    static final int MAX_ALIASES = 8;
    /** Most records of a section that are looked at. */
    private static final int MAX_LOOKED_AT = 512;
    private static final long NOT_SAID = -1;

    /** Nobody answered, or nothing that could be understood. */
    static Reply failed(final String detail) {
        return new Reply(Answer.Kind.FAILED, List.of(), null, NOT_SAID, detail);
    }

    /** Reads a message; nothing of it is kept. */
    static Reply of(final Question question, final DnsResponse message) {
        if (message.isTruncated()) {
            // It would have come over TCP if it could; the records in it are not all (RFC 2181 section 9).
            return failed("truncated");
        }
        final DnsResponseCode code = message.code();
        if (code.equals(DnsResponseCode.NXDOMAIN)) {
            return none(message, "no such name");
        }
        if (!code.equals(DnsResponseCode.NOERROR)) {
            return failed(code.toString());
        }
        long ttl = Long.MAX_VALUE;
        String name = question.name();
        int aliases = 0;
        for (DnsRecord alias = find(message, name, DnsRecordType.CNAME); alias != null; alias =
                find(message, name, DnsRecordType.CNAME)) {
            final String target = target(alias);
            if (target == null) {
                return failed("alias of what is no name");
            }
            if (++aliases > MAX_ALIASES) {
                return failed("aliases without end");
            }
            name = target;
            ttl = Math.min(ttl, alias.timeToLive());
        }
        return records(question, name, message, ttl);
    }

    private static Reply records(final Question question, final String name, final DnsResponse message,
            final long aliasTtl) {
        final List<Rdata> records = new ArrayList<>();
        long ttl = aliasTtl;
        int malformed = 0;
        final int count = Math.min(MAX_LOOKED_AT, message.count(DnsSection.ANSWER));
        for (int i = 0; i < count && records.size() < Answer.MAX_RECORDS; i++) {
            final DnsRecord record = message.recordAt(DnsSection.ANSWER, i);
            if (!is(record, name, question.type().wire()) || !(record instanceof final DnsRawRecord raw)) {
                continue;
            }
            final Rdata data = Rdatas.read(question.type(), raw.content());
            if (data == null) {
                malformed++;
            } else if (!records.contains(data)) {
                records.add(data);
                ttl = Math.min(ttl, record.timeToLive());
            }
        }
        if (!records.isEmpty()) {
            return new Reply(Answer.Kind.FOUND, List.copyOf(records), null, ttl, "");
        }
        if (malformed > 0) {
            return failed("malformed records");
        }
        if (!name.equals(question.name()) && negativeTtl(message) == NOT_SAID) {
            return new Reply(Answer.Kind.NONE, List.of(), name, aliasTtl, "alias of " + name);
        }
        return none(message, "no such record");
    }

    private static Reply none(final DnsResponse message, final String detail) {
        return new Reply(Answer.Kind.NONE, List.of(), null, negativeTtl(message), detail);
    }

    /** How long to believe that there is nothing: the lesser of TTL and MINIMUM of the SOA (RFC 2308 section 5). */
    private static long negativeTtl(final DnsResponse message) {
        final int count = Math.min(MAX_LOOKED_AT, message.count(DnsSection.AUTHORITY));
        for (int i = 0; i < count; i++) {
            final DnsRecord record = message.recordAt(DnsSection.AUTHORITY, i);
            if (record.type().equals(DnsRecordType.SOA) && record instanceof final DnsRawRecord raw) {
                final ByteBuf data = raw.content();
                // MINIMUM is the last of its five numbers, behind two names that nobody needs to read.
                return data.readableBytes() < 22 ? NOT_SAID
                        : Math.min(record.timeToLive(), data.getUnsignedInt(data.writerIndex() - 4));
            }
        }
        return NOT_SAID;
    }

    private static DnsRecord find(final DnsResponse message, final String name, final DnsRecordType type) {
        final int count = Math.min(MAX_LOOKED_AT, message.count(DnsSection.ANSWER));
        for (int i = 0; i < count; i++) {
            final DnsRecord record = message.recordAt(DnsSection.ANSWER, i);
            if (is(record, name, type)) {
                return record;
            }
        }
        return null;
    }

    private static boolean is(final DnsRecord record, final String name, final DnsRecordType type) {
        return record.dnsClass() == DnsRecord.CLASS_IN && record.type().equals(type)
                && plain(record.name()).equals(name);
    }

    /** The name an alias stands for, or {@code null} when that is none which could be asked for. */
    private static String target(final DnsRecord alias) {
        final String name = alias instanceof final DnsRawRecord raw ? Rdatas.name(raw.content().duplicate()) : null;
        return name == null || name.isEmpty() ? null : name;
    }

    private static String plain(final String name) {
        final String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
