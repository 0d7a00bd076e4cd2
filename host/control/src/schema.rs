//! The tables, and the row that says in which format they are.

use crate::Error;
use crate::session::Both;
use crate::work::Work;

/// The format that this version writes.
const FORMAT: i64 = 1;
/// Written into the header of a SQLite file: `SGct`.
const APPLICATION: i64 = 0x5347_6374;

/// Texts are compared by their bytes in both.
macro_rules! tables {
    ($text:literal, $bytes:literal, $int:literal, $kind:literal) => {
        concat!(
            "CREATE TABLE IF NOT EXISTS sandgate_blobs (digest ",
            $text,
            " PRIMARY KEY, bytes ",
            $bytes,
            " NOT NULL)",
            $kind,
            ";
            CREATE TABLE IF NOT EXISTS sandgate_policies (
                digest ",
            $text,
            " PRIMARY KEY, name ",
            $text,
            " NOT NULL, version ",
            $text,
            " NOT NULL,
                summary ",
            $text,
            " NOT NULL, manifest ",
            $text,
            " NOT NULL, readme ",
            $text,
            ", cases ",
            $text,
            ",
                pushed_at ",
            $int,
            " NOT NULL, pushed_by ",
            $text,
            " NOT NULL)",
            $kind,
            ";
            CREATE TABLE IF NOT EXISTS sandgate_generations (
                tenant ",
            $text,
            " NOT NULL, number ",
            $int,
            " NOT NULL, document ",
            $text,
            " NOT NULL,
                document_digest ",
            $text,
            " NOT NULL, set_digest ",
            $text,
            " NOT NULL,
                made_at ",
            $int,
            " NOT NULL, made_by ",
            $text,
            " NOT NULL, why ",
            $text,
            " NOT NULL,
                PRIMARY KEY (tenant, number))",
            $kind,
            ";
            CREATE TABLE IF NOT EXISTS sandgate_tenants (
                tenant ",
            $text,
            " PRIMARY KEY, active ",
            $int,
            " NOT NULL, previous ",
            $int,
            ", revision ",
            $int,
            " NOT NULL,
                frozen ",
            $int,
            " NOT NULL, managed ",
            $text,
            " NOT NULL, imported ",
            $text,
            ")",
            $kind,
            ";
            CREATE TABLE IF NOT EXISTS sandgate_history (
                number ",
            $int,
            " PRIMARY KEY, at ",
            $int,
            " NOT NULL, actor ",
            $text,
            " NOT NULL, origin ",
            $text,
            " NOT NULL,
                tenant ",
            $text,
            " NOT NULL, action ",
            $text,
            " NOT NULL, detail ",
            $text,
            " NOT NULL,
                why ",
            $text,
            " NOT NULL, before ",
            $text,
            " NOT NULL, hash ",
            $text,
            " NOT NULL)",
            $kind,
            ";
            CREATE INDEX IF NOT EXISTS sandgate_history_tenant ON sandgate_history (tenant, number);
            CREATE TABLE IF NOT EXISTS sandgate_hosts (
                host ",
            $text,
            " NOT NULL, tenant ",
            $text,
            " NOT NULL, generation ",
            $int,
            ", set_digest ",
            $text,
            ",
                state ",
            $text,
            " NOT NULL, problem ",
            $text,
            ", positions ",
            $text,
            " NOT NULL, at ",
            $int,
            " NOT NULL,
                PRIMARY KEY (host, tenant))",
            $kind,
            ";
            CREATE TABLE IF NOT EXISTS sandgate_control (
                id ",
            $int,
            " PRIMARY KEY, format ",
            $int,
            " NOT NULL, revision ",
            $int,
            " NOT NULL)",
            $kind,
            ";
            INSERT INTO sandgate_control (id, format, revision) VALUES (1, 1, 0) ON CONFLICT DO NOTHING;"
        )
    };
}

/// Two first uses at once wait for each other; PostgreSQL's own `IF NOT EXISTS` does not.
const TABLES: Both = Both {
    sqlite: concat!("PRAGMA application_id = 1397187444;", tables!("TEXT", "BLOB", "INTEGER", " STRICT")),
    postgres: concat!(
        "SELECT pg_advisory_xact_lock(6004251117483288);",
        tables!("TEXT COLLATE \"C\"", "BYTEA", "BIGINT", "")
    ),
};
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
    work.run(TABLES)?;
    work.run("COMMIT".into())
}

/// The number of the last change; with `locked`, of the last there will be until
/// this transaction ends.
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
