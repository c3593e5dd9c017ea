package org.tandemsip.engine.routing;

/**
 * What is changed in messages of a trunk on their way through.
 *
 * @param headers   header fields of what is sent to it
 * @param headersIn header fields of what comes from it, before anything else
 */
public record TrunkRules(HeaderRules headers, HeaderRules headersIn) {
    /** Changes nothing. */
    public static final TrunkRules NONE = new TrunkRules(HeaderRules.NONE, HeaderRules.NONE);
}
