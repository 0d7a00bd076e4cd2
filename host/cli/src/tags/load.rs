//! `sandgate tags load`: many tags at once, all of them or none.
//!
//! The lines are checked and put in one pass, in one commit. From the first bad
//! line on nothing more is put, but the rest is still read, so that one run
//! names every bad line; then the commit is given up.

use super::lines;
use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use sandgate_tags::{Location, Writer};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Instant;

/// What `sandgate tags load --help` ends with.
pub(super) const HELP: &str = "Example:
  sandgate tags --config sandgate.toml load tags.csv

A CSV file has a header with these four names, in any order:
  entity,id,attribute,value
  account,account123,risk_level,3
JSON lines look like this; a value or id may also be a number, true or false:
  {\"entity\": \"account\", \"id\": \"account123\", \"attribute\": \"risk_level\", \"value\": 3}

If one line is bad, nothing is loaded and all bad lines are named. Where a tag
comes twice, the later line counts.";

/// Bytes read at a time.
const READ_AHEAD: usize = 256 << 10;

/// Loads the tags of `file` (`-`: of standard input) into the store at `store`.
pub(super) fn run(file: &Path, store: &Location) -> anyhow::Result<()> {
    let (input, bar): (Box<dyn BufRead>, _) = if file.as_os_str() == "-" {
        let stdin = std::io::stdin();
        // a bar beside what somebody types would be in the way
        let bar = if stdin.is_terminal() { ProgressBar::hidden() } else { ProgressBar::no_length() };
        (Box::new(BufReader::with_capacity(READ_AHEAD, bar.wrap_read(stdin))), bar)
    } else {
        let opened = File::open(file).with_context(|| format!("cannot read tags from {}", file.display()))?;
        let bar = match opened.metadata() {
            Ok(metadata) if metadata.is_file() => ProgressBar::new(metadata.len()),
            _ => ProgressBar::no_length(),
        };
        (Box::new(BufReader::with_capacity(READ_AHEAD, bar.wrap_read(opened))), bar)
    };
    // drawn on standard error, and only where that is a terminal
    bar.set_style(ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left")?);
    let start = Instant::now();
    let mut bad = |number: u64, problem: &str| {
        bar.suspend(|| writeln!(std::io::stderr(), "{}:{number}: {problem}", file.display()))
    };
    let loaded = load(input, store, &mut bad).with_context(|| format!("loading {}", file.display()));
    bar.finish_and_clear();
    let loaded = loaded?;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(std::io::stderr(), "loaded {loaded} tags into {store} in {seconds:.1} s")?;
    Ok(())
}

/// Loads tags and says how many lines had one. `bad` is told each bad line.
///
/// A store is made with the first good line and, if it was made here, taken away
/// again where nothing is loaded: an empty one would hide that there is none.
fn load(
    input: impl BufRead,
    store: &Location,
    bad: &mut dyn FnMut(u64, &str) -> std::io::Result<()>,
) -> anyhow::Result<u64> {
    let made = match store {
        Location::Sqlite(path) => Some(path).filter(|path| !path.exists()),
        // empty tables hide nothing that a file would not hide too
        Location::Postgres(_) => None,
    };
    let loaded = load_into(input, store, bad);
    if let Some(path) = made.filter(|_| loaded.is_err()) {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            // what was never made cannot be removed, and why nothing was loaded is what counts
            let _ = std::fs::remove_file(name);
        }
    }
    loaded
}

fn load_into(
    input: impl BufRead,
    store: &Location,
    bad: &mut dyn FnMut(u64, &str) -> std::io::Result<()>,
) -> anyhow::Result<u64> {
    let open = || Writer::open(store).and_then(Writer::load);
    let mut loading = None;
    let (mut count, mut bad_count) = (0u64, 0u64);
    lines::read(input, &mut |number, line| {
        count += 1;
        match line {
            Ok(tag) if bad_count == 0 => {
                let loading = match &mut loading {
                    Some(loading) => loading,
                    none => none.insert(open()?),
                };
                loading.put(tag)?;
            }
            Ok(_) => {}
            Err(problem) => {
                bad_count += 1;
                bad(number, &problem)?;
            }
        }
        Ok(())
    })?;
    if bad_count > 0 {
        let lines = if count == 1 { "line" } else { "lines" };
        bail!("{bad_count} of {count} {lines} bad: nothing was loaded, mend them and load the file again");
    }
    // a header alone is a file of no tags, and makes a store of none
    loading.map_or_else(open, Ok)?.commit()?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::load;
    use sandgate_tags::Location;
    use sandgate_tags::writer::reader;

    fn loaded(text: &str) -> (Result<u64, String>, String, Vec<(String, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = Location::Sqlite(folder.path().join("tags.db"));
        load(&b"entity,id,attribute,value\naccount,a,risk_level,1\n"[..], &path, &mut |_, _| Ok(())).unwrap();
        let mut bad = String::new();
        let done = load(text.as_bytes(), &path, &mut |number, problem| {
            bad.push_str(&format!("{number}: {problem}\n"));
            Ok(())
        });
        let tags = reader(&path).unwrap().list("account", "a", None).unwrap();
        (done.map_err(|error| error.to_string()), bad, tags)
    }

    fn pair(attribute: &str, value: &str) -> (String, String) {
        (attribute.to_owned(), value.to_owned())
    }

    #[test]
    fn all_lines_are_loaded_and_the_later_one_counts() {
        let text = "entity,id,attribute,value\naccount,a,risk_level,2\naccount,a,opened,2026\naccount,a,risk_level,3\n";
        assert_eq!(loaded(text), (Ok(3), String::new(), vec![pair("opened", "2026"), pair("risk_level", "3")]));
    }

    #[test]
    fn one_bad_line_leaves_the_store_as_it_was_and_all_are_named() {
        let text = "entity,id,attribute,value\naccount,a,risk_level,2\naccount,a,,3\naccount,a,b,3\naccount,a\n";
        let (done, bad, tags) = loaded(text);
        assert_eq!(done.unwrap_err(), "2 of 4 lines bad: nothing was loaded, mend them and load the file again");
        assert_eq!(bad, "3: attribute is empty\n5: has 2 fields, the header has 4\n");
        assert_eq!(tags, [pair("risk_level", "1")]);
    }

    #[test]
    fn a_file_that_is_refused_makes_no_store() {
        let good = "entity,id,attribute,value\naccount,a,b,3\n";
        for text in ["", "id,value\na,b\n", "{nonsense}\n", "entity,id,attribute,value\na\n", &format!("{good}a\n")] {
            let folder = tempfile::tempdir().unwrap();
            let store = Location::Sqlite(folder.path().join("tags.db"));
            load(text.as_bytes(), &store, &mut |_, _| Ok(())).unwrap_err();
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{text}");
            load(good.as_bytes(), &store, &mut |_, _| Ok(())).unwrap();
            load(text.as_bytes(), &store, &mut |_, _| Ok(())).unwrap_err();
            assert_eq!(reader(&store).unwrap().list("account", "a", None).unwrap(), [pair("b", "3")], "{text}");
        }
    }
}
