//! `sandgate token`: who may come in through the admin API. These verbs speak to the
//! database, for the first token has to come from whoever holds that.

use super::{By, Which};
use crate::follow;
use anyhow::Context as _;
use sandgate_control::tokens::CHANCE;
use sandgate_control::{Role, Token, Wish};
use sandgate_model::Instant;
use sandgate_model::quantity::parse_duration;
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::Duration;

/// The command line of `sandgate token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make a token, and print it: this once
    Create(Create),
    /// List the tokens, without their secrets
    List(List),
    /// Refuse a token from now on
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    sandgate token create --config sandgate.toml ada --role author --tenant payments > ada.token\n\n\
    The name is the actor in the history; give each person one name, for the approver must be another than the author.")]
struct Create {
    #[command(flatten)]
    which: Which,
    /// Whose it is
    name: String,
    /// What it may do, each also what those before it may: viewer, author, approver, operator
    #[arg(long, value_parser = role)]
    role: Role,
    /// Only for this tenant; may be given several times [default: all tenants]
    #[arg(long, value_name = "NAME")]
    tenant: Vec<String>,
    /// How long it is good, or `ever`
    #[arg(long = "for", value_name = "TIME", default_value = "90d", value_parser = length)]
    length: Length,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    which: Which,
    /// The token's id
    id: String,
    #[command(flatten)]
    by: By,
}

/// How long a token is good.
#[derive(Clone, Copy, Debug)]
struct Length(Option<Duration>);

fn role(word: &str) -> Result<Role, String> {
    Role::of_word(word).ok_or_else(|| "there are viewer, author, approver and operator".to_owned())
}

fn length(text: &str) -> Result<Length, String> {
    match text {
        "ever" => Ok(Length(None)),
        text => parse_duration(text).map(|length| Length(Some(length))).map_err(|error| error.to_string()),
    }
}

/// Makes, lists or revokes.
///
/// # Errors
/// Where the registry does not take it.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.verb {
        Verb::Create(args) => create(args),
        Verb::List(List { which }) => {
            let tokens = which.registry()?.tokens()?;
            if tokens.is_empty() && !which.json {
                return which.say("there is no token yet; `sandgate token create` makes one", &json!(null));
            }
            tokens.iter().try_for_each(|token| which.say(&text(token), &value(token)))
        }
        Verb::Revoke(Revoke { which, id, by }) => {
            let token = which.registry()?.revoke_token(id, &by.who(), follow::now())?;
            which.say(&format!("revoked: {id} of {}", token.name), &value(&token))
        }
    }
}

fn create(args: &Create) -> anyhow::Result<()> {
    let Create { which, name, role, tenant, length, by } = args;
    let now = follow::now();
    let lasts = length.0.map(|length| i64::try_from(length.as_millis()).unwrap_or(i64::MAX));
    let wish = Wish {
        name,
        role: *role,
        tenants: (!tenant.is_empty()).then_some(tenant),
        expires: lasts.map(|lasts| now.saturating_add(lasts)),
    };
    let (token, secret) = which.registry()?.make_token(&wish, &chance()?, &by.who(), now)?;
    // what is piped on is the token alone
    crate::run::note(format!("{}; it is shown this once", text(&token)));
    let mut shown = value(&token);
    shown["token"] = json!(secret.text());
    which.say(secret.text(), &shown)
}

/// Chance of the system's own source.
fn chance() -> anyhow::Result<[u8; CHANCE]> {
    let mut chance = [0; CHANCE];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut chance));
    read.context("/dev/urandom, of which the secret is made, cannot be read")?;
    Ok(chance)
}

fn text(token: &Token) -> String {
    let tenants = token.tenants.as_ref().map_or_else(|| "all tenants".to_owned(), |tenants| tenants.join(", "));
    let at = |at: i64| Instant::from_millis(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    let ends = match (token.revoked, token.expires) {
        (Some(revoked), _) => format!("revoked {}", at(revoked)),
        (None, Some(expires)) => format!("until {}", at(expires)),
        (None, None) => "for ever".to_owned(),
    };
    format!("{}  {:<9} {}, for {tenants}, {ends}, by {}", token.id, token.role.word(), token.name, token.made_by)
}

fn value(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "role": token.role.word(), "tenants": token.tenants,
        "made_at": token.made_at, "made_by": token.made_by, "expires": token.expires, "revoked": token.revoked,
    })
}
