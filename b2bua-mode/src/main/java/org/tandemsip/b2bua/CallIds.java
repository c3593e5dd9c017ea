package org.tandemsip.b2bua;

import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.handler.OwnerHash;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Call-IDs of the legs that we begin: 32 digits that nobody can guess, drawn until one belongs to this very shard, so
 * that both legs of a call are one thread's. With so many shards it takes as many draws on average, each two short
 * hashes. Shard thread only.
 */
final class CallIds {
    /** Bytes of a Call-ID. */
    static final int LENGTH = 32;

    private static final long LABEL = 0x6361_6c6c_6964L;

    private final KeyedHash hash;
    private final OwnerHash owners;
    private final int shard;
    private final int shards;
    private final UnsafeBuffer text = new UnsafeBuffer(new byte[LENGTH]);
    private final AsciiWriter writer = new AsciiWriter();
    private long drawn;

    CallIds(final ShardContext context) {
        // The key is new in each process, and so are the Call-IDs.
        hash = new KeyedHash(context.keys().table0(), context.keys().table1());
        owners = context.keys().ownerHash();
        shard = context.shard();
        shards = context.shards();
    }

    /** Draws the next one; valid until the next call. */
    UnsafeBuffer next() {
        do {
            final long high = hash.begin().add(LABEL).add(++drawn).end();
            final long low = hash.begin().add(LABEL).add(-drawn).end();
            writer.wrap(text, 0).putHex(high, 16).putHex(low, 16);
        } while (ShardContext.ownerOf(owners.of(text, 0, LENGTH), shards) != shard);
        return text;
    }
}
