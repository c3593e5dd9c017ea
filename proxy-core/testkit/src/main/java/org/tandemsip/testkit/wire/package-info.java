/**
 * What an observer of the simulated network sees: packets, an ordered log of them, and a small strict parser of its
 * own. Nothing here uses the product's codec, so that the product is never its own judge.
 */
package org.tandemsip.testkit.wire;
