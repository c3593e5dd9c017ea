package org.tandemsip.b2bua;

import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.routing.CallMode;

/** Makes the {@link B2bua} of each shard. */
public final class B2buaFactory implements HandlerFactory {
    @Override
    public String mode() {
        return "b2bua";
    }

    @Override
    public CallMode create(final ShardContext context) {
        return new B2bua(context);
    }
}
