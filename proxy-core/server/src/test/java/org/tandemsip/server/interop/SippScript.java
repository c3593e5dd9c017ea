package org.tandemsip.server.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Writes SIPp scenarios from flows that read like a ladder. One line per step:
 *
 * <pre>
 *   > INVITE sdp          send a request; ACK and CANCEL take the CSeq of the last INVITE
 *   > ACK fail            ACK for a final response that is not 2xx (same branch as the INVITE)
 *   > ACK cseq:1          ACK for another INVITE than the last
 *   > INVITE again sdp    the INVITE sent last, once more as it was
 *   > PRACK in:first      a request of the caller in the dialog of the response received with the words {@code as:first}
 *   > PRACK once          a request that is not sent again: SIPp stops there over UDP until it is answered
 *   > 200 sdp             answer the request received last
 *   > 200 re:INVITE       answer the INVITE that began all, though something else came in between
 *   > 200 re:bye          answer what was received with the words {@code as:bye}
 *   < 180                 wait for a response;  < 180 ?  when it may also not come
 *   < BYE                 wait for a request
 *   < silence 4000        nothing at all may come for so many milliseconds, {@code but:200} where that may
 *   wait 200              wait milliseconds
 * </pre>
 *
 * Words behind a step: {@code sdp} adds a body, {@code web-sdp} one for a browser; {@code keep} takes the route set
 * and remote target from this message (RFC 3261 section 12.1); {@code as:x} gives this request a name; {@code tag:x}
 * answers with a tag of its own, as a fork does; {@code no-rr} leaves Record-Route out of the answer;
 * {@code h:Name:value} adds a header ({@code _} for a blank); {@code has:text} demands text ({@code _} for a blank) in
 * what is received; {@code take:Name:variable} takes the number in a header that is received, which {@code [$variable]}
 * stands for from then on; {@code body:text} adds a text body.
 */
final class SippScript {
    private static final String SDP = """
            v=0
            o=- 1 1 IN IP4 [local_ip]
            s=-
            c=IN IP4 [local_ip]
            t=0 0
            m=audio 30000 RTP/AVP 8
            a=rtpmap:8 PCMA/8000
            """;
    /** An answer that a browser takes for one of another browser (RFC 8829). Nobody is there to talk to. */
    private static final String WEB_SDP = """
            v=0
            o=- 1 1 IN IP4 [local_ip]
            s=-
            t=0 0
            a=group:BUNDLE 0
            m=audio 9 UDP/TLS/RTP/SAVPF 111
            c=IN IP4 0.0.0.0
            a=mid:0
            a=sendrecv
            a=rtcp-mux
            a=ice-ufrag:call
            a=ice-pwd:nobodywillconnecttothis
            a=fingerprint:sha-256 %s
            a=setup:active
            a=rtpmap:111 opus/48000/2
            """.formatted("A1:".repeat(31) + "A1");

    /** How often a request may come again where that has to be said: a machine that stands still lets timers fire. */
    private static final int MOST_REPEATED = 4;

    private final boolean caller;
    /** Via values of a request that the callee gets: one, and one per proxy. */
    private final int vias;
    private final StringBuilder xml = new StringBuilder();
    private int index;
    private int cseq;
    private int inviteIndex;
    private int inviteCseq;
    private boolean inviteInside;
    private boolean inDialog;
    private boolean toTagMissing;
    /** No INVITE was received inside the dialog yet. */
    private boolean firstInvite;
    private int requests;
    private int labels;
    /** The request received last, and what was sent since. */
    private String received = "";
    private int sentSince;
    private final Set<String> variables = new TreeSet<>();
    /** Names of the requests that have come without a To tag. */
    private final Set<String> tagless = new HashSet<>();

    private SippScript(final boolean caller, final int proxies) {
        this.caller = caller;
        vias = 1 + proxies;
        cseq = caller ? 0 : 100;
        firstInvite = !caller;
    }

    /** Renders one side of a flow with one proxy in between. */
    static String render(final boolean caller, final String name, final String flow) {
        return render(caller, name, flow, 1);
    }

    /** Renders one side of a flow with so many proxies in between. */
    static String render(final boolean caller, final String name, final String flow, final int proxies) {
        final SippScript script = new SippScript(caller, proxies);
        script.xml.append("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<scenario name=\"").append(name)
                .append("\">\n");
        flow.lines().map(String::strip).filter(line -> !line.isEmpty()).forEach(script::step);
        if (!script.variables.isEmpty()) {
            // SIPp refuses a variable that is set and never read.
            script.xml.append("<Reference variables=\"").append(String.join(",", script.variables)).append("\"/>\n");
        }
        return script.xml.append("</scenario>\n").toString();
    }

    private void step(final String line) {
        final List<String> words = new ArrayList<>(List.of(line.split("\\s+")));
        final String verb = words.removeFirst();
        if (verb.equals("wait")) {
            xml.append("<pause milliseconds=\"").append(words.getFirst()).append("\"/>\n");
        } else {
            final String what = words.removeFirst();
            final boolean response = Character.isDigit(what.charAt(0));
            if (what.equals("silence")) {
                silence(words);
            } else if (verb.equals("<")) {
                receive(what, response, words);
            } else if (response) {
                respond(what, words);
            } else {
                request(what, words);
            }
        }
        index++;
    }

    private void silence(final List<String> words) {
        labels++;
        final String timeout = " timeout=\"" + words.getFirst() + "\" ontimeout=\"" + labels + "\"/>\n";
        for (final String word : words) {
            if (word.startsWith("but:")) {
                xml.append("<recv response=\"").append(word.substring(4)).append("\" optional=\"true\"")
                        .append(timeout);
                index++;
            }
        }
        // No agent answers 699: whatever else comes fails the call. SIPp wants a step to go on with.
        xml.append("<recv response=\"699\"").append(timeout).append("<label id=\"").append(labels)
                .append("\"/>\n<pause milliseconds=\"1\"/>\n");
        index++;
    }

    private void receive(final String what, final boolean response, final List<String> words) {
        final boolean keep = words.contains("keep");
        // Of what was sent for a request SIPp repeats the first message alone by itself, when the request comes again.
        for (int i = 0; sentSince > 1 && !received.equals(what) && i < MOST_REPEATED; i++) {
            xml.append("<recv request=\"").append(received).append("\" optional=\"true\"/>\n");
            index++;
        }
        sentSince = 0;
        if (!response) {
            received = what;
            // Only the request that makes the dialog, and its CANCEL, come without a To tag.
            toTagMissing = requests++ == 0 || what.equals("CANCEL") && firstInvite;
            firstInvite &= requests == 1 || !what.equals("INVITE");
        }
        xml.append("<recv ").append(response ? "response" : "request").append("=\"").append(what).append('"');
        if (words.contains("?")) {
            xml.append(" optional=\"true\"");
        }
        if (keep) {
            xml.append(" rrs=\"true\"");
            inDialog = true;
        }
        xml.append("><action>");
        for (final String word : words) {
            if (word.startsWith("has:")) {
                xml.append("<ereg regexp=\"").append(escape(word.substring(4).replace('_', ' ')))
                        .append("\" search_in=\"msg\" check_it=\"true\" assign_to=\"seen\"/>");
                variables.add("seen");
            } else if (word.startsWith("take:")) {
                final String[] parts = word.split(":");
                xml.append("<ereg regexp=\"[0-9]+\" search_in=\"hdr\" header=\"").append(parts[1])
                        .append(":\" check_it=\"true\" assign_to=\"").append(parts[2]).append("\"/>");
                variables.add(parts[2]);
            } else if (word.startsWith("as:")) {
                remember(word.substring(3));
            }
        }
        if (!caller && keep) {
            remember("INVITE");
        }
        xml.append("</action></recv>\n");
    }

    private void remember(final String name) {
        if (toTagMissing) {
            tagless.add(name);
        }
        for (int i = 1; i <= vias; i++) {
            remember("Via", i, "via" + i + name);
        }
        remember("From", 1, "from" + name);
        remember("To", 1, "to" + name);
        remember("CSeq", 1, "cseq" + name);
    }

    private void remember(final String header, final int occurrence, final String variable) {
        variables.add(variable);
        xml.append("<ereg regexp=\".*\" search_in=\"hdr\" header=\"").append(header).append(":\" occurrence=\"")
                .append(occurrence).append("\" assign_to=\"").append(variable).append("\"/>");
    }

    private void respond(final String code, final List<String> words) {
        final StringBuilder text = new StringBuilder("SIP/2.0 " + code + ' ' + reason(code) + '\n');
        String tag = ";tag=[call_number]uas";
        String name = "";
        for (final String word : words) {
            if (word.startsWith("tag:")) {
                tag = ";tag=" + word.substring(4);
            } else if (word.startsWith("re:")) {
                name = word.substring(3);
            }
        }
        sentSince += name.isEmpty() || name.equals("INVITE") ? 1 : 0;
        if (name.isEmpty()) {
            text.append("[last_Via:]\n[last_From:]\n[last_To:]").append(!caller && toTagMissing ? tag : "")
                    .append("\n[last_Call-ID:]\n[last_CSeq:]\n");
        } else {
            for (int i = 1; i <= vias; i++) {
                text.append("Via:[$via").append(i).append(name).append("]\n");
            }
            text.append("From:[$from").append(name).append("]\nTo:[$to").append(name).append(']')
                    .append(tagless.contains(name) ? tag : "").append("\n[last_Call-ID:]\nCSeq:[$cseq").append(name)
                    .append("]\n");
        }
        if (!words.contains("no-rr") && !code.equals("100")) {
            text.append("[last_Record-Route:]\n");
        }
        text.append(contact());
        finish(text, words);
        xml.append("<send><![CDATA[\n").append(text).append("]]></send>\n");
    }

    private void request(final String method, final List<String> words) {
        final boolean again = words.contains("again");
        final boolean ofInvite = again || method.equals("ACK") || method.equals("CANCEL");
        final boolean sameBranch = again || method.equals("CANCEL") || words.contains("fail");
        if (!ofInvite) {
            cseq++;
        }
        if (method.equals("INVITE") && !again) {
            inviteIndex = index;
            inviteCseq = cseq;
            inviteInside = inDialog;
        }
        final boolean inside = sameBranch ? inviteInside : inDialog;
        final String service = "sip:[service]@[remote_ip]:[remote_port]";
        final StringBuilder text = new StringBuilder(method + ' ' + (inside ? "[next_url]" : service) + " SIP/2.0\n");
        text.append("Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=")
                .append(sameBranch ? "[branch-" + (index - inviteIndex) + ']' : "[branch]").append('\n');
        if (inside) {
            text.append("[routes]\n");
        }
        text.append("Max-Forwards: 70\n");
        if (caller) {
            final String to = words.stream().filter(word -> word.startsWith("in:")).map(word -> word.substring(3))
                    .findFirst().map(name -> "To:[$to" + name + ']').orElse("To: <" + service + '>'
                            + (again || method.equals("CANCEL") && !inside ? "" : "[peer_tag_param]"));
            text.append("From: \"caller\" <sip:caller@[local_ip]:[local_port]>;tag=[call_number]uac\n").append(to)
                    .append('\n');
        } else {
            text.append("From:[$toINVITE];tag=[call_number]uas\nTo:[$fromINVITE]\n");
        }
        final String number = words.stream().filter(word -> word.startsWith("cseq:")).map(word -> word.substring(5))
                .findFirst().orElse(Integer.toString(ofInvite ? inviteCseq : cseq));
        text.append("Call-ID: [call_id]\nCSeq: ").append(number).append(' ').append(method)
                .append('\n');
        text.append(contact());
        finish(text, words);
        xml.append("<send").append(again || words.contains("once") || method.equals("ACK") ? "" : " retrans=\"500\"")
                .append("><![CDATA[\n").append(text)
                .append("]]></send>\n");
    }

    private String contact() {
        return "Contact: <sip:" + (caller ? "caller" : "callee") + "@[local_ip]:[local_port];transport=[transport]>\n";
    }

    private static void finish(final StringBuilder text, final List<String> words) {
        String body = "";
        for (final String word : words) {
            if (word.startsWith("h:")) {
                text.append(word.substring(2).replaceFirst(":", ": ").replace('_', ' ')).append('\n');
            } else if (word.startsWith("body:")) {
                body = word.substring(5).replace('_', ' ') + '\n';
                text.append("Content-Type: text/plain\n");
            } else if (word.equals("sdp")) {
                body = SDP;
                text.append("Content-Type: application/sdp\n");
            } else if (word.equals("web-sdp")) {
                body = WEB_SDP;
                text.append("Content-Type: application/sdp\n");
            }
        }
        text.append("Content-Length: [len]\n\n").append(body);
    }

    private static String reason(final String code) {
        return switch (code) {
            case "100" -> "Trying";
            case "180" -> "Ringing";
            case "183" -> "Session Progress";
            case "200" -> "OK";
            case "202" -> "Accepted";
            case "486" -> "Busy Here";
            case "487" -> "Request Terminated";
            default -> "Status " + code.toLowerCase(Locale.ROOT);
        };
    }

    private static String escape(final String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
