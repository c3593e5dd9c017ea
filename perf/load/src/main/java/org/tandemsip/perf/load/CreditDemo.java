package org.tandemsip.perf.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.tandemsip.server.admin.Json;
import org.tandemsip.server.admin.LiveCalls;

/**
 * A credit service inside the demo: callers with odd numbers have prepaid half a second, the others as much as they
 * want, in pieces. It keeps the books, and says at the end what it has seen.
 */
final class CreditDemo implements AutoCloseable {
    /** How long each caller wants to talk. */
    static final long HOLD_NS = 1_000_000_000L;
    static final String INTRODUCTION = """
            Each caller wants to talk for 1 s. Every other one has prepaid 500 ms and no more, says the credit
            service of this demo: Tandem ends those calls on both sides when that is used up.""";

    private static final long PREPAID_MS = 500;
    private static final long SETTLE_NS = 20_000_000_000L;
    private static final Pattern NUMBER = Pattern.compile("sip:\\+1555(\\d{10})@.*");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicLong reserved = new AtomicLong();
    private final AtomicLong toppedUp = new AtomicLong();
    private final AtomicLong usedMs = new AtomicLong();
    private final AtomicLong twice = new AtomicLong();
    private final Map<String, Long> settled = new ConcurrentHashMap<>();

    private CreditDemo(final HttpServer server) {
        this.server = server;
    }

    static CreditDemo start() throws IOException {
        final HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 1_024);
        final CreditDemo demo = new CreditDemo(server);
        server.createContext("/credit", demo::serve);
        server.setExecutor(demo.threads);
        server.start();
        return demo;
    }

    /** What the configuration has to say to have calls ask here. */
    String config() {
        return "credit: {url: \"http://127.0.0.1:%d/credit\", reserve: 1600ms, timeout: 10s}%n"
                .formatted(server.getAddress().getPort());
    }

    private void serve(final HttpExchange exchange) throws IOException {
        try (exchange) {
            final String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            final Map<?, ?> order = (Map<?, ?>) Json.parse(body);
            final byte[] answer = (order.get("action").equals("settle") ? settle(order) : reserve(order))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, answer.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(answer);
            }
        }
    }

    private String reserve(final Map<?, ?> order) {
        ((Long) order.get("number") == 0 ? reserved : toppedUp).incrementAndGet();
        final Matcher number = NUMBER.matcher((String) order.get("from"));
        final boolean prepaid = number.matches() && Long.parseLong(number.group(1)) % 2 == 1;
        return Json.object(json -> {
            json.writeNumberProperty("granted_ms", prepaid ? PREPAID_MS : (Long) order.get("reserve_ms"));
            json.writeBooleanProperty("last", prepaid);
        });
    }

    private String settle(final Map<?, ?> order) {
        final Long used = (Long) order.get("used_ms");
        if (settled.put((String) order.get("call"), used) != null) {
            twice.incrementAndGet();
        }
        usedMs.addAndGet(used);
        return "{}";
    }

    /** Waits until all calls are over at both ends and settled, for some seconds at most; whether they were, once. */
    boolean awaitSettled(final long calls, final Pair ends) throws IOException {
        final long deadlineNs = System.nanoTime() + SETTLE_NS;
        while ((settled.size() < calls || ends.answerer().ended() < calls) && deadlineNs - System.nanoTime() > 0) {
            ends.turn(System.nanoTime());
            LockSupport.parkNanos(1_000_000);
        }
        return settled.size() == calls && twice.get() == 0;
    }

    /** What came of it, for people. */
    String summary(final LoadResult result, final Pair ends, final LiveCalls calls) {
        final Histogram talked = ends.caller().talked();
        final Histogram overruns = calls.cutOffs().overruns();
        return """
                cut off     %,d calls when their %d ms were used up; %,d hung up by the caller after 1 s
                both sides  the caller's got %,d BYEs, the carrier saw %,d of %,d calls end
                talked      50 %% of those cut off up to %.1f ms, 99 %% %.1f, 99.9 %% %.1f, the longest %.1f
                overrun     from the end of credit to both BYEs: 50 %% up to %.1f ms, 99 %% %.1f, 99.9 %% %.1f, max %.1f
                credit      %,d reservations, %,d more in mid-call, %,d settled, %d of them twice; %.1f s to bill
                """.formatted(overruns.getTotalCount(), PREPAID_MS, result.succeeded() - talked.getTotalCount(),
                talked.getTotalCount(), ends.answerer().ended(), result.begun(), ms(talked, 50), ms(talked, 99),
                ms(talked, 99.9), ms(talked, 100), ms(overruns, 50), ms(overruns, 99), ms(overruns, 99.9),
                ms(overruns, 100), reserved.get(), toppedUp.get(), settled.size(), twice.get(), usedMs.get() / 1e3);
    }

    private static double ms(final Histogram histogram, final double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e6;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
