//! Why the registry did not do something.

use sandgate_model::digest::Digest;
use std::time::Duration;

/// What stands in the way, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or used now; it may be tried again.
    #[error(
        "the registry {place} cannot be used: {said}; check that it runs, and can be reached and written from here"
    )]
    Unreachable {
        /// The database, without a password.
        place: String,
        /// What stood in the way.
        said: String,
    },
    /// The answer took longer than is allowed. A change may have been made all the same.
    #[error("the registry {place} did not answer within {} ms: look with `sandgate status` before you try again", limit.as_millis())]
    Late {
        /// The database, without a password.
        place: String,
        /// How long was waited.
        limit: Duration,
    },
    /// The database answered that this user may not come in, or not do that.
    #[error(
        "the registry {place} refuses us: {said}; check user, password and rights in its URL and on the server, or those of its file and folder"
    )]
    Refused {
        /// The database, without a password.
        place: String,
        /// What it said.
        said: String,
    },
    /// The file is something else.
    #[error(
        "{place} is not a registry ({detail}): let `sql` under [control] name another file, the first change creates it"
    )]
    Foreign {
        /// The database.
        place: String,
        /// What it is instead, as far as is known.
        detail: String,
    },
    /// The registry has the format of a later version.
    #[error("the registry {place} has format {format}, this version knows formats up to {known}: use a newer sandgate")]
    Newer {
        /// The database.
        place: String,
        /// Its format.
        format: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// What is stored makes no sense.
    #[error(
        "the registry {place} is damaged: {what}; `sandgate history --verify` tells where it was changed, restore a copy from before"
    )]
    Damaged {
        /// The database.
        place: String,
        /// What does not fit.
        what: String,
    },
    /// The bytes of something that was pushed are not what its digest says.
    #[error(
        "the registry {place} is damaged: the bytes of {digest} are others than were pushed; push it again, which mends it"
    )]
    DamagedBlob {
        /// The database.
        place: String,
        /// What they should be.
        digest: Digest,
    },
    /// Somebody changed the tenant since it was looked at.
    #[error(
        "tenant {tenant:?} was changed meanwhile by {by}: you saw revision {expected}, now it is {now}; look again, then decide"
    )]
    Conflict {
        /// The tenant.
        tenant: String,
        /// The revision that the change was meant for.
        expected: u64,
        /// The revision there is now: the number of an entry of the history.
        now: u64,
        /// Who made the last change.
        by: String,
    },
    /// The tenant is frozen.
    #[error(
        "tenant {tenant:?} is frozen by {by}{}: `sandgate freeze {tenant} --lift` allows changes again",
        because(why)
    )]
    Frozen {
        /// The tenant.
        tenant: String,
        /// Who froze it.
        by: String,
        /// Why; may be empty.
        why: String,
    },
    /// There is no such tenant.
    #[error(
        "the registry knows no tenant {tenant:?}: the first activation makes it, `sandgate status` lists those there are"
    )]
    NoSuchTenant {
        /// The tenant.
        tenant: String,
    },
    /// The tenant has no such generation.
    #[error("tenant {tenant:?} has no generation {number}: its generations are 1 to {last}")]
    NoSuchGeneration {
        /// The tenant.
        tenant: String,
        /// The number that was asked for.
        number: u64,
        /// The newest.
        last: u64,
    },
    /// The tenant never had another generation.
    #[error("tenant {tenant:?} has had no other generation than {active}: there is nothing to go back to")]
    NothingBefore {
        /// The tenant.
        tenant: String,
        /// The active one.
        active: u64,
    },
    /// There is no such candidate of the tenant.
    #[error("tenant {tenant:?} has no such {what} on trial: `sandgate status` tells what there is")]
    NotOnTrial {
        /// The tenant.
        tenant: String,
        /// A canary, or a shadow.
        what: &'static str,
    },
    /// The tenant asks for four eyes.
    #[error("tenant {tenant:?} asks for four eyes: `sandgate activate` proposes the change, somebody else approves it")]
    FourEyes {
        /// The tenant.
        tenant: String,
    },
    /// There is no such proposal.
    #[error("tenant {tenant:?} has no proposal {number}: `sandgate proposals {tenant}` lists those there are")]
    NoSuchProposal {
        /// The tenant.
        tenant: String,
        /// The number that was asked for.
        number: u64,
    },
    /// A proposal does not wait any more.
    #[error("proposal {number} of tenant {tenant:?} is {stands}: propose it anew if it shall be active")]
    NotOpen {
        /// The tenant.
        tenant: String,
        /// The proposal.
        number: u64,
        /// How it stands.
        stands: &'static str,
    },
    /// Who proposed it wants to approve it.
    #[error("proposal {number} of tenant {tenant:?} is of {by}'s own hand: somebody else has to approve it")]
    SameHand {
        /// The tenant.
        tenant: String,
        /// The proposal.
        number: u64,
        /// Who wants to approve it.
        by: String,
    },
    /// A policy is there with other cases, another page or another description, and who
    /// pushes it may not change those.
    #[error(
        "{digest} is there already with other cases or another page, which all tenants share: let somebody push it whose token is for all tenants"
    )]
    Taken {
        /// The policy.
        digest: Digest,
    },
    /// There is no such token.
    #[error("there is no token {id:?}: `sandgate token list` lists those there are")]
    NoSuchToken {
        /// What was given as the id of a token.
        id: String,
    },
    /// A digest written short stands for several policies.
    #[error("{prefix:?} is the beginning of several digests: {}; write more of it", list(digests))]
    Ambiguous {
        /// What was written.
        prefix: String,
        /// Some policies that it stands for.
        digests: Vec<Digest>,
    },
    /// Something that was given is not allowed.
    #[error("{what} {problem}")]
    Unfit {
        /// What it is.
        what: &'static str,
        /// What is wrong, and the mend.
        problem: String,
    },
}

impl Error {
    /// Whether it will be the same the next time, until somebody does something.
    pub fn lasts(&self) -> bool {
        !matches!(self, Error::Unreachable { .. } | Error::Late { .. })
    }
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}

fn list(digests: &[Digest]) -> String {
    digests.iter().map(Digest::to_string).collect::<Vec<_>>().join(", ")
}
