package org.tandemsip.server.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The keep-alive of a GB/T 28181 camera: realms of digits that are no addresses, a body in GB2312, an answer that must
 * find the port behind the NAT.
 */
@ExtendWith(Sipp.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class GbKeepaliveIT {
    private static final String PROXY = "127.0.5.1";
    private static final int PORT = 5160;
    private static final String BODY = """
            <?xml version="1.0" encoding="GB2312"?>
            <Notify>
            <CmdType>Keepalive</CmdType>
            <SN>43</SN>
            <DeviceID>34020000001320000001</DeviceID>
            <Status>OK</Status>
            <Info>\u6444\u50cf\u673a\u6b63\u5e38</Info>
            </Notify>
            """;
    private static final String HEAD = """
            MESSAGE sip:34020000002000000001@3402000000 SIP/2.0
            Via: SIP/2.0/UDP 192.168.1.64:5060;rport;branch=z9hG4bK1013136823
            From: <sip:34020000001320000001@3402000000>;tag=1856352146
            To: <sip:34020000002000000001@3402000000>
            Call-ID: [call_id]
            CSeq: 20 MESSAGE
            Content-Type: Application/MANSCDP+xml
            Max-Forwards: 70
            User-Agent: IP Camera
            Content-Length: [len]

            """;
    private static final String DEVICE = "<?xml version=\"1.0\"?>\n<scenario name=\"device\">\n<send><![CDATA[\n" + HEAD
            + BODY
            + "]]></send>\n<recv response=\"200\"/>\n</scenario>\n";
    private static final String PLATFORM = """
            <?xml version="1.0"?>
            <scenario name="platform">
            <recv request="MESSAGE"/>
            <send><![CDATA[
            SIP/2.0 200 OK
            [last_Via:]
            [last_From:]
            [last_To:];tag=platform
            [last_Call-ID:]
            [last_CSeq:]
            Content-Length: 0

            ]]></send>
            </scenario>
            """;

    @ParameterizedTest
    @ValueSource(strings = {"stateless", "stateful"})
    void shouldRelayTheKeepaliveByteForByteAndItsAnswerToThePacketsSource(final String mode)
            throws IOException, InterruptedException {
        // given
        final String config = """
                listen: [udp://%1$s:%2$d]
                mode: %3$s
                trunks:
                  devices: {allow: [127.0.5.0/28]}
                  platform: {peers: ["127.0.5.33:5080"]}
                routes: [{from: devices, to: platform}]
                """.formatted(PROXY, PORT, mode);
        try (ServerProcess server = ServerProcess.start(new InetSocketAddress(PROXY, PORT), "127.0.5.2", config)) {
            // when
            final Sipp.Agent platform = Sipp.start("platform", PLATFORM, "127.0.5.33", 5080, false, 1);
            Thread.sleep(500); // SIPp does not say when it has bound its port
            final Sipp.Agent device = Sipp.startRaw("device", DEVICE.getBytes(Charset.forName("GB2312")), "127.0.5.2",
                    40_960,
                    false, 1, PROXY + ':' + PORT);

            // then
            assertEquals(0, device.await(30), server::toString);
            assertEquals(0, platform.await(5), platform::toString);
            final byte[] sent = request(device.messages());
            final byte[] arrived = request(platform.messages());
            assertTrue(contains(sent, BODY.replace("\n", "\r\n").getBytes(Charset.forName("GB2312"))),
                    "SIPp sent another body");
            assertArrayEquals(without(sent), without(arrived),
                    () -> "sent:\n" + latin1(sent) + "\narrived:\n" + latin1(arrived));
            assertTrue(latin1(arrived).contains("received=127.0.5.2") && latin1(arrived).contains("rport=40960"),
                    latin1(arrived));
            assertTrue(latin1(arrived).contains("\r\nMax-Forwards: 69\r\n"), latin1(arrived));
        }
    }

    /** Cuts the request out of SIPp's message log: from the method to the next line of dashes. */
    private static byte[] request(final byte[] log) {
        final String text = latin1(log);
        final int start = text.indexOf("MESSAGE sip:");
        final int end = text.indexOf("</Notify>", start) + "</Notify>\r\n".length();
        return Arrays.copyOfRange(log, start, end);
    }

    /** The message without what a proxy may change: Via, Max-Forwards and Record-Route rows. */
    private static byte[] without(final byte[] message) {
        final ByteArrayOutputStream rest = new ByteArrayOutputStream();
        for (final String line : latin1(message).split("(?<=\n)")) {
            if (!line.startsWith("Via:") && !line.startsWith("Max-Forwards:") && !line.startsWith("Record-Route:")) {
                rest.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return rest.toByteArray();
    }

    private static boolean contains(final byte[] message, final byte[] part) {
        return latin1(message).contains(latin1(part));
    }

    private static String latin1(final byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
