package org.tandemsip.engine.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tandemsip.codec.IpAddress;

class CidrTest {
    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.255.255.255, true", "10.0.0.0/8, 11.0.0.0, false", "10.0.0.7, 10.0.0.7, true",
        "10.0.0.7, 10.0.0.6, false", "0.0.0.0/0, 203.0.113.9, true", "0.0.0.0/0, 2001:db8::1, false",
        "::/0, 203.0.113.9, true", "2001:db8::/32, 2001:db8:ffff::1, true", "2001:db8::/32, 2001:db9::1, false",
        "2001:db8::/65, 2001:db8::7fff:ffff:ffff:ffff, true", "2001:db8::/65, 2001:db8::8000:0:0:0, false",
        "fe80::1/64, fe80::2, true", "127.0.0.0/8, 128.0.0.1, false"})
    void shouldHoldAddressWhenPrefixIsEqual(final String range, final String host, final boolean held) {
        final IpAddress address = Messages.address(host);

        assertEquals(held, Cidr.parse(range).contains(address.high(), address.low()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129",
                "host.example/8", "3402000000", "10.0.0.0/ 8", "10.0.0.0/0008"})
    void shouldRefuseTextWhenItIsNoRange(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
    }

    @Test
    void shouldBeEqualWhenOnlyHostBitsDiffer() {
        assertEquals(Cidr.parse("10.0.0.0/8"), Cidr.parse("10.1.2.3/8"));
        assertEquals("10.0.0.0/8", Cidr.parse("10.1.2.3/8").toString());
        assertEquals("2001:db8::/32", Cidr.parse("2001:db8::/32").toString());
    }

    @Test
    void shouldCountMappedPrefixFromBit96() {
        assertEquals(104, Cidr.parse("10.0.0.0/8").prefixBits());
        assertTrue(Cidr.parse("::ffff:10.0.0.0/104").contains(0, Messages.address("10.9.9.9").low()));
        assertFalse(new Cidr(0, 0, 64).contains(1, 0));
    }
}
