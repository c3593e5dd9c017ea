package org.tandemsip.engine.registrar;

import java.util.Iterator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.tandemsip.codec.KeyedHash;
import org.tandemsip.engine.handler.ShardContext;

/**
 * Who is where: the contacts of every user, shared by all shards and kept over reloads. A look-up waits for nobody and
 * allocates nothing; a change replaces all contacts of one user at once, and only if they are what the change was made
 * from. Bounded in users; {@link Registrar} bounds the contacts of each.
 */
public final class LocationTable {
    /** What came of a change. */
    public enum Outcome {
        DONE,
        /** Somebody else was faster: look again. */
        CHANGED,
        /** No room for another user. */
        FULL
    }

    private final ConcurrentHashMap<AddressOfRecord, Bindings> byUser = new ConcurrentHashMap<>();
    private final AtomicInteger users = new AtomicInteger();
    private final AtomicInteger contacts = new AtomicInteger();
    private final AtomicLong versions = new AtomicLong();
    private final ShardContext.Keys keys;
    private volatile int most;
    private volatile Journal journal = Journal.NONE;

    /**
     * Makes an empty one.
     *
     * @param keys  the table key is used
     * @param most  users there may be
     */
    public LocationTable(final ShardContext.Keys keys, final int most) {
        this.keys = keys;
        this.most = most;
    }

    /** Sets how many users there may be; those that are there stay. */
    public void most(final int newMost) {
        most = newMost;
    }

    /** Has changes written down from now on. */
    public void journal(final Journal newJournal) {
        journal = newJournal;
    }

    /** Where changes are written down. */
    Journal journal() {
        return journal;
    }

    /** Hash of the users of this table; each thread needs its own. */
    KeyedHash newHash() {
        return new KeyedHash(keys.table0(), keys.table1());
    }

    /** The contacts of {@code user}, some of which may have run out; {@code null} when there are none. */
    public Bindings find(final AddressOfRecord user) {
        return byUser.get(user);
    }

    /**
     * Version of a change that is about to be made of what {@link #find} has said: higher than all before, those before
     * a restart too.
     */
    public long nextVersion() {
        return versions.incrementAndGet();
    }

    /** Sees to it that versions are higher than {@code seen} from now on. */
    public void versionsAbove(final long seen) {
        versions.accumulateAndGet(seen, Math::max);
    }

    /**
     * Replaces the contacts of {@code user}.
     *
     * @param before what {@link #find} has said
     * @param after  all contacts from now on; none: the user is forgotten
     */
    public Outcome replace(final AddressOfRecord user, final Bindings before, final Bindings after) {
        final boolean done;
        if (before != null) {
            done = after.size() == 0 ? byUser.remove(user, before) : byUser.replace(user, before, after);
            if (done && after.size() == 0) {
                users.decrementAndGet();
            }
        } else if (after.size() == 0) {
            return Outcome.DONE;
        } else {
            if (users.incrementAndGet() > most) {
                users.decrementAndGet();
                return Outcome.FULL;
            }
            done = byUser.putIfAbsent(user.copy(), after) == null;
            if (!done) {
                users.decrementAndGet();
            }
        }
        if (done) {
            contacts.addAndGet(after.size() - (before == null ? 0 : before.size()));
        }
        return done ? Outcome.DONE : Outcome.CHANGED;
    }

    /** Puts back what was there before a restart, whatever the bound. */
    public void restore(final AddressOfRecord user, final Bindings bindings) {
        final Bindings before = byUser.put(user.copy(), bindings);
        users.addAndGet(before == null ? 1 : 0);
        contacts.addAndGet(bindings.size() - (before == null ? 0 : before.size()));
    }

    /** Forgets what has run out. Control path; any thread. */
    public void sweep(final long nowMs) {
        byUser.forEach((user, bindings) -> {
            final Bindings live = bindings.live(nowMs);
            if (live != bindings) {
                replace(user, bindings, live);
            }
        });
    }

    /** Shows every user, in no order, those whose contacts have run out included. Control path; any thread. */
    public void forEach(final BiConsumer<AddressOfRecord, Bindings> visitor) {
        byUser.forEach(visitor);
    }

    /** Goes through all users once, in no order, as they are when it comes to them. Control path; any thread. */
    public Iterator<Bindings> iterator() {
        return byUser.values().iterator();
    }

    /** Number of users. */
    public int users() {
        return users.get();
    }

    /** Number of contacts, those not yet swept included. */
    public int contacts() {
        return contacts.get();
    }
}
