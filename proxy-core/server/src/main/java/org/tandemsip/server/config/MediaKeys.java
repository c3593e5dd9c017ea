package org.tandemsip.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tandemsip.codec.IpAddress;
import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.routing.MediaRules;
import org.tandemsip.server.config.Scalar.BadValue;
import org.tandemsip.server.config.Scalar.Shape;

/** The keys under {@code media}, of the whole server and of a trunk. */
final class MediaKeys {
    /** Where the media of a trunk go. */
    enum Anchor {
        NONE, RTPENGINE
    }

    /** What happens to a call when no relay is there. */
    enum OnFailure {
        REFUSE, PASS
    }

    /** What is done about ICE. */
    enum Ice {
        REMOVE, FORCE, OPTIONAL
    }

    private static final Pattern NODE = Pattern.compile("(?:udp://)?(\\[[0-9A-Fa-f:.]+]|[0-9.]+):(\\d{1,5})");
    private static final Scalar<InetSocketAddress> NODE_ADDRESS = new Scalar<>(
            "ADDRESS:PORT, ADDRESS being IPv4 or [IPv6]", new Shape.Text("^(udp://)?\\S+:[0-9]{1,5}$"),
            MediaKeys::node);

    static final Key<List<Item<InetSocketAddress>>> RTPENGINE = Key.of("rtpengine", new ListOf<>(NODE_ADDRESS, 64),
            "[]", "[\"10.0.0.21:22222\", \"10.0.0.22:22222\"]",
            "Where rtpengine daemons listen for their ng protocol over UDP (listen-ng). New calls go to them in turn;"
                    + " one that does not answer gets none until it answers a ping.");
    static final Key<Long> TIMEOUT = Key.of("timeout", Scalars.duration("100ms", "5s"), "1s",
            "How long a daemon may take to answer, asked again after 200 ms, 400 ms and so on. Then the next one is"
                    + " asked for a new call.");
    static final Key<Long> PING = Key.of("ping", Scalars.duration("1s", "10m"), "5s",
            "How often each daemon is asked whether it is there; every second while it is not.");
    static final Key<OnFailure> ON_FAILURE = Key.of("on-failure", Scalars.choice("policy", OnFailure.class), "refuse",
            "What happens to an offer when no daemon answers. refuse: 503. pass: it goes on as it is, and media flow"
                    + " past us, each side seeing the other's addresses.");
    static final Key<Bound> MEDIA = new Key<>("media", new Section(List.of(RTPENGINE, TIMEOUT, PING, ON_FAILURE)), null,
            false, "Relays for the media of calls in mode b2bua whose trunks have 'media: {anchor: rtpengine}'. Needs a"
                    + " restart to change.",
            null);

    static final Key<Anchor> ANCHOR = Key.of("anchor", Scalars.choice("place", Anchor.class), "none",
            "rtpengine: media of calls from or to this trunk go through a daemon of media.rtpengine, and neither side"
                    + " sees an address of the other in SDP. none: unless the other trunk asks for it.");
    static final Key<List<Item<String>>> CODECS = Key.of("codecs",
            new ListOf<>(Scalars.text("a codec", "[A-Za-z0-9][A-Za-z0-9._+-]{0,31}",
                    "the name of a codec, as in a=rtpmap: PCMA, telephone-event"), 32),
            "[]", "[PCMA, PCMU, telephone-event]",
            "Codecs that may be used with this trunk, by their names in a=rtpmap, best first; when empty, any. Others"
                    + " are taken out of offers and answers from and to it, and offers to it are put in this order. A"
                    + " medium without any left is refused, and a call without any medium by 488.");
    static final Key<String> PROTOCOL = Key.optional("protocol",
            Scalars.text("RTP/AVP, RTP/SAVP, RTP/AVPF, RTP/SAVPF, UDP/TLS/RTP/SAVP or UDP/TLS/RTP/SAVPF",
                    "RTP/S?AVPF?|UDP/TLS/RTP/SAVPF?", "a protocol of media lines"),
            "RTP/SAVP",
            "What this trunk speaks where its media go through rtpengine, which translates between SRTP and RTP. When"
                    + " absent: what the other side has offered.");
    static final Key<Ice> ICE = Key.of("ice", Scalars.choice("way", Ice.class), "remove",
            "What rtpengine does about ICE in SDP to this trunk. remove: takes it out. force: only its own candidates."
                    + " optional: adds its own candidates to those that are there, which the trunk then sees.");
    static final Key<String> INTERFACE = Key.optional("interface",
            Scalars.text("a name", "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "the name of an interface of rtpengine"),
            "inside",
            "Interface of rtpengine that this trunk is reached by (its option interface=NAME/ADDRESS). Counts where"
                    + " both trunks of a call have one.");
    static final Key<List<Item<String>>> FLAGS = Key.of("flags",
            new ListOf<>(Scalars.text("NAME or NAME=VALUE", "[A-Za-z][A-Za-z0-9 _-]{0,63}(=[!-~]{1,128})?",
                    "a flag of rtpengine"), 32),
            "[]", "[trust-address, DTLS=off, rtcp-mux=demux]",
            "Further flags of rtpengine's ng protocol for SDP to this trunk: NAME, or NAME=VALUE for keys of its own.");
    static final Key<Bound> TRUNK = new Key<>("media",
            new Section(List.of(ANCHOR, CODECS, PROTOCOL, ICE, INTERFACE, FLAGS)), null, false,
            "Media of calls with this trunk, in mode b2bua only: a proxy leaves SDP alone.", null);

    private MediaKeys() {}

    private static InetSocketAddress node(final String text) throws BadValue {
        final Matcher matcher = NODE.matcher(text);
        final IpAddress address = new IpAddress();
        if (!matcher.matches() || !address.parse(matcher.group(1))) {
            throw new BadValue(ErrorCode.BAD_VALUE, "is not the address of a daemon; write IPV4:PORT or [IPV6]:PORT");
        }
        final int port = Integer.parseInt(matcher.group(2));
        if (port < 1 || port > 65_535) {
            throw new BadValue(ErrorCode.OUT_OF_RANGE, "has a port out of range; allowed: 1 to 65535");
        }
        return new InetSocketAddress(InetAddress.ofLiteral(matcher.group(1).replace("[", "").replace("]", "")), port);
    }

    /** The relays; {@code null} when that is wrong. */
    static Config.Media media(final Reading reading, final Bound top) {
        final Bound bound = top.get(MEDIA);
        if (bound == null || reading.failed()) {
            return null;
        }
        return new Config.Media(ConfigBuilder.values(bound.get(RTPENGINE)), bound.get(TIMEOUT), bound.get(PING),
                bound.get(ON_FAILURE) == OnFailure.PASS);
    }

    /** The rules of a trunk. */
    static MediaRules rules(final Reading reading, final Bound top, final Bound trunk) {
        final Bound bound = trunk.get(TRUNK);
        final Bound media = top.get(MEDIA);
        if (bound == null || media == null) {
            return MediaRules.NONE;
        }
        final boolean anchored = bound.get(ANCHOR) == Anchor.RTPENGINE;
        final List<Item<InetSocketAddress>> nodes = media.get(RTPENGINE);
        if (anchored && nodes != null && nodes.isEmpty()) {
            reading.problem(ErrorCode.CONTRADICTION, bound.at(ANCHOR),
                    "'anchor: rtpengine' needs daemons: 'media.rtpengine' names none");
        }
        final Ice ice = bound.get(ICE);
        final MediaRelay.Side side = new MediaRelay.Side(bound.get(PROTOCOL),
                ice == null ? null : ice.name().toLowerCase(Locale.ROOT), bound.get(INTERFACE),
                ConfigBuilder.values(bound.get(FLAGS)));
        return new MediaRules(new CodecList(ConfigBuilder.values(bound.get(CODECS))), anchored, side);
    }
}
