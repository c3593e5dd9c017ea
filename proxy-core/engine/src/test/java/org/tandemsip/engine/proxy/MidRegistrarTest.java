package org.tandemsip.engine.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.tandemsip.engine.proxy.RegistrarHarness.CARRIER;
import static org.tandemsip.engine.proxy.RegistrarHarness.PHONE;
import static org.tandemsip.engine.proxy.RegistrarHarness.SECOND;
import static org.tandemsip.engine.proxy.RegistrarHarness.register;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tandemsip.engine.handler.Disposition;

/** A REGISTER that goes on to the carrier, and what is learnt from the answer. */
@Timeout(10)
class MidRegistrarTest {
    private static final String OURS = "<sip:alice@10.9.9.9:5060>";

    private static SentMessage forwarded(final RegistrarHarness house, final Endpoint from, final String register) {
        house.proxy.sent();
        assertEquals(Disposition.FORWARDED, house.proxy.receive(from, register));
        return house.proxy.only("REGISTER");
    }

    @Test
    void shouldLearnWhereAPhoneIsOnceTheCarrierHasConfirmedIt() {
        final RegistrarHarness house = RegistrarHarness.through();

        final SentMessage first = forwarded(house, PHONE, register(PHONE, "alice", 1));
        assertEquals(CARRIER.hostPort(), first.to());
        assertEquals(List.of(OURS + ";expires=1800"), first.headers("Contact"));
        house.proxy.answer(first, 401, "c", "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\"");
        assertEquals("Digest realm=\"carrier\", nonce=\"n\"", house.proxy.only("401 REGISTER").header(
                "WWW-Authenticate"));
        assertEquals(0, house.table.users());

        final String credentials = "Authorization: Digest username=\"alice\", realm=\"carrier\"";
        final SentMessage second = forwarded(house, PHONE, register(PHONE, "alice", 2, credentials,
                "Contact: <sip:alice@192.0.2.1:5060>;expires=900, <sip:a2@192.0.2.1:5060>;expires=60",
                "Contact: <sip:a3@192.0.2.1:5060>"));
        assertEquals(List.of(OURS + ";expires=1800"), second.headers("Contact"));
        assertEquals(credentials.substring(15), second.header("Authorization"));
        house.proxy.answer(second, 200, "c", "Contact: " + OURS + ";expires=300", "Service-Route: <sip:carrier;lr>");
        final SentMessage confirmed = house.proxy.only("200 REGISTER");
        assertEquals(List.of("<sip:alice@192.0.2.1:5060>;expires=300", "<sip:a3@192.0.2.1:5060>;expires=300",
                "<sip:a2@192.0.2.1:5060>;expires=60"), confirmed.headers("Contact"));
        assertEquals("<sip:carrier;lr>", confirmed.header("Service-Route"));
        assertEquals(3, house.table.contacts());

        final SentMessage invite = house.proxy.call(house.invite("alice")).getFirst();
        assertEquals(PHONE.hostPort(), invite.to());
        house.proxy.assertQuiet();
    }

    @Test
    void shouldKeepFromTheCarrierWhatAPhoneHasAnsweredToUs() throws Exception {
        final RegistrarHarness house = RegistrarHarness.strangersThrough(Map.of("alice", "wonderland"));
        final String nonce = RegistrarHarness.nonce(house.answer(PHONE, register(PHONE, "alice", 1)));
        final String contact = "Contact: <sip:alice@192.0.2.1:5060>";
        final String carriers = "Authorization: Digest username=\"alice\", realm=\"carrier\", nonce=\"n\","
                + " uri=\"sip:10.9.9.9\", response=\"r\"";

        // when: it knows of our realm only
        final SentMessage first = forwarded(house, PHONE, register(PHONE, "alice", 2,
                RegistrarHarness.credentials("alice", "wonderland", nonce, 1), contact));

        // then
        assertEquals(List.of(), first.headers("Authorization"));
        house.proxy.answer(first, 401, "c", "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\"");
        house.proxy.only("401 REGISTER");

        // when: it answers both, in either order
        final SentMessage second = forwarded(house, PHONE, register(PHONE, "alice", 3, carriers,
                RegistrarHarness.credentials("alice", "wonderland", nonce, 2), contact));
        house.proxy.answer(second, 401, "c", "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\"");
        final SentMessage third = forwarded(house, PHONE, register(PHONE, "alice", 4,
                RegistrarHarness.credentials("alice", "wonderland", nonce, 3), carriers, contact));

        // then
        for (final SentMessage register : List.of(second, third)) {
            assertEquals(List.of(carriers.substring(15)), register.headers("Authorization"));
            assertFalse(register.text().contains(nonce), register.text());
        }
        house.proxy.answer(third, 200, "c", "Contact: " + OURS + ";expires=300");
        house.proxy.only("200 REGISTER");
        assertEquals(1, house.table.users());
        house.proxy.assertQuiet();
    }

    @Test
    void shouldStayRegisteredUntilTheLastPhoneHasGone() {
        final RegistrarHarness house = RegistrarHarness.through();
        house.proxy.answer(forwarded(house, PHONE, register(PHONE, "alice", 1)), 200, "c",
                "Contact: " + OURS + ";expires=600");
        house.proxy.answer(forwarded(house, SECOND, register(SECOND, "alice", 1)), 200, "c",
                "Contact: " + OURS + ";expires=600");
        assertEquals(2, house.table.contacts());

        final SentMessage goes = forwarded(house, PHONE, register(PHONE, "alice", 2, "Contact: *", "Expires: 0"));
        assertEquals(List.of(OURS + ";expires=0"), goes.headers("Contact"));
        house.proxy.answer(goes, 200, "c");
        assertNull(house.proxy.only("200 REGISTER").header("Contact"));
        assertEquals(0, house.table.users());

        house.proxy.answer(forwarded(house, PHONE, register(PHONE, "alice", 3)), 200, "c",
                "Contact: " + OURS + ";expires=600");
        house.proxy.answer(forwarded(house, SECOND, register(SECOND, "alice", 2)), 200, "c", "Expires: 600");
        final SentMessage one = forwarded(house, PHONE, register(PHONE, "alice", 4,
                "Contact: <sip:alice@192.0.2.1:5060>;expires=0"));
        assertEquals(List.of(OURS + ";expires=600"), one.headers("Contact"));
        house.proxy.answer(one, 200, "c", "Contact: " + OURS + ";expires=600");
        assertEquals(List.of("<sip:alice@192.0.2.2:5060>;expires=600"),
                house.proxy.only("200 REGISTER").headers("Contact"));
    }

    @Test
    void shouldNotPassOnWhatItWouldRefuse() {
        final RegistrarHarness house = RegistrarHarness.through();
        house.proxy.answer(forwarded(house, PHONE, register(PHONE, "alice", 5)), 200, "c", "Expires: 600");

        assertEquals(500, house.answer(PHONE, register(PHONE, "alice", 4)).status());
        assertEquals(423, house.answer(PHONE, register(PHONE, "alice", 6, "Contact: <sip:a@192.0.2.1>;expires=5"))
                .status());
    }

    @Test
    void shouldPassOnAFailureAndKeepWhatIsKnown() {
        final RegistrarHarness house = RegistrarHarness.through();
        house.proxy.answer(forwarded(house, PHONE, register(PHONE, "alice", 1)), 200, "c", "Expires: 600");

        house.proxy.answer(forwarded(house, PHONE, register(PHONE, "alice", 2)), 403, "c");

        assertEquals(403, house.proxy.only("403 REGISTER").status());
        assertEquals(1, house.table.users());
        house.proxy.assertQuiet();
    }
}
