package org.tandemsip.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.util.CharsetUtil;
import io.netty.util.ReferenceCountUtil;
import org.tandemsip.engine.metrics.Counter;
import org.tandemsip.engine.metrics.Counters;

/**
 * The way from an HTTP request to SIP messages (RFC 7118, RFC 6455): opens for who asks for a WebSocket with the
 * subprotocol {@code sip}, answers 400 to anybody else, and is not there any more after that.
 *
 * <pre>
 *   HttpServerCodec, HttpObjectAggregator, WebSocketDoor, WebSocketServerProtocolHandler    until the handshake
 *   WebSocketServerProtocolHandler, WebSocketFrameAggregator, Frames, Connection            after it
 * </pre>
 */
final class WebSocketDoor extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final String SIP = "sip";
    private static final int MAX_LINE = 1_024;
    private static final int MAX_HEADERS = 8_192;
    /** A request to upgrade has no body. */
    private static final int MAX_CONTENT = 1_024;

    private final Counters counters;

    private WebSocketDoor(final Counters counters) {
        this.counters = counters;
    }

    /**
     * Puts all that is needed at the end of {@code pipeline}.
     *
     * @param messageBytes largest message
     * @param handshakeMs  longest that the request may take to come
     */
    static void add(final ChannelPipeline pipeline, final int messageBytes, final int handshakeMs,
            final Counters counters) {
        pipeline.addLast(new HttpServerCodec(MAX_LINE, MAX_HEADERS, MAX_CONTENT));
        pipeline.addLast(new HttpObjectAggregator(MAX_CONTENT, true));
        pipeline.addLast(new WebSocketDoor(counters));
        pipeline.addLast(new WebSocketServerProtocolHandler(WebSocketServerProtocolConfig.newBuilder()
                .websocketPath("/").checkStartsWith(true).subprotocols(SIP).allowExtensions(false)
                .maxFramePayloadLength(messageBytes).handshakeTimeoutMillis(handshakeMs).dropPongFrames(true)
                .build()));
        pipeline.addLast(new WebSocketFrameAggregator(messageBytes));
        pipeline.addLast(new Frames());
    }

    @Override
    protected void channelRead0(final ChannelHandlerContext context, final FullHttpRequest request) {
        if (request.decoderResult().isSuccess() && request.method().equals(HttpMethod.GET)
                && request.headers().contains(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
                && request.headers().containsValue(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, SIP, true)) {
            context.fireChannelRead(request.retain());
            context.pipeline().remove(this);
            return;
        }
        counters.increment(Counter.CLOSED_NOT_SIP);
        final ByteBuf text =
                ByteBufUtil.writeUtf8(context.alloc(),
                        "a WebSocket with subprotocol sip is served here\n");
        final DefaultFullHttpResponse answer =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.BAD_REQUEST, text);
        answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, text.readableBytes())
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain").set(HttpHeaderNames.CONNECTION,
                        HttpHeaderValues.CLOSE);
        context.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
    }

    /** One SIP message is one WebSocket message, text or binary (RFC 7118 section 5). */
    private static final class Frames extends ChannelDuplexHandler {
        @Override
        public void channelRead(final ChannelHandlerContext context, final Object frame) {
            switch (frame) {
                case final TextWebSocketFrame text -> context.fireChannelRead(text.content());
                case final BinaryWebSocketFrame binary -> context.fireChannelRead(binary.content());
                default -> ReferenceCountUtil.release(frame);
            }
        }

        @Override
        public void write(final ChannelHandlerContext context, final Object message, final ChannelPromise promise) {
            if (message instanceof final ByteBuf bytes) {
                // Text is what every client takes; only a body can be anything else.
                context.write(ByteBufUtil.isText(bytes, CharsetUtil.UTF_8) ? new TextWebSocketFrame(bytes)
                        : new BinaryWebSocketFrame(bytes), promise);
            } else {
                context.write(message, promise);
            }
        }
    }
}
