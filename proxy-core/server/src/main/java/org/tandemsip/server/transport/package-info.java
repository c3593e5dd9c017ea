/**
 * Sockets. The only package on the message path that knows Netty.
 */
package org.tandemsip.server.transport;
