package org.tandemsip.engine.routing;

import org.tandemsip.codec.sdp.CodecList;
import org.tandemsip.engine.handler.MediaRelay;

/**
 * What a trunk asks for its media, in calls with two dialogs: a proxy leaves bodies alone.
 *
 * @param codecs   what may be used with it, best first
 * @param anchored whether its media go through a relay
 * @param side     what that has to know of it
 */
public record MediaRules(CodecList codecs, boolean anchored, MediaRelay.Side side) {
    /** Anything goes, and nobody looks. */
    public static final MediaRules NONE = new MediaRules(CodecList.ANY, false, MediaRelay.Side.PLAIN);

    /** The rules of a trunk, which may be {@code null}. */
    public static MediaRules of(final Trunk trunk) {
        return trunk == null ? NONE : trunk.rules().media();
    }

    /** Whether session descriptions have to be looked at. */
    public boolean apply() {
        return anchored || !codecs.isAny();
    }
}
