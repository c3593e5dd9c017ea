package org.tandemsip.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The functions of the C library that this package calls. Pointers are passed as numbers: a call with a segment would
 * mark the segment's arena as in use and back, two atomic operations each.
 *
 * <p>All are linked as functions of six longs. On 64-bit Linux that many are passed in registers, an {@code int} takes
 * the same place as a long, and who is called does not see what is too much. To link one shape takes the JVM some ten
 * milliseconds of its start, so there is one.
 *
 * <p>They are called without a place for {@code errno}, for which a segment would be made at each call. What has failed
 * is called again with one where somebody wants to know why; if that is well, so it be.
 */
final class LibC {
    private static final FunctionDescriptor SHAPE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle SOCKET = function("socket");
    private static final MethodHandle SETSOCKOPT = function("setsockopt");
    private static final MethodHandle GETSOCKOPT = function("getsockopt");
    private static final MethodHandle CLOCK_GETTIME = function("clock_gettime");
    private static final MethodHandle BIND = function("bind");
    private static final MethodHandle GETSOCKNAME = function("getsockname");
    private static final MethodHandle CLOSE = function("close");
    private static final MethodHandle MMAP = function("mmap");
    private static final MethodHandle MUNMAP = function("munmap");
    private static final MethodHandle RECVMMSG = function("recvmmsg");
    private static final MethodHandle SENDMMSG = function("sendmmsg");
    private static final MethodHandle SETPRIORITY = function("setpriority");

    private static final int PRIO_PROCESS = 0;
    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE_ANONYMOUS = 2 | 0x20;

    private LibC() {}

    /** Whether all functions are there; an error of linkage when not. */
    static boolean isAvailable() {
        return SETPRIORITY != null;
    }

    /** What an {@code errno} means, for people. */
    static String describe(final int errno) {
        return switch (errno) {
            case 1 -> "Operation not permitted";
            case 12 -> "Cannot allocate memory";
            case 13 -> "Permission denied";
            case 22 -> "Invalid argument";
            case 24 -> "Too many open files";
            case 97 -> "Address family not supported by protocol";
            case 98 -> "Address already in use";
            case 99 -> "Cannot assign requested address";
            default -> "error " + errno;
        };
    }

    static int socket(final int family, final int type) {
        return (int) callOrError(SOCKET, "socket", family, type, 0, 0, 0, 0);
    }

    static int setsockopt(final int fd, final int level, final int name,
            final long value, final int length) {
        return (int) callOrError(SETSOCKOPT, "setsockopt", fd, level, name, value, length, 0);
    }

    static int getsockopt(final int fd, final int level, final int name,
            final long value, final long length) {
        return (int) call(GETSOCKOPT, fd, level, name, value, length, 0);
    }

    static int clockGettime(final int clock, final long timespec) {
        return (int) call(CLOCK_GETTIME, clock, timespec, 0, 0, 0, 0);
    }

    static int bind(final int fd, final long address, final int length) {
        return (int) callOrError(BIND, "bind", fd, address, length, 0, 0, 0);
    }

    static int getsockname(final int fd, final long address, final long length) {
        return (int) callOrError(GETSOCKNAME, "getsockname", fd, address, length, 0, 0, 0);
    }

    static int close(final int fd) {
        return (int) call(CLOSE, fd, 0, 0, 0, 0, 0);
    }

    static int recvmmsg(final int fd, final long headers, final int count,
            final int flags) {
        return (int) call(RECVMMSG, fd, headers, count, flags, 0, 0);
    }

    static int sendmmsg(final int fd, final long headers, final int count,
            final int flags) {
        return (int) callOrError(SENDMMSG, "sendmmsg", fd, headers, count, flags, 0, 0);
    }

    static int setpriority(final int thread, final int nice) {
        return (int) call(SETPRIORITY, PRIO_PROCESS, thread, nice, 0, 0, 0);
    }

    /**
     * Address of {@code bytes} of memory, all 0, whose pages the system provides when they are first touched; to be
     * given back by {@link #unmap}.
     */
    static long map(final long bytes) throws IOException {
        final long address = callOrError(MMAP, "mmap", 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
        if (address < 0) {
            throw new IOException("mmap(): " + describe((int) -address));
        }
        return address;
    }

    static void unmap(final long address, final long bytes) {
        call(MUNMAP, address, bytes, 0, 0, 0, 0);
    }

    /** The compiler inlines it where {@code function} is a constant, and with it the handle. */
    private static long call(final MethodHandle function, final long a, final long b, final long c, final long d,
            final long e, final long f) {
        try {
            return (long) function.invokeExact(a, b, c, d, e, f);
        } catch (final Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The same, but the negative {@code errno} where it fails. */
    private static long callOrError(final MethodHandle function, final String name, final long a, final long b,
            final long c, final long d, final long e, final long f) {
        final long result = call(function, a, b, c, d, e, f);
        // The upper half of what a function returns as an int says nothing.
        return (int) result == -1 ? WithErrno.call(name, a, b, c, d, e, f) : result;
    }

    @SuppressWarnings("restricted") // Calling C is what this class is for.
    private static MethodHandle function(final String name, final Linker.Option... options) {
        final Linker linker = Linker.nativeLinker();
        final MemorySegment address = linker.defaultLookup().find(name)
                .orElseThrow(() -> new UnsupportedOperationException("no " + name + " in the C library"));
        return linker.downcallHandle(address, SHAPE, options);
    }

    /** The functions with a place for {@code errno} before their arguments, each linked when it first fails. */
    private static final class WithErrno {
        private static final StructLayout STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        private static final ThreadLocal<MemorySegment> STATES =
                ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));
        private static final Map<String, MethodHandle> FUNCTIONS = new ConcurrentHashMap<>();

        private WithErrno() {}

        static long call(final String name, final long a, final long b, final long c, final long d, final long e,
                final long f) {
            final MethodHandle function = FUNCTIONS.computeIfAbsent(name,
                    unknown -> function(unknown, Linker.Option.captureCallState("errno")));
            final MemorySegment state = STATES.get();
            try {
                final long result = (long) function.invokeExact(state, a, b, c, d, e, f);
                return (int) result == -1 ? -(int) ERRNO.get(state, 0L) : result;
            } catch (final Throwable impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
