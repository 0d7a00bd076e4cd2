//! A record on its way in, and what it became.

/// A record as it came.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its source, by its place in the configuration.
    pub source: usize,
    /// Its offset in the source; of a file that of its first byte, uncompressed.
    pub offset: u64,
    /// The key that it came with, where its source has keys.
    pub key: Option<&'a [u8]>,
    /// Its bytes, without the end of its line; of a record over the size of its
    /// source only as many as that and a few more, which is how it is known.
    pub bytes: &'a [u8],
    /// How many bytes it had.
    pub size: u64,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// A decision.
    Decision {
        /// How many bytes the account of it has, in [`accounts`](crate::judged::Judged::accounts).
        account: u32,
    },
    /// A dead letter.
    DeadLetter,
    /// Nothing that leaves: it was observed.
    Nothing,
}
