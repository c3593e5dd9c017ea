/**
 * Fake clock, simulated network, scripted user agents and message fixtures. Tests of every module use it; the product
 * does not.
 */
package org.tandemsip.testkit;
