package org.tandemsip.engine.handler;

import java.util.List;
import org.tandemsip.engine.metrics.Counter;

/**
 * Who relays the media of calls, somewhere else and in its own time: it takes the session description of one side and
 * gives back the one that the other side is to see, with its own addresses in it.
 */
@FunctionalInterface
public interface MediaRelay {
    /** Relays nothing. */
    MediaRelay NONE = _ -> false;

    /** What is asked of it. */
    enum Command {
        /** Takes the offer of one side, and makes the one for the other. */
        OFFER,
        /** Takes the answer to an offer, and makes the one for the side that has offered. */
        ANSWER,
        /** Forgets the call. Nobody waits for what it says to that. */
        DELETE
    }

    /** What came of it. */
    enum Outcome {
        /** The description of the other side is there. */
        DONE,
        /** It was understood and refused, which asking again would not change: bad SDP, unknown call. */
        REFUSED,
        /** Nobody has answered in time, or nobody has room. */
        UNREACHABLE
    }

    /**
     * How the side that gets the description wants its media.
     *
     * @param protocol  as in a media line, such as RTP/SAVP; {@code null}: what the other side speaks
     * @param ice       what is done about ICE: {@code remove}, {@code force} and so on; {@code null} for nothing
     * @param interfaceName network of the relay that this side is in; {@code null} for the only one
     * @param flags     further flags of the relay, as NAME or NAME=VALUE
     */
    record Side(String protocol, String ice, String interfaceName, List<String> flags) {
        /** Nothing is asked for, but that it sees no candidates of the other side. */
        public static final Side PLAIN = new Side(null, "remove", null, List.of());
    }

    /**
     * One request.
     *
     * @param shard   who gets the answer
     * @param ticket  what it names the request by, see {@link ShardCommand.Replied}
     * @param node    the node that has the call, by a number that is the same in every process; -1 where any will do
     * @param callId  name of the call at the relay; nothing that was on the wire
     * @param fromTag side that has offered
     * @param toTag   side that has answered, or {@code null} before there is one
     * @param from    what the side wants that the description comes from
     * @param to      what the side wants that it goes to
     * @param sdp     the description, not to be changed any more; empty for {@link Command#DELETE}
     */
    record Request(int shard, long ticket, Command command, int node, String callId, String fromTag,
            String toTag, Side from, Side to, byte[] sdp) {}

    /**
     * What came of a request.
     *
     * @param node the node that has the call now; -1 when none has
     * @param sdp  the description for the other side; empty unless it was done
     */
    record Answer(Outcome outcome, int node, byte[] sdp) implements Reply {
        @Override
        public Counter late() {
            return Counter.MEDIA_LATE;
        }
    }

    /**
     * Begins a request; returns at once. Unless it is refused, the shard gets one {@link ShardCommand.Replied} with an
     * {@link Answer} within a bounded time, whatever comes of it; none for a {@link Command#DELETE}. Shard threads.
     *
     * @return whether it was begun: there is a bound of how many may be under way
     */
    boolean ask(Request request);
}
