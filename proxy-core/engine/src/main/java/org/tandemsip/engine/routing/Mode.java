package org.tandemsip.engine.routing;

/** How a new request is treated (RFC 3261 sections 16.11, 16.2; RFC 7092 for B2BUA). */
public enum Mode {
    STATELESS, STATEFUL, B2BUA
}
