/**
 * The four transaction state machines of RFC 3261 section 17 with the corrections of RFC 6026.
 */
package org.tandemsip.engine.transaction;
