package org.tandemsip.server.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import org.tandemsip.codec.IpAddress;

/**
 * One connection, one request, one answer. Who may ask is decided here, what is answered in {@link Api}, on a virtual
 * thread: a reload looks up host names and may take seconds.
 */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    /** Say only that the server is there, which the port says as well. */
    private static final Set<String> OPEN = Set.of("/live", "/ready");

    private final Api api;
    private final boolean trusted;
    private final Optional<String> token;

    /**
     * @param trusted whether whoever can connect may do anything: a unix socket, guarded by its file mode
     * @param token   what others must show
     */
    AdminHandler(final Api api, final boolean trusted, final Optional<String> token) {
        this.api = api;
        this.trusted = trusted;
        this.token = token;
    }

    @Override
    protected void channelRead0(final ChannelHandlerContext context, final FullHttpRequest request) {
        context.channel().config().setAutoRead(false);
        if (!request.decoderResult().isSuccess()) {
            answer(context, Api.problem(400, "malformed request"));
            return;
        }
        final Api.Answer refusal = trusted ? null : refusal(request);
        if (refusal != null) {
            answer(context, refusal);
            return;
        }
        final String method = request.method().name();
        final String uri = request.uri();
        final String body = request.content().toString(StandardCharsets.UTF_8);
        Thread.ofVirtual().name("tandem-admin-request").start(() -> answer(context, api.handle(method, uri, body)));
    }

    /** Why the request is not served; {@code null} when it is. */
    private Api.Answer refusal(final FullHttpRequest request) {
        final String host = request.headers().get(HttpHeaderNames.HOST, "");
        final String origin = request.headers().get(HttpHeaderNames.ORIGIN);
        if (origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host)) {
            return Api.problem(403, "requests of other origins are not served");
        }
        if (token.isEmpty()) {
            // A page that made its own name point here would send that name: only addresses and localhost are ours.
            return isAddress(host) ? null : Api.problem(403, "Host must be an address or localhost");
        }
        final String path = request.uri().split("\\?", 2)[0];
        if (OPEN.contains(path)) {
            return null;
        }
        final byte[] shown = request.headers().get(HttpHeaderNames.AUTHORIZATION, "").getBytes(StandardCharsets.UTF_8);
        final byte[] wanted = ("Bearer " + token.get()).getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(shown, wanted) ? null : Api.problem(401, "a bearer token is needed");
    }

    private static boolean isAddress(final String hostAndPort) {
        final String host = hostAndPort.replaceFirst(":\\d{1,5}$", "");
        return host.equals("localhost") || new IpAddress().parse(host);
    }

    private static void answer(final ChannelHandlerContext context, final Api.Answer answer) {
        final ByteBuf body = Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8);
        final FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()), body);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set("X-Content-Type-Options", "nosniff");
        if (answer.status() == 401) {
            response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        if (answer.allow() != null) {
            response.headers().set(HttpHeaderNames.ALLOW, answer.allow());
        }
        context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE).addListener(_ -> answer.after().run());
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        // A client that went away or wrote nonsense; nothing to tell anybody.
        context.close();
    }
}
