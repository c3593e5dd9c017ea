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
    /** Where calls are written down, or {@code null}. */
    private final CallRecordFile records;
    private final MediaRelays media;

    /**
     * Opens the file for records of calls, where the configuration names one, and the ways to media relays.
     *
     * @param mail brings what relays and the credit service say to the shards
     * @throws IOException it cannot be written
     */
    ProxyFactory(final Config config, final ShardMail mail) throws IOException {
        credit = config.credit().map(settings -> new HttpCredit(settings, mail::reply)).orElse(null);
        records = config.cdr().isEmpty() ? null
                : new CallRecordFile(config.cdr().get(), config.listen().getFirst().toString());
        media = new MediaRelays(config.media(), mail);
    }

    /** The calls of all shards; none without the module. */
    LiveCalls calls(final Network network) {
        return new LiveCalls(network, calls, media.rtpengine(), cutOffs, credit);
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
        if (credit != null) {
            mode.credit(credit);
        }
        if (records != null) {
            mode.records(records.taker());
        }
        return new Proxy(context, mode);
    }

    /** Writes down what is left to be written. */
    @Override
    public void close() {
        media.close();
        if (records != null) {
            records.close();
        }
        if (credit != null) {
            credit.close();
        }
    }
}
