package org.tandemsip.server.config;

import org.snakeyaml.engine.v2.nodes.Node;

/** A value of a list and the node it was read from. */
record Item<T>(T value, Node node) {}
