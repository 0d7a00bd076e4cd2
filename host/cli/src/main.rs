//! The program `sandgate`: a policy host for transactions, and the tools of
//! those who write policies for it and those who run it.

mod address;
mod bench;
mod build;
mod cases;
mod check;
mod component;
mod config;
mod control;
mod deadletters;
mod demo;
mod effectiveness;
mod follow;
mod generate;
mod harness;
mod inspect;
mod new;
mod run;
mod sets;
mod state;
mod tags;
mod telemetry;
mod test;
mod topics;
mod watch;
mod whole;

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
    /// Judge the records of a file, or of Kafka
    Run(run::Args),
    /// Show the main job on a fund's opening day, without any server
    Demo(demo::Args),
    /// Begin a policy: a crate that builds and passes at once
    New(new::Args),
    /// Build policies into components
    Build(build::Args),
    /// Tell what a component is: what it reads, what a tenant may set, what it answers
    Inspect(inspect::Args),
    /// Run a policy's cases, and tell what they prove about it
    Test(test::Args),
    /// Measure what a policy costs, alone or beside another version
    Bench(bench::Args),
    /// Make cases of what was decided
    Cases(cases::Args),
    /// Try a policy on behalf of another program: JSON lines in, JSON lines out
    Harness(harness::Args),
    /// Check a host's configuration with everything that it names
    Check(check::Args),
    /// Look into the state of a lane, or move it to another host
    State(state::Args),
    /// Make transactions to try policies on, with labelled fraud
    Generate(generate::Args),
    /// Tell from labels what a run was worth: precision, recall, money stopped
    Effectiveness(effectiveness::Args),
    /// Put tags into the store, and look at them
    Tags(tags::Args),
    /// Look at the topics of a host, and make those that are missing
    Topics(topics::Args),
    /// Show the decisions of a topic as they come
    Watch(watch::Args),
    /// Look at the records that could not be used, and send them back after a mend
    Deadletters(deadletters::Args),
    /// Bring policies into the registry
    Push(control::push::Args),
    /// List the policies of the registry
    Policies(control::policies::Args),
    /// Let a tenant run another policy set, live
    Activate(control::activate::Args),
    /// Let a policy set judge beside the active one, and see where they differ
    #[command(subcommand)]
    Shadow(control::shadow::Verb),
    /// Let a policy set decide for a share of the accounts
    #[command(subcommand)]
    Canary(control::canary::Verb),
    /// Let what is on trial decide for all
    Promote(control::promote::Args),
    /// Show the changes that wait, or waited, for somebody else
    Proposals(control::eyes::Proposals),
    /// Activate what somebody else proposed
    Approve(control::eyes::Decide),
    /// Say no to what was proposed
    Reject(control::eyes::Decide),
    /// Let a tenant run what it ran before
    Rollback(control::pointer::Rollback),
    /// Allow no changes of a tenant for now
    Freeze(control::pointer::Freeze),
    /// Ask for a second person on each change of a tenant
    FourEyes(control::eyes::FourEyes),
    /// Make, list and revoke the tokens of the admin API
    Token(control::token::Args),
    /// Answer the admin API, apart from a host
    Admin(control::admin::Args),
    /// Show what each tenant and each host runs
    Status(control::status::Args),
    /// Show who changed what, and verify it
    History(control::history::Args),
}

fn main() -> ExitCode {
    if let Some(done) = build::as_compiler() {
        return done;
    }
    let done = match Arguments::parse().verb {
        Verb::Run(args) => run::run(&args),
        Verb::Tags(args) => config::load_tags(&args.config)
            .map_err(|report| check::Problems(report).into())
            .and_then(|config| tags::run(&args, config.config()?)),
        Verb::Generate(args) => generate::run(&args),
        Verb::Effectiveness(args) => effectiveness::run(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::New(args) => new::run(&args),
        Verb::Build(args) => build::run(&args),
        Verb::Inspect(args) => inspect::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Cases(args) => cases::run(&args),
        Verb::Harness(args) => harness::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::State(args) => state::run(&args),
        Verb::Topics(args) => topics::run(&args),
        Verb::Watch(args) => watch::run(&args),
        Verb::Deadletters(args) => deadletters::run(&args),
        Verb::Push(args) => control::push::run(&args),
        Verb::Policies(args) => control::policies::run(&args),
        Verb::Activate(args) => control::activate::run(&args),
        Verb::Shadow(verb) => control::shadow::run(&verb),
        Verb::Canary(verb) => control::canary::run(&verb),
        Verb::Promote(args) => control::promote::run(&args),
        Verb::Proposals(args) => control::eyes::proposals(&args),
        Verb::Approve(args) => control::eyes::approve(&args),
        Verb::Reject(args) => control::eyes::reject(&args),
        Verb::FourEyes(args) => control::eyes::four_eyes(&args),
        Verb::Token(args) => control::token::run(&args),
        Verb::Admin(args) => control::admin::run(&args),
        Verb::Rollback(args) => control::pointer::rollback(&args),
        Verb::Freeze(args) => control::pointer::freeze(&args),
        Verb::Status(args) => control::status::run(&args),
        Verb::History(args) => control::history::run(&args),
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
/// for a wrong command line; 3 where the input cannot be read, 4 where the output
/// cannot be written, 5 where the state cannot be used; 1 for everything else.
fn status(error: &anyhow::Error) -> u8 {
    use sandgate_state::{Failure, folder::FolderError, portable::PortableError};
    use sandgate_stream::{CommitError, SinkError, SourceError, lane};
    match error.downcast_ref() {
        Some(lane::Error::Source(_)) => 3,
        Some(lane::Error::Sink(_) | lane::Error::Commit(CommitError::Sink(_))) => 4,
        Some(lane::Error::Commit(CommitError::Journal(_))) => 5,
        None if error.is::<Failure>() || error.is::<FolderError>() || error.is::<PortableError>() => 5,
        None if error.is::<SourceError>() => 3,
        None if error.is::<SinkError>() => 4,
        None if error.is::<run::Unnamed>() || error.is::<topics::Wrong>() => 2,
        None if error.is::<config::kafka::Unready>() || error.is::<sandgate_server::Error>() => 2,
        None if error.is::<sandgate_server::admin::Error>() => 2,
        None if error.is::<sandgate_stream::kafka::HostError>() => fleet(error),
        None if error.is::<check::Problems>() || error.is::<sandgate_tags::Error>() => 2,
        None if error.is::<config::tags::NoPassword>() => 2,
        None => 1,
    }
}

/// The exit status of a host of a fleet.
fn fleet(error: &anyhow::Error) -> u8 {
    use sandgate_stream::kafka::HostError;
    match error.downcast_ref() {
        Some(HostError::Client(_) | HostError::Topics(_) | HostError::Crossing(_)) => 2,
        Some(HostError::Cluster(_) | HostError::Group(_)) => 3,
        Some(HostError::Unfinished(_)) => 4,
        Some(HostError::Folder(_)) => 5,
        _ => 1,
    }
}

fn red(text: &str) -> impl Display {
    let style = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    format!("{style}{text}{style:#}")
}

/// Tells something that is no reason to stop.
fn note(note: impl Display) {
    // one that nobody reads is no reason either
    let _ = writeln!(anstream::stderr(), "note: {note}");
}

/// Writes a line to standard output.
///
/// # Errors
/// Where nobody reads it any more.
fn say(out: &mut (impl Write + ?Sized), line: impl Display) -> anyhow::Result<()> {
    writeln!(out, "{line}").context("standard output cannot be written")
}
