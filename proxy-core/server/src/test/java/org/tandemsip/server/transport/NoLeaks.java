package org.tandemsip.server.transport;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a class whose tests have let go of a buffer without releasing it. */
final class NoLeaks implements AfterAllCallback {
    @Override
    public void afterAll(final ExtensionContext context) throws InterruptedException {
        TestNet.assertNoLeaks();
    }
}
