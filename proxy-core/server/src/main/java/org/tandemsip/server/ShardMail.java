package org.tandemsip.server;

import java.util.concurrent.TimeUnit;
import org.tandemsip.engine.handler.Reply;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.server.dns.Names;
import org.tandemsip.server.transport.Network;

/**
 * Brings what was found out elsewhere to the shard that has asked for it: again and again, should its queue be full.
 * What is said before there is a network waits for it. Any thread.
 */
final class ShardMail {
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Names names;
    private volatile Network network;

    /** @param names has the one timer of this */
    ShardMail(final Names names) {
        this.names = names;
    }

    /** Names the network whose shards get it. */
    void to(final Network startedNetwork) {
        network = startedNetwork;
    }

    /** Gives the reply to a question of calls with two dialogs. */
    void reply(final int shard, final long ticket, final Reply reply) {
        give(shard, new ShardCommand.Replied(ticket, reply));
    }

    /** Gives what one shard has to say to another, once; {@code false} when that takes none now or is not there. */
    boolean tell(final int shard, final ShardCommand command) {
        final Network to = network;
        return to != null && shard < to.shards() && to.command(shard, command);
    }

    /** Gives {@code command} to a shard. */
    void give(final int shard, final ShardCommand command) {
        final Network to = network;
        if (to == null || !to.command(shard, command)) {
            names.later(() -> give(shard, command), AGAIN_NS);
        }
    }
}
