package org.tandemsip.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A question that we ask and answer ourselves before there are calls: the first one that the HTTP client of a new
 * process sends takes most of a second, and a call waits for no longer than that. The answer comes from a socket on
 * loopback, so the credit service is told nothing that is not of a call, and need not be there yet.
 */
final class CreditRehearsal {
    private static final int TIMEOUT_MS = 2_000;
    private static final byte[] ANSWER = """
            HTTP/1.1 200 OK
            Content-Type: application/json
            Content-Length: 18
            Connection: close

            {"granted_ms": 60}""".replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);

    private CreditRehearsal() {}

    /**
     * Asks once over HTTP and, where the service is reached by TLS, once more until there would have to be a
     * certificate. That it has failed is no matter: the first call will ask as well as it can.
     *
     * @param scheme of the service
     * @param asker  asks at a URI
     */
    static void of(final String scheme, final Function<URI, CompletableFuture<?>> asker) {
        ask("http", asker, true);
        if (scheme.equals("https")) {
            ask(scheme, asker, false);
        }
    }

    private static void ask(final String scheme, final Function<URI, CompletableFuture<?>> asker,
            final boolean answers) {
        try (ServerSocket self = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            self.setSoTimeout(TIMEOUT_MS);
            final CompletableFuture<?> reply =
                    asker.apply(URI.create(scheme + "://127.0.0.1:" + self.getLocalPort() + "/"));
            try (Socket asked = self.accept()) {
                asked.setSoTimeout(TIMEOUT_MS);
                int b = asked.getInputStream().read();
                // The body is an object without others in it.
                while (answers && b >= 0 && b != '}') {
                    b = asked.getInputStream().read();
                }
                if (answers) {
                    asked.getOutputStream().write(ANSWER);
                    reply.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
                }
            }
            reply.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (final IOException | ExecutionException | TimeoutException notAnswered) {
            // Over TLS nobody has.
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
