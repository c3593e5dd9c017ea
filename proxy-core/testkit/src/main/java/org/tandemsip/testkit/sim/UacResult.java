package org.tandemsip.testkit.sim;

/**
 * How something an agent was told to do ended.
 *
 * @param plan   what it was told
 * @param uri    Request-URI it was sent to
 * @param callId Call-ID
 * @param status final status code as seen by the agent; 0 when none came
 * @param byeOk  whether the dialog, if there was one, ended by a BYE that was answered 2xx or by the other side
 * @param note   for people
 */
public record UacResult(UacPlan plan, String uri, String callId, int status, boolean byeOk, String note) {
    /** Name of the first script in the Request-URI. */
    String script() {
        return uri.substring(uri.indexOf(':') + 1).split("[._@]")[0];
    }
}
