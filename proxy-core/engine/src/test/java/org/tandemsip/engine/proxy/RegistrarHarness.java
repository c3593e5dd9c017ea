package org.tandemsip.engine.proxy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.codec.Transport;
import org.tandemsip.engine.auth.DigestAlgorithm;
import org.tandemsip.engine.auth.Realm;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.registrar.Rules;
import org.tandemsip.engine.routing.Balance;
import org.tandemsip.engine.routing.Cidr;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Registry;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.RoutingPolicy;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.WallClock;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.engine.timer.Timing;

/**
 * Phones (192.0.2.0/24) that register with the proxy at 10.9.9.9, and a carrier (10.0.0.1) that calls them.
 *
 * <pre>
 *   carrier 10.0.0.1 --- proxy 10.9.9.9 --- phones 192.0.2.x
 *                                      +--- edge proxy 10.0.1.1
 *                                      +--- voice mail 10.0.2.1 (with a backup trunk only)
 * </pre>
 */
final class RegistrarHarness {
    static final Endpoint CARRIER = ProxyHarness.CALLER;
    static final Endpoint EDGE = ProxyHarness.A1;
    static final Endpoint VOICE_MAIL = ProxyHarness.B1;
    static final Endpoint PHONE = Endpoint.udp("192.0.2.1");
    static final Endpoint SECOND = Endpoint.udp("192.0.2.2");
    static final Endpoint THIRD = Endpoint.udp("192.0.2.3");
    static final Endpoint TCP_PHONE = new Endpoint(Transport.TCP, "192.0.2.4", 40_000);
    static final long EPOCH_MS = 1_700_000_000_000L;

    final WallClock clock = new WallClock();
    final LocationTable table;
    final ProxyHarness proxy;
    private int branches;

    private RegistrarHarness(final int users, final Rules rules, final Realm realm, final Zone zone,
            final boolean voiceMail, final boolean through) {
        table = new LocationTable(new ShardContext.Keys(1, 2, 3, 4), users);
        clock.set(EPOCH_MS, 1_000_000_000L);
        final Trunk carrier = ProxyHarness.trunk(0, "carrier", CARRIER);
        final Trunk phones = new Trunk(1, "phones", List.of(), List.of(Cidr.parse("192.0.2.0/24")), new int[0], 0,
                Balance.CALL_ID, 0, 0, Ping.OFF, new TrunkState(), TrunkRules.NONE,
                new Trust(zone, false, 0, realm, HeaderRules.NONE));
        final Trunk edge = ProxyHarness.trunk(2, "edge", EDGE);
        final Trunk mail = ProxyHarness.trunk(3, "mail", VOICE_MAIL);
        final List<Route> routes = List.of(
                new Route("register", phones, Route.Match.ANY, List.of(), through ? List.of(carrier) : List.of(),
                        List.of(),
                        null, HeaderRules.NONE,
                        NumberRules.NONE, null, null, Route.Inside.REGISTRAR),
                new Route("register-edge", edge, Route.Match.ANY, List.of(), List.of(), List.of(), null,
                        HeaderRules.NONE, NumberRules.NONE, null, null, Route.Inside.REGISTRAR),
                new Route("ring", null, Route.Match.ANY, List.of(), voiceMail ? List.of(mail) : List.of(), List.of(),
                        null, HeaderRules.NONE, NumberRules.NONE, null, null, Route.Inside.LOCATION),
                new Route("out", phones, Route.Match.ANY, List.of(carrier), List.of(), List.of(), null));
        proxy = ProxyHarness.of(new RoutingPolicy(Mode.STATEFUL, List.of(carrier, phones, edge, mail), routes,
                Timing.DEFAULTS, 70, true).withRegistry(new Registry(table, rules, clock)));
    }

    static Rules rules(final String... domains) {
        return new Rules(List.of(domains).stream().map(domain -> domain.getBytes(StandardCharsets.US_ASCII)).toList(),
                1_800, 60, 3_600, 3, 0);
    }

    /** Phones that may register by their address alone; users alice and so on of our own address. */
    static RegistrarHarness open() {
        return new RegistrarHarness(100, rules(), null, Zone.CORE, false, false);
    }

    /** The same with bounds of its own. */
    static RegistrarHarness open(final int users, final Rules rules) {
        return new RegistrarHarness(users, rules, null, Zone.CORE, false, false);
    }

    /** Calls that nobody takes go to voice mail. */
    static RegistrarHarness withVoiceMail() {
        return new RegistrarHarness(100, rules(), null, Zone.CORE, true, false);
    }

    /** Phones whose REGISTER goes on to the carrier. */
    static RegistrarHarness through() {
        return new RegistrarHarness(100, rules(), null, Zone.CORE, false, true);
    }

    /** Strangers who have to show a password. */
    static RegistrarHarness strangers(final Map<String, String> passwords) {
        return new RegistrarHarness(100, rules(), realm(passwords), Zone.PUBLIC, false, false);
    }

    /** The same, but what they register goes on to the carrier. */
    static RegistrarHarness strangersThrough(final Map<String, String> passwords) {
        return new RegistrarHarness(100, rules(), realm(passwords), Zone.PUBLIC, false, true);
    }

    private static Realm realm(final Map<String, String> passwords) {
        return new Realm("tandem", List.of(DigestAlgorithm.MD5), 60_000_000_000L, passwords, new KeyedHash(1, 2));
    }

    /** A REGISTER of {@code user} with its own address as Contact, or with the rows given. */
    static String register(final Endpoint from, final String user, final int cseq, final String... rows) {
        final String contact = rows.length > 0 ? ""
                : "Contact: <sip:" + user + '@' + from.hostPort() + ">\r\n";
        final StringBuilder more = new StringBuilder();
        for (final String row : rows) {
            more.append(row).append("\r\n");
        }
        return "REGISTER sip:10.9.9.9 SIP/2.0\r\n"
                + "Via: SIP/2.0/" + from.transport() + ' ' + from.hostPort() + ";branch=z9hG4bKr" + cseq + "\r\n"
                + "From: <sip:" + user + "@10.9.9.9>;tag=r\r\n"
                + "To: <sip:" + user + "@10.9.9.9>\r\n"
                + "Call-ID: reg-" + from.host() + "\r\n"
                + "CSeq: " + cseq + " REGISTER\r\n"
                + "Max-Forwards: 70\r\n" + contact + more + "Content-Length: 0\r\n\r\n";
    }

    /** Sends a REGISTER and returns the answer. */
    SentMessage answer(final Endpoint from, final String register) {
        proxy.sent();
        final Disposition disposition = proxy.receive(from, register);
        if (disposition != Disposition.ANSWERED) {
            throw new AssertionError(disposition);
        }
        final List<SentMessage> sent = proxy.sent();
        if (sent.size() != 1) {
            throw new AssertionError(sent);
        }
        return sent.getFirst();
    }

    /** Sends a REGISTER that must be taken; returns the contacts that the answer lists. */
    List<String> registered(final Endpoint from, final String register) {
        final SentMessage answer = answer(from, register);
        if (answer.status() != 200) {
            throw new AssertionError(answer.text());
        }
        return answer.headers("Contact");
    }

    /** The carrier calls a user at our address. */
    String invite(final String user) {
        branches++;
        return SipText.invite(CARRIER, "call" + branches).replace("sip:bob@example.com SIP",
                "sip:" + user + "@10.9.9.9 SIP");
    }

    /** The nonce of a challenge. */
    static String nonce(final SentMessage challenge) {
        final Matcher nonce = Pattern.compile("nonce=\"([0-9a-f]{32})\"").matcher(
                challenge.header("WWW-Authenticate"));
        if (!nonce.find()) {
            throw new AssertionError(challenge.text());
        }
        return nonce.group(1);
    }

    /** The row by which a user answers the first time to a nonce of ours. */
    static String credentials(final String user, final String password, final String nonce)
            throws GeneralSecurityException {
        return credentials(user, password, nonce, 1);
    }

    /** The same for the {@code count}-th time. */
    static String credentials(final String user, final String password, final String nonce, final int count)
            throws GeneralSecurityException {
        final String response = md5(md5(user + ":tandem:" + password) + ':' + nonce + ":0000000" + count
                + ":c0ffee:auth:" + md5("REGISTER:sip:10.9.9.9"));
        return "Authorization: Digest username=\"" + user + "\",realm=\"tandem\",nonce=\"" + nonce
                + "\",uri=\"sip:10.9.9.9\",response=\"" + response
                + "\",algorithm=MD5,cnonce=\"c0ffee\",qop=auth,nc=0000000" + count;
    }

    private static String md5(final String text) throws GeneralSecurityException {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.US_ASCII)));
    }
}
