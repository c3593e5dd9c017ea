package org.tandemsip.testkit.judge;

import java.util.Set;

import org.tandemsip.testkit.wire.SimAddress;

/**
 * What the judge is told about a proxy's configuration.
 *
 * @param name         name in the wire log
 * @param addresses    its listen points
 * @param trusted      hosts that may send to it and that it may send to
 * @param width        how many targets a request may go to in parallel
 * @param recordRoute  whether it must put itself on the Record-Route of dialog-forming requests
 */
public record ProxyFacts(String name, Set<SimAddress> addresses, Set<String> trusted, int width, boolean recordRoute) {}
