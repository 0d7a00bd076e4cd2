//! What a lane is: its inputs, its output, and what must stay equal while it is
//! continued.

/// The pair (inputs, output), and the configuration that its state depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The inputs, in the order of the lane's sources.
    pub inputs: Vec<Input>,
    /// The output's path, absolute.
    pub output: String,
    /// What must be equal to continue, in a fixed order.
    pub configuration: Vec<Setting>,
}

/// One input of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The source's name.
    pub source: String,
    /// The file's path, absolute.
    pub path: String,
}

/// One thing of the configuration that must stay equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What it is, as a message says it: `the policies of tenant payments`.
    pub name: String,
    /// Its value, or the digest of it.
    pub value: String,
}

/// How a stored identity differs from the one that is to be continued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The inputs belong to another output.
    #[error(
        "the input was decided into {known} so far, not into {given}: name that output again, use another [state] \
         path, or say --force to begin anew"
    )]
    Output {
        /// The output known.
        known: String,
        /// The output asked for.
        given: String,
    },
    /// An input is another file.
    #[error(
        "the source {source_name} was read from {known} so far, not from {given}: name that file again, or another \
         output, or say --force to begin anew"
    )]
    Input {
        /// The source.
        source_name: String,
        /// The file known.
        known: String,
        /// The file asked for.
        given: String,
    },
    /// There is an input that was not there when the lane began.
    #[error(
        "the source {source_name} ({path}) is new, and its records would have to stand between those already decided: \
         name another output, or say --force to begin anew"
    )]
    More {
        /// The source.
        source_name: String,
        /// Its file.
        path: String,
    },
    /// An input is gone.
    #[error(
        "the source {source_name} ({path}) is missing, and this lane was begun with it: name it again, name another \
         output, or say --force to begin anew"
    )]
    Fewer {
        /// The source.
        source_name: String,
        /// Its file.
        path: String,
    },
    /// The configuration changed.
    #[error(
        "{} changed since this lane was begun, and its decisions so far came from the former: go back to that, \
         name another output, or say --force to begin anew",
        what.join(", ")
    )]
    Configuration {
        /// The names of what changed.
        what: Vec<String>,
    },
}
