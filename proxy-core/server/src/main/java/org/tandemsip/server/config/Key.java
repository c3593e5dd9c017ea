package org.tandemsip.server.config;

/**
 * A key of the configuration file.
 *
 * @param name        as written, {@code lower-case-dashed}
 * @param type        what it holds
 * @param defaultText value when the key is absent, as YAML; {@code null}: none
 * @param required    whether it must be given
 * @param meaning     what it is for, in whole sentences
 * @param example     value shown in the annotated file; {@code null}: the default is shown
 */
record Key<T>(String name, Type<T> type, String defaultText, boolean required, String meaning, String example) {
    static <T> Key<T> of(final String name, final Type<T> type, final String defaultText, final String meaning) {
        return new Key<>(name, type, defaultText, false, meaning, null);
    }

    static <T> Key<T> of(final String name, final Type<T> type, final String defaultText, final String example,
            final String meaning) {
        return new Key<>(name, type, defaultText, false, meaning, example);
    }

    static <T> Key<T> optional(final String name, final Type<T> type, final String example, final String meaning) {
        return new Key<>(name, type, null, false, meaning, example);
    }

    static <T> Key<T> required(final String name, final Type<T> type, final String example, final String meaning) {
        return new Key<>(name, type, null, true, meaning, example);
    }
}
