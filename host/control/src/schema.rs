//! The tables, and the row that says in which format they are.

use crate::Error;
use crate::session::Both;
use crate::work::Work;

/// The format that this version writes.
const FORMAT: i64 = 1;
/// Written into the header of a SQLite file: `SGct`.
const APPLICATION: i64 = 0x5347_6374;

/// Every table, in the words of SQLite.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS sandgate_blobs (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_policies (
        digest TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, summary TEXT NOT NULL,
        manifest TEXT NOT NULL, readme TEXT, cases TEXT, pushed_at INTEGER NOT NULL, pushed_by TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_generations (
        tenant TEXT NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, document_digest TEXT NOT NULL,
        set_digest TEXT NOT NULL, made_at INTEGER NOT NULL, made_by TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (tenant, number)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_tenants (
        tenant TEXT PRIMARY KEY, active INTEGER NOT NULL, previous INTEGER, revision INTEGER NOT NULL,
        frozen INTEGER NOT NULL, managed TEXT NOT NULL, imported TEXT, four_eyes INTEGER NOT NULL,
        canary TEXT NOT NULL, shadows TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_proposals (
        tenant TEXT NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, set_digest TEXT NOT NULL,
        from_file TEXT, made_on INTEGER NOT NULL, made_at INTEGER NOT NULL, made_by TEXT NOT NULL, token TEXT,
        why TEXT NOT NULL, stands TEXT NOT NULL, decided_by TEXT, decided_at INTEGER, PRIMARY KEY (tenant, number)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_tokens (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, tenants TEXT, made_at INTEGER NOT NULL,
        made_by TEXT NOT NULL, expires INTEGER, revoked INTEGER, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_history (
        number INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, origin TEXT NOT NULL,
        tenant TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL, why TEXT NOT NULL,
        before TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sandgate_history_tenant ON sandgate_history (tenant, number);
    CREATE TABLE IF NOT EXISTS sandgate_hosts (
        host TEXT NOT NULL, tenant TEXT NOT NULL, generation INTEGER, set_digest TEXT, state TEXT NOT NULL,
        problem TEXT, positions TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (host, tenant)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_compared (
        host TEXT NOT NULL, tenant TEXT NOT NULL, generation INTEGER NOT NULL, since INTEGER NOT NULL,
        against INTEGER NOT NULL, told TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (host, tenant, generation)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sandgate_control (
        id INTEGER PRIMARY KEY, format INTEGER NOT NULL, revision INTEGER NOT NULL
    ) STRICT;
    INSERT INTO sandgate_control (id, format, revision) VALUES (1, 1, 0) ON CONFLICT DO NOTHING;";
/// What PostgreSQL calls the same; texts are compared by their bytes there too.
const WORDS: [(&str, &str); 4] =
    [(" TEXT", " TEXT COLLATE \"C\""), (" BLOB", " BYTEA"), (" INTEGER", " BIGINT"), (") STRICT;", ");")];
/// Two first uses at once wait for each other; PostgreSQL's own `IF NOT EXISTS` does not.
const LOCK: &str = "SELECT pg_advisory_xact_lock(6004251117483288);";
const THERE: Both = Both {
    sqlite: "SELECT application_id, (SELECT count(*) FROM sqlite_schema),
        (SELECT count(*) FROM sqlite_schema WHERE name = 'sandgate_control') FROM pragma_application_id",
    postgres: "SELECT CAST(0 AS BIGINT), CAST(0 AS BIGINT),
        CAST(CASE WHEN to_regclass('sandgate_control') IS NULL THEN 0 ELSE 1 END AS BIGINT)",
};
const REVISION: Both = Both {
    sqlite: "SELECT format, revision FROM sandgate_control WHERE id = 1",
    postgres: "SELECT format, revision FROM sandgate_control WHERE id = 1",
};
/// Whoever has this row is the only one to change anything.
const REVISION_LOCKED: Both =
    Both { postgres: "SELECT format, revision FROM sandgate_control WHERE id = 1 FOR UPDATE", ..REVISION };

/// Whether there are tables of ours.
///
/// # Errors
/// Where the file is that of another program.
pub(crate) fn there(work: &mut Work<'_>) -> Result<bool, Error> {
    let Some(row) = work.row(THERE, &[])? else { return Ok(false) };
    let (application, tables, ours): (i64, i64, i64) = (work.get(&row, 0)?, work.get(&row, 1)?, work.get(&row, 2)?);
    let is_foreign = work.is_file() && application != APPLICATION && (application != 0 || tables != 0);
    if is_foreign {
        let detail = "it is a SQLite file of another program, or of another purpose".to_owned();
        return Err(Error::Foreign { place: work.place(), detail });
    }
    Ok(ours != 0)
}

/// Makes the tables where there are none.
pub(crate) fn make(work: &mut Work<'_>) -> Result<(), Error> {
    if work.is_file() {
        there(work)?;
        // readers never wait for a writer
        work.run("PRAGMA journal_mode = WAL".into())?;
    }
    work.run(Both { sqlite: "BEGIN IMMEDIATE", postgres: "BEGIN" })?;
    work.run_text(tables(work.is_file()))?;
    work.run("COMMIT".into())
}

/// The statements that make all tables.
fn tables(is_file: bool) -> String {
    if is_file {
        return format!("PRAGMA application_id = {APPLICATION};{TABLES}");
    }
    let tables = WORDS.iter().fold(TABLES.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
    format!("{LOCK}{tables}")
}

/// The number of the last change; with `locked`, of the last there will be until
/// this change is done.
///
/// # Errors
/// Where the format is a newer one.
pub(crate) fn revision(work: &mut Work<'_>, locked: bool) -> Result<u64, Error> {
    let row = work.row(if locked { REVISION_LOCKED } else { REVISION }, &[])?;
    let row = row.ok_or_else(|| work.damaged("the row with its format is missing".to_owned()))?;
    let format = work.get(&row, 0)?;
    if format > FORMAT {
        return Err(Error::Newer { place: work.place(), format, known: FORMAT });
    }
    if format < 1 {
        return Err(work.damaged(format!("its format {format} has never been one")));
    }
    work.number(&row, 1)
}
