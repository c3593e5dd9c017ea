package org.tandemsip.server.records;

import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * A database with a table of records, {@code tandem_cdr}: one column per field, named as the field, and the line
 * itself. The id is the key, so that a record that comes twice is there once. Blocking; never on a thread that calls
 * depend on.
 */
final class RecordDatabase {
    private static final List<String> TIMES = List.of("start", "ring", "answer", "end", "last_seen");
    private static final List<String> NUMBERS = List.of("duration_ms", "pdd_ms", "code", "q850", "retransmits");
    private static final List<String> TEXTS = List.of("id", "call_id", "xcid", "from", "to", "ruri", "trunk_in",
            "trunk_out", "peer", "reason", "hangup_by", "mode", "node");
    private static final int CONNECT_SECONDS = 5;
    private static final int ANSWER_SECONDS = 30;

    private final String name;
    private final String url;
    private final boolean postgres;
    private final Properties properties = new Properties();

    private RecordDatabase(final String name, final String url, final boolean postgres) {
        this.name = name;
        this.url = url;
        this.postgres = postgres;
    }

    static RecordDatabase sqlite(final Path file) {
        return new RecordDatabase("sqlite", "jdbc:sqlite:" + file.toAbsolutePath(), false);
    }

    /** @param address {@code postgresql://[USER@]HOST[:PORT]/DATABASE[?...]} */
    static RecordDatabase postgres(final String address, final Optional<String> password) {
        final URI uri = URI.create(address);
        final RecordDatabase database = new RecordDatabase("postgres",
                "jdbc:" + address.replaceFirst("//[^/@]*@", "//"), true);
        if (uri.getRawUserInfo() != null) {
            database.properties.setProperty("user", uri.getRawUserInfo());
        }
        password.ifPresent(each -> database.properties.setProperty("password", each));
        database.properties.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
        database.properties.setProperty("socketTimeout", String.valueOf(ANSWER_SECONDS));
        database.properties.setProperty("loginTimeout", String.valueOf(CONNECT_SECONDS));
        database.properties.setProperty("ApplicationName", "tandem");
        database.properties.setProperty("reWriteBatchedInserts", "true");
        return database;
    }

    /** For metrics and files. */
    String name() {
        return name;
    }

    /** Where it is, for people. */
    String where() {
        return url.substring("jdbc:".length());
    }

    /** Connects, and makes the table where there is none. */
    Connection connect() throws SQLException {
        final Connection connection = DriverManager.getConnection(url, properties);
        try (Statement statement = connection.createStatement()) {
            if (!postgres) {
                statement.execute("PRAGMA journal_mode=WAL");
                statement.execute("PRAGMA synchronous=NORMAL");
                statement.execute("PRAGMA busy_timeout=5000");
            }
            statement.execute(table());
            statement.execute("CREATE INDEX IF NOT EXISTS tandem_cdr_start ON tandem_cdr (\"start\")");
            statement.execute("CREATE INDEX IF NOT EXISTS tandem_cdr_call_id ON tandem_cdr (call_id)");
            connection.setAutoCommit(false);
            return connection;
        } catch (final SQLException e) {
            connection.close();
            throw e;
        }
    }

    private String table() {
        final StringBuilder sql = new StringBuilder("CREATE TABLE IF NOT EXISTS tandem_cdr (id text PRIMARY KEY");
        TEXTS.stream().skip(1).forEach(column -> sql.append(", \"").append(column).append("\" text"));
        TIMES.forEach(column -> sql.append(", \"").append(column).append(postgres ? "\" timestamptz" : "\" text"));
        NUMBERS.forEach(column -> sql.append(", \"").append(column).append("\" bigint"));
        return sql.append(", record text NOT NULL)").toString();
    }

    /** What puts records in; those that are there already stay what they are. */
    PreparedStatement insert(final Connection connection) throws SQLException {
        final List<String> columns = columns();
        return connection.prepareStatement("INSERT INTO tandem_cdr (\"" + String.join("\", \"", columns) + "\", record)"
                + " VALUES (" + "?, ".repeat(columns.size()) + "?) ON CONFLICT (id) DO NOTHING");
    }

    private static List<String> columns() {
        final List<String> columns = new ArrayList<>(TEXTS);
        columns.addAll(TIMES);
        columns.addAll(NUMBERS);
        return columns;
    }

    /** Sets the values of one record. */
    void bind(final PreparedStatement insert, final Map<?, ?> record, final String line) throws SQLException {
        int index = 1;
        for (final String column : columns()) {
            final Object value = record.get(column);
            if (NUMBERS.contains(column)) {
                if (value instanceof final Number number) {
                    insert.setLong(index, number.longValue());
                } else {
                    insert.setNull(index, Types.BIGINT);
                }
            } else if (postgres && TIMES.contains(column)) {
                if (value instanceof final String text) {
                    insert.setObject(index, OffsetDateTime.parse(text));
                } else {
                    insert.setNull(index, Types.TIMESTAMP_WITH_TIMEZONE);
                }
            } else {
                insert.setString(index, value instanceof final String text ? text.replace('\0', '\uFFFD') : null);
            }
            index++;
        }
        insert.setString(index, line.replace('\0', '\uFFFD'));
    }

    /** The last records, newest first. @param id of the record or of one of its calls; empty: any */
    List<String> last(final int most, final String id, final String beginning) throws SQLException {
        try (Connection connection = connect();
                PreparedStatement select = connection.prepareStatement("SELECT record FROM tandem_cdr"
                        + (id.isEmpty() ? "" : " WHERE id = ? OR call_id = ? OR xcid = ? OR id LIKE ?")
                        + " ORDER BY \"start\" DESC LIMIT ?")) {
            int index = 1;
            if (!id.isEmpty()) {
                while (index <= 3) {
                    select.setString(index++, id);
                }
                select.setString(index++, beginning.isEmpty() ? "" : beginning + '%');
            }
            select.setInt(index, most);
            final List<String> lines = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    lines.add(rows.getString(1));
                }
            }
            return lines;
        }
    }
}
