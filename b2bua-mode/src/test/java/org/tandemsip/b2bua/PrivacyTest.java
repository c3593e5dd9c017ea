package org.tandemsip.b2bua;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.tandemsip.b2bua.CallFixture.ALICE;
import static org.tandemsip.b2bua.CallFixture.BOB;
import static org.tandemsip.b2bua.CallFixture.OFFER;
import static org.tandemsip.b2bua.CallFixture.answer;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tandemsip.b2bua.CallFixture.Sent;
import org.tandemsip.engine.routing.Account;
import org.tandemsip.engine.routing.Ping;
import org.tandemsip.engine.routing.Profile;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.TrunkRules;
import org.tandemsip.engine.routing.TrunkState;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.Zone;
import org.tandemsip.testkit.MessageText;

/** What a caller asks by Privacy (RFC 3323), done by who has a dialog of its own with the other side. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PrivacyTest {
    private static final String ANONYMOUS = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

    private static CallFixture net(final boolean trusted) {
        final Trunk plain = CallFixture.trunk(1, "bob", BOB);
        final TrunkRules rules = trusted ? TrunkRules.NONE : TrunkRules.NONE.untrusted();
        return new CallFixture(new Trunk(1, "bob", plain.peers(), plain.allow(), plain.failover(), 0, plain.balance(),
                0, 0, Ping.OFF, new TrunkState(), rules, new Trust(Zone.TRUNK, trusted, 0, null, rules.headers()),
                false, Account.NONE, Profile.NONE));
    }

    private static MessageText invite(final CallFixture net, final String privacy) {
        return net.invite("private", OFFER).header("Privacy", privacy)
                .header("P-Asserted-Identity", "<sip:+4930@corp.example>").header("Subject", "x");
    }

    @ParameterizedTest
    @CsvSource({"user, true", "id, true", "USER;critical, true", "id;header, true", "header, false", "none, false",
        "none;id, false", "history, false"})
    void shouldCallAnonymouslyWhereTheTrunkIsNotTrusted(final String privacy, final boolean anonymous) {
        // given
        final CallFixture net = net(false);

        // when
        net.deliver(ALICE, invite(net, privacy));

        // then
        final String from = net.take("INVITE", BOB).message().one("from");
        assertEquals(anonymous, from.startsWith(ANONYMOUS + ";tag="), from);
        assertEquals(!anonymous, from.contains("alice"), from);

        // and who is trusted is told
        final CallFixture inside = net(true);
        inside.deliver(ALICE, invite(inside, privacy));
        assertTrue(inside.take("INVITE", BOB).message().one("from").contains("alice"));
    }

    @Test
    void shouldStayAnonymousOnOneSideAndNamedOnTheOtherToTheEnd() {
        // given
        final CallFixture net = net(false);
        net.deliver(ALICE, invite(net, "user;header"));
        final Sent toBob = net.take("INVITE", BOB);
        assertEquals(List.of(), toBob.message().all("p-asserted-identity"));
        assertEquals(List.of(), toBob.message().all("subject"));
        net.take("SIP/2.0 100");

        // when
        net.deliver(BOB, answer(toBob, 200, "btag", "bob@" + BOB, CallFixture.ANSWER));

        // then: the caller's dialog has the name that it has given itself
        final Sent ok = net.take("SIP/2.0 200", ALICE);
        assertEquals("\"Alice\" <sip:alice@192.0.2.1>;tag=atag", ok.message().one("from"));
        assertTrue(net.take("ACK", BOB).message().one("from").startsWith(ANONYMOUS));
        net.deliver(ALICE, net.inside("ACK", ALICE, ok, false, 7));
        net.deliver(ALICE, net.inside("BYE", ALICE, ok, false, 8));
        final Sent bye = net.take("BYE", BOB);
        assertEquals(toBob.message().one("from"), bye.message().one("from"));
        assertFalse(bye.text().contains("alice"));
    }

    @ParameterizedTest
    @CsvSource({"user;critical, true", "user;header;id;critical, true", "session;critical, false",
        "new;critical, false"})
    void shouldFailOnlyWhereItCannotDoWhatIsCritical(final String privacy, final boolean done) {
        final CallFixture net = net(false);
        net.deliver(ALICE, invite(net, privacy));
        net.take(done ? "INVITE" : "SIP/2.0 500");
    }
}
