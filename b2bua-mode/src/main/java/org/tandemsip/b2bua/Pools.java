package org.tandemsip.b2bua;

import java.util.function.Consumer;
import org.agrona.collections.LongHashSet;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.engine.handler.Places;
import org.tandemsip.engine.metrics.Counter;

/** The objects of a shard's calls, used again and again, and where each call is. Shard thread only. */
final class Pools {
    private final B2bua owner;
    private final int shard;
    private final int mostCalls;
    private final Places<Call> places;
    private final LongHashSet begun = new LongHashSet();
    private int live;
    private int made;
    private Call freeCalls;
    private Exchange freeExchanges;
    private Rseqs freeRseqs;
    private Setup freeSetups;
    private Keeper freeKeepers;
    private OwnRequest freeOwnRequests;
    private LoneRequest freeLoneRequests;
    private final Places<Subscription> subscriptions;
    private Subscription freeSubscriptions;

    Pools(final B2bua owner, final int shard, final int mostCalls, final int firstGeneration) {
        this.owner = owner;
        this.shard = shard;
        this.mostCalls = mostCalls;
        places = new Places<>(shard, mostCalls, firstGeneration);
        subscriptions = new Places<>(shard, mostCalls, firstGeneration);
    }

    /** Number of calls that are not over. */
    int live() {
        return live;
    }

    /** The call at {@code place}, or {@code null} when it is over. */
    Call get(final long place) {
        return places.get(place);
    }

    /** The call with that id of {@link CallView}, or {@code null}. Control rate. */
    Call find(final String id) {
        final Call[] found = new Call[1];
        places.forEach(
                call -> found[0] = call.state != Call.State.OVER && CallView.id(call).equals(id) ? call : found[0]);
        return found[0];
    }

    /** Shows all calls, those that are over too. Control rate. */
    void forEach(final Consumer<Call> viewer) {
        places.forEach(viewer);
    }

    /** Shows calls that are set up or stand, so many at most. Control rate. */
    void forSome(final int most, final Consumer<Call> viewer) {
        final int[] left = {most};
        places.forEach(call -> {
            if (left[0] > 0 && (call.state == Call.State.SETUP || call.state == Call.State.UP)) {
                left[0]--;
                viewer.accept(call);
            }
        });
    }

    /** A call that is not in use, or {@code null} when all are. */
    Call takeCall() {
        Call call = freeCalls;
        if (call != null) {
            freeCalls = call.nextFree;
        } else {
            call = made == mostCalls ? null : make();
        }
        if (call == null) {
            owner.counters.increment(Counter.LIMITED_B2BUA_CALLS);
        } else {
            live++;
        }
        return call;
    }

    /**
     * The call object at the place that a call had in an earlier process; {@code null} when that is not to be had here.
     * To be asked by ascending slots, before any other call.
     */
    Call resume(final long place) {
        final int slot = Places.slot(place);
        if (Places.shard(place) != shard || slot >= mostCalls || places.size() > slot) {
            return null;
        }
        while (places.size() < slot) {
            final Call call = make();
            if (call == null) {
                return null;
            }
            call.nextFree = freeCalls;
            freeCalls = call;
        }
        final Call call = make();
        if (call != null) {
            call.place = place;
            places.resume(place);
            live++;
        }
        return call;
    }

    private Call make() {
        final Call call = new Call(owner);
        call.place = places.add(call);
        if (call.place == Places.NONE) {
            return null;
        }
        made++;
        return call;
    }

    /** Whether a call that is there has begun with such a request ({@link Hashes#request}). */
    boolean hasBegun(final long request) {
        return begun.contains(request);
    }

    void begin(final Call call, final long request) {
        call.request = request;
        begun.add(request);
    }

    void giveBack(final Call call) {
        begun.remove(call.request);
        call.request = 0;
        call.why.forget();
        for (int i = 0; i < call.legs.length; i++) {
            call.legs[i].reset();
            call.legs[i].belongTo(call, i);
        }
        call.place = places.next(call.place);
        call.nextFree = freeCalls;
        freeCalls = call;
        live--;
    }

    Exchange takeExchange(final Leg leg, final SipMessage request) {
        Exchange exchange = freeExchanges;
        if (exchange == null) {
            exchange = new Exchange(owner);
        } else {
            freeExchanges = exchange.next;
        }
        return exchange.begin(leg, request);
    }

    void giveBack(final Exchange exchange) {
        exchange.state = Exchange.State.DONE;
        if (exchange.rseqs != null) {
            exchange.rseqs.leave();
            exchange.rseqs.next = freeRseqs;
            freeRseqs = exchange.rseqs;
            exchange.rseqs = null;
        }
        exchange.next = freeExchanges;
        freeExchanges = exchange;
    }

    Rseqs takeRseqs() {
        Rseqs rseqs = freeRseqs;
        if (rseqs == null) {
            rseqs = new Rseqs(owner);
        } else {
            freeRseqs = rseqs.next;
        }
        rseqs.begin(owner.draws.firstRseq());
        return rseqs;
    }

    Setup takeSetup() {
        final Setup setup = freeSetups;
        if (setup == null) {
            return new Setup(owner);
        }
        freeSetups = setup.nextFree;
        return setup;
    }

    void giveBack(final Setup setup) {
        setup.end();
        setup.nextFree = freeSetups;
        freeSetups = setup;
    }

    Keeper takeKeeper() {
        final Keeper keeper = freeKeepers;
        if (keeper == null) {
            return new Keeper(owner);
        }
        freeKeepers = keeper.nextFree;
        return keeper;
    }

    LoneRequest takeLoneRequest() {
        final LoneRequest request = freeLoneRequests;
        if (request == null) {
            return new LoneRequest(owner);
        }
        freeLoneRequests = request.next;
        return request;
    }

    void giveBack(final LoneRequest request) {
        request.next = freeLoneRequests;
        freeLoneRequests = request;
    }

    /** The two legs of the subscription at {@code place}, or {@code null} when it is over. */
    Call subscription(final long place) {
        final Subscription subscription = subscriptions.get(place);
        return subscription == null ? null : subscription.legs;
    }

    /** A subscription that is not in use, or {@code null} when there are as many as there may be calls. */
    Subscription takeSubscription() {
        Subscription subscription = freeSubscriptions;
        if (subscription != null) {
            freeSubscriptions = subscription.nextFree;
        } else if (subscriptions.size() < mostCalls) {
            subscription = new Subscription(owner);
            subscription.place = subscriptions.add(subscription);
        } else {
            owner.counters.increment(Counter.LIMITED_SUBSCRIPTIONS);
        }
        return subscription;
    }

    void giveBack(final Subscription subscription) {
        subscription.place = subscriptions.next(subscription.place);
        subscription.nextFree = freeSubscriptions;
        freeSubscriptions = subscription;
    }

    OwnRequest takeOwnRequest() {
        final OwnRequest request = freeOwnRequests;
        if (request == null) {
            return new OwnRequest(owner);
        }
        freeOwnRequests = request.next;
        return request;
    }

    void giveBack(final OwnRequest request) {
        request.next = freeOwnRequests;
        freeOwnRequests = request;
    }

    void giveBack(final Keeper keeper) {
        keeper.nextFree = freeKeepers;
        freeKeepers = keeper;
    }
}
