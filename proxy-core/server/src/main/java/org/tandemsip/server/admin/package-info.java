/**
 * The admin API over HTTP, on a unix socket and optionally on an address, on its own thread.
 */
package org.tandemsip.server.admin;
