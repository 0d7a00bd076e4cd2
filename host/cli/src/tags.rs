//! `sandgate tags`: put tags into the store, and look at them.
//!
//! ```text
//! sandgate tags --config sandgate.toml set account account123 risk_level 3
//! sandgate tags --config sandgate.toml get account account123
//! sandgate tags --config sandgate.toml delete account account123 risk_level
//! sandgate tags --config sandgate.toml load tags.csv
//! ```

mod lines;
mod load;

use anyhow::{Context as _, bail};
use sandgate_tags::writer::reader;
use sandgate_tags::{Config, Tag, Writer};
use std::io::Write as _;
use std::path::PathBuf;

/// The command line of `sandgate tags`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate tags --config sandgate.toml set account account123 risk_level 3\n\n\
    A running host sees a change within a second; one whose database is away, as soon as that is back.")]
pub(crate) struct Args {
    /// The configuration whose `[tags] sql` says where the store is
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do with the store.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Set one tag, in place of the value that it had
    #[command(after_help = "Example:\n  sandgate tags --config sandgate.toml set account account123 risk_level 3")]
    Set {
        /// What is tagged, e.g. account
        entity: String,
        /// Which one, e.g. account123
        id: String,
        /// Which attribute of it, e.g. risk_level
        attribute: String,
        /// Its value, e.g. 3 or -3
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Print the tags of one thing; exit status 1 if there are none
    #[command(after_help = "Example:\n  sandgate tags --config sandgate.toml get account account123 risk_level")]
    Get {
        /// What is tagged, e.g. account
        entity: String,
        /// Which one, e.g. account123
        id: String,
        /// Only this attribute, and then only its value
        attribute: Option<String>,
        /// Print JSON lines, which `load` reads
        #[arg(long)]
        json: bool,
    },
    /// Delete the tags of one thing, or one of them; exit status 1 if there are none
    #[command(after_help = "Example:\n  sandgate tags --config sandgate.toml delete account account123 risk_level")]
    Delete {
        /// What is tagged, e.g. account
        entity: String,
        /// Which one, e.g. account123
        id: String,
        /// Only this attribute of it
        attribute: Option<String>,
    },
    /// Load tags from a file: all of them or, if one line is bad, none
    #[command(after_help = load::HELP)]
    Load {
        /// CSV or JSON lines; `-` for standard input
        file: PathBuf,
    },
}

/// Does what the command line says, with the store that the configuration names.
///
/// # Errors
/// Where the store cannot be used, something is no tag, or there is none to get.
pub(crate) fn run(args: &Args, config: &Config) -> anyhow::Result<()> {
    match &args.verb {
        Verb::Set { entity, id, attribute, value } => {
            let tag = Tag { entity, id, attribute, value };
            tag.check().context("this cannot be a tag")?;
            Ok(Writer::open(&config.sql)?.set(tag)?)
        }
        Verb::Get { entity, id, attribute, json } => {
            let tags = reader(&config.sql)?.list(entity, id, attribute.as_deref())?;
            if tags.is_empty() {
                return none(entity, id, attribute.as_deref(), config);
            }
            let mut out = std::io::stdout().lock();
            for (attribute_found, value) in tags {
                if *json {
                    // in the order in which a tag is written everywhere
                    let text = |text: &str| serde_json::Value::from(text);
                    let (entity, id, attribute, value) = (text(entity), text(id), text(&attribute_found), text(&value));
                    writeln!(out, r#"{{"entity":{entity},"id":{id},"attribute":{attribute},"value":{value}}}"#)?;
                } else if attribute.is_some() {
                    writeln!(out, "{value}")?;
                } else {
                    writeln!(out, "{attribute_found} {value}")?;
                }
            }
            Ok(out.flush()?)
        }
        Verb::Delete { entity, id, attribute } => {
            // a look first: a verb that takes away must not make a store
            reader(&config.sql)?.list(entity, id, attribute.as_deref())?;
            match Writer::open(&config.sql)?.delete(entity, id, attribute.as_deref())? {
                0 => none(entity, id, attribute.as_deref(), config),
                _ => Ok(()),
            }
        }
        Verb::Load { file } => load::run(file, &config.sql),
    }
}

/// There is nothing to get or to delete.
fn none(entity: &str, id: &str, attribute: Option<&str>, config: &Config) -> anyhow::Result<()> {
    let which = attribute.map_or("tags".to_owned(), |attribute| format!("tag `{attribute}`"));
    bail!("{entity} `{id}` has no {which} in {}", config.sql);
}

#[cfg(test)]
mod tests {
    use super::{Args, Verb};
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_value_may_be_negative() {
        let words = ["tags", "--config", "sandgate.toml", "set", "account", "a", "balance", "-3.50"];
        let Verb::Set { value, .. } = Line::try_parse_from(words).unwrap().args.verb else { panic!("it is set") };
        assert_eq!(value, "-3.50");
    }
}
