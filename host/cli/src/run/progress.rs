//! How far a run has come, on a terminal and nowhere else.

use indicatif::{ProgressBar, ProgressStyle};
use sandgate_stream::Progress;
use std::path::{Path, PathBuf};

/// A line that is drawn anew; on standard error, and only where that is a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Where the end is known.
    const TOWARDS: &str = "{prefix} {wide_bar} {percent}% {msg}, {eta} left";
    /// Where nobody knows the end: standard input, a pipe.
    const ENDLESS: &str = "{prefix} {spinner} {bytes} {msg}, {elapsed}";

    /// A bar for what is read from there, before anything is read.
    pub(crate) fn new(from: &[PathBuf]) -> Bar {
        let name = |from: &PathBuf| match from == Path::new("-") {
            true => "standard input".to_owned(),
            false => from.display().to_string(),
        };
        let name = from.iter().map(name).collect::<Vec<_>>().join(", ");
        Bar(ProgressBar::no_length().with_style(style(Bar::ENDLESS)).with_prefix(name))
    }

    /// Tells something above the line.
    pub(crate) fn note(&self, what: &str) {
        self.0.suspend(|| crate::note(what));
    }

    /// Draws how much of the state is there again.
    pub(super) fn restore(&self, progress: sandgate_state::replay::Progress) {
        if self.0.length() != Some(progress.total) {
            self.0.set_style(style(Bar::TOWARDS));
            self.0.set_length(progress.total);
        }
        self.0.set_position(progress.bytes);
        self.0.set_message(format!("of the state, {} events", progress.entries));
    }

    /// Draws, now and then.
    pub(crate) fn show(&self, progress: Progress) {
        if let Some(total) = progress.total.filter(|total| self.0.length() != Some(*total)) {
            self.0.set_style(style(Bar::TOWARDS));
            self.0.set_length(total);
        }
        self.0.set_position(progress.read);
        self.0.set_message(format!("{} records", progress.records));
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// The style that a template describes; the library's own if it does not hold.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::Bar;
    use indicatif::{ProgressDrawTarget, TermLike};
    use sandgate_stream::Progress;
    use std::io::Result;
    use std::sync::{Arc, Mutex};

    /// Keeps all that is drawn.
    #[derive(Clone, Debug, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> Result<()> {
            Ok(())
        }
        fn flush(&self) -> Result<()> {
            Ok(())
        }
    }

    fn drawn(from: &str, total: Option<u64>) -> String {
        let terminal = Terminal::default();
        let bar = Bar::new(&[from.into()]);
        bar.0.set_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        bar.show(Progress { read: 2_048, total, records: 17 });
        bar.0.tick();
        terminal.0.lock().unwrap().clone()
    }

    #[test]
    fn an_end_that_nobody_knows_is_not_promised() {
        let endless = drawn("-", None);
        assert!(endless.contains("standard input") && endless.contains("17 records"), "{endless}");
        assert!(!endless.contains('%') && !endless.contains("left"), "{endless}");
        let towards = drawn("in.jsonl", Some(4_096));
        assert!(towards.contains("in.jsonl") && towards.contains("50% 17 records"), "{towards}");
    }
}
