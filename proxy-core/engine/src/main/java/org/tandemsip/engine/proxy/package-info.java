/**
 * The stateless and the stateful proxy of RFC 3261 section 16, behind one front.
 *
 * <pre>
 *   request --> Proxy --> Transactions.findServer      known: absorbed
 *                 |
 *                 +--> RequestForwarder.prepare        16.4  RouteInformation
 *                 +--> RequestChecks.check             16.3  refused: StatelessUas answers
 *                 +--> LocationService.locate          16.5  fills Targets, says the mode
 *                 |
 *                 +--> StatelessProxy.forward          16.11     both write with RequestForwarder (16.6)
 *                 +--> StatefulProxy.forward           16.6-16.10
 *
 *   response --> Proxy --> Branches.read --> client transaction? --> StatefulProxy    both write with ResponseForwarder
 *                                        +-> mode character s    --> StatelessProxy
 * </pre>
 */
package org.tandemsip.engine.proxy;
