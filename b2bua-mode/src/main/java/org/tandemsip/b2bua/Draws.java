package org.tandemsip.b2bua;

import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.handler.ShardContext;

/** Draws what nobody must be able to foretell: keys, numbers and times. Shard thread only. */
final class Draws {
    private static final long KEY_LABEL = 0x6232_6275_61L;
    /** Section 14.2 of RFC 3261: 0 to 10 seconds. */
    private static final int LONGEST_RETRY_AFTER = 10;
    private static final long GLARE_STEP_NS = 10_000_000L;

    private final KeyedHash hash;
    private final int shard;
    private long keys;

    Draws(final ShardContext context) {
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
        shard = context.shard();
    }

    /** Key for the next branch: never the same again, in no other shard either. */
    long key() {
        return hash.begin().add(KEY_LABEL).add(shard).add(++keys).end();
    }

    /** Seconds after which to come again, chosen at random as RFC 3261 section 14.2 wants. */
    int retryAfter() {
        return (int) Long.remainderUnsigned(key(), LONGEST_RETRY_AFTER + 1);
    }

    /** How long to wait before another INVITE where both sides have sent one (section 14.1). */
    long glareNs(final Leg leg) {
        // Who has made the Call-ID waits for the longer time.
        return leg.number == 1 ? GLARE_STEP_NS * (210 + Long.remainderUnsigned(key(), 190))
                : GLARE_STEP_NS * Long.remainderUnsigned(key(), 200);
    }

    /** First RSeq of a call: RFC 3262 section 3 wants it chosen at random, far from the end. */
    long firstRseq() {
        return 1 + Long.remainderUnsigned(key(), 1 << 30);
    }
}
