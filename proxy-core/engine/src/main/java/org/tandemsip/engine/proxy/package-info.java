/**
 * The stateless and the stateful proxy of RFC 3261 section 16, each a message handler.
 */
package org.tandemsip.engine.proxy;
