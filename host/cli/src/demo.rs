//! `sandgate demo`: a fund's opening day on generated data, step by step, with
//! what an operator would type. It needs no server.

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
    /// The folder with the configuration of the fund's host
    #[arg(long, value_name = "DIR", default_value = "examples/fund-subscriptions")]
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
    let (config, records, decisions) =
        (config.display().to_string(), made("subscriptions.jsonl"), made("decisions.jsonl"));
    let out = &mut anstream::stdout();

    heading(out, "A fund opens: 100,000 subscribers in ten minutes, and scripts among them")?;
    let generate = "generate --profile subscriptions --burst 100000 --seed 7 --force --to";
    step(out, generate.split(' ').chain([records.as_str()]))?;

    heading(out, "Policies judge them: rules first, then a model of what the rules let through")?;
    let summary = step(out, ["run", "--config", &config, "--from", &records, "--to", &decisions, "--force"])?.errors;
    let file = File::open(&decisions).with_context(|| format!("{decisions} cannot be read"))?;
    table::show(out, BufReader::with_capacity(256 << 10, file))?;

    heading(out, "The run in numbers")?;
    write!(out, "{summary}").context("standard output cannot be written")?;

    heading(out, "What it was worth: the labels, which no policy saw, tell the scripts from the others")?;
    let told = step(out, ["effectiveness", &decisions, "--labels", &records])?.output;
    write!(out, "{told}").context("standard output cannot be written")?;

    heading(out, "Next")?;
    let tenant = args.example.join("tenants/fund.toml");
    let readme = args.example.join("README.md");
    crate::say(out, format_args!("  doubt a number           grep -m 1 BURST {decisions}    # its inputs are in it"))?;
    crate::say(
        out,
        format_args!("  turn a threshold         edit {}, then `run` and `effectiveness`", tenant.display()),
    )?;
    crate::say(out, format_args!("  read what happened       {}", readme.display()))?;
    crate::say(out, "  write your own policy    docs/writing-policies.md")
}

fn heading(out: &mut impl Write, text: &str) -> anyhow::Result<()> {
    let bold = Style::new().bold();
    crate::say(out, format_args!("\n{bold}{text}{bold:#}"))
}

/// What a step wrote.
struct Written {
    output: String,
    errors: String,
}

/// Shows a command, and runs it with this very program.
fn step<'a>(out: &mut impl Write, arguments: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Written> {
    let arguments: Vec<&str> = arguments.into_iter().collect();
    let dim = Style::new().dimmed();
    crate::say(out, format_args!("  {dim}$ sandgate {}{dim:#}", arguments.join(" ")))?;
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let done = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("this program cannot be started again")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let written = Written { output: text(&done.stdout), errors: text(&done.stderr) };
    if !done.status.success() {
        bail!("that step failed:\n{}", written.errors);
    }
    Ok(written)
}
