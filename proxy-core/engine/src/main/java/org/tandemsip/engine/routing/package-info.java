/**
 * Where a request goes next: trunks, routes and the choice of a target.
 */
package org.tandemsip.engine.routing;
