/**
 * The process: wires configuration, transports and shards together, starts them and stops them.
 */
package org.tandemsip.server;
