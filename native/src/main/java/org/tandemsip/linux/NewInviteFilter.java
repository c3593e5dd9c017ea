package org.tandemsip.linux;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Has the kernel drop a share of those INVITEs of some addresses that begin a call, before they take room in the buffer
 * of a UDP socket: to receive one and then drop it costs several times as much.
 *
 * <p>This is a classic BPF program ({@code SO_ATTACH_FILTER}), which needs no rights. It draws lots, and looks closer
 * at who has lost: it is dropped only where a To row within the first 400 bytes surely has no tag. All else
 * passes: other methods, responses, requests inside of dialogs, URIs other than sip and tel (as
 * {@code urn:service:sos}), compact forms, folded rows, whatever is written in an unusual way.
 *
 * <p>What is dropped counts among the drops of the socket. One thread.
 */
public final class NewInviteFilter extends ClassicBpf {
    /** Addresses that can be named. */
    public static final int MOST_ADDRESSES = 8;

    private static final int SO_ATTACH_FILTER = 26;

    /** The datagram begins with its UDP header. */
    private static final int MESSAGE = 8;
    private static final int NETWORK_HEADER = -0x100000;
    private static final int IPV4_SOURCE = NETWORK_HEADER + 12;
    private static final int IPV6_SOURCE = NETWORK_HEADER + 8;
    private static final int RANDOM = -0x1000 + 56;

    /** The first row begins here at the earliest; an even number. */
    private static final int SEARCH_FROM = MESSAGE + 20;
    /** Bytes between two looks at the length. */
    private static final int BLOCK = 48;
    /** What is searched, in blocks. Where net.core.optmem_max is 20480 a socket has no room for the fewest either. */
    private static final int MOST_BLOCKS = 8;
    private static final int FEWEST_BLOCKS = 2;
    private static final int LONGEST_TO = 120;

    private static final int INVI = word("INVI");
    private static final int TE_S = word("TE s");
    private static final int TE_T = word("TE t");
    private static final int LF_TO = word("\nto:");
    /** LF, and the asterisk that lower case makes of it. */
    private static final int LF_TO_BEHIND = '*' << 16 | 't' << 8 | 'o';
    /** CR LF CR LF, and CR LF CR, as lower case leaves them: the end of the header. */
    private static final int END = 0x0D2A_2D2A;
    private static final int END_BEHIND = 0x002D_2A2D;
    private static final int TAG = word("tag\0");

    private static final int PASS = -1;
    private static final int DROP = 0;

    private final long[] highs = new long[MOST_ADDRESSES];
    private final long[] lows = new long[MOST_ADDRESSES];
    private final int[] thresholds = new int[MOST_ADDRESSES];
    private final int fd;
    private int addresses;
    private int blocks = MOST_BLOCKS;

    /** Makes one for socket {@code fd} that lets everything pass. */
    NewInviteFilter(final Arena arena, final int fd) {
        super(arena, PASS);
        this.fd = fd;
    }

    /**
     * Whether the program finds the To row {@code [start, end)} of an INVITE of {@code length} bytes, and can drop it.
     */
    public static boolean reaches(final int start, final int end, final int length) {
        return start > SEARCH_FROM - MESSAGE && start < MOST_BLOCKS * BLOCK && end - start < LONGEST_TO - 8
                && length - start > LONGEST_TO + BLOCK;
    }

    /** Names no address any more. */
    public void reset() {
        addresses = 0;
    }

    /**
     * Names an address, IPv4 as {@code ::ffff:a.b.c.d}; up to {@link #MOST_ADDRESSES} of them.
     *
     * @param passing the share of its INVITEs that is to pass, 0 to less than 1
     */
    public void add(final long high, final long low, final double passing) {
        highs[addresses] = high;
        lows[addresses] = low;
        thresholds[addresses++] = (int) (long) (passing * 0x1p32);
    }

    /** Puts it before the socket, in the place of what was there; {@code false} when the kernel does not take it. */
    public boolean attach() {
        // The kernel has room for one of them, not for one and the one before.
        writePass();
        final boolean passes = attach(fd, SO_ATTACH_FILTER);
        if (addresses == 0) {
            return passes;
        }
        while (blocks >= FEWEST_BLOCKS) {
            write();
            if (attach(fd, SO_ATTACH_FILTER)) {
                return true;
            }
            // There never was room: it is not tried again.
            blocks = blocks * 2 / 3;
        }
        return false;
    }

    private void writePass() {
        clear();
        emit(RETURN_K, PASS);
    }

    private void write() {
        clear();
        emit(A_IS_LENGTH, 0);
        leaveUnless(IF_AT_LEAST, SEARCH_FROM);
        emit(A_IS_WORD_AT_K, MESSAGE);
        leaveUnless(IF_EQUAL, INVI);
        emit(A_IS_WORD_AT_K, MESSAGE + 4);
        emit(IF_EQUAL, TE_S, 2, 0);
        leaveUnless(IF_EQUAL, TE_T);
        drawLot();
        findTo();
        findTag();
    }

    /** Goes on with who has lost. */
    private void drawLot() {
        final List<Integer> named = new ArrayList<>(MOST_ADDRESSES);
        for (int i = 0; i < addresses; i++) {
            final boolean ipv4 = highs[i] == 0 && lows[i] >>> 32 == 0xFFFF;
            emit(A_IS_BYTE_AT_K, NETWORK_HEADER);
            emit(SHIFT_RIGHT_K, 4);
            if (ipv4) {
                emit(IF_EQUAL, 4, 0, 4);
                compare(IPV4_SOURCE, (int) lows[i], 1);
            } else {
                emit(IF_EQUAL, 6, 0, 10);
                compare(IPV6_SOURCE, (int) (highs[i] >>> 32), 4);
                compare(IPV6_SOURCE + 4, (int) highs[i], 3);
                compare(IPV6_SOURCE + 8, (int) (lows[i] >>> 32), 2);
                compare(IPV6_SOURCE + 12, (int) lows[i], 1);
            }
            emit(X_IS_K, thresholds[i]);
            named.add(place());
            emit(JUMP, 0);
        }
        emit(RETURN_K, PASS);
        land(named);
        emit(A_IS_WORD_AT_K, RANDOM);
        emit(IF_AT_LEAST_X, 0, 1, 0);
        emit(RETURN_K, PASS);
    }

    /** One word of an address, with so many to go: goes over the rest of them and what follows if it differs. */
    private void compare(final int at, final int k, final int toGo) {
        emit(A_IS_WORD_AT_K, at);
        emit(IF_EQUAL, k, 0, 2 * toGo);
    }

    /** Leaves in X where the line end before the row is. */
    private void findTo() {
        final List<Integer> found = new ArrayList<>(blocks * BLOCK);
        for (int block = SEARCH_FROM; block < SEARCH_FROM + blocks * BLOCK; block += BLOCK) {
            emit(A_IS_LENGTH, 0);
            leaveUnless(IF_AT_LEAST, block + BLOCK + 2);
            for (int at = block; at < block + BLOCK; at += 2) {
                emit(A_IS_WORD_AT_K, at);
                emit(OR_K, 0x0020_2020);
                emit(IF_EQUAL, LF_TO, 0, 2);
                emit(X_IS_K, at);
                found.add(place());
                emit(JUMP, 0);
                emit(IF_EQUAL, END, 0, 1);
                emit(RETURN_K, PASS);
                emit(AND_K, 0x00FF_FFFF);
                emit(IF_EQUAL, END_BEHIND, 0, 1);
                emit(RETURN_K, PASS);
                emit(IF_EQUAL, LF_TO_BEHIND, 0, 2);
                emit(X_IS_K, at + 1);
                found.add(place());
                emit(JUMP, 0);
            }
        }
        emit(RETURN_K, PASS);
        land(found);
        emit(A_IS_LENGTH, 0);
        emit(SUB_X, 0);
        leaveUnless(IF_AT_LEAST, LONGEST_TO + 4);
        emit(A_IS_BYTE_AT_X_K, 0);
        leaveUnless(IF_EQUAL, '\n');
        emit(A_IS_BYTE_AT_X_K, 3);
        leaveUnless(IF_EQUAL, ':');
    }

    private void findTag() {
        final List<Integer> ends = new ArrayList<>(LONGEST_TO);
        for (int at = 4; at < LONGEST_TO; at++) {
            emit(A_IS_BYTE_AT_X_K, at);
            emit(IF_EQUAL, '\r', 0, 2);
            emit(A_IS_K, at);
            ends.add(place());
            emit(JUMP, 0);
            emit(A_IS_WORD_AT_X_K, at);
            emit(AND_K, 0xFFFF_FF00);
            emit(OR_K, 0x2020_2000);
            emit(IF_EQUAL, TAG, 0, 1);
            emit(RETURN_K, PASS);
        }
        emit(RETURN_K, PASS);
        land(ends);
        emit(ADD_X, 0);
        emit(X_IS_A, 0);
        emit(A_IS_BYTE_AT_X_K, 1);
        leaveUnless(IF_EQUAL, '\n');
        emit(A_IS_BYTE_AT_X_K, 2);
        emit(IF_EQUAL, ' ', 1, 0);
        emit(IF_EQUAL, '\t', 0, 1);
        emit(RETURN_K, PASS);
        emit(RETURN_K, DROP);
    }
}
