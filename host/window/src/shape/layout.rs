//! Where the columns of a table lie.

/// A column of a table, in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Column {
    /// How many words of a row come before it.
    pub(crate) start: usize,
    /// How many words of a row it has.
    pub(crate) width: usize,
}

impl Column {
    /// When an event was; in a summary, when its first event was.
    pub(crate) const TIME: Column = Column { start: 0, width: 1 };
    /// The classes of an event.
    pub(crate) const CLASSES: Column = Column { start: 1, width: 1 };
    /// In a summary: how many events it stands for.
    pub(crate) const TOTAL: Column = Column { start: 1, width: 1 };
}

/// The columns of a table, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    columns: Vec<Column>,
    width: usize,
}

impl Layout {
    /// The layout whose columns have these widths, in words.
    pub(crate) fn new(widths: impl IntoIterator<Item = usize>) -> Layout {
        let mut start = 0;
        let columns = widths.into_iter().map(|width| {
            start += width;
            Column { start: start - width, width }
        });
        Layout { columns: columns.collect(), width: start }
    }

    /// The columns in order.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many words a row has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }
}
