package org.tandemsip.server.config;

import java.util.List;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import tools.jackson.core.JsonGenerator;

/** A peer: its address alone, or a mapping that gives it a weight and a priority as well. */
record PeerType() implements Type<Peers.Spec> {
    static final Key<Peers.Spec> PEER = Key.required("peer", Addresses.PEER, "198.51.100.10",
            "The address, as it would stand alone.");
    static final Key<Integer> WEIGHT = Key.of("weight", Scalars.number(0, 65_535), "1",
            "Share of the calls among peers of the same priority (RFC 2782).");
    static final Key<Integer> PRIORITY = Key.of("priority", Scalars.number(0, 65_535), "0",
            "Peers with a lower number are used first (RFC 2782).");
    static final Section MAPPING = new Section(List.of(PEER, WEIGHT, PRIORITY));

    @Override
    public Peers.Spec bind(final Reading reading, final Node node, final String path, final String where) {
        if (!(node instanceof MappingNode)) {
            return Addresses.PEER.bind(reading, node, path, where);
        }
        final Bound bound = MAPPING.bind(reading, node, path, where);
        final Peers.Spec spec = bound.get(PEER);
        final Integer priority = bound.get(PRIORITY);
        final Integer weight = bound.get(WEIGHT);
        return spec == null || priority == null || weight == null ? null : spec.with(priority, weight);
    }

    @Override
    public Node flat(final String source, final String text) {
        return Addresses.PEER.flat(source, text);
    }

    @Override
    public String values() {
        return Addresses.PEER.values() + "; with weight and priority {peer: HOST, weight: 3, priority: 1}";
    }

    @Override
    public void schema(final JsonGenerator json) {
        json.writeStartObject();
        json.writeArrayPropertyStart("anyOf");
        Addresses.PEER.schema(json);
        MAPPING.schema(json);
        json.writeEndArray();
        json.writeEndObject();
    }
}
