package org.tandemsip.server.config;

import java.util.Optional;
import java.util.ServiceLoader;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.routing.Mode;

/** Which modes this build has. */
public final class Modes {
    private Modes() {}

    /** Whether a mode is the proxy's own, or brought by a module. */
    public static boolean available(final Mode mode) {
        return mode != Mode.B2BUA || module(mode).isPresent();
    }

    /** The module that brings a mode. */
    public static Optional<HandlerFactory> module(final Mode mode) {
        return ServiceLoader.load(HandlerFactory.class).stream().map(ServiceLoader.Provider::get)
                .filter(factory -> factory.mode().equals(Scalars.word(mode))).findFirst();
    }
}
