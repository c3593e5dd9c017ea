package org.tandemsip.linux;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Has the kernel give each datagram to one of several UDP sockets on an address by its Call-ID, where it would else go
 * by the addresses and ports of both sides: all of a trunk is one of those. What belongs to a call stays in order,
 * since it stays on one socket.
 *
 * <p>This is a classic BPF program ({@code SO_ATTACH_REUSEPORT_CBPF}, Linux 4.5), which needs no rights and runs in the
 * kernel at each datagram. Such programs have no loops and no more than 4,096 instructions, so every step of the search
 * stands there by itself:
 *
 * <pre>
 *   \n C a l l - I D :          At each third byte a word of four is looked at, in lower case. Wherever
 *        a l l -                the header field begins, exactly one of them is one of these three words.
 *          l l - i              The fourth, call, stands in too many URIs.
 *            l - i d
 * </pre>
 * What is found must be a whole name behind a line end, its value 63 bytes at most, with a CR behind it. Where anything
 * else is found, or nothing, the kernel chooses as if there were no program.
 *
 * <p>The value is hashed by four bytes (big-endian, the last ones filled up with zeros; four zeros when none are left):
 * {@code h = (h ^ word) * multiplier; h ^= h >>> 15}. In the end {@code h *= multiplier; h ^= h >>> 15;
 * h *= multiplier}, and the socket is {@code (h >>> 16) * sockets >>> 16}.
 */
public final class CallIdSteering extends ClassicBpf {
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;

    /** A status line ends before this, and the name begins here at the earliest. */
    private static final int SEARCH_FROM = 17;
    private static final int STEP = 3;
    /** Bytes between two looks at the length of the datagram: to load what is not there ends the program. */
    private static final int BLOCK = 12 * STEP;
    /** What is searched, in blocks. Where net.core.optmem_max is 20480 a socket has room for 7. */
    private static final int MOST_BLOCKS = 35;
    private static final int FEWEST_BLOCKS = 5;
    private static final int MOST_VALUE = 64;

    private static final int LOWER = 0x2020_2020;
    private static final int CRS = 0x0D0D_0D0D;
    private static final int CALL = word("call");
    private static final int ALL_ = word("all-");
    private static final int LL_I = word("ll-i");
    private static final int L_ID = word("l-id");
    /** No socket has this number. */
    private static final int NONE = -1;

    private static final int M_HASH = 0;
    private static final int M_VALUE = 1;
    private static final int M_WORD = 2;
    private static final int M_OTHER = 3;

    private CallIdSteering(final Arena arena, final int blocks, final int sockets, final int seed,
            final int multiplier) {
        super(arena, NONE);
        findCandidate(blocks);
        checkName();
        hashValue(sockets, seed, multiplier);
    }

    /**
     * Steers what arrives for all sockets that share the address of socket {@code fd}. To be called when all of them
     * are bound; they are numbered in that order.
     *
     * @param sockets    how many there are, 65,535 at most
     * @param seed       what the hash begins with
     * @param multiplier of the hash, odd
     * @return whether the kernel does so; if not, it chooses as it did before
     */
    public static boolean attach(final int fd, final int sockets, final int seed, final int multiplier) {
        for (int blocks = MOST_BLOCKS; blocks >= FEWEST_BLOCKS; blocks = blocks * 3 / 4) {
            try (Arena arena = Arena.ofConfined()) {
                if (new CallIdSteering(arena, blocks, sockets, seed, multiplier).attach(fd, SO_ATTACH_REUSEPORT_CBPF)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Leaves the word in A that looks like part of the name, and in X where it is. */
    private void findCandidate(final int blocks) {
        final List<Integer> found = new ArrayList<>();
        for (int block = SEARCH_FROM; block < SEARCH_FROM + blocks * BLOCK; block += BLOCK) {
            emit(A_IS_LENGTH, 0);
            leaveUnless(IF_AT_LEAST, block + BLOCK + 1);
            for (int at = block; at < block + BLOCK; at += STEP) {
                emit(A_IS_WORD_AT_K, at);
                emit(OR_K, LOWER);
                emit(IF_EQUAL, ALL_, 2, 0);
                emit(IF_EQUAL, LL_I, 1, 0);
                emit(IF_EQUAL, L_ID, 0, 2);
                emit(X_IS_K, at);
                found.add(place());
                emit(JUMP, 0);
            }
        }
        emit(RETURN_K, NONE);
        land(found);
    }

    /** Checks the whole name; leaves in M where its value begins. */
    private void checkName() {
        emit(IF_EQUAL, ALL_, 3, 0);
        emit(IF_EQUAL, LL_I, 4, 0);
        emit(A_IS_K, 4);
        emit(JUMP, 3);
        emit(A_IS_K, 2);
        emit(JUMP, 1);
        emit(A_IS_K, 3);
        emit(M_IS_A, M_OTHER);
        emit(A_IS_X, 0);
        emit(X_IS_M, M_OTHER);
        emit(SUB_X, 0);
        emit(X_IS_A, 0);
        // X is where the line end before the name is.
        emit(A_IS_LENGTH, 0);
        emit(SUB_X, 0);
        leaveUnless(IF_AT_LEAST, "\nCall-ID: ".length());
        emit(A_IS_BYTE_AT_X_K, 0);
        leaveUnless(IF_EQUAL, '\n');
        emit(A_IS_WORD_AT_X_K, 1);
        emit(OR_K, LOWER);
        leaveUnless(IF_EQUAL, CALL);
        emit(A_IS_WORD_AT_X_K, 4);
        emit(OR_K, LOWER);
        leaveUnless(IF_EQUAL, L_ID);
        emit(A_IS_BYTE_AT_X_K, 8);
        leaveUnless(IF_EQUAL, ':');
        emit(A_IS_BYTE_AT_X_K, 9);
        emit(IF_EQUAL, ' ', 0, 3);
        emit(A_IS_X, 0);
        emit(ADD_K, 10);
        emit(JUMP, 2);
        emit(A_IS_X, 0);
        emit(ADD_K, 9);
        emit(M_IS_A, M_VALUE);
    }

    private void hashValue(final int sockets, final int seed, final int multiplier) {
        emit(A_IS_K, seed);
        emit(M_IS_A, M_HASH);
        final List<Integer> last = new ArrayList<>();
        for (int at = 0; at < MOST_VALUE; at += 4) {
            emit(X_IS_M, M_VALUE);
            emit(A_IS_LENGTH, 0);
            emit(SUB_X, 0);
            leaveUnless(IF_AT_LEAST, at + 4);
            emit(A_IS_WORD_AT_X_K, at);
            emit(M_IS_A, M_WORD);
            // Not 0 if one of the four bytes is CR, which makes it 0 here: (v - 0x01010101) & ~v & 0x80808080.
            emit(XOR_K, CRS);
            emit(X_IS_A, 0);
            emit(SUB_K, 0x0101_0101);
            emit(M_IS_A, M_OTHER);
            emit(A_IS_X, 0);
            emit(XOR_K, -1);
            emit(AND_K, 0x8080_8080);
            emit(X_IS_M, M_OTHER);
            emit(AND_X, 0);
            emit(IF_EQUAL, 0, 1, 0);
            last.add(place());
            emit(JUMP, 0);
            emit(A_IS_M, M_WORD);
            mix(multiplier);
            emit(M_IS_A, M_HASH);
        }
        emit(RETURN_K, NONE);
        land(last);
        cutAtCr();
        mix(multiplier);
        emit(MUL_K, multiplier);
        fold();
        emit(MUL_K, multiplier);
        emit(SHIFT_RIGHT_K, 16);
        emit(MUL_K, sockets);
        emit(SHIFT_RIGHT_K, 16);
        emit(RETURN_A, 0);
    }

    /** Leaves in A what stands before the first CR of the last word, behind it zeros. */
    private void cutAtCr() {
        for (int before = 0; before < 3; before++) {
            emit(A_IS_M, M_WORD);
            emit(SHIFT_RIGHT_K, 24 - 8 * before);
            emit(AND_K, 0xFF);
            emit(IF_EQUAL, '\r', 0, 2);
            emit(A_IS_K, before == 0 ? 0 : -1 << 32 - 8 * before);
            // Six instructions for each byte that is not looked at any more, and one behind.
            emit(JUMP, 6 * (2 - before) + 1);
        }
        emit(A_IS_K, 0xFFFF_FF00);
        emit(X_IS_M, M_WORD);
        emit(AND_X, 0);
    }

    private void mix(final int multiplier) {
        emit(X_IS_M, M_HASH);
        emit(XOR_X, 0);
        emit(MUL_K, multiplier);
        fold();
    }

    private void fold() {
        emit(X_IS_A, 0);
        emit(SHIFT_RIGHT_K, 15);
        emit(XOR_X, 0);
    }
}
