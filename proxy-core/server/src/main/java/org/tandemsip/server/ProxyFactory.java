package org.tandemsip.server;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.tandemsip.engine.handler.HandlerFactory;
import org.tandemsip.engine.handler.MessageHandler;
import org.tandemsip.engine.handler.ShardContext;
import org.tandemsip.engine.proxy.Proxy;
import org.tandemsip.engine.routing.CallMode;
import org.tandemsip.engine.routing.Mode;
import org.tandemsip.server.admin.CutOffTimes;
import org.tandemsip.server.admin.LiveCalls;
import org.tandemsip.server.config.Config;
import org.tandemsip.server.config.Modes;
import org.tandemsip.server.transport.Network;

/**
 * Makes the proxies of the shards; one handler does both of its modes, so that calls under way outlive a switch, and
 * hands calls with two dialogs to the module for them, when this build has it.
 */
final class ProxyFactory implements HandlerFactory, AutoCloseable {
    private final Optional<HandlerFactory> module = Modes.module(Mode.B2BUA);
    private final List<CallMode> calls = new CopyOnWriteArrayList<>();
    private final CutOffTimes cutOffs = new CutOffTimes();
    /** Who says how long calls may last, or {@code null}. */
    private final HttpCredit credit;
    private final KeptCalls kept;
    private final MediaRelays media;
    private final ShardMail mail;

    /**
     * Opens the ways to media relays.
     *
     * @param kept keeps the calls of all shards
     * @param mail brings what relays, the credit service and other shards say to the shards
     * @throws IOException they cannot be opened
     */
    ProxyFactory(final Config config, final KeptCalls kept, final ShardMail mail) throws IOException {
        this.kept = kept;
        this.mail = mail;
        credit = config.credit().map(settings -> new HttpCredit(settings, mail::reply)).orElse(null);
        media = new MediaRelays(config.media(), mail);
    }

    /** The calls of all shards; none without the module. */
    LiveCalls calls(final Network network) {
        return new LiveCalls(network, calls, media.rtpengine(), cutOffs, credit);
    }

    /** What has the calls of each shard; empty without the module. */
    List<CallMode> modes() {
        return calls;
    }

    @Override
    public String mode() {
        return "stateful";
    }

    @Override
    public MessageHandler create(final ShardContext context) {
        if (module.isEmpty()) {
            return new Proxy(context);
        }
        final CallMode mode = (CallMode) module.get().create(context);
        calls.add(mode);
        media.serve(mode);
        mode.cutOffs(cutOffs);
        mode.neighbours(mail::tell);
        if (credit != null) {
            mode.credit(credit);
        }
        kept.attach(mode);
        return new Proxy(context, mode);
    }

    /** Lets go of the relays. */
    @Override
    public void close() {
        media.close();
        if (credit != null) {
            credit.close();
        }
    }
}
