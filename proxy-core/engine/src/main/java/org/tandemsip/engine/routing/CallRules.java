package org.tandemsip.engine.routing;

import java.util.List;
import org.tandemsip.codec.HeaderField;

/**
 * How calls with two dialogs are treated on the side of a trunk (mode b2bua).
 *
 * @param sessionSeconds    Session-Expires that we ask for there (RFC 4028), 0 for none
 * @param minSessionSeconds shortest that we let it ask for
 * @param refer             what becomes of a REFER that comes from there
 * @param holds             whether the side that stays is put on hold while a transfer is under way
 * @param passed            header fields that are copied between it and other trunks, besides the usual ones
 * @param redirect          what becomes of a redirection that comes from there
 * @param responses         failures of calls to it that callers are told as others
 * @param early             what its callers see of a fork
 */
public record CallRules(int sessionSeconds, int minSessionSeconds, Refer refer, boolean holds,
        List<HeaderField> passed, Redirect redirect, ResponseMap responses, EarlyDialogs early) {
    /** What becomes of a REFER. */
    public enum Refer {
        /** It is passed on: the other side does it. */
        PASS,
        /** We do it, and tell whoever asked for it how it goes; its side of the call stays until it has worked. */
        HANDLE,
        /** We do it, and let go of whoever asked for it at once. */
        RELEASE
    }

    /** What becomes of a redirection (3xx) of a call that is set up. */
    public enum Redirect {
        /** It is passed on, with our host in the place of addresses: the caller follows it, or not. */
        PASS,
        /** We follow it, where the routes let the caller call. */
        FOLLOW
    }

    /** What a caller sees of a fork behind us. */
    public enum EarlyDialogs {
        /** One early dialog, whoever rings. */
        ONE,
        /** One for each branch that rings. */
        EACH
    }

    /** Callers see one early dialog. */
    public CallRules(final int sessionSeconds, final int minSessionSeconds, final Refer refer, final boolean holds,
            final List<HeaderField> passed, final Redirect redirect, final ResponseMap responses) {
        this(sessionSeconds, minSessionSeconds, refer, holds, passed, redirect, responses, EarlyDialogs.ONE);
    }

    /** The same, with callers who see so many early dialogs. */
    public CallRules with(final EarlyDialogs seen) {
        return new CallRules(sessionSeconds, minSessionSeconds, refer, holds, passed, redirect, responses, seen);
    }

    /** Passes redirections and failures on as they are. */
    public CallRules(final int sessionSeconds, final int minSessionSeconds, final Refer refer, final boolean holds,
            final List<HeaderField> passed) {
        this(sessionSeconds, minSessionSeconds, refer, holds, passed, Redirect.PASS, ResponseMap.NONE);
    }

    /** Half an hour, as RFC 4028 section 4 recommends; everything is passed on. */
    public static final CallRules DEFAULTS = new CallRules(1_800, 90, Refer.PASS, false, List.of());
}
