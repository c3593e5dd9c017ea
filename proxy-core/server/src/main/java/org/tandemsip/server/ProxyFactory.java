package org.tandemsip.server;

import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.proxy.Proxy;

/** Makes the proxies of the shards; one handler does both of its modes, so that calls under way outlive a switch. */
final class ProxyFactory implements HandlerFactory {
    @Override
    public String mode() {
        return "stateful";
    }

    @Override
    public MessageHandler create(final ShardContext context) {
        return new Proxy(context);
    }
}
