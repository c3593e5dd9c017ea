package org.tandemsip.engine.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.auth.Realm;

/**
 * How far a trunk is trusted, and what follows from that for header fields that tell who somebody is (RFC 3325, RFC
 * 3323, RFC 7315). Immutable, read by all shards.
 *
 * <pre>
 *   from            taken out of what it sends            to              taken out of what is sent to it
 *   not trusted     all that asserts anything             not trusted     what is for the own house only, and
 *   trusted         nothing                                               what Privacy asks to keep
 *                                                         trusted         nothing
 * </pre>
 *
 * The field Identity (RFC 8224) is signed and goes through. Privacy itself goes through as well: whoever comes next has
 * to keep what it knows.
 */
public final class Trust {
    /** Claims about identity, network and service that only somebody trusted may make. */
    private static final List<HeaderField> ASSERTED = fields("P-Asserted-Identity", "P-Preferred-Identity",
            "P-Asserted-Service", "P-Charging-Vector", "P-Charging-Function-Addresses", "P-Visited-Network-ID",
            "P-Served-User", "P-User-Database", "P-Profile-Key", "P-Private-Network-Indication", "P-Early-Media",
            "Remote-Party-ID", "Diversion", "History-Info");
    /** What is for one trust domain only, whatever the user wants. */
    private static final List<HeaderField> INSIDE = fields("P-Preferred-Identity", "P-Asserted-Service",
            "P-Charging-Vector", "P-Charging-Function-Addresses", "P-Visited-Network-ID", "P-Served-User",
            "P-User-Database", "P-Profile-Key", "P-Private-Network-Indication");
    private static final List<HeaderField> IDENTITY = fields("P-Asserted-Identity", "Remote-Party-ID");
    /** RFC 3323 section 5.3, as far as a proxy may: the fields that no dialog needs. */
    private static final List<HeaderField> PERSONAL = fields("Subject", "Call-Info", "Organization", "User-Agent",
            "Server", "Reply-To", "In-Reply-To");
    private static final List<HeaderField> HISTORY = fields("History-Info", "Diversion");
    /** For what an address sends that belongs to no trunk. */
    static final HeaderRules FROM_UNKNOWN = received(HeaderRules.NONE);
    /** All is believed, nothing is hidden. */
    public static final Trust FULL = new Trust(Zone.CORE, true, 0, null, HeaderRules.NONE);
    /** An address that belongs to no trunk: it is let in and sent to inside dialogs only. */
    public static final Trust UNKNOWN = new Trust(Zone.PUBLIC, false, 0, null, sent(HeaderRules.NONE));

    private final Zone zone;
    private final boolean identity;
    private final int sourceRate;
    private final Realm realm;
    /** What is changed in what is sent there, by what Privacy asks for. */
    private final List<HeaderRules> sent;

    /**
     * Makes one.
     *
     * @param identity   whether what it says of identities is believed, and ours are told to it
     * @param sourceRate messages that one source may send in a second, which is none of its peers; 0 for any number
     * @param realm      who may send requests from there, and has to show it; {@code null}: whoever has its addresses
     * @param headers    what is changed anyway in what is sent there; with {@link #sent(HeaderRules)} if not trusted
     */
    public Trust(final Zone zone, final boolean identity, final int sourceRate, final Realm realm,
            final HeaderRules headers) {
        this.zone = zone;
        this.realm = realm;
        this.identity = identity;
        this.sourceRate = sourceRate;
        sent = IntStream.range(0, Privacy.COMBINATIONS)
                .mapToObj(asked -> identity || asked == 0 ? headers : headers.removing(kept(asked))).toList();
    }

    private static List<HeaderField> kept(final int asked) {
        final List<HeaderField> fields = new ArrayList<>();
        if ((asked & Privacy.ID) != 0) {
            fields.addAll(IDENTITY);
        }
        if ((asked & Privacy.USER) != 0) {
            fields.addAll(PERSONAL);
        }
        if ((asked & Privacy.HISTORY) != 0) {
            fields.addAll(HISTORY);
        }
        return fields;
    }

    /** What is changed in what somebody sends who is not trusted, besides {@code rules}. */
    public static HeaderRules received(final HeaderRules rules) {
        return rules.removing(ASSERTED);
    }

    /** What is changed in what is sent to somebody who is not trusted, besides {@code rules}. */
    public static HeaderRules sent(final HeaderRules rules) {
        return rules.removing(INSIDE);
    }

    /** Where the trunk lies. */
    public Zone zone() {
        return zone;
    }

    /** Whether what it says of identities is believed, and ours are told to it. */
    public boolean identity() {
        return identity;
    }

    /** Messages that one source may send in a second, which is none of its peers; 0 for any number. */
    public int sourceRate() {
        return sourceRate;
    }

    /** Who may send requests from there, and has to show it; {@code null}: whoever has its addresses. */
    public Realm realm() {
        return realm;
    }

    /** What is changed in {@code message} when it is sent there. Allocates nothing. */
    public HeaderRules sent(final SipMessage message) {
        return sent.get(identity ? 0 : Privacy.of(message) & Privacy.COMBINATIONS - 1);
    }

    /** What is changed in what {@code trunk} sends, {@code null} being nobody that we know. */
    public static HeaderRules receivedFrom(final Trunk trunk) {
        return trunk == null ? FROM_UNKNOWN : trunk.rules().headersIn();
    }

    /** What is changed in {@code message} when it is sent to {@code trunk}, {@code null} being nobody that we know. */
    public static HeaderRules sentTo(final Trunk trunk, final SipMessage message) {
        return (trunk == null ? UNKNOWN : trunk.trust()).sent(message);
    }

    /** Whether {@code trunk}, {@code null} being nobody that we know, is told whatever Privacy asks to keep. */
    public static boolean isTold(final Trunk trunk) {
        return trunk != null && trunk.trust().identity;
    }

    private static List<HeaderField> fields(final String... names) {
        return Stream.of(names).map(HeaderField::of).toList();
    }
}
