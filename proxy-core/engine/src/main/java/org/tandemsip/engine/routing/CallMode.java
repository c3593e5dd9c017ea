package org.tandemsip.engine.routing;

import java.util.function.Consumer;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.handler.Disposition;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.Neighbours;
import org.tandemsip.engine.handler.Source;

/**
 * A mode that ends calls on both sides (RFC 7092) and stands beside the proxy: the proxy checks and routes each new
 * request, and hands over those whose route asks for this mode. From then on all messages of the call go here, whatever
 * the mode is by then. What a {@link org.tandemsip.engine.handler.HandlerFactory} of such a mode makes is one
 * of these. Shard thread only.
 */
public interface CallMode extends MessageHandler {
    /** Whether a request is about a call of this mode, one that is over included: by its transaction or its To tag. */
    boolean owns(SipMessage request);

    /** Whether requests of a method are handed over that are outside of all dialogs. */
    boolean takes(Method method);

    /** Answer to requests of a method that it takes but does not send on; {@code null} where it does. */
    Status refusal(Method method);

    /**
     * Takes a checked and routed request outside of all dialogs: an INVITE begins a call.
     *
     * @param from    trunk that it comes from
     * @param targets where it may go; copied
     * @return {@code null} when there is no room for it: refuse it
     */
    Disposition begin(SipMessage request, Source source, Trunk from, Targets targets, long nowNs);

    /**
     * A request outside of all dialogs that it takes, as it would be sent to a target; nothing is done. For people.
     *
     * @param from trunk that it comes from
     * @return {@code null} when there is no room for it
     */
    byte[] preview(SipMessage request, Trunk from, Target target);

    /** Gives it a way to look up routes for calls that it begins by itself. */
    default void router(final CallRouter router) {}

    /** Gives it the way to the calls of other shards. */
    default void neighbours(final Neighbours neighbours) {}

    /** Gives states and records of calls to {@code taker} from now on, and goes on with those that it has. */
    void records(CallRecords taker, long nowNs);

    /** Has {@code service} say how long calls may last whose trunks need credit. */
    void credit(CreditService service);

    /** Tells {@code taker} of calls that end since their time is up. */
    void cutOffs(CutOffs taker);

    /**
     * Has the media of calls relayed by {@code relay} from now on, where trunks ask for that.
     *
     * @param passesOn whether calls go on without it when it is not there, and are not refused
     */
    void media(MediaRelay relay, boolean passesOn);

    /** Shows all calls that have not ended. */
    void calls(Consumer<CallStatus> viewer, long nowNs);

    /**
     * Ends a call on both sides.
     *
     * @param id     as in {@link CallStatus#id}
     * @param reason value of the Reason field (RFC 3326) that both sides get
     * @return whether there is such a call
     */
    boolean hangUp(String id, String reason, long nowNs);

    /**
     * Lets a call last only so long from now, whatever was said before; its credit may end it sooner.
     *
     * @param id          as in {@link CallStatus#id}
     * @param remainingNs 0 ends it at once
     * @return whether there is such a call and it has been answered
     */
    boolean limit(String id, long remainingNs, long nowNs);

    /**
     * Ends calls on both sides, whichever they are.
     *
     * @param reason as above
     * @param most   so many of those that do not end already
     * @return how many there are whose end has not been confirmed by both sides
     */
    int hangUpSome(String reason, int most, long nowNs);
}
