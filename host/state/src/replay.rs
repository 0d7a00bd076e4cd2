//! What the durable side asks of whoever knows what an entry is: to the journal
//! entries are bytes, end to end, in the order of the lane.

/// Takes back what was stored, in the order in which it was committed.
///
/// With a snapshot: once [`front`](Restore::front), then
/// [`kept`](Restore::kept) for its entries. After that, or without one from the
/// beginning: [`entries`](Restore::entries) for each commit.
pub trait Restore {
    /// The front as it stood where the snapshot was taken: the clock and its
    /// ring, the counts.
    ///
    /// # Errors
    /// Where it is none.
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed>;

    /// Entries that were kept by the snapshot: they are behind the front, which
    /// they do not move. Returns how many they are.
    ///
    /// # Errors
    /// Where they are none.
    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed>;

    /// The entries of one commit, which move the front as they did when they
    /// were decided. Returns how many they are.
    ///
    /// # Errors
    /// Where they are none.
    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed>;
}

/// Says which entries still matter, seen from a front.
pub trait Sieve: Send {
    /// Appends to `kept` what must stay of some entries, whole or shortened, in
    /// their order. Returns how many entries that are.
    ///
    /// # Errors
    /// Where they are none.
    fn keep(&mut self, entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed>;
}

/// Bytes that passed their checksum and are no entries, or no front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Malformed {
    /// What is wrong with them: `holds an entry that is cut off`.
    pub what: String,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries restored.
    pub entries: u64,
    /// Bytes read of the files.
    pub bytes: u64,
    /// Bytes that there are.
    pub total: u64,
}
