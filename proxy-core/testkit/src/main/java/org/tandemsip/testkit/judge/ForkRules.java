package org.tandemsip.testkit.judge;

import java.util.HashSet;
import java.util.Set;

import org.tandemsip.testkit.wire.WireEvent;

/** Parallel and serial copies: I-08, I-11, I-14. */
final class ForkRules {
    private static final long T1_64 = 32_000_000_000L;
    /** Via and two Record-Routes in a request, the parameters of a Via and challenges of all branches in an answer. */
    private static final int ADDED_BYTES = 512;
    /** Timer G sends a final that nobody acknowledges eleven times (RFC 3261 section 17.2.1). */
    private static final long MOST_ANSWERED = 12;
    private static final int MOST_BRANCHES = 10;
    private static final int MAX_BREADTH = 60;

    private ForkRules() {}

    /**
     * I-08. In a stateful INVITE: no 6xx goes upstream while another branch is still open (no final from it, not older
     * than 64*T1 without a response, not cancelled 64*T1 ago). After a 2xx or 6xx from one branch, every other branch
     * that rings gets a CANCEL unless its own final came first.
     */
    static void i08SixHundredWaits(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            if (!server.invite || !server.stateful()) {
                continue;
            }
            for (final ClientSide branch : server.forwards) {
                final WireEvent last = branch.firstFinal();
                if (last == null) {
                    continue;
                }
                final int status = last.message().status();
                if (status >= 600 || status < 300) {
                    othersCancelled(server, branch, last, findings);
                }
            }
            final WireEvent upstream = server.firstFinal();
            if (upstream != null && upstream.message().status() >= 600) {
                for (final ClientSide branch : server.forwards) {
                    if (open(branch, upstream)) {
                        findings.add("I-08", branch,
                                upstream.message().startLine() + " sent while this branch is open");
                    }
                }
            }
        }
    }

    private static boolean open(final ClientSide branch, final WireEvent at) {
        final WireEvent last = branch.firstFinal();
        final boolean begun = branch.first.index() < at.index();
        final boolean ended = last != null && last.index() < at.index();
        final WireEvent provisional = branch.firstResponse(100, 199);
        final boolean timedOut = provisional == null && at.timeNs() - branch.first.timeNs() >= T1_64 - WireView.SLACK_NS
                || branch.partner != null && at.timeNs() - branch.partner.first.timeNs() >= T1_64 - WireView.SLACK_NS;
        final boolean failed = branch.streamFailedNs - at.timeNs() <= 0;
        return begun && !ended && !timedOut && !failed;
    }

    private static void othersCancelled(final ServerSide server, final ClientSide by, final WireEvent cause,
            final Findings findings) {
        for (final ClientSide other : server.forwards) {
            if (other == by || other.partner != null || !other.invite || server.crashed()
                    || other.first.index() > cause.index()) {
                continue;
            }
            final WireEvent provisional = other.firstResponse(100, 199);
            final WireEvent last = other.firstFinal();
            final boolean rang = provisional != null && provisional.timeNs() - other.first.timeNs() < T1_64
                    && (last == null || provisional.index() < last.index());
            final long fromNs = !rang ? 0 : Math.max(cause.timeNs(), provisional.timeNs());
            final boolean overInTime = last != null && last.timeNs() - fromNs < WireView.SLACK_NS;
            final boolean failed = other.streamFailedNs != WireView.NEVER_NS;
            if (rang && !overInTime && !failed) {
                findings.add("I-08", other, "not cancelled after " + cause.message().startLine());
            }
        }
    }

    /**
     * I-11. All copies that a proxy ever made of one request (same branch, sent-by and method from upstream), in all
     * its lives: each downstream branch always goes to the same place with the same bytes, and a new branch appears
     * only for a target of the parallel group or after another branch failed (non-2xx, 64*T1 without a response, stream
     * failure). A retransmission, however late, and a restart add none. Copies whose bytes differ only by what upstream
     * changed are not compared.
     */
    static void i11SameBranchSameTarget(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            if (!view.isProxy(server.element)) {
                continue;
            }
            final int width = !server.stateless() ? view.proxies.get(server.element).width() : 1;
            final Set<String> branches = new HashSet<>();
            int failures = 0;
            for (final ServerSide life : view.servers) {
                if (!life.element.equals(server.element) || !life.key.equals(server.key)
                        || life.first.index() > server.first.index()) {
                    continue;
                }
                for (final ClientSide copy : life.forwards) {
                    branches.add(copy.branch());
                    failures += failed(copy) ? 1 : 0;
                    sameTarget(life, copy, findings);
                }
            }
            if (branches.size() > width + failures) {
                findings.add("I-11", server,
                        branches.size() + " branches for " + width + " parallel targets and " + failures + " failures");
            }
        }
    }

    private static boolean failed(final ClientSide copy) {
        final WireEvent last = copy.firstFinal();
        final boolean silent = last == null && copy.firstResponse(100, 199) == null
                && copy.crashedNs - copy.first.timeNs() >= T1_64;
        return last != null && last.message().status() >= 300 || silent || copy.streamFailedNs != WireView.NEVER_NS;
    }

    private static void sameTarget(final ServerSide server, final ClientSide copy, final Findings findings) {
        for (final ClientSide other : server.forwards) {
            if (other.branch().equals(copy.branch()) && !other.destination().host().equals(copy.destination().host())) {
                findings.add("I-11", copy, "branch went to " + copy.destination() + " and " + other.destination());
            }
        }
        for (final WireEvent again : copy.requests) {
            if (!again.packet().to().host().equals(copy.destination().host())) {
                findings.add("I-11", copy, "copy to " + again.packet().to() + ", first to " + copy.destination());
            }
            if (copy.mode() == 't'
                    && !java.util.Arrays.equals(again.packet().bytes(), copy.first.packet().bytes())) {
                findings.add("I-11", copy, "retransmission differs from the first");
            }
        }
    }

    /**
     * I-14. At most ten branches of a request are open at any instant; a Max-Breadth sent is 1 to 60 and the sum over
     * branches does not exceed what came (RFC 5393 section 5.3). Answers to a request are bounded: finals by 11 (timer
     * G) plus the number of requests and downstream finals, provisionals by downstream provisionals plus the number of
     * requests. In bytes: nothing sent is longer by more than what a proxy adds than the longest message that came, and
     * all answers together are at most {@value #MOST_ANSWERED} times what came.
     */
    static void i14BoundedBreadth(final WireView view, final Findings findings) {
        for (final ServerSide server : view.servers) {
            if (!view.isProxy(server.element)) {
                continue;
            }
            for (final ClientSide branch : server.forwards) {
                final long open = server.forwards.stream().filter(other -> open(other, branch.first)).count();
                if (open >= MOST_BRANCHES) {
                    findings.add("I-14", branch, open + " branches open beside this one");
                }
            }
            breadth(server, findings);
            amplification(server, findings);
            bytes(server, findings);
        }
    }

    private static void breadth(final ServerSide server, final Findings findings) {
        final String before = server.request().first("max-breadth");
        for (final ClientSide branch : server.forwards) {
            int sum = breadth(branch);
            if (branch.request().first("max-breadth") != null && (sum < 1 || sum > MAX_BREADTH)) {
                findings.add("I-14", branch, "Max-Breadth " + sum);
            }
            for (final ClientSide other : server.forwards) {
                sum += other != branch && open(other, branch.first) ? breadth(other) : 0;
            }
            if (sum > (before == null ? MAX_BREADTH : Integer.parseInt(before))) {
                findings.add("I-14", branch, "Max-Breadth came as " + before + ", sum over open branches " + sum);
            }
        }
    }

    private static void bytes(final ServerSide server, final Findings findings) {
        long in = 0;
        long longest = 0;
        for (final WireEvent request : server.requests) {
            in += size(request);
            longest = Math.max(longest, size(request));
        }
        for (final ClientSide branch : server.forwards) {
            for (final WireEvent copy : branch.requests) {
                if (size(copy) > longest + ADDED_BYTES) {
                    findings.add("I-14", branch, size(copy) + " bytes sent on of " + longest);
                }
            }
        }
        for (final ClientSide branch : server.forwards) {
            for (final WireEvent response : branch.responses) {
                in += size(response);
                longest = Math.max(longest, size(response));
            }
        }
        long out = 0;
        for (final WireEvent response : server.responses) {
            out += size(response);
            if (size(response) > longest + ADDED_BYTES) {
                findings.add("I-14", server, "answered " + size(response) + " bytes for " + longest);
            }
        }
        if (out > MOST_ANSWERED * in) {
            findings.add("I-14", server, out + " bytes answered for " + in);
        }
    }

    private static int size(final WireEvent event) {
        return event.packet().bytes().length;
    }

    private static int breadth(final ClientSide branch) {
        final String value = branch.request().first("max-breadth");
        return value == null ? 0 : Integer.parseInt(value);
    }

    private static void amplification(final ServerSide server, final Findings findings) {
        int finals = 0;
        int provisionals = 0;
        for (final ClientSide branch : server.forwards) {
            for (final WireEvent event : branch.responses) {
                finals += event.message().status() >= 200 ? 1 : 0;
                provisionals += event.message().status() < 200 ? 1 : 0;
            }
        }
        int sentFinals = 0;
        int sentProvisionals = 0;
        for (final WireEvent event : server.responses) {
            sentFinals += event.message().status() >= 200 ? 1 : 0;
            sentProvisionals += event.message().status() < 200 ? 1 : 0;
        }
        if (sentFinals > 11 + server.requests.size() + finals
                || sentProvisionals > provisionals + server.requests.size()) {
            findings.add("I-14", server, sentProvisionals + " provisionals and " + sentFinals + " finals sent for "
                    + provisionals + " and " + finals + " received and " + server.requests.size() + " requests");
        }
    }
}
