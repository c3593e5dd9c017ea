package org.tandemsip.engine.routing;

/** Where a trunk lies. What may be done there follows from it; see {@link Trust}. */
public enum Zone {
    /** A carrier or another network: known by its addresses, believed only where the configuration says so. */
    TRUNK,
    /** The own house: PBX, application servers. */
    CORE,
    /** Anybody on the Internet, phones for example. */
    PUBLIC
}
