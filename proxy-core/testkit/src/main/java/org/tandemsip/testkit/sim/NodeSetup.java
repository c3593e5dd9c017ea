package org.tandemsip.testkit.sim;

import java.util.function.Function;
import java.util.function.LongToIntFunction;
import java.util.function.UnaryOperator;

import org.tandemsip.engine.handler.Egress;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.testkit.wire.SimAddress;

/**
 * How a simulated node is set up.
 *
 * @param name     name in the wire log
 * @param address  listens there for UDP and TCP
 * @param policy   configuration at start
 * @param shards   number of shards
 * @param token0   first half of the token key, kept over restarts
 * @param token1   second half
 * @param maxTransactions most transactions that a shard may hold
 * @param jitterNs longest time a message waits in the ring
 * @param calls    makes the mode that calls are handed to which ask for it: {@code null} for none
 * @param handler  put around the handler, to seed bugs; {@link UnaryOperator#identity} for none
 * @param egress   put around the egress, to seed bugs; {@link UnaryOperator#identity} for none
 * @param turn     put around each turn of a shard, to seed bugs; {@link UnaryOperator#identity} for none
 */
public record NodeSetup(String name, SimAddress address, RoutingPolicy policy, int shards, long token0, long token1,
        int maxTransactions, long jitterNs, Function<ShardContext, CallMode> calls,
        UnaryOperator<MessageHandler> handler, UnaryOperator<Egress> egress,
        UnaryOperator<LongToIntFunction> turn) {}
