package org.tandemsip.engine.proxy;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.tandemsip.codec.HeaderName;
import org.tandemsip.codec.Method;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipUri;
import org.tandemsip.codec.Slice;
import org.tandemsip.engine.routing.Expression;
import org.tandemsip.engine.routing.HeaderMatch;
import org.tandemsip.engine.routing.HeaderRules;
import org.tandemsip.engine.routing.NumberRules;
import org.tandemsip.engine.routing.PrefixTable;
import org.tandemsip.engine.routing.Route;
import org.tandemsip.engine.routing.TelephoneNumber;
import org.tandemsip.engine.routing.Trunk;
import org.tandemsip.engine.routing.Trust;
import org.tandemsip.engine.routing.UserReader;

/**
 * Tells which lines of the route table a request fits. Numbers are compared as the trunk's own rules for received
 * numbers leave them, all else as it was written. Shard thread only.
 */
final class RouteMatcher {
    private final UserReader users = new UserReader();
    private final TelephoneNumber number = new TelephoneNumber();
    private SipMessage request;
    private RouteInformation information;
    private NumberRules rules;
    private HeaderRules received;

    /** Takes a request that comes from trunk {@code from}. */
    void request(final SipMessage message, final RouteInformation routeInformation, final Trunk from) {
        request = message;
        information = routeInformation;
        rules = NumberChanges.mayRewrite(message, routeInformation) ? from.rules().numberIn() : NumberRules.NONE;
        received = Trust.receivedFrom(from);
    }

    /** Whether the conditions of a line hold. */
    boolean matches(final Route.Match match) {
        return (match.method() == null || isMethod(match.method()))
                && (match.to() == null || fits(match.to(), called(), NumberRules.Field.REQUEST_URI))
                && (match.from() == null || fits(match.from(), fromUser(), NumberRules.Field.FROM))
                && (match.toExpression() == null
                        || fits(match.toExpression(), called(), NumberRules.Field.REQUEST_URI))
                && (match.fromExpression() == null
                        || fits(match.fromExpression(), fromUser(), NumberRules.Field.FROM))
                && unmet(match) == null;
    }

    /** The first condition on a header field that does not hold, or {@code null}. */
    private HeaderMatch unmet(final Route.Match match) {
        for (int i = 0; i < match.headers().size(); i++) {
            if (!match.headers().get(i).fits(request, received)) {
                return match.headers().get(i);
            }
        }
        return null;
    }

    /** The list of the table for the called number, or {@link PrefixTable#NONE}. */
    int find(final PrefixTable prefixes) {
        return readCalled() ? prefixes.find(number) : PrefixTable.NONE;
    }

    /** What about the request does not fit a line, its trunk left aside; {@code null} when all does. For people. */
    DryRun.Mismatch mismatch(final Route route, final long nowNs) {
        final Route.Match match = route.match();
        if (match.method() != null && !isMethod(match.method())) {
            return DryRun.Mismatch.METHOD;
        }
        if (!matches(new Route.Match(match.to(), null, null, match.toExpression(), null))) {
            return DryRun.Mismatch.TO;
        }
        if (!matches(new Route.Match(null, match.from(), null, null, match.fromExpression()))) {
            return DryRun.Mismatch.CALLER;
        }
        if (unmet(match) != null) {
            return DryRun.Mismatch.HEADER;
        }
        if (route.when() != null && !route.when().holds(nowNs)) {
            return DryRun.Mismatch.WHEN;
        }
        return route.prefixes() != null && find(route.prefixes()) == PrefixTable.NONE ? DryRun.Mismatch.PREFIXES : null;
    }

    /** The called number as routes see it, or {@code null} when it is a name. For people. */
    String calledNumber() {
        return readCalled() ? number.toString() : null;
    }

    /** Prefix that {@link #find} goes by; empty when none fits. For people. */
    String prefix(final PrefixTable prefixes) {
        return readCalled() ? prefixes.longest(number) : "";
    }

    private boolean readCalled() {
        if (!number.read(request.bytes(), information.requestUri().user())) {
            return false;
        }
        number.apply(rules, NumberRules.Field.REQUEST_URI);
        return true;
    }

    /** What a pattern for the called party is compared with: the user part, but all of a service URN (RFC 5031). */
    private long called() {
        final SipUri uri = information.requestUri();
        return uri.scheme() == SipUri.Scheme.OPAQUE ? Slice.between(uri.start(), uri.end()) : uri.user();
    }

    private boolean isMethod(final byte[] method) {
        final boolean followsInvite = request.method() == Method.ACK || request.method() == Method.CANCEL;
        if (followsInvite) {
            return Arrays.equals(method, Method.INVITE.token());
        }
        final long token = request.methodToken();
        return Slice.length(token) == method.length && startsWith(method, method.length, request.bytes(), token);
    }

    private long fromUser() {
        return users.user(request, HeaderName.FROM);
    }

    private boolean fits(final byte[] pattern, final long user, final NumberRules.Field field) {
        if (rules.concerns(field) && number.read(request.bytes(), user)) {
            number.apply(rules, field);
            return fits(pattern, number);
        }
        return fits(pattern, request.bytes(), user);
    }

    private boolean fits(final Expression expression, final long user, final NumberRules.Field field) {
        if (rules.concerns(field) && number.read(request.bytes(), user)) {
            number.apply(rules, field);
            return expression.matches(number);
        }
        return Slice.exists(user) ? expression.matches(request.bytes(), Slice.offset(user), Slice.length(user))
                : expression.matches(request.bytes(), 0, 0);
    }

    private static boolean fits(final byte[] pattern, final TelephoneNumber number) {
        final boolean open = isOpen(pattern);
        final int fixed = open ? pattern.length - 1 : pattern.length;
        if (open ? number.length() < fixed : number.length() != fixed) {
            return false;
        }
        for (int i = 0; i < fixed; i++) {
            if (number.at(i) != pattern[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether a user part fits a pattern; one that is not there is empty. Bytes are compared as written. */
    private static boolean fits(final byte[] pattern, final DirectBuffer bytes, final long user) {
        final int length = Slice.exists(user) ? Slice.length(user) : 0;
        final boolean open = isOpen(pattern);
        final int fixed = open ? pattern.length - 1 : pattern.length;
        return (open ? length >= fixed : length == fixed) && startsWith(pattern, fixed, bytes, user);
    }

    private static boolean isOpen(final byte[] pattern) {
        return pattern.length > 0 && pattern[pattern.length - 1] == '*';
    }

    private static boolean startsWith(final byte[] start, final int length, final DirectBuffer bytes,
            final long slice) {
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(Slice.offset(slice) + i) != start[i]) {
                return false;
            }
        }
        return true;
    }
}
