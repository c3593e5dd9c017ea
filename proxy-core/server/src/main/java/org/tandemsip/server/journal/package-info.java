/**
 * Files in mapped memory that outlive the process: what a shard writes there survives {@code kill -9}, and no shard
 * waits for a disk. Registrations and calls that are not over are kept in such files.
 */
package org.tandemsip.server.journal;
