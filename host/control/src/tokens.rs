//! Tokens: what a program shows to change or read something without the database.
//!
//! A token's text is `sandgate_ID_SECRET`, both in hexadecimal digits. The secret is
//! 256 bits of chance; of it only the sha-256 is kept. A slow hash is for what people
//! can remember: nobody guesses 256 bits, so a fast one gives nothing away, and each
//! request may afford it. The history commits to the hash by the hash of *that*:
//! whoever puts another hash into the table is found by [`crate::verify`], and the
//! history alone lets nobody in.
//!
//! Absent on purpose: what a role may do (that is the API's), chance and clocks
//! (both come in), and tokens that make tokens: whoever holds the database does.

use crate::chain::{Action, append};
use crate::session::{Bind, Row};
use crate::work::Work;
use crate::{Error, Registry, Who, bounds};
use sandgate_model::digest::Digest;
use serde_json::{Value, json};
use std::fmt;

/// What the text of every token begins with.
const PREFIX: &str = "sandgate_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
/// Bytes of chance that a token is made of.
pub const CHANCE: usize = ID_BYTES + SECRET_BYTES;
/// Most tenants that a token names.
const TENANTS_MAX: usize = 100;
/// Most tokens, with those that are over.
const TOKENS_MAX: i64 = 10_000;

/// What somebody may do; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Pushes policies and activates, or proposes where a tenant asks for four eyes.
    Author,
    /// Approves and rejects what others proposed.
    Approver,
    /// Rolls back, freezes, and says where four eyes are asked for.
    Operator,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What names it: 16 hexadecimal digits, no secret.
    pub id: String,
    /// Whose it is: the actor of what is done with it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// For which tenants; none for all.
    pub tenants: Option<Vec<String>>,
    /// When it was made, in milliseconds since 1970.
    pub made_at: i64,
    /// By whom.
    pub made_by: String,
    /// From when on it is refused; none for never.
    pub expires: Option<i64>,
    /// Since when it is refused.
    pub revoked: Option<i64>,
}

/// A token that shall be made.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Whose it is.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// For which tenants; none for all.
    pub tenants: Option<&'a [String]>,
    /// From when on it is refused.
    pub expires: Option<i64>,
}

/// The text of a token, which is shown once. It is never shown by `Debug`.
pub struct Secret(String);

/// What became of a text that should be a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// It is one.
    Known(Token),
    /// It was one until then, in milliseconds since 1970.
    Expired(i64),
    /// It was one until somebody revoked it.
    Revoked(i64),
    /// It is none, or one with another secret.
    Unknown,
}

/// A question for tokens.
macro_rules! tokens {
    ($rest:literal) => {
        concat!("SELECT id, name, role, tenants, made_at, made_by, expires, revoked, hash FROM sandgate_tokens ", $rest)
    };
}

impl Role {
    /// All of them, from the least to the most.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Author, Role::Approver, Role::Operator];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Author => "author",
            Role::Approver => "approver",
            Role::Operator => "operator",
        }
    }

    /// The role of this word.
    pub fn of_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl Secret {
    /// The text that a client sends.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Token {
    /// Whether it is for this tenant.
    pub fn covers(&self, tenant: &str) -> bool {
        self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(|own| own == tenant))
    }
}

impl Registry {
    /// Makes a token of this chance, which must be new and of a good source.
    ///
    /// # Errors
    /// Where something is unfit, or the registry does not take it.
    pub fn make_token(
        &self,
        wish: &Wish<'_>,
        chance: &[u8; CHANCE],
        who: &Who,
        at: i64,
    ) -> Result<(Token, Secret), Error> {
        who.check()?;
        bounds::line("the token's name", wish.name, bounds::NAME_MAX)?;
        let unfit = |what, problem: &str| Err(Error::Unfit { what, problem: problem.to_owned() });
        if let Some(tenants) = wish.tenants {
            bounds::size("the token's list of tenants (in names)", tenants.len(), TENANTS_MAX)?;
            tenants.iter().try_for_each(|tenant| bounds::line("the tenant's name", tenant, bounds::NAME_MAX))?;
            if tenants.is_empty() {
                return unfit("the token's list of tenants", "is empty: name one, or leave it out for all");
            }
        }
        if wish.expires.is_some_and(|expires| expires <= at) {
            return unfit("the token's end", "has passed already: name a later one");
        }
        let (id, secret) = chance.split_at(ID_BYTES);
        let (id, hash) = (hex(id), Digest::of(secret));
        let token = Token {
            id,
            name: wish.name.to_owned(),
            role: wish.role,
            tenants: wish.tenants.map(<[String]>::to_vec),
            made_at: at,
            made_by: who.actor.clone(),
            expires: wish.expires,
            revoked: None,
        };
        self.database.change(nothing, |work| {
            let row = work.row("SELECT count(*) FROM sandgate_tokens", &[])?;
            if row.map(|row| work.get::<i64>(&row, 0)).transpose()?.unwrap_or(0) >= TOKENS_MAX {
                let problem = "is at its end: nothing is ever deleted, use those there are".to_owned();
                return Err(Error::Unfit { what: "the number of tokens", problem });
            }
            append(work, who, at, "", Action::Token, &told(&token, &hash))?;
            insert(work, &token, &hash)
        })?;
        let text = format!("{PREFIX}{}_{}", token.id, hex(secret));
        Ok((token, Secret(text)))
    }

    /// Refuses a token from now on, also where it was refused already.
    ///
    /// # Errors
    /// Where there is no such token.
    pub fn revoke_token(&self, id: &str, who: &Who, at: i64) -> Result<Token, Error> {
        who.check()?;
        self.database.change(nothing, |work| {
            let found = token(work, id)?;
            let (token, _) = found.ok_or_else(|| Error::NoSuchToken { id: id.to_owned() })?;
            if token.revoked.is_some() {
                return Ok(token);
            }
            append(work, who, at, "", Action::Revoke, &json!({ "token": id, "revoked": at }))?;
            work.rows("UPDATE sandgate_tokens SET revoked = $1 WHERE id = $2", &[Bind::Int(at), Bind::Text(id)])?;
            Ok(Token { revoked: Some(at), ..token })
        })
    }

    /// All tokens, also those that are over, in the order in which they were made.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.database.read(|work| Ok(all(work)?.into_iter().map(|(token, _)| token).collect()))
    }

    /// Whose text this is, at this time. How long the answer takes does not depend on
    /// how much of a secret was right.
    ///
    /// # Errors
    /// Where the registry cannot be read.
    pub fn login(&self, text: &str, at: i64) -> Result<Login, Error> {
        let Some((id, hash)) = parsed(text) else { return Ok(Login::Unknown) };
        let found = self.database.read(|work| token(work, id))?;
        let Some((token, kept)) = found else { return Ok(Login::Unknown) };
        Ok(match (same(kept.bytes(), hash.bytes()), token.revoked, token.expires) {
            (false, ..) => Login::Unknown,
            (true, Some(revoked), _) => Login::Revoked(revoked),
            (true, None, Some(expires)) if expires <= at => Login::Expired(expires),
            (true, None, _) => Login::Known(token),
        })
    }
}

/// The id and the hash of the secret, where a text has the form of a token.
pub fn parsed(text: &str) -> Option<(&str, Digest)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let fits = id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES && is_hex(id) && is_hex(secret);
    // 64 hexadecimal digits are the bytes of a digest too
    let secret = Digest::parse(secret).filter(|_| fits)?;
    Some((id, Digest::of(secret.bytes())))
}

/// Whether they are equal, in a time that does not depend on where they differ.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nothing(_: &mut Work<'_>) -> Result<(), Error> {
    Ok(())
}

/// What the history says of a new token.
pub(crate) fn told(token: &Token, hash: &Digest) -> Value {
    json!({
        "token": token.id,
        "name": token.name,
        "role": token.role.word(),
        "tenants": token.tenants,
        "expires": token.expires,
        "check": Digest::of(hash.bytes()).to_string(),
    })
}

fn insert(work: &mut Work<'_>, token: &Token, hash: &Digest) -> Result<(), Error> {
    let tenants = token.tenants.as_ref().map(|tenants| json!(tenants).to_string());
    work.rows(
        "INSERT INTO sandgate_tokens (id, name, role, tenants, made_at, made_by, expires, revoked, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)",
        &[
            Bind::Text(&token.id),
            Bind::Text(&token.name),
            Bind::Text(token.role.word()),
            Bind::MaybeText(tenants.as_deref()),
            Bind::Int(token.made_at),
            Bind::Text(&token.made_by),
            Bind::MaybeInt(token.expires),
            Bind::Text(&hash.hex()),
        ],
    )
    .map(drop)
}

/// All tokens with the hashes of their secrets.
pub(crate) fn all(work: &mut Work<'_>) -> Result<Vec<(Token, Digest)>, Error> {
    let rows = work.rows(tokens!("ORDER BY made_at, id"), &[])?;
    rows.iter().map(|row| read(work, row)).collect()
}

fn token(work: &mut Work<'_>, id: &str) -> Result<Option<(Token, Digest)>, Error> {
    let row = work.row(tokens!("WHERE id = $1"), &[Bind::Text(id)])?;
    row.map(|row| read(work, &row)).transpose()
}

fn read(work: &Work<'_>, row: &Row) -> Result<(Token, Digest), Error> {
    let (id, role): (String, String) = (work.get(row, 0)?, work.get(row, 2)?);
    let tenants: Option<String> = work.get(row, 3)?;
    let damaged = || work.damaged(format!("token {id} has a role or tenants that make no sense"));
    let tenants = tenants.map(|tenants| serde_json::from_str(&tenants).map_err(|_| damaged())).transpose()?;
    let token = Token {
        name: work.get(row, 1)?,
        role: Role::of_word(&role).ok_or_else(damaged)?,
        tenants,
        made_at: work.get(row, 4)?,
        made_by: work.get(row, 5)?,
        expires: work.get(row, 6)?,
        revoked: work.get(row, 7)?,
        id,
    };
    Ok((token, work.digest(row, 8)?))
}

#[cfg(test)]
mod tests {
    use super::{Secret, parsed, same};
    use sandgate_model::digest::Digest;

    #[test]
    fn only_the_one_form_of_a_token_is_read() {
        let (id, secret) = ("0123456789abcdef", "ab".repeat(32));
        let text = format!("sandgate_{id}_{secret}");
        assert_eq!(parsed(&text), Some((id, Digest::of(&[0xab; 32]))));
        for wrong in [
            String::new(),
            format!("sandgate_{id}"),
            format!("sandgate_{id}_{}", &secret[1..]),
            format!("sandgate_{id}_{}", secret.to_uppercase()),
            format!("sandgate_{}_{secret}", &id[1..]),
            format!("Sandgate_{id}_{secret}"),
            format!("sandgate_{id}_{secret} "),
        ] {
            assert!(parsed(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn hashes_that_differ_anywhere_are_not_the_same() {
        assert!(same(&[7; 32], &[7; 32]));
        for at in 0..32 {
            let mut other = [7; 32];
            other[at] ^= 1;
            assert!(!same(&[7; 32], &other), "{at}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Secret("sandgate_1_2".to_owned())), "Secret(…)");
    }
}
