package org.tandemsip.codec;

/**
 * Entries of the fuzzer when it runs in a process of its own: it wants a class with a method of this name per target.
 */
final class FuzzTargets {
    private FuzzTargets() {}

    /** Fuzzes whole messages: parser, index, edits, answers. */
    public static final class Message {
        public static void fuzzerTestOneInput(final byte[] input) {
            FuzzProperties.message(input);
        }
    }

    /** Fuzzes URIs. */
    public static final class Uri {
        public static void fuzzerTestOneInput(final byte[] input) {
            FuzzProperties.uri(input);
        }
    }

    /** Fuzzes Via values. */
    public static final class Via {
        public static void fuzzerTestOneInput(final byte[] input) {
            FuzzProperties.via(input);
        }
    }

    /** Fuzzes name-addr values. */
    public static final class NameAddr {
        public static void fuzzerTestOneInput(final byte[] input) {
            FuzzProperties.nameAddr(input);
        }
    }

    /** Fuzzes byte streams. */
    public static final class Framer {
        public static void fuzzerTestOneInput(final byte[] input) {
            FuzzProperties.framer(input);
        }
    }
}
