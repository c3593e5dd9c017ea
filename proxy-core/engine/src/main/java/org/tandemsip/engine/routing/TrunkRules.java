package org.tandemsip.engine.routing;

/**
 * What is changed in messages of a trunk on their way through.
 *
 * @param headers   header fields of what is sent to it
 * @param headersIn header fields of what comes from it, before anything else
 * @param number    numbers in requests sent to it
 * @param numberIn  numbers in requests that come from it, before they are routed
 * @param calls     how calls with two dialogs are treated
 * @param media     and their session descriptions
 */
public record TrunkRules(HeaderRules headers, HeaderRules headersIn, NumberRules number, NumberRules numberIn,
        CallRules calls, MediaRules media) {
    /** Changes nothing. */
    public static final TrunkRules NONE =
            new TrunkRules(HeaderRules.NONE, HeaderRules.NONE, NumberRules.NONE, NumberRules.NONE);

    /** Leaves session descriptions alone. */
    public TrunkRules(final HeaderRules headers, final HeaderRules headersIn, final NumberRules number,
            final NumberRules numberIn, final CallRules calls) {
        this(headers, headersIn, number, numberIn, calls, MediaRules.NONE);
    }

    /** Treats calls with two dialogs as usual. */
    public TrunkRules(final HeaderRules headers, final HeaderRules headersIn, final NumberRules number,
            final NumberRules numberIn) {
        this(headers, headersIn, number, numberIn, CallRules.DEFAULTS);
    }

    /** Changes header fields only. */
    public TrunkRules(final HeaderRules headers, final HeaderRules headersIn) {
        this(headers, headersIn, NumberRules.NONE, NumberRules.NONE);
    }

    /** These rules with others for media. */
    public TrunkRules with(final MediaRules newMedia) {
        return new TrunkRules(headers, headersIn, number, numberIn, calls, newMedia);
    }

    /** These rules for a trunk that is not trusted. */
    public TrunkRules untrusted() {
        return new TrunkRules(Trust.sent(headers), Trust.received(headersIn), number, numberIn, calls, media);
    }
}
