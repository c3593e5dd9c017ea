package org.tandemsip.server;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.config.Modes;

/**
 * Makes the proxies of the shards; one handler does both of its modes, so that calls under way outlive a switch, and
 * hands calls with two dialogs to the module for them, when this build has it.
 */
final class ProxyFactory implements HandlerFactory {
    private final Optional<HandlerFactory> module = Modes.module(Mode.B2BUA);
    private final List<CallMode> calls = new CopyOnWriteArrayList<>();

    /** What has the calls of each shard; empty without the module. */
    List<CallMode> calls() {
        return calls;
    }

    @Override
    public String mode() {
        return "stateful";
    }

    @Override
    public MessageHandler create(final ShardContext context) {
        if (module.isEmpty()) {
            return new Proxy(context);
        }
        final CallMode mode = (CallMode) module.get().create(context);
        calls.add(mode);
        return new Proxy(context, mode);
    }
}
