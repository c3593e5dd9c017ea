package org.tandemsip.server.dns;

/** Which transports and address families this server can send with. */
public record Reach(boolean udp, boolean tcp, boolean tls, boolean ipv4, boolean ipv6) {}
