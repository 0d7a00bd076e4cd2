//! What a lane is: its inputs, its output, and what must stay equal while it is
//! continued.
//!
//! Its stored form is `lane.json`, for people to read: `format`, `inputs`,
//! `output`, `configuration` and, last, `check`: the XXH3 (64 bits) of all bytes
//! before it as 16 hexadecimal digits. The check also stands for the identity in
//! the lane's other files, so that none is taken for one of another lane.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The format that this program writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;
/// What stands between what is checked and the check.
const CHECK: &str = ",\n  \"check\": \"";
/// What stands behind the check.
const CLOSED: &str = "\"\n}\n";

/// The pair (inputs, output), and the configuration that its state depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The inputs, in the order of the lane's sources.
    pub inputs: Vec<Input>,
    /// The output's path, absolute.
    pub output: String,
    /// What must be equal to continue, its order too: the stored entries name
    /// tenants by their number.
    pub configuration: Vec<Setting>,
}

/// One input of a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The source's name.
    pub source: String,
    /// The file's path, absolute.
    pub path: String,
}

/// One thing of the configuration that must stay equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What it is, as a message says it: `the policies of tenant payments`.
    pub name: String,
    /// Its value, or the digest of it; of one that may grow its lines, as
    /// [`Setting::growing`] writes them.
    pub value: String,
}

/// What the value of a setting that may grow begins with.
const GROWING: &str = "may grow:\n";

impl Setting {
    /// A setting that may grow: a lane is continued where the lines known are the
    /// first of those given, in their order.
    pub fn growing<L: AsRef<str>>(name: &str, lines: impl IntoIterator<Item = L>) -> Setting {
        let mut value = GROWING.to_owned();
        for line in lines {
            // each ends, and none holds an end: so what a value begins with are whole lines
            value.push_str(&line.as_ref().replace('\\', "\\\\").replace('\n', "\\n"));
            value.push('\n');
        }
        Setting { name: name.to_owned(), value }
    }

    /// The lines, if it may grow.
    fn lines(&self) -> Option<impl Iterator<Item = &str>> {
        self.value.strip_prefix(GROWING).map(|lines| lines.split_terminator('\n'))
    }

    /// What is said of it where a lane that was begun with it cannot be continued with
    /// `given`, and whether there is only less of it; nothing where it can.
    fn changed(&self, given: &Setting) -> Option<(String, bool)> {
        let Setting { name, value } = self;
        let (Some(mut known), Some(mut lines)) = (self.lines(), given.lines()) else {
            return (*value != given.value).then(|| (name.clone(), false));
        };
        known.find_map(|known| match lines.next() {
            Some(same) if same == known => None,
            here => Some((format!("{name} (`{known}` is no longer where it was)"), here.is_none())),
        })
    }
}

/// How a stored identity differs from the one that is to be continued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The inputs belong to another output.
    #[error(
        "the input was decided into {known} so far, not into {given}: name that output again, use another [state] \
         path, or say --force to begin anew"
    )]
    Output {
        /// The output known.
        known: String,
        /// The output asked for.
        given: String,
    },
    /// An input is another file.
    #[error(
        "the source {source_name} was read from {known} so far, not from {given}: name that file again, or another \
         output, or say --force to begin anew"
    )]
    Input {
        /// The source.
        source_name: String,
        /// The file known.
        known: String,
        /// The file asked for.
        given: String,
    },
    /// There is an input that was not there when the lane began.
    #[error(
        "the source {source_name} ({path}) is new, and its records would have to stand between those already decided: \
         name another output, or say --force to begin anew"
    )]
    More {
        /// The source.
        source_name: String,
        /// Its file.
        path: String,
    },
    /// An input is gone.
    #[error(
        "the source {source_name} ({path}) is missing, and this lane was begun with it: name it again, name another \
         output, or say --force to begin anew"
    )]
    Fewer {
        /// The source.
        source_name: String,
        /// Its file.
        path: String,
    },
    /// The configuration changed.
    #[error(
        "{} changed since this lane was begun, and its decisions so far came from the former: go back to that, \
         use another [state] path, or say --force to begin anew",
        what.join(", ")
    )]
    Configuration {
        /// The names of what changed.
        what: Vec<String>,
        /// Whether there is only less now of what may grow.
        ahead: bool,
    },
}

/// A stored identity, and its check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) identity: Identity,
    pub(crate) check: u64,
}

/// Why some bytes are no stored identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// They are not what was written.
    Damaged(&'static str),
    /// A newer program wrote them.
    Newer(u32),
}

/// The stored form, but for its check. The format comes first, and can be read
/// of every version.
#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    #[serde(flatten)]
    identity: Identity,
}

/// What can be read of every version.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

impl Identity {
    /// The stored form, and its check.
    pub(crate) fn encode(&self) -> Result<(Vec<u8>, u64), serde_json::Error> {
        let mut text = serde_json::to_string_pretty(&Document { format: FORMAT, identity: self.clone() })?;
        // the brace that closes the document makes room for the check
        text.truncate(text.trim_end_matches(['}', '\n']).len());
        let check = xxh3_64(text.as_bytes());
        text.push_str(&format!("{CHECK}{check:016x}{CLOSED}"));
        Ok((text.into_bytes(), check))
    }

    /// Reads the stored form.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Stored, Unreadable> {
        let damaged = Unreadable::Damaged("does not fit its check");
        let text = str::from_utf8(bytes).map_err(|_| damaged.clone())?;
        let (checked, digits) = text
            .strip_suffix(CLOSED)
            .and_then(|text| text.split_at_checked(text.len().checked_sub(16)?))
            .and_then(|(before, digits)| Some((before.strip_suffix(CHECK)?, digits)))
            .ok_or_else(|| damaged.clone())?;
        let check = xxh3_64(checked.as_bytes());
        if format!("{check:016x}") != digits {
            return Err(damaged);
        }
        let document = format!("{checked}}}");
        let unknown = |_| Unreadable::Damaged("is no identity of a lane");
        let Versioned { format } = serde_json::from_str(&document).map_err(unknown)?;
        if format > FORMAT {
            return Err(Unreadable::Newer(format));
        }
        let Document { identity, .. } = serde_json::from_str(&document).map_err(unknown)?;
        Ok(Stored { identity, check })
    }

    /// Whether a lane of this identity may be continued as `given`.
    ///
    /// # Errors
    /// Where they differ: in the first input that does, or in the configuration.
    pub fn continues(&self, given: &Identity) -> Result<(), Mismatch> {
        if self.output != given.output {
            return Err(Mismatch::Output { known: self.output.clone(), given: given.output.clone() });
        }
        self.same_sources(given)?;
        for (known, given) in self.inputs.iter().zip(&given.inputs) {
            if known.path != given.path {
                let (source_name, known, given) = (known.source.clone(), known.path.clone(), given.path.clone());
                return Err(Mismatch::Input { source_name, known, given });
            }
        }
        self.same_configuration(given)
    }

    /// Whether the sources are the same ones in the same order, wherever their
    /// files are.
    pub(crate) fn same_sources(&self, given: &Identity) -> Result<(), Mismatch> {
        let lacks = |all: &[Input], wanted: &Input| !all.iter().any(|input| input.source == wanted.source);
        if let Some(more) = given.inputs.iter().find(|input| lacks(&self.inputs, input)) {
            return Err(Mismatch::More { source_name: more.source.clone(), path: more.path.clone() });
        }
        if let Some(gone) = self.inputs.iter().find(|input| lacks(&given.inputs, input)) {
            return Err(Mismatch::Fewer { source_name: gone.source.clone(), path: gone.path.clone() });
        }
        // ties of equal times go by the order of the sources
        let names = |inputs: &[Input]| inputs.iter().map(|input| input.source.clone()).collect::<Vec<_>>();
        if names(&self.inputs) != names(&given.inputs) {
            return Err(Mismatch::Configuration { what: vec!["the order of the sources".to_owned()], ahead: false });
        }
        Ok(())
    }

    /// Whether everything that must be equal is.
    pub(crate) fn same_configuration(&self, given: &Identity) -> Result<(), Mismatch> {
        fn of<'i>(identity: &'i Identity, name: &str) -> Option<&'i Setting> {
            identity.configuration.iter().find(|setting| setting.name == name)
        }
        let (mut what, mut ahead) = (Vec::new(), true);
        for Setting { name, .. } in self.configuration.iter().chain(&given.configuration) {
            let changed = match (of(self, name), of(given, name)) {
                (Some(known), Some(given)) => known.changed(given),
                _ => Some((name.clone(), false)),
            };
            let Some((changed, is_less)) = changed else { continue };
            ahead &= is_less;
            if !what.contains(&changed) {
                what.push(changed);
            }
        }
        // the same settings, but entries of the journal name tenants by their number
        let moved = self.configuration.iter().zip(&given.configuration).find(|(known, given)| known.name != given.name);
        if let (true, Some((known, given))) = (what.is_empty(), moved) {
            what.push(format!("the order of {} and {}", known.name, given.name));
            ahead = false;
        }
        if what.is_empty() { Ok(()) } else { Err(Mismatch::Configuration { what, ahead }) }
    }

    /// Whether the same files go in, by whatever names of sources.
    pub(crate) fn same_files(&self, other: &Identity) -> bool {
        let paths = |identity: &Identity| {
            let mut paths: Vec<_> = identity.inputs.iter().map(|input| input.path.clone()).collect();
            paths.sort();
            paths
        };
        paths(self) == paths(other)
    }
}
