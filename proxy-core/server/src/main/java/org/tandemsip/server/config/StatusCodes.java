package org.tandemsip.server.config;

import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.tandemsip.codec.Status;
import org.tandemsip.engine.routing.ResponseMap;
import tools.jackson.core.JsonGenerator;

/** Failures that are told as others: a mapping from status codes to status codes. */
record StatusCodes() implements Type<ResponseMap> {
    private static final int MOST = 64;
    private static final int LOWEST = 400;
    private static final int HIGHEST = 699;
    private static final String BOUND = " cannot stand for another failure, nor another for it: it is understood"
            + " only with what stands beside it, or after a CANCEL";
    private static final Scalar<Integer> CODE = Scalars.number(LOWEST, HIGHEST);

    @Override
    public ResponseMap bind(final Reading reading, final Node node, final String path, final String where) {
        if (!(node instanceof final MappingNode mapping)) {
            reading.problem(ErrorCode.WRONG_SHAPE, node,
                    "a mapping of status codes to what callers are told belongs here " + where);
            return null;
        }
        final List<ResponseMap.Entry> entries = new ArrayList<>();
        boolean good = true;
        for (final NodeTuple tuple : mapping.getValue()) {
            final Integer from = code(reading, tuple.getKeyNode(), path, where);
            final Integer to = code(reading, tuple.getValueNode(), path, where);
            final Status status = to == null ? null : Status.of(to);
            if (to != null && status == null) {
                reading.problem(ErrorCode.BAD_VALUE, tuple.getValueNode(),
                        to + " is no status code that Tandem has a reason phrase for");
            }
            if (from != null && entries.stream().anyMatch(entry -> entry.code() == from)) {
                reading.problem(ErrorCode.DUPLICATE_KEY, tuple.getKeyNode(), from + " is given twice " + where);
                good = false;
            }
            good &= from != null && status != null;
            if (good) {
                entries.add(new ResponseMap.Entry(from, status));
            }
        }
        if (entries.size() > MOST) {
            reading.problem(ErrorCode.OUT_OF_RANGE, node, "at most " + MOST + " codes may stand " + where);
            good = false;
        }
        return good ? new ResponseMap(List.copyOf(entries)) : null;
    }

    private static Integer code(final Reading reading, final Node node, final String path, final String where) {
        final Integer code = CODE.bind(reading, node, path, where);
        if (code != null && ResponseMap.isBound(code)) {
            reading.problem(ErrorCode.BAD_VALUE, node, code + BOUND);
            return null;
        }
        return code;
    }

    @Override
    public String values() {
        return "a mapping of status codes from 400 to 699 to others, such as {604: 404, 480: 486}; not of 401, 405,"
                + " 407, 415, 420, 421, 422, 423, 487 and 494";
    }

    @Override
    public void schema(final JsonGenerator json) {
        Mappings.schema(json, "string", "integer");
    }
}
