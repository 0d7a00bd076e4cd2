//! `sandgate demo`: the main job on generated data, step by step, with what an
//! operator would type. It needs no server.

mod table;

use anstyle::Style;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The command line of `sandgate demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate demo\n\n\
    Runs in a clone of the repository, after `sandgate build policies/*`; `make demo` does both.")]
pub(crate) struct Args {
    /// The folder with the host's configuration
    #[arg(long, value_name = "DIR", default_value = "examples/payments")]
    example: PathBuf,
    /// Where to write what the demo makes
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    to: PathBuf,
}

/// Shows the main job: every step is the command that an operator would type,
/// and that is what is run.
///
/// # Errors
/// Where a step fails.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.example.join("sandgate.toml");
    if !config.is_file() {
        bail!("there is no {}; run the demo at the root of the repository, or say --example DIR", config.display());
    }
    std::fs::create_dir_all(&args.to).with_context(|| format!("{} cannot be made", args.to.display()))?;
    let made = |name: &str| args.to.join(name).display().to_string();
    let (config, payments, tags, decisions) =
        (config.display().to_string(), made("payments.jsonl"), made("tags.csv"), made("decisions.jsonl"));
    let out = &mut anstream::stdout();

    heading(out, "Payments come in: accounts with habits, and some fraud among them")?;
    step(
        out,
        &[
            "generate",
            "--profile",
            "payments",
            "--count",
            "20000",
            "--seed",
            "7",
            "--to",
            &payments,
            "--tags",
            &tags,
            "--force",
        ],
    )?;
    step(out, &["tags", "--config", &config, "load", &tags])?;

    heading(out, "Policies judge them: rules first, then the risk of what the rules let through")?;
    let summary = step(out, &["run", "--config", &config, "--from", &payments, "--to", &decisions, "--force"])?;
    let file = File::open(&decisions).with_context(|| format!("{decisions} cannot be read"))?;
    table::show(out, BufReader::new(file))?;

    heading(out, "The run in numbers")?;
    write!(out, "{summary}").context("standard output cannot be written")?;

    heading(out, "Next")?;
    let tenant = args.example.join("tenants/payments.toml");
    crate::say(out, format_args!("  see one decision whole   head -n 1 {decisions}"))?;
    crate::say(out, format_args!("  turn a threshold         edit {}, then the `run` above", tenant.display()))?;
    crate::say(out, "  write your own policy    docs/writing-policies.md")
}

fn heading(out: &mut impl Write, text: &str) -> anyhow::Result<()> {
    let bold = Style::new().bold();
    crate::say(out, format_args!("\n{bold}{text}{bold:#}"))
}

/// Shows a command, runs it with this very program, and gives back what it
/// wrote to standard error.
fn step(out: &mut impl Write, arguments: &[&str]) -> anyhow::Result<String> {
    let dim = Style::new().dimmed();
    crate::say(out, format_args!("  {dim}$ sandgate {}{dim:#}", arguments.join(" ")))?;
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("this program cannot be started again")?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("that step failed:\n{errors}");
    }
    Ok(errors)
}
