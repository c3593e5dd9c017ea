package org.tandemsip.server;

import java.lang.reflect.Proxy;

/** Unix signals as tasks. The JDK's own class for them may not be named in sources compiled with {@code -Werror}. */
public final class Signals {
    private Signals() {}

    /**
     * Runs {@code task} on a thread of its own whenever the process gets the signal.
     *
     * @param name without SIG: {@code HUP}, {@code TERM}
     * @return {@code false} where there is no such signal
     */
    public static boolean on(final String name, final Runnable task) {
        try {
            final Class<?> signal = Class.forName("sun.misc.Signal");
            final Class<?> handler = Class.forName("sun.misc.SignalHandler");
            final Object proxy = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler},
                    (self, method, args) -> switch (method.getName()) {
                        case "handle" -> {
                            task.run();
                            yield null;
                        }
                        case "equals" -> self == args[0];
                        case "hashCode" -> System.identityHashCode(self);
                        default -> "signal task";
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return true;
        } catch (final ReflectiveOperationException e) {
            return false;
        }
    }
}
