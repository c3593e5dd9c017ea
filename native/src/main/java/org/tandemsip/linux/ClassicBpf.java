package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A program of classic BPF, which the kernel runs at each datagram of a socket (linux/filter.h): registers A and X,
 * memory M[0..15], numbers of the datagram in network order. There are no loops, a conditional jump goes over 255
 * instructions at most, and to load what lies beyond the datagram ends the program as if it had returned 0.
 */
abstract sealed class ClassicBpf permits CallIdSteering, NewInviteFilter {
    static final int A_IS_WORD_AT_K = 0x20;
    static final int A_IS_WORD_AT_X_K = 0x40;
    static final int A_IS_BYTE_AT_K = 0x30;
    static final int A_IS_BYTE_AT_X_K = 0x50;
    static final int A_IS_LENGTH = 0x80;
    static final int A_IS_K = 0x00;
    static final int X_IS_K = 0x01;
    static final int A_IS_M = 0x60;
    static final int X_IS_M = 0x61;
    static final int M_IS_A = 0x02;
    static final int X_IS_A = 0x07;
    static final int A_IS_X = 0x87;
    static final int ADD_K = 0x04;
    static final int ADD_X = 0x0C;
    static final int SUB_K = 0x14;
    static final int SUB_X = 0x1C;
    static final int MUL_K = 0x24;
    static final int OR_K = 0x44;
    static final int AND_K = 0x54;
    static final int AND_X = 0x5C;
    static final int SHIFT_RIGHT_K = 0x74;
    static final int XOR_K = 0xA4;
    static final int XOR_X = 0xAC;
    static final int JUMP = 0x05;
    static final int IF_EQUAL = 0x15;
    static final int IF_AT_LEAST = 0x35;
    static final int IF_AT_LEAST_X = 0x3D;
    static final int RETURN_K = 0x06;
    static final int RETURN_A = 0x16;

    private static final int SOL_SOCKET = 1;
    private static final int INSTRUCTION_BYTES = 8;
    private static final int MOST_INSTRUCTIONS = 4_096;

    /** What the program returns where it finds nothing to do. */
    private final int otherwise;
    /** struct sock_fprog: the number of instructions, and at 8 where they are. */
    private final MemorySegment header;
    private final MemorySegment instructions;
    private final ByteBuffer code;

    ClassicBpf(final Arena arena, final int otherwise) {
        this.otherwise = otherwise;
        header = arena.allocate(16, 8);
        instructions = arena.allocate(MOST_INSTRUCTIONS * INSTRUCTION_BYTES, 8);
        code = instructions.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Gives the program to socket {@code fd} by a socket option; {@code false} when the kernel does not take it. */
    final boolean attach(final int fd, final int option) {
        header.set(JAVA_SHORT, 0, (short) place());
        header.set(JAVA_LONG, 8, instructions.address());
        return LibC.setsockopt(fd, SOL_SOCKET, option, header.address(), 16) == 0;
    }

    /** Begins to write anew. */
    final void clear() {
        code.clear();
    }

    final void leaveUnless(final int condition, final int k) {
        emit(condition, k, 1, 0);
        emit(RETURN_K, otherwise);
    }

    final void emit(final int operation, final int k) {
        emit(operation, k, 0, 0);
    }

    /** A jump goes over so many instructions. */
    final void emit(final int operation, final int k, final int overIfTrue, final int overIfFalse) {
        code.putShort((short) operation).put((byte) overIfTrue).put((byte) overIfFalse).putInt(k);
    }

    /** Number of the next instruction. */
    final int place() {
        return code.position() / INSTRUCTION_BYTES;
    }

    /** Has {@code jumps} lead to the next instruction. */
    final void land(final List<Integer> jumps) {
        for (final int jump : jumps) {
            code.putInt(jump * INSTRUCTION_BYTES + 4, place() - jump - 1);
        }
    }

    static int word(final String text) {
        return text.charAt(0) << 24 | text.charAt(1) << 16 | text.charAt(2) << 8 | text.charAt(3);
    }
}
