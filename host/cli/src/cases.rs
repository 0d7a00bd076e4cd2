//! `sandgate cases from`: a decision of a run as a case, with exactly the inputs
//! and parameters that a policy was judged on there.

use anyhow::{Context as _, bail};
use sandgate_engine::resolve::mend;
use sandgate_trial::case::{Draft, DraftStep};
use serde_json::{Value as Json, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The command line of `sandgate cases`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Turn a decision of a run into a case of one of its policies
    From(FromArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate cases from decisions.jsonl --policy velocity --position 4711 \
    --to policies/velocity/cases/mr_smith.toml\n\n\
    The parameters are read from the file of generations that a run writes beside its decisions.")]
struct FromArgs {
    /// The decisions of a run
    decisions: PathBuf,
    /// The policy, by its name in the tenant's set
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// The decision, by the position of its record: OFFSET, SOURCE:OFFSET or SOURCE:PARTITION:OFFSET
    #[arg(long, value_name = "POSITION")]
    position: Position,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// The position of a record, as far as it was named.
#[derive(Clone, Debug)]
struct Position {
    source: Option<String>,
    partition: Option<u64>,
    offset: u64,
}

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Position, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no whole number"));
        let parts: Vec<&str> = text.rsplitn(3, ':').collect();
        Ok(match parts.as_slice() {
            [offset] => Position { source: None, partition: None, offset: number(offset)? },
            [offset, source] => {
                Position { source: Some((*source).to_owned()), partition: None, offset: number(offset)? }
            }
            [offset, partition, source] => Position {
                source: Some((*source).to_owned()),
                partition: Some(number(partition)?),
                offset: number(offset)?,
            },
            _ => return Err("write OFFSET, SOURCE:OFFSET or SOURCE:PARTITION:OFFSET".to_owned()),
        })
    }
}

impl Position {
    fn is(&self, position: &Json) -> bool {
        position["offset"].as_u64() == Some(self.offset)
            && self.source.as_ref().is_none_or(|source| position["source"].as_str() == Some(source))
            && self.partition.is_none_or(|partition| position["partition"].as_u64() == Some(partition))
    }
}

/// Turns a decision into a case.
///
/// # Errors
/// Where the decision is not there, or the policy was not judged on it.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Verb::From(args) = &args.verb;
    let decision = decision(args)?;
    let draft = draft(&decision, args)?;
    match &args.to {
        None => crate::say(&mut anstream::stdout(), draft.text().trim_end()),
        Some(to) => {
            let mut file = File::create_new(to).with_context(|| format!("{} cannot be written", to.display()))?;
            std::io::Write::write_all(&mut file, draft.text().as_bytes())
                .with_context(|| format!("{} cannot be written", to.display()))
        }
    }
}

/// The one decision at the position.
fn decision(args: &FromArgs) -> anyhow::Result<Json> {
    let path = args.decisions.display();
    let mut found: Vec<Json> = Vec::new();
    // most lines are passed over without being read as JSON
    let needle = args.position.offset.to_string();
    for line in lines(&args.decisions)? {
        let line = line.with_context(|| format!("{path} cannot be read"))?;
        if !line.contains(&needle) {
            continue;
        }
        let json: Json =
            serde_json::from_str(&line).with_context(|| format!("{path} holds a line that is no decision"))?;
        found.extend(args.position.is(&json["position"]).then_some(json));
    }
    match found.len() {
        0 => bail!(
            "{path} has no decision at that position; each one tells its own under `position`, where the offset of a \
             file's record is that of its first byte"
        ),
        1 => Ok(found.remove(0)),
        _ => {
            let place = |json: &Json| {
                let position = &json["position"];
                format!(
                    "{}:{}:{}",
                    position["source"].as_str().unwrap_or("?"),
                    position["partition"],
                    position["offset"]
                )
            };
            let all: Vec<String> = found.iter().map(place).collect();
            bail!("{path} has several decisions there; name one of {}", all.join(", "))
        }
    }
}

fn draft(decision: &Json, args: &FromArgs) -> anyhow::Result<Draft> {
    let none = Vec::new();
    let policies = decision["policies"].as_array().unwrap_or(&none);
    let place = &args.position.offset;
    if !decision["repeat_of"].is_null() {
        let first = &decision["repeat_of"];
        bail!(
            "the decision at {place} is a repeat, which no policy judged; the first one is at offset {}",
            first["offset"]
        );
    }
    let names = || policies.iter().filter_map(|policy| policy["name"].as_str());
    let Some(policy) = policies.iter().find(|policy| policy["name"] == args.policy.as_str()) else {
        bail!("no policy `{}` was there at {place}; {}", args.policy, mend(&args.policy, names()));
    };
    if policy["ran"] != true {
        bail!(
            "policy `{}` did not run at {place}: a stage before it had ended the decision, or its fallback answered in its place",
            args.policy
        );
    }
    let mut draft = Draft { at: decision["time"].as_str().map(str::to_owned), ..Draft::default() };
    let mut step = DraftStep::default();
    for (name, value) in policy["inputs"].as_object().into_iter().flatten() {
        match value {
            Json::Null => step.absent.push(name.clone()),
            Json::Object(fault) => bail!(
                "policy `{}` was not judged at {place}: input `{name}` {}",
                args.policy,
                fault.get("fault").and_then(Json::as_str).unwrap_or("could not be used")
            ),
            value => step.inputs.push((name.clone(), value.clone())),
        }
    }
    settings(decision, policy, args, &mut draft)?;
    let mine = |list: &str| {
        let all = decision[list].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|one| one["policy"] == args.policy.as_str()).collect::<Vec<_>>()
    };
    match mine("faults").first() {
        Some(fault) => step.expect.push(("fault".to_owned(), fault["fault"].clone())),
        None => {
            let codes: Json = mine("reasons").iter().map(|reason| reason["code"].clone()).collect();
            step.expect.push(("reasons".to_owned(), codes));
            step.expect.extend(mine("scores").first().map(|score| ("score".to_owned(), score["value"].clone())));
        }
    }
    draft.steps.push(step);
    let text = |json: &Json| json.as_str().unwrap_or("?").to_owned();
    let position = &decision["position"];
    draft.about = Some(format!("what was decided about {}", text(&decision["transaction"])));
    draft.comment = vec![
        format!(
            "From the decision at {}:{}:{}, whose outcome was {}.",
            text(&position["source"]),
            position["partition"],
            position["offset"],
            text(&decision["outcome"])
        ),
        format!("Judged by {} {}, {}.", args.policy, text(&policy["version"]), text(&policy["digest"])),
    ];
    Ok(draft)
}

/// What the tenant had set when the decision was made.
fn settings(decision: &Json, policy: &Json, args: &FromArgs, draft: &mut Draft) -> anyhow::Result<()> {
    let mut path = args.decisions.clone().into_os_string();
    path.push(".generations");
    let path = PathBuf::from(path);
    for line in lines(&path).context("the parameters stand in the file of generations beside the decisions")? {
        let line = line.with_context(|| format!("{} cannot be read", path.display()))?;
        let generation: Json = serde_json::from_str(&line)
            .with_context(|| format!("{} holds a line that is no generation", path.display()))?;
        if generation["set"] != decision["set"] {
            continue;
        }
        let none = Vec::new();
        let stages = generation["document"]["stages"].as_array().unwrap_or(&none);
        let seats = stages.iter().filter_map(|stage| stage["policies"].as_array()).flatten();
        let Some(seat) = seats.into_iter().find(|seat| seat["name"] == policy["name"]) else { continue };
        let members = |name: &str| {
            let members = seat[name].as_object().cloned().unwrap_or_default();
            members.into_iter().filter(|(_, value)| !value.is_null()).collect::<Vec<_>>()
        };
        draft.parameters = members("parameters");
        draft.thresholds = members("thresholds");
        draft.fuel = seat["fuel"].as_u64();
        return Ok(());
    }
    bail!("{} does not have the set {} of the decision", path.display(), json!(decision["set"]))
}

fn lines(path: &Path) -> anyhow::Result<std::io::Lines<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(BufReader::new(file).lines())
}
