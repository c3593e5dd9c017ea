package org.tandemsip.perf.jmh;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.tandemsip.codec.ResponseWriter;
import org.tandemsip.codec.SipMessage;
import org.tandemsip.codec.Status;

/**
 * Writing the answer that every INVITE gets at once, 100 Trying, and the one that overload gives, 503.
 *
 * <pre>
 *   one parsed INVITE --> ResponseWriter --> outgoing buffer
 * </pre>
 */
public class ResponseBenchmark extends PathBenchmark {
    private final UnsafeBuffer out = new UnsafeBuffer(ByteBuffer.allocateDirect(4_096));
    private final SipMessage request = SampleMessages.parse(SampleMessages.invites()[0]);
    private final ResponseWriter writer = new ResponseWriter();

    /** Refuses to measure an answer that is not a response. */
    @Setup
    public void check() {
        if (SampleMessages.parse(out, unavailable()).statusCode() != 503) {
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
