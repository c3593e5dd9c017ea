/**
 * What is to be known of calls when the process is gone, and when they are.
 *
 * <pre>
 *   shard --> CallRecords --> segments in mapped memory   calls-N.journal: states, and records of calls over
 *                                |
 *   "tandem-cdr" thread ---------+--> index of the calls that are not over; segments that only others need are copied
 *                                |
 *                                +--> file of records, one JSON line per call, forced to the disk in groups
 *                                        |
 *   "tandem-cdr-NAME" threads -----------+--> SQLite, PostgreSQL: by position in that file
 * </pre>
 *
 * A shard copies the state of a call into mapped memory before its answer goes out, and its record when it is over.
 * That memory is the kernel's, so what is there survives the death of the process, and nobody waits for a disk. A
 * record goes to the file once: how far the thread has come stands in mapped memory as well, and what it may have
 * written since is looked for at the end of the file.
 */
package org.tandemsip.server.records;
