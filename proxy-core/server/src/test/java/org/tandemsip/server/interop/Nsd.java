package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A real DNS server (Debian package nsd) with the zone {@code test.} on a port of loopback. */
final class Nsd {
    private static final String PROGRAM = "/usr/sbin/nsd";
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(30);

    private final Path directory;
    private final InetSocketAddress address;
    private Process process;
    private int serial;

    private Nsd(final Path directory, final int port) {
        this.directory = directory;
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Fails the test when NSD is not installed: these tests do not pass by not running. */
    static void require() {
        if (!Files.isExecutable(Path.of(PROGRAM))) {
            fail(PROGRAM + " is missing; install it: apt-get install nsd");
        }
    }

    /** Starts a server; {@code records} are lines of a zone file below {@code test.}. */
    static Nsd start(final Path directory, final int port, final String records) throws Exception {
        final Nsd nsd = new Nsd(directory, port);
        Files.writeString(directory.resolve("nsd.conf"), """
                server:
                  ip-address: 127.0.0.1@%d
                  do-ip6: no
                  server-count: 1
                  username: ""
                  zonesdir: "%s"
                  pidfile: ""
                  database: ""
                  zonelistfile: "%s/zone.list"
                  xfrdfile: "%s/xfrd.state"
                  xfrdir: "%s"
                  logfile: "%s/log"
                remote-control:
                  control-enable: no
                zone:
                  name: test
                  zonefile: test.zone
                """.formatted(port, directory, directory, directory, directory, directory));
        nsd.write(records);
        nsd.begin();
        return nsd;
    }

    /** Starts the server (again) and waits until it serves the zone. */
    void begin() throws Exception {
        process = new ProcessBuilder(PROGRAM, "-d", "-c", directory.resolve("nsd.conf").toString())
                .redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
        awaitSerial();
    }

    InetSocketAddress address() {
        return address;
    }

    /** Puts other records into the zone and waits until the server has them. */
    void replace(final String records) throws Exception {
        write(records);
        new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
        awaitSerial();
    }

    private void write(final String records) throws IOException {
        serial++;
        Files.writeString(directory.resolve("test.zone"), """
                $ORIGIN test.
                $TTL 60
                @ 60 IN SOA ns.test. me.test. %d 3600 600 86400 2
                @ IN NS ns.test.
                ns IN A 127.0.0.1
                serial%d IN A 127.0.0.1
                %s
                """.formatted(serial, serial, records));
    }

    private void awaitSerial() throws Exception {
        final long startNs = System.nanoTime();
        while (!serves("serial" + serial)) {
            if (!process.isAlive() || System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IllegalStateException("nsd does not serve the zone: "
                        + Files.readString(directory.resolve("out")) + Files.readString(directory.resolve("log")));
            }
        }
    }

    private boolean serves(final String label) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(100);
            final byte[] query = new byte[12 + 1 + label.length() + 1 + 4 + 1 + 4];
            query[5] = 1;
            query[12] = (byte) label.length();
            System.arraycopy(label.getBytes(), 0, query, 13, label.length());
            final int next = 13 + label.length();
            query[next] = 4;
            System.arraycopy("test".getBytes(), 0, query, next + 1, 4);
            query[next + 7] = 1;
            query[next + 9] = 1;
            socket.send(new DatagramPacket(query, query.length, address));
            final DatagramPacket answer = new DatagramPacket(new byte[512], 512);
            socket.receive(answer);
            return answer.getData()[7] > 0;
        } catch (final SocketTimeoutException e) {
            return false;
        } catch (final java.net.PortUnreachableException e) {
            return false;
        }
    }

    /** Stops answering, as a server that is cut off does. */
    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
