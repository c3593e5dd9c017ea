/**
 * The contract between a shard and a mode: what a handler of messages is told, and what it may do in return.
 */
package org.tandemsip.engine.handler;
