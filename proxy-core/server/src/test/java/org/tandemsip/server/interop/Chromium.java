package org.tandemsip.server.interop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Chromium without a screen (Debian package chromium), in which SIP.js makes calls, as {@code browser.html} says. A web
 * server of the test's own hands out the page and hears what happens.
 */
final class Chromium implements AutoCloseable {
    /** Of the user {@code browser}. */
    static final String PASSWORD = "open-sesame";

    private static final String PROGRAM = "/usr/bin/chromium";
    /** A library of npm's whose modules a browser loads as they are; what its registry says of the file. */
    private static final String SIP_JS = "sip.js@0.21.2";
    private static final String SIP_JS_SHA_512 =
            "tSqTcIgrOd2IhP/rd70JablvAp+fSfLSxO4hGNY6LkWRY1SKygTO7OtJEV/BQb8oIxtMRx0LE7nUF2MaqGbFzA==";

    private final Path folder;
    private final HttpServer web;
    private final Process process;
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final List<String> heard = new ArrayList<>();

    private Chromium(final Path library, final String server, final X509Certificate certificate, final String calls)
            throws Exception {
        folder = Folders.make("chromium");
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/", exchange -> answer(exchange, "text/html", resource("browser.html")));
        web.createContext("/sip.js/", exchange -> answer(exchange, "text/javascript", Files.readAllBytes(
                library.resolve(exchange.getRequestURI().getPath().substring("/sip.js/".length())))));
        web.createContext("/event", exchange -> {
            told.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            answer(exchange, "text/plain", new byte[0]);
        });
        web.start();
        // Chromium believes no authority of a test's own; so it is told whose key is all right.
        final String key = digest("SHA-256", certificate.getPublicKey().getEncoded());
        process = new ProcessBuilder(PROGRAM, "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--user-data-dir=" + folder, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                "--ignore-certificate-errors-spki-list=" + key, "--enable-logging=stderr",
                "http://127.0.0.1:" + web.getAddress().getPort() + "/?server="
                        + URLEncoder.encode(server, StandardCharsets.UTF_8) + "&password=" + PASSWORD + "&calls="
                        + URLEncoder.encode(calls, StandardCharsets.UTF_8))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile()).start();
    }

    /** Sees that Chromium and npm are installed, and has npm fetch SIP.js; returns the folder it is in. */
    static Path require() throws Exception {
        Programs.require("chromium", PROGRAM);
        Programs.require("npm", "/usr/bin/npm", "/usr/local/bin/npm");
        final Path library = Files.createTempDirectory("sipjs");
        final Process npm = new ProcessBuilder("npm", "pack", SIP_JS).directory(library.toFile())
                .redirectErrorStream(true).redirectOutput(library.resolve("npm.log").toFile()).start();
        if (!npm.waitFor(180, TimeUnit.SECONDS) || npm.exitValue() != 0) {
            npm.destroyForcibly();
            throw new IOException("npm pack " + SIP_JS + ":\n" + Files.readString(library.resolve("npm.log")));
        }
        final Path archive = library.resolve(SIP_JS.replace('@', '-') + ".tgz");
        if (!digest("SHA-512", Files.readAllBytes(archive)).equals(SIP_JS_SHA_512)) {
            throw new IOException(archive + " is not what it was");
        }
        if (new ProcessBuilder("tar", "xzf", archive.toString()).directory(library.toFile()).start().waitFor() != 0) {
            throw new IOException("tar xzf " + archive);
        }
        return library.resolve("package");
    }

    private static String digest(final String algorithm, final byte[] bytes) throws GeneralSecurityException {
        return Base64.getEncoder().encodeToString(MessageDigest.getInstance(algorithm).digest(bytes));
    }

    /**
     * Opens the page.
     *
     * @param library     folder of SIP.js
     * @param server      URL of the WebSocket
     * @param certificate what is shown there
     * @param calls       {@code name:what} of each call, commas between them
     */
    static Chromium open(final Path library, final String server, final X509Certificate certificate,
            final String calls) throws Exception {
        return new Chromium(library, server, certificate, calls);
    }

    /** All that the page has told when {@code last} has been told. */
    List<String> await(final String last) throws InterruptedException {
        final long startNs = System.nanoTime();
        while (!heard.contains(last)) {
            final String line = told.poll(1, TimeUnit.SECONDS);
            if (line != null) {
                heard.add(line);
            } else if (!process.isAlive() || System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(120)) {
                throw new AssertionError("the browser did not tell '" + last + "', but " + heard + "\n" + this);
            }
        }
        return heard;
    }

    private static byte[] resource(final String name) throws IOException {
        try (InputStream in = Chromium.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            return in.readAllBytes();
        }
    }

    private static void answer(final HttpExchange exchange, final String type, final byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
        exchange.close();
    }

    /** Its log, for messages of failed tests. */
    @Override
    public String toString() {
        try {
            return "Chromium:\n" + Files.readString(folder.resolve("log"));
        } catch (final IOException e) {
            return "no log: " + e.getMessage();
        }
    }

    @Override
    public void close() {
        web.stop(0);
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        if (!process.onExit().orTimeout(20, TimeUnit.SECONDS).handle((ended, failure) -> failure == null).join()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().onExit().join();
        }
    }
}
