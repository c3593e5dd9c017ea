/**
 * The back-to-back user agent mode: a message handler that terminates each leg of a call.
 */
package org.tandemsip.b2bua;
