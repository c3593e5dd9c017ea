package org.tandemsip.b2bua;

import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.NameAddr;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.CallRecords;

/**
 * Writes what is known of a call that is over as the properties of a JSON object: one record per INVITE that was let
 * in, with the times to the millisecond, in UTC. Text from the wire is escaped; bytes that are no
 * UTF-8 count as characters. Shard thread only.
 */
final class CallRecordWriter {
    /** Six times what names and URIs may be, since what is no plain ASCII is written in six. */
    private static final int MOST_BYTES = 32_768 - 64;
    private static final long DAY_MS = 86_400_000L;

    private final UnsafeBuffer record = new UnsafeBuffer(new byte[MOST_BYTES]);
    private final AsciiWriter out = new AsciiWriter();
    private final NameAddr nameAddr = new NameAddr();
    private CallRecords records = CallRecords.NONE;

    /** Writes to {@code taker} from now on. */
    void records(final CallRecords taker) {
        records = taker;
    }

    /** Wall-clock time as in the records, 0 when there are none. */
    long epochMs(final long nowNs) {
        return records.epochMs(nowNs);
    }

    /** Writes the record of {@code call}, which ends at {@code nowNs}; its legs still have their text. */
    void write(final Call call, final long nowNs) {
        if (records != CallRecords.NONE) {
            write(call, call.place, false, nowNs);
        }
    }

    /**
     * Likewise.
     *
     * @param place    place of the call, in an earlier process perhaps
     * @param lastSeen whether nobody knows when it ended, only that it had not at {@code nowNs}
     */
    void write(final Call call, final long place, final boolean lastSeen, final long nowNs) {
        final Leg a = call.legs[0];
        final Leg b = call.legs[1];
        out.wrap(record, 0).put(ID).putHex(place, 16).put('-').putHex(call.startMs, 11).put('"');
        text(CALL_ID, a.buffer(), a.callIdSlice());
        if (b.hasText()) {
            text(XCID, b.buffer(), b.callIdSlice());
        }
        time(START, ms(call, call.startNs));
        if (call.ringNs != 0) {
            time(RING, ms(call, call.ringNs));
        }
        if (call.answerNs != 0) {
            time(ANSWER, ms(call, call.answerNs));
        }
        if (lastSeen) {
            out.put(END_UNKNOWN);
        }
        time(lastSeen ? LAST_SEEN : END, ms(call, nowNs));
        number(DURATION, call.answerNs == 0 ? 0 : ms(call, nowNs) - ms(call, call.answerNs));
        if (call.ringNs != 0) {
            number(PDD, ms(call, call.ringNs) - call.startMs);
        }
        text(FROM, a.buffer(), uri(a.buffer(), a.remoteSlice()));
        text(TO, a.buffer(), uri(a.buffer(), a.localSlice()));
        text(RURI, a.buffer(), a.requestUriSlice());
        word(TRUNK_IN, call.trunkIn.name());
        if (call.trunkOut != null) {
            word(TRUNK_OUT, call.trunkOut.name());
        }
        if (call.peer != null) {
            word(PEER, call.peer.name());
        }
        number(CODE, call.code);
        if (call.why.length() > 0) {
            text(REASON, call.why.buffer(), Slice.of(call.why.offset(), call.why.length()));
        }
        number(Q850, call.cause > 0 ? call.cause : Causes.ofCode(call.code));
        word(HANGUP_BY, call.ender.word);
        out.put(MODE);
        number(RETRANSMITS, call.retransmits);
        // Without bytes the call is forgotten all the same.
        records.write(place, record, out.overflown() ? 0 : out.position());
    }

    /** Wall-clock time of something in {@code call}, as the clock stood when that began. */
    static long ms(final Call call, final long atNs) {
        return call.startMs + TimeUnit.NANOSECONDS.toMillis(atNs - call.startNs);
    }

    private long uri(final DirectBuffer bytes, final long slice) {
        return nameAddr.wrap(bytes, Slice.offset(slice), Slice.end(slice)) ? nameAddr.uri() : slice;
    }

    private void number(final byte[] name, final long value) {
        out.put(name);
        if (value < 0) {
            // A wall clock that was set back meanwhile.
            out.put('-');
        }
        out.putDecimal(Math.abs(value));
    }

    private void text(final byte[] name, final DirectBuffer bytes, final long slice) {
        out.put(name);
        escaped(bytes, slice);
        out.put('"');
    }

    private void word(final byte[] name, final String value) {
        out.put(name);
        for (int i = 0; i < value.length(); i++) {
            escaped(value.charAt(i));
        }
        out.put('"');
    }

    private void escaped(final DirectBuffer bytes, final long slice) {
        final int end = Slice.end(slice);
        for (int i = Slice.offset(slice); i < end; i++) {
            final int first = bytes.getByte(i) & 0xFF;
            final int more = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0;
            final int point = i + more < end ? codePoint(bytes, i, more) : -1;
            if (point < 0) {
                escaped((char) first);
            } else if (point < 0x1_0000) {
                escaped((char) point);
                i += more;
            } else {
                escaped(Character.highSurrogate(point));
                escaped(Character.lowSurrogate(point));
                i += more;
            }
        }
    }

    /** A character of {@code more} bytes behind its first one, -1 where that is no UTF-8 (RFC 3629). */
    private static int codePoint(final DirectBuffer bytes, final int index, final int more) {
        int point = bytes.getByte(index) & 0xFF >> (more == 0 ? 0 : more + 2);
        for (int i = 1; i <= more; i++) {
            final int next = bytes.getByte(index + i);
            if ((next & 0xC0) != 0x80) {
                return -1;
            }
            point = point << 6 | next & 0x3F;
        }
        final boolean shortest = more < 2 || point >= (more == 2 ? 0x800 : 0x1_0000);
        return shortest && point <= 0x10_FFFF && (point < 0xD800 || point > 0xDFFF) ? point : -1;
    }

    /** What is no plain ASCII is written by its number. */
    private void escaped(final char c) {
        if (c == '"' || c == '\\') {
            out.put('\\').put(c);
        } else if (c < ' ' || c > '~') {
            out.put('\\').put('u').putHex(c, 4);
        } else {
            out.put(c);
        }
    }

    /** A time as RFC 3339 writes it: {@code 2026-11-23T04:05:06.789Z}. */
    private void time(final byte[] name, final long epochMs) {
        long days = Math.floorDiv(epochMs, DAY_MS) + 719_468;
        final int msOfDay = (int) Math.floorMod(epochMs, DAY_MS);
        // Howard Hinnant's civil_from_days: years begin in March, eras have 400 of them.
        final long era = Math.floorDiv(days, 146_097);
        days -= era * 146_097;
        final long yearOfEra = (days - days / 1_460 + days / 36_524 - days / 146_096) / 365;
        final long dayOfYear = days - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        final long month = (5 * dayOfYear + 2) / 153;
        final int day = (int) (dayOfYear - (153 * month + 2) / 5 + 1);
        final int civilMonth = (int) (month < 10 ? month + 3 : month - 9);
        out.put(name).putDecimal(yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)).put('-');
        padded(civilMonth, 2).put('-');
        padded(day, 2).put('T');
        padded(msOfDay / 3_600_000, 2).put(':');
        padded(msOfDay / 60_000 % 60, 2).put(':');
        padded(msOfDay / 1_000 % 60, 2).put('.');
        padded(msOfDay % 1_000, 3).put('Z').put('"');
    }

    private AsciiWriter padded(final int value, final int digits) {
        if (digits == 3 && value < 100) {
            out.put('0');
        }
        if (value < 10) {
            out.put('0');
        }
        return out.putDecimal(value);
    }

    private static final byte[] ID = B2bua.ascii("\"id\":\"");
    private static final byte[] CALL_ID = name("call_id", true);
    private static final byte[] XCID = name("xcid", true);
    private static final byte[] START = name("start", true);
    private static final byte[] RING = name("ring", true);
    private static final byte[] ANSWER = name("answer", true);
    private static final byte[] END = name("end", true);
    private static final byte[] END_UNKNOWN = B2bua.ascii(",\"end\":null");
    private static final byte[] LAST_SEEN = name("last_seen", true);
    private static final byte[] DURATION = name("duration_ms", false);
    private static final byte[] PDD = name("pdd_ms", false);
    private static final byte[] FROM = name("from", true);
    private static final byte[] TO = name("to", true);
    private static final byte[] RURI = name("ruri", true);
    private static final byte[] TRUNK_IN = name("trunk_in", true);
    private static final byte[] TRUNK_OUT = name("trunk_out", true);
    private static final byte[] PEER = name("peer", true);
    private static final byte[] CODE = name("code", false);
    private static final byte[] REASON = name("reason", true);
    private static final byte[] Q850 = name("q850", false);
    private static final byte[] HANGUP_BY = name("hangup_by", true);
    private static final byte[] MODE = B2bua.ascii(",\"mode\":\"b2bua\"");
    private static final byte[] RETRANSMITS = name("retransmits", false);

    private static byte[] name(final String name, final boolean text) {
        return B2bua.ascii(",\"" + name + "\":" + (text ? "\"" : ""));
    }
}
