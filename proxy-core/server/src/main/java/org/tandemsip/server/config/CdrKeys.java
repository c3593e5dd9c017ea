package org.tandemsip.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The keys under {@code cdr}. */
final class CdrKeys {
    static final Key<Path> FILE = Key.optional("file", Scalars.path(), "/var/lib/tandem/cdr.jsonl",
            "File to append to: one JSON object per line and call. When absent, no records are written; cdr.jsonl in"
                    + " the state folder where sqlite or postgres is given.");
    static final Key<Integer> ROLL = Key.of("roll", Scalars.size("64KiB", "1024MiB"), "64MiB",
            "Size at which the file is moved aside, with the time in its name, and a new one is begun.");
    static final Key<Config.OnFull> ON_FULL = Key.of("on-full", Scalars.choice("policy", Config.OnFull.class),
            "continue", "What new calls do while the disk takes no records. continue: they go on; records wait in the"
                    + " state folder, 64 MiB of them, and are lost after that, counted. refuse: they get 503, so that"
                    + " no call goes without its record.");
    static final Key<Path> SQLITE = Key.optional("sqlite", Scalars.path(), "/var/lib/tandem/calls.db",
            "SQLite database that the records of the file are copied to, for 'calls --history' and questions in SQL.");
    static final Key<String> POSTGRES = Key.optional("postgres",
            Scalars.text("postgresql://[USER@]HOST[:PORT]/DATABASE",
                    "postgresql://(?:[A-Za-z0-9._-]{1,63}@)?(?:[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])"
                            + "(?::[0-9]{1,5})?/[A-Za-z0-9._-]{1,63}(?:\\?[A-Za-z0-9._=&/-]{1,512})?",
                    "the address of a database"),
            "postgresql://tandem@db.example:5432/calls",
            "PostgreSQL database that the records of the file are copied to, into the table tandem_cdr, which is made"
                    + " when it is not there. While it is not reachable, records wait in the file.");
    static final Key<String> POSTGRES_PASSWORD = Key.optional("postgres-password", new Secret(),
            "${env:TANDEM_DB_PASSWORD}", "Password for that, as a reference: ${env:NAME} or ${file:PATH}.");
    static final Key<Bound> CDR = new Key<>("cdr",
            new Section(List.of(FILE, ROLL, ON_FULL, SQLITE, POSTGRES, POSTGRES_PASSWORD)), null, false,
            "Records of calls in mode b2bua. Needs a restart to change.", null);

    private CdrKeys() {}

    static Config.Cdr cdr(final Bound top) {
        final Bound cdr = top.get(CDR);
        return new Config.Cdr(Optional.ofNullable(cdr.get(FILE)), cdr.get(ROLL), cdr.get(ON_FULL),
                Optional.ofNullable(cdr.get(SQLITE)), Optional.ofNullable(cdr.get(POSTGRES)),
                Optional.ofNullable(cdr.get(POSTGRES_PASSWORD)));
    }
}
