package org.tandemsip.server.admin;

/** Which Tandem this is. */
public final class Version {
    private Version() {}

    /** Version as the build named it; {@code development} where classes run from a folder. */
    public static String number() {
        final String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
