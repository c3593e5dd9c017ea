package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.tandemsip.codec.Limits;
import org.tandemsip.codec.ParseError;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.SipParser;
import org.tandemsip.codec.Status;

/**
 * Writing the answer that every INVITE gets at once, 100 Trying, and the one that overload gives, 503.
 *
 * <pre>
 *   one parsed INVITE --> ResponseWriter --> outgoing buffer
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
    "-Dagrona.disable.bounds.checks=true"})
public class ResponseBenchmark {
    private final UnsafeBuffer invite = SampleMessages.invites()[0];
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(4_096));
    private final SipMessage request = new SipMessage(Limits.DEFAULTS.headerRows());
    private final ResponseWriter writer = new ResponseWriter();

    /** Refuses to measure an answer that is not a response. */
    @Setup
    public void check() {
        final SipParser parser = new SipParser(Limits.DEFAULTS);
        parser.parse(request.wrap(invite, 0, invite.capacity()), false);
        final SipMessage answer = new SipMessage(Limits.DEFAULTS.headerRows()).wrap(out, 0, unavailable());
        if (parser.parse(answer, false) != ParseError.NONE || answer.statusCode() != 503) {
            throw new IllegalStateException("the answer is not written as it should");
        }
    }

    /** 100 Trying, no To tag. */
    @Benchmark
    public int trying() {
        writer.begin(request, Status.TRYING_100, 0, null, out, 0);
        return writer.finish();
    }

    /** 503 with a To tag. */
    @Benchmark
    public int unavailable() {
        writer.begin(request, Status.SERVICE_UNAVAILABLE_503, 0x1234567890ABCDEFL, null, out, 0);
        return writer.finish();
    }
}
