package org.tandemsip.engine.registrar;

/** Where changes are written down before they are confirmed. Any shard; never blocks. */
@FunctionalInterface
public interface Journal {
    /** Writes nothing down. */
    Journal NONE = (_, _) -> true;

    /**
     * Writes down what the contacts of a user are now; the bindings have been published already.
     *
     * @param user     whose they are; not kept
     * @param bindings all of them, none when the user has gone
     * @return whether they will be there after the process was killed; if not, nobody may be told that they are
     */
    boolean append(AddressOfRecord user, Bindings bindings);
}
