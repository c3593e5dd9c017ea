/**
 * Where users are: the registrar (RFC 3261 section 10, RFC 3327, RFC 5626 section 6) and the table that it fills.
 *
 * <pre>
 *   REGISTER --> AddressReader --> Registrar --> LocationTable --> Bindings of one user, immutable
 *                (To: whose?)      (10.3)        (compare-and-set)    |
 *                                     |                               +--> any shard that routes a call to the user
 *                                     +--> Journal: what survives kill -9
 * </pre>
 *
 * A REGISTER is handled by the shard of its Call-ID, a call by the shard of its own, so the table is shared by all.
 * What it holds is never changed, only replaced: whoever reads it sees all of a registration or nothing, waits for
 * nobody and allocates nothing.
 */
package org.tandemsip.engine.registrar;
