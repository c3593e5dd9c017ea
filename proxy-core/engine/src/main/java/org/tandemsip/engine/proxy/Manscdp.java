package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.DeviceId;
import org.tandemsip.engine.routing.Gb28181.Command;
import org.tandemsip.engine.routing.Queries;

/**
 * What a MANSCDP body (GB/T 28181) is about, looked up byte by byte and never understood as XML: whoever sends it may
 * write it in GB2312, GB18030 or UTF-8, say another of them in its first line, or leave half of it out.
 *
 * <pre>
 *   &lt;?xml version="1.0" encoding="GB2312"?&gt;
 *   &lt;Response&gt;                                      kind
 *   &lt;CmdType&gt;Catalog&lt;/CmdType&gt;                      command
 *   &lt;SN&gt;248&lt;/SN&gt;                                    sn
 *   &lt;DeviceID&gt;34020000001110000001&lt;/DeviceID&gt;       device
 *   &lt;SumNum&gt;2&lt;/SumNum&gt; &lt;DeviceList Num="2"&gt;
 *   &lt;Item&gt; &lt;DeviceID&gt;34020000001320000001&lt;/DeviceID&gt; ...   nextItem
 * </pre>
 *
 * Flyweight; shard thread only.
 */
final class Manscdp {
    /** Root element. */
    enum Kind {
        QUERY, CONTROL, NOTIFY, RESPONSE, NONE
    }

    /** What is looked for stands at the beginning. */
    private static final int HEAD_BYTES = 2_048;
    private static final int MOST_SN_DIGITS = 18;
    private static final byte[] CMD_TYPE = ascii("<CmdType>");
    private static final byte[] SN = ascii("<SN>");
    private static final byte[] DEVICE_ID = ascii("<DeviceID>");
    /** Where a Broadcast says which device it is for; the response to it calls that DeviceID. */
    private static final byte[] TARGET_ID = ascii("<TargetID>");
    private static final Command[] COMMANDS = Command.values();
    private static final byte[][] WORDS = words();

    private DirectBuffer bytes;
    private int end;
    private int next;
    private Kind kind = Kind.NONE;
    private Command command = Command.OTHER;
    private long commandSlice;
    private long sn;
    private final DeviceId device = new DeviceId();

    /** Looks at the body of {@code message}; {@link #kind()} is NONE when it has no such body. */
    Manscdp read(final SipMessage message) {
        bytes = message.bytes();
        final int start = message.bodyOffset();
        end = start + message.bodyLength();
        kind = kind(start);
        command = Command.OTHER;
        device.set(0, 0);
        next = end;
        commandSlice = Slice.NONE;
        sn = Slice.NONE;
        if (kind == Kind.NONE) {
            return this;
        }
        final int headEnd = Math.min(end, start + HEAD_BYTES);
        commandSlice = value(start, headEnd, CMD_TYPE);
        command = command(commandSlice);
        sn = value(start, headEnd, SN);
        final long id =
                value(start, headEnd, command == Command.BROADCAST && kind == Kind.NOTIFY ? TARGET_ID : DEVICE_ID);
        device.read(bytes, id);
        next = Slice.exists(id) ? Slice.end(id) : end;
        return this;
    }

    /** Root element. */
    Kind kind() {
        return kind;
    }

    /** Its CmdType. */
    Command command() {
        return command;
    }

    /** Bytes of the CmdType, or {@link Slice#NONE}. */
    long commandSlice() {
        return commandSlice;
    }

    /** Bytes of the SN, or {@link Slice#NONE}. */
    long sn() {
        return sn;
    }

    /** The SN as a number; {@link Queries#NO_NUMBER} when it is none, or has more than 18 digits. */
    long number() {
        if (!Slice.exists(sn) || Slice.length(sn) == 0 || Slice.length(sn) > MOST_SN_DIGITS) {
            return Queries.NO_NUMBER;
        }
        long number = 0;
        for (int i = Slice.offset(sn); number >= 0 && i < Slice.end(sn); i++) {
            final int digit = bytes.getByte(i) - '0';
            number = digit < 0 || digit > 9 ? Queries.NO_NUMBER : number * 10 + digit;
        }
        return number;
    }

    /** Id of the device that it is about; does not {@linkplain DeviceId#exists() exist} when there is none. */
    DeviceId device() {
        return device;
    }

    /** Reads the next id behind the device's own: that of an item of a catalog; {@code false} at the end. */
    boolean nextItem(final DeviceId into) {
        while (next < end) {
            final long id = value(next, end, DEVICE_ID);
            if (!Slice.exists(id)) {
                next = end;
                return false;
            }
            next = Slice.end(id);
            if (into.read(bytes, id)) {
                return true;
            }
        }
        return false;
    }

    private Kind kind(final int start) {
        final int headEnd = Math.min(end, start + HEAD_BYTES);
        for (int p = start; p + 1 < headEnd; p++) {
            if (bytes.getByte(p) == '<' && bytes.getByte(p + 1) != '?' && bytes.getByte(p + 1) != '!') {
                return switch (bytes.getByte(p + 1)) {
                    case 'Q' -> Kind.QUERY;
                    case 'C' -> Kind.CONTROL;
                    case 'N' -> Kind.NOTIFY;
                    case 'R' -> Kind.RESPONSE;
                    default -> Kind.NONE;
                };
            }
        }
        return Kind.NONE;
    }

    /** What stands behind {@code tag}, up to the next tag, without white space around it. */
    private long value(final int from, final int to, final byte[] tag) {
        for (int p = from; p + tag.length < to; p++) {
            if (bytes.getByte(p) == '<' && startsWith(p, tag)) {
                int valueStart = p + tag.length;
                int valueEnd = valueStart;
                while (valueEnd < end && bytes.getByte(valueEnd) != '<') {
                    valueEnd++;
                }
                while (valueStart < valueEnd && isSpace(valueStart)) {
                    valueStart++;
                }
                while (valueEnd > valueStart && isSpace(valueEnd - 1)) {
                    valueEnd--;
                }
                return Slice.between(valueStart, valueEnd);
            }
        }
        return Slice.NONE;
    }

    private boolean isSpace(final int at) {
        return bytes.getByte(at) >= 0 && bytes.getByte(at) <= ' ';
    }

    private boolean startsWith(final int at, final byte[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (bytes.getByte(at + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private Command command(final long slice) {
        for (int i = 0; Slice.exists(slice) && i < WORDS.length; i++) {
            if (Slice.length(slice) == WORDS[i].length && startsWith(Slice.offset(slice), WORDS[i])) {
                return COMMANDS[i];
            }
        }
        return Command.OTHER;
    }

    private static byte[][] words() {
        final byte[][] words = new byte[COMMANDS.length][];
        for (int i = 0; i < words.length; i++) {
            words[i] = ascii(COMMANDS[i].word());
        }
        return words;
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
