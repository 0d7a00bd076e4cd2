//! The program `sandgate`.

mod generate;
mod tags;

use clap::Parser as _;
use sandgate_tags::{Config, Location};
use std::path::Path;

/// A policy host for transactions.
#[derive(clap::Parser)]
#[command(name = "sandgate", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Make transactions to try policies on, with labelled fraud
    Generate(generate::Args),
    /// Put tags into the store, and look at them
    Tags(tags::Args),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().verb {
        Verb::Generate(args) => generate::run(&args),
        Verb::Tags(args) => {
            let folder = args.config.parent().unwrap_or(Path::new(""));
            let store = Config { sql: Location::default().within(folder), ..Config::default() };
            tags::run(&args, &store)
        }
    }
}
