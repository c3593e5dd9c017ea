package org.tandemsip.b2bua;

/** Who has ended a call. */
enum Ender {
    CALLER("caller"), CALLEE("callee"),
    /** A side that was gone: nobody has hung up. */
    PEER("lost"),
    /** Its time or credit was used up. */
    LIMIT("limit"),
    /** An order of the administration, or the end of the server. */
    ADMIN("admin"),
    /** We, since it could not go on. */
    US("tandem"),
    /** Nobody knows: we were not there when it ended. */
    UNKNOWN("unknown");

    /** As records write it. */
    final String word;

    Ender(final String word) {
        this.word = word;
    }
}
