package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.engine.proxy.RegistrarHarness.PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.SECOND;
import static org.tandemsip.engine.proxy.RegistrarHarness.THIRD;
import static org.tandemsip.engine.proxy.RegistrarHarness.credentials;
import static org.tandemsip.engine.proxy.RegistrarHarness.nonce;
import static org.tandemsip.engine.proxy.RegistrarHarness.register;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.metrics.Counter;

/** What becomes of REGISTER requests (RFC 3261 section 10.3). */
@Timeout(10)
class RegistrarTest {
    private static final String A = "<sip:alice@192.0.2.1:5060>";

    @Test
    void shouldConfirmWhatIsRegistered() {
        final RegistrarHarness house = RegistrarHarness.open();

        final SentMessage answer = house.answer(PHONE, register(PHONE, "alice", 1));

        assertEquals("200 REGISTER", answer.summary());
        assertEquals(PHONE.hostPort(), answer.to());
        assertEquals(List.of(A + ";expires=1800"), answer.headers("Contact"));
        assertEquals("Tue, 14 Nov 2023 22:13:20 GMT", answer.header("Date"));
        assertTrue(answer.header("To").contains(";tag="), "an answer has a tag");
        assertEquals(1, house.table.users());
        assertEquals(1, house.proxy.counters.get(Counter.REGISTERS_ACCEPTED));
        house.proxy.assertQuiet();
    }

    @Test
    void shouldTakeTheTimeThatAContactAsksForBeforeThatOfTheRequest() {
        final RegistrarHarness house = RegistrarHarness.open();

        final List<String> contacts = house.registered(PHONE, register(PHONE, "alice", 1, "Expires: 100",
                "Contact: <sip:a@192.0.2.1>;expires=200, \"A, B\" <sip:b@192.0.2.1>;q=0.5",
                "m: sip:c@192.0.2.1;expires=99999"));

        assertEquals(List.of("<sip:c@192.0.2.1>;expires=3600", "<sip:a@192.0.2.1>;expires=200",
                "<sip:b@192.0.2.1>;expires=100;q=0.500"), contacts);
    }

    @Test
    void shouldListOnlyWhatIsStillGood() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1, "Contact: <sip:a@192.0.2.1>;expires=60"));
        house.proxy.advanceMs(30_500);
        house.registered(SECOND, register(SECOND, "alice", 1, "Contact: <sip:a@192.0.2.2>;expires=90"));

        assertEquals(List.of("<sip:a@192.0.2.2>;expires=90", "<sip:a@192.0.2.1>;expires=30"),
                house.registered(THIRD, query(1)));
        house.proxy.advanceMs(30_000);
        assertEquals(List.of("<sip:a@192.0.2.2>;expires=60"), house.registered(THIRD, query(2)));
        house.table.sweep(house.clock.epochMs(house.proxy.nowNs));
        assertEquals(1, house.table.contacts());
        house.proxy.advanceMs(60_000);
        house.table.sweep(house.clock.epochMs(house.proxy.nowNs));
        assertEquals(0, house.table.users());
        assertEquals(List.of(), house.registered(THIRD, query(3)));
    }

    @Test
    void shouldAnswerWhatIsSentAgainLikeTheFirst() {
        final RegistrarHarness house = RegistrarHarness.open();
        final String register = register(PHONE, "alice", 5);

        final SentMessage first = house.answer(PHONE, register);
        final SentMessage second = house.answer(PHONE, register);

        assertEquals(first.text(), second.text());
    }

    @Test
    void shouldRefuseWhatIsOlderThanWhatItKnows() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 5));

        assertEquals(500, house.answer(PHONE, register(PHONE, "alice", 4)).status());
        assertEquals(500, house.answer(PHONE, register(PHONE, "alice", 4, "Contact: *", "Expires: 0")).status());
        assertEquals(500, house.answer(PHONE, register(PHONE, "alice", 5, "Contact: " + A + ";expires=0")).status());
        assertEquals(List.of(A + ";expires=1800"), house.registered(THIRD, query(1)));
        assertEquals(List.of(), house.registered(PHONE, register(PHONE, "alice", 6, "Contact: " + A + ";expires=0")));
    }

    @Test
    void shouldChangeAllOrNothing() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 5));

        assertEquals(423, house.answer(PHONE, register(PHONE, "alice", 6, "Contact: " + A + ";expires=0",
                "Contact: <sip:new@192.0.2.1>;expires=1")).status());

        assertEquals(List.of(A + ";expires=1800"), house.registered(THIRD, query(1)));
    }

    @Test
    void shouldForgetAllContactsWhenAsked() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 5));
        house.registered(SECOND, register(SECOND, "alice", 1));

        assertEquals(List.of(), house.registered(THIRD, register(THIRD, "alice", 1, "Contact: *", "Expires: 0")));

        assertEquals(0, house.table.users());
        assertEquals(0, house.table.contacts());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Contact: *                                | 400
            Contact: *%Expires: 10                    | 400
            Contact: *, <sip:a@192.0.2.1>%Expires: 0  | 400
            Contact: <sip:a@192.0.2.1>%Contact: *%Expires: 0 | 400
            Contact: *%Contact: <sip:a@192.0.2.1>%Expires: 0 | 400
            Contact: <mailto:a@192.0.2.1>             | 400
            Contact: <sip:a@192.0.2.1>;q=2            | 400
            Contact: <sip:a@192.0.2.1>;q=x            | 400
            Contact: <sip:>                           | 400
            Contact: <sip:a@192.0.2.1>;expires=59     | 423
            Contact: <sip:a@192.0.2.1>%Expires: 1     | 423
            Contact: <sip:a@192.0.2.1>%Require: path, gruu | 420
            Contact: <sip:a@192.0.2.1>;expires=abc    | 200
            Contact: <sip:a@192.0.2.1>;expires=4294967296 | 200
            Contact: <sip:a@192.0.2.1>%Require: path  | 200
            """)
    void shouldAnswerEachMistakeByItsCode(final String rows, final int status) {
        final RegistrarHarness house = RegistrarHarness.open();

        final SentMessage answer = house.answer(PHONE, register(PHONE, "alice", 1, rows.split("%")));

        assertEquals(status, answer.status(), answer.text());
        assertEquals(status == 423 ? "60" : null, answer.header("Min-Expires"));
        assertEquals(status == 420 ? "gruu" : null, answer.header("Unsupported"));
        assertEquals(status == 200 ? 1 : 0, house.table.users());
        assertEquals(status == 200 ? 0 : 1, house.proxy.counters.get(Counter.REGISTERS_REFUSED));
    }

    @Test
    void shouldNotRegisterUsersOfOtherDomains() {
        final RegistrarHarness house =
                RegistrarHarness.open(10, RegistrarHarness.rules("pbx.example", "other.example"));

        assertEquals(404, house.answer(PHONE,
                register(PHONE, "alice", 1).replace("To: <sip:alice@10.9.9.9>", "To: <sip:alice@evil.example>"))
                .status());
        house.registered(PHONE, register(PHONE, "alice", 1).replace("10.9.9.9>\r\nCall", "PBX.example>\r\nCall"));
        house.registered(SECOND,
                register(SECOND, "alice", 1).replace("10.9.9.9", "other.example"));
        assertEquals(2, house.table.users(), "each domain has its own alice");
        assertEquals(List.of("<sip:alice@192.0.2.1:5060>;expires=1800"), house.registered(PHONE, query(2)),
                "our address stands for the first domain");
        final Disposition foreign = house.proxy.receive(PHONE,
                register(PHONE, "alice", 9).replace("REGISTER sip:10.9.9.9", "REGISTER sip:elsewhere.example"));
        assertEquals(Disposition.FORWARDED, foreign, "what is not for us goes on by the next route");
    }

    @Test
    void shouldTakeAUserForTheSameHoweverItIsWritten() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1).replace("To: <sip:alice@10.9.9.9>",
                "To: \"Alice\" <sip:%61lic%65@10.9.9.9:5060;user=phone>"));

        assertEquals(List.of(A + ";expires=1800"), house.registered(THIRD, query(1)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', textBlock = """
            sip:a@192.0.2.1 sip:%61@192.0.2.1 true
            sip:a@phone.example SIP:a@PHONE.example true
            sip:a@phone.example sip:A@phone.example false
            sip:a@phone.example sip:a@phone.example:5060 false
            sip:a@phone.example sips:a@phone.example false
            sip:a@phone.example;transport=tcp sip:a@phone.example false
            sip:a@phone.example;transport=tcp sip:a@phone.example;Transport=TCP true
            sip:a@phone.example;x=1 sip:a@phone.example true
            sip:a@phone.example;x=1 sip:a@phone.example;x=2 false
            sip:a@phone.example;x=1;y=2 sip:a@phone.example;y=2;x=1 true
            sip:a@phone.example;ob sip:a@phone.example;ob=1 false
            sip:a@phone.example sip:a@phone.example?h=1 false
            sip:phone.example sip:phone.example true
            sip:phone.example sip:a@phone.example false
            """)
    void shouldCompareContactsByTheRulesForUris(final String one, final String other, final boolean same) {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1, "Contact: <" + one + ">"));

        final List<String> contacts = house.registered(PHONE, register(PHONE, "alice", 2, "Contact: <" + other + ">"));

        assertEquals(same ? 1 : 2, contacts.size(), contacts::toString);
    }

    @Test
    void shouldBoundTheContactsOfAUser() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1, "Contact: <sip:1@192.0.2.1>", "Contact: <sip:2@192.0.2.1>",
                "Contact: <sip:3@192.0.2.1>"));

        assertEquals(403, house.answer(PHONE, register(PHONE, "alice", 2, "Contact: <sip:4@192.0.2.1>")).status());
        assertEquals(3, house.registered(PHONE, register(PHONE, "alice", 3, "Contact: <sip:1@192.0.2.1>;expires=0",
                "Contact: <sip:4@192.0.2.1>")).size(), "one goes, one comes");
    }

    @Test
    void shouldBoundTheUsers() {
        final RegistrarHarness house = RegistrarHarness.open(2, RegistrarHarness.rules());
        house.registered(PHONE, register(PHONE, "alice", 1));
        house.registered(SECOND, register(SECOND, "bob", 1));

        assertEquals(503, house.answer(THIRD, register(THIRD, "carol", 1)).status());
        house.registered(SECOND, register(SECOND, "bob", 2));
        house.registered(SECOND, register(SECOND, "bob", 3, "Contact: *", "Expires: 0"));
        house.registered(THIRD, register(THIRD, "carol", 1));
        assertEquals(2, house.table.users());
    }

    @Test
    void shouldTellNobodyWhatCannotBeWrittenDown() {
        final RegistrarHarness house = RegistrarHarness.open();
        house.registered(PHONE, register(PHONE, "alice", 1));
        house.table.journal((_, _) -> false);

        assertEquals(500, house.answer(PHONE, register(PHONE, "alice", 2, "Contact: *", "Expires: 0")).status());
        assertEquals(500, house.answer(SECOND, register(SECOND, "bob", 1)).status());

        assertEquals(List.of(A + ";expires=1800"), house.registered(THIRD, query(1)));
        assertEquals(1, house.table.users());
        assertEquals(1, house.table.contacts());
    }

    @Test
    void shouldKnowUsersByTheirPasswordAndLetThemRegisterThemselvesOnly() throws Exception {
        final RegistrarHarness house = RegistrarHarness.strangers(Map.of("alice", "wonderland", "bob", "builder"));

        final SentMessage challenge = house.answer(PHONE, register(PHONE, "alice", 1));
        assertEquals(401, challenge.status());
        assertNull(challenge.header("Proxy-Authenticate"));
        final String nonce = nonce(challenge);
        assertEquals(401, house.answer(PHONE, register(PHONE, "alice", 2, credentials("alice", "wrong", nonce),
                "Contact: " + A)).status());
        assertEquals(401, house.answer(PHONE, register(PHONE, "alice", 2, "Proxy-" + credentials("alice",
                "wonderland", nonce), "Contact: " + A)).status());
        assertEquals(403, house.answer(PHONE, register(PHONE, "alice", 3, credentials("bob", "builder", nonce),
                "Contact: " + A)).status());
        final String other = nonce(house.answer(PHONE, register(PHONE, "alice", 4)));
        assertEquals(200, house.answer(PHONE, register(PHONE, "alice", 5, credentials("alice", "wonderland", other),
                "Contact: " + A)).status());
        assertEquals(1, house.table.users());
    }

    @Test
    void shouldAnswerAnUnknownUserByTheBytesOfAWrongPassword() throws Exception {
        final RegistrarHarness house = RegistrarHarness.strangers(Map.of("alice", "wonderland"));
        final String nonce = nonce(house.answer(PHONE, register(PHONE, "alice", 1)));

        final List<String> answers = new ArrayList<>();
        for (final String user : List.of("alice", "mallory")) {
            answers.add(house.answer(PHONE, register(PHONE, "alice", 2, credentials(user, "wrong", nonce),
                    "Contact: " + A)).text());
        }

        assertTrue(answers.getFirst().startsWith("SIP/2.0 401 "));
        assertNotEquals(answers.getFirst(), answers.getLast(), "each challenge is another one");
        assertEquals(1, answers.stream().map(text -> text.replaceAll("nonce=\"[0-9a-f]{32}\"", "nonce")).distinct()
                .count(), answers::toString);
    }

    @Test
    void shouldNotLetStrangersNameAPath() throws Exception {
        final RegistrarHarness house = RegistrarHarness.strangers(Map.of("alice", "wonderland"));
        final String nonce = nonce(house.answer(PHONE, register(PHONE, "alice", 1)));

        assertEquals(403, house.answer(PHONE, register(PHONE, "alice", 2, credentials("alice", "wonderland", nonce),
                "Contact: " + A, "Path: <sip:198.51.100.99;lr>")).status());
    }

    /** A REGISTER of somebody that only asks for the contacts of alice. */
    private static String query(final int cseq) {
        return register(THIRD, "alice", cseq, "X-Query: 1");
    }
}
