//! The program `sandgate`: a policy host for transactions, and the tools of
//! those who write policies for it and those who run it.

mod build;
mod check;
mod config;

use anyhow::Context as _;
use clap::Parser as _;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// A policy host for transactions: sandboxed WebAssembly policies judge them.
#[derive(clap::Parser)]
#[command(name = "sandgate", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Build policies into components
    Build(build::Args),
    /// Check a host's configuration with everything that it names
    Check(check::Args),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Build(args) => build::run(&args),
        Verb::Check(args) => check::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // nothing is left to do where even standard error is gone
            let _ = writeln!(anstream::stderr(), "{}: {error:#}", red("error"));
            ExitCode::from(status(&error))
        }
    }
}

/// The exit status of a failure: 2 where the configuration must be mended, as
/// for a wrong command line; 1 for everything else.
fn status(error: &anyhow::Error) -> u8 {
    if error.is::<check::Problems>() { 2 } else { 1 }
}

fn red(text: &str) -> impl Display {
    let style = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    format!("{style}{text}{style:#}")
}

/// Writes a line to standard output.
///
/// # Errors
/// Where nobody reads it any more.
fn say(out: &mut impl Write, line: impl Display) -> anyhow::Result<()> {
    writeln!(out, "{line}").context("standard output cannot be written")
}
