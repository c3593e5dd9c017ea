/**
 * The command line.
 */
package org.tandemsip.server.cli;
