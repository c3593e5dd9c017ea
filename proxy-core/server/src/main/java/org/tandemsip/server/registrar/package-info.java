/**
 * Registrations on disk.
 *
 * <pre>
 *   shard --> Journal.append --> segment, mapped into memory    registrations-N.journal
 *                                   | half full: the next one, and a new snapshot
 *   "registrations" thread ---------+--> snapshot               registrations.snapshot
 * </pre>
 *
 * A shard writes a record straight into mapped memory before it confirms a REGISTER. That memory is the kernel's, so
 * what is there survives the death of the process, and nobody waits for a disk; it is flushed once a second, so a power
 * cut costs a second at most. A record holds all contacts of one user, with the number of the change: the highest one
 * counts, in whatever order records are found.
 */
package org.tandemsip.server.registrar;
