//! Where a record stands in its source.

use std::sync::Arc;

/// The place of a record: enough to find it again, and to go on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The name of the source, as the configuration gives it.
    pub source: Arc<str>,
    /// The partition; 0 of a file.
    pub partition: u32,
    /// The offset; of a file that of the record's first byte, uncompressed.
    pub offset: u64,
}
