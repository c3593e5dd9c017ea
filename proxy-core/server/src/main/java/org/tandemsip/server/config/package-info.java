/**
 * The configuration file as immutable records; every mistake in it is an error with line and column.
 */
package org.tandemsip.server.config;
