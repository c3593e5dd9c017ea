package org.tandemsip.engine.routing;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What is known of a trunk with {@code profile: gb28181}: one object for all shards, kept over reloads. See
 * {@code engine.proxy.GbRelay} for what the profile does.
 */
public final class Gb28181 {
    /** T1 of such a trunk where nothing else is said: a platform gives up after a second or two. */
    public static final long T1_NS = 200_000_000L;
    /** Timers B and F are so many T1: 5 s, so that a dead device fails inside the operator's patience. */
    public static final int TIMEOUT_T1S = 25;

    private static final int REGISTERED = Command.values().length;
    private static final int REFRESHED = REGISTERED + 1;
    private static final int LEFT = REGISTERED + 2;

    private final Devices devices;
    private final Queries queries = new Queries();
    private final AtomicLongArray counts = new AtomicLongArray(LEFT + 1);

    /** What a MESSAGE is about: its CmdType, as far as it is worth a number of its own. */
    public enum Command {
        KEEPALIVE("Keepalive"), CATALOG("Catalog"), DEVICE_INFO("DeviceInfo"), DEVICE_STATUS("DeviceStatus"),
        DEVICE_CONTROL("DeviceControl"), DEVICE_CONFIG("DeviceConfig"), CONFIG_DOWNLOAD("ConfigDownload"),
        RECORD_INFO("RecordInfo"), PRESET_QUERY("PresetQuery"), ALARM("Alarm"), MOBILE_POSITION("MobilePosition"),
        MEDIA_STATUS("MediaStatus"), BROADCAST("Broadcast"), OTHER("other");

        private final String word;

        Command(final String word) {
            this.word = word;
        }

        /** As it stands between the tags. */
        public String word() {
            return word;
        }
    }

    /** Begins with a table of devices. */
    public Gb28181(final Devices devices) {
        this.devices = devices;
    }

    /** Where its devices are. */
    public Devices devices() {
        return devices;
    }

    /** What its devices are asked. */
    public Queries queries() {
        return queries;
    }

    /** A MESSAGE was sent on. */
    public void count(final Command command) {
        counts.incrementAndGet(command.ordinal());
    }

    /** Messages of a kind that were sent on. */
    public long messages(final Command command) {
        return counts.get(command.ordinal());
    }

    /** A device has registered. @param again it was here already */
    public void countRegistration(final boolean again) {
        counts.incrementAndGet(again ? REFRESHED : REGISTERED);
    }

    /** A device has left. */
    public void countLeaving() {
        counts.incrementAndGet(LEFT);
    }

    /** Devices that have registered which were not here. */
    public long registered() {
        return counts.get(REGISTERED);
    }

    /** Devices that have registered again. */
    public long refreshed() {
        return counts.get(REFRESHED);
    }

    /** Devices that have left. */
    public long left() {
        return counts.get(LEFT);
    }
}
