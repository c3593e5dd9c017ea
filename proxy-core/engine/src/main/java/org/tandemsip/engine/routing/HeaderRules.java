package org.tandemsip.engine.routing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.tandemsip.codec.AsciiWriter;
import org.tandemsip.codec.HeaderField;
import org.tandemsip.codec.HeaderFieldSet;
import org.tandemsip.codec.SipMessage;

/**
 * Header fields that are taken out of messages and put into them, compiled from the configuration. Immutable, read by
 * all shards; nothing here allocates once it is made.
 */
public final class HeaderRules {
    /** Changes nothing. */
    public static final HeaderRules NONE = new HeaderRules(List.of(), List.of(), List.of());
    /** Most bytes of rows that one set of rules may add. */
    public static final int MAX_BYTES = 2_048;

    /**
     * Fields that the proxy itself writes or reads, or that hold a dialog or the body together (RFC 3261 section 16.6,
     * table 2): they cannot be changed by rules.
     */
    private static final List<HeaderField> OWNED = java.util.stream.Stream
            .of("Via", "Route", "Record-Route", "Max-Forwards", "Max-Breadth", "Call-ID", "CSeq", "From", "To",
                    "Contact", "Content-Length", "Content-Type", "Content-Encoding", "Path", "RSeq", "RAck")
            .map(HeaderField::of).toList();

    /** A field with its value, as it is put into messages. */
    public record Field(HeaderField name, String value) {}

    private final List<HeaderField> remove;
    private final List<Field> set;
    private final List<Field> add;
    private final HeaderFieldSet removed;
    private final HeaderField[] addedNames;
    private final byte[][] addedRows;
    private final UnsafeBuffer[] addedValues;
    private final int addedBytes;

    /**
     * Compiles rules.
     *
     * @param remove fields of which all rows are taken out
     * @param set    fields of which all rows are taken out before the one given here is put in
     * @param add    fields put in beside those of the same name
     */
    public HeaderRules(final List<HeaderField> remove, final List<Field> set, final List<Field> add) {
        this.remove = List.copyOf(remove);
        this.set = List.copyOf(set);
        this.add = List.copyOf(add);
        final List<HeaderField> gone = new ArrayList<>(remove);
        set.forEach(field -> gone.add(field.name()));
        removed = new HeaderFieldSet(gone);
        final List<Field> added = new ArrayList<>(set);
        added.addAll(add);
        addedNames = added.stream().map(Field::name).toArray(HeaderField[]::new);
        addedRows = added.stream().map(HeaderRules::row).toArray(byte[][]::new);
        addedValues = added.stream().map(field -> new UnsafeBuffer(field.value().getBytes(StandardCharsets.UTF_8)))
                .toArray(UnsafeBuffer[]::new);
        int bytes = 0;
        for (final byte[] row : addedRows) {
            bytes += row.length;
        }
        addedBytes = bytes;
    }

    private static byte[] row(final Field field) {
        return (field.name() + ": " + field.value() + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a field, or one of those that it stands for, must be left alone. */
    public static boolean owned(final HeaderField field) {
        return OWNED.stream().anyMatch(owned -> owned.equals(field) || field.covers(owned));
    }

    /** These rules, by which more fields are taken out. */
    public HeaderRules removing(final List<HeaderField> more) {
        final List<HeaderField> all = new ArrayList<>(remove);
        all.addAll(more);
        return new HeaderRules(all, set, add);
    }

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return removed.isEmpty() && addedRows.length == 0;
    }

    /** Whether a row of {@code message} is to be taken out. */
    public boolean removes(final SipMessage message, final int row) {
        return removed.names(message, row);
    }

    /** Whether rows of that name are to be taken out. */
    public boolean removes(final HeaderField name) {
        return removed.covers(name);
    }

    /** Whether a row that is put in fits. */
    boolean puts(final HeaderMatch match) {
        for (int i = 0; i < addedNames.length; i++) {
            if (addedNames[i].equals(match.name()) && match.fits(addedValues[i], 0, addedValues[i].capacity())) {
                return true;
            }
        }
        return false;
    }

    /** Bytes of all rows put in. */
    public int addedBytes() {
        return addedBytes;
    }

    /** Writes the rows to be put in, but for those that rules which come later take out again. */
    public void putRows(final AsciiWriter out, final HeaderRules next, final HeaderRules last) {
        for (int i = 0; i < addedRows.length; i++) {
            if (!next.removes(addedNames[i]) && !last.removes(addedNames[i])) {
                out.put(addedRows[i]);
            }
        }
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final HeaderRules rules && remove.equals(rules.remove) && set.equals(rules.set)
                && add.equals(rules.add);
    }

    @Override
    public int hashCode() {
        return remove.hashCode() + 31 * (set.hashCode() + 31 * add.hashCode());
    }
}
