package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The functions of the C library that this package calls. Pointers are passed as numbers: a call with a segment would
 * mark the segment's arena as in use and back, two atomic operations each.
 */
final class LibC {
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    static final MethodHandle SOCKET = function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    static final MethodHandle SETSOCKOPT = function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle GETSOCKOPT = function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOCK_GETTIME = function("clock_gettime", JAVA_INT, JAVA_LONG);
    static final MethodHandle BIND = function("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
    static final MethodHandle GETSOCKNAME = function("getsockname", JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final MethodHandle CLOSE = function("close", JAVA_INT);
    static final MethodHandle RECVMMSG = function("recvmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
    static final MethodHandle SENDMMSG = function("sendmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);

    private LibC() {}

    /** Memory for the {@code errno} of one thread's calls; never freed, a few bytes. */
    static MemorySegment callState() {
        return Arena.global().allocate(CALL_STATE);
    }

    /** The {@code errno} of the last call that was given {@code callState}. */
    static int errno(final MemorySegment callState) {
        return (int) ERRNO.get(callState, 0L);
    }

    /** What an {@code errno} means, for people. */
    static String describe(final int errno) {
        return switch (errno) {
            case 1 -> "Operation not permitted";
            case 13 -> "Permission denied";
            case 22 -> "Invalid argument";
            case 24 -> "Too many open files";
            case 97 -> "Address family not supported by protocol";
            case 98 -> "Address already in use";
            case 99 -> "Cannot assign requested address";
            default -> "error " + errno;
        };
    }

    /** A function that returns an {@code int}; its handle takes the call state before the arguments. */
    @SuppressWarnings("restricted") // Calling C is what this class is for.
    private static MethodHandle function(final String name, final MemoryLayout... arguments) {
        final Linker linker = Linker.nativeLinker();
        final MemorySegment address = linker.defaultLookup().find(name)
                .orElseThrow(() -> new UnsupportedOperationException("no " + name + " in the C library"));
        return linker.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, arguments),
                Linker.Option.captureCallState("errno"));
    }
}
