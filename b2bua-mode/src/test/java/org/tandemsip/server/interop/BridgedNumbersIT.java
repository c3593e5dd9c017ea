package org.tandemsip.server.interop;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Numbers in mode b2bua: as between proxies, but each side has its own form in all that it gets inside the dialog. */
@ExtendWith(Sipp.class)
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class BridgedNumbersIT {
    @Test
    void shouldAnswerWithTheNumberThatWasDialled() throws Exception {
        RewrittenNumbersIT.carry("b2bua", "sip:030123@");
    }
}
