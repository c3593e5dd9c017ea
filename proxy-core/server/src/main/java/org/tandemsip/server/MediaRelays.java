package org.tandemsip.server;

import java.io.IOException;
import java.util.Optional;
import org.tandemsip.engine.handler.MediaRelay;
import org.tandemsip.engine.handler.ShardCommand;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.media.Rtpengine;

/** The media relays of a configuration, and the way from them to the shards. Nothing where it names none. */
final class MediaRelays implements Rtpengine.Listener, AutoCloseable {
    private final Rtpengine rtpengine;
    private final boolean passes;
    private final ShardMail mail;

    /** @param mail brings the answers */
    MediaRelays(final Config.Media config, final ShardMail mail) throws IOException {
        this.mail = mail;
        passes = config.passes();
        rtpengine = config.rtpengine().isEmpty() ? null
                : new Rtpengine(new Rtpengine.Settings(config.rtpengine(), config.timeoutNs(), config.pingNs()), this);
    }

    /** Has the media of a shard's calls relayed. */
    void serve(final CallMode calls) {
        calls.media(rtpengine == null ? MediaRelay.NONE : rtpengine, passes);
    }

    /** The daemons, for people. */
    Optional<Rtpengine> rtpengine() {
        return Optional.ofNullable(rtpengine);
    }

    @Override
    public void reply(final int shard, final long ticket, final MediaRelay.Answer answer) {
        mail.give(shard, new ShardCommand.Replied(ticket, answer));
    }

    @Override
    public void changed(final String node, final boolean up, final String cause) {
        if (up) {
            EventLog.info("media", "rtpengine", node, "state", "up", "cause", cause);
        } else {
            EventLog.warn("media", "rtpengine", node, "state", "down", "cause", cause);
        }
    }

    @Override
    public void close() {
        if (rtpengine != null) {
            rtpengine.close();
        }
    }
}
