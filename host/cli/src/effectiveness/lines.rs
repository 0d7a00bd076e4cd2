//! The lines of a file with their places, one at a time.

use anyhow::{Context as _, bail};
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A line longer than this is none of ours.
const LONGEST: u64 = 16 << 20;
/// The mark of the byte order in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file being read.
pub(super) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    /// How many bytes of the line are a mark of the byte order.
    mark: usize,
    /// How many lines were read, the current one among them.
    number: u64,
    /// Where the next line begins.
    next: u64,
}

impl Lines {
    /// Opens a file; one whose name ends in `.gz` is read as gzip. The bar moves
    /// with what is read of it.
    pub(super) fn open(path: &Path, bar: &ProgressBar) -> anyhow::Result<Lines> {
        let open = || -> std::io::Result<File> {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(std::io::ErrorKind::IsADirectory.into());
            }
            if metadata.is_file() {
                bar.set_length(metadata.len());
            }
            Ok(file)
        };
        let file = open().with_context(|| format!("cannot open {}", path.display()))?;
        let file = bar.wrap_read(file);
        let gzip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        const BUFFER: usize = 256 << 10;
        let reader: Box<dyn BufRead> = if gzip {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))))
        } else {
            Box::new(BufReader::with_capacity(BUFFER, file))
        };
        Ok(Lines { path: path.to_owned(), reader, line: Vec::new(), mark: 0, number: 0, next: 0 })
    }

    /// Goes to the next line that is not blank and answers with the offset of its
    /// first byte, uncompressed, as a position tells it; `None` at the end.
    ///
    /// # Errors
    /// Where the file cannot be read, or has a line that no record has.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<u64>> {
        loop {
            self.line.clear();
            let offset = self.next;
            let read = (&mut self.reader).take(LONGEST + 1).read_until(b'\n', &mut self.line);
            let read = read.with_context(|| format!("cannot read {} beyond byte {offset}", self.path.display()))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.line.len() as u64 > LONGEST {
                bail!("{} is longer than {} MiB: these are no JSON lines", self.place(), LONGEST >> 20);
            }
            self.next += read as u64;
            // a mark of the byte order is no part of the first record
            self.mark = if offset == 0 && self.line.starts_with(MARK) { MARK.len() } else { 0 };
            if !self.bytes().is_empty() {
                return Ok(Some(offset + self.mark as u64));
            }
        }
    }

    /// The line that was read last, without the spaces at its ends.
    pub(super) fn bytes(&self) -> &[u8] {
        self.line.get(self.mark..).unwrap_or_default().trim_ascii()
    }

    /// File and line, for a message about the line that was read last.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.number)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use indicatif::ProgressBar;
    use std::io::Write as _;

    fn lines(name: &str, content: &[u8]) -> Vec<(u64, String)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let mut lines = Lines::open(&path, &ProgressBar::hidden()).unwrap();
        let mut found = Vec::new();
        while let Some(offset) = lines.next().unwrap() {
            found.push((offset, String::from_utf8(lines.bytes().to_vec()).unwrap()));
        }
        found
    }

    #[test]
    fn offsets_are_those_of_positions() {
        let line = |offset, line: &str| (offset, line.to_owned());
        let table = [
            (&b""[..], vec![]),
            (b"a\nbc\n", vec![line(0, "a"), line(2, "bc")]),
            (b"a\r\n\r\n  \nbc", vec![line(0, "a"), line(8, "bc")]),
            (b"\xef\xbb\xbfa\nb\n", vec![line(3, "a"), line(5, "b")]),
            (b"\xef\xbb\xbf\n{}", vec![line(4, "{}")]),
        ];
        for (content, expected) in table {
            assert_eq!(lines("records.jsonl", content), expected, "{content:?}");
        }
    }

    #[test]
    fn offsets_of_gzip_are_those_of_its_content() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"first\nsecond\n").unwrap();
        let found = lines("records.jsonl.gz", &packed.finish().unwrap());
        assert_eq!(found, [(0, "first".to_owned()), (6, "second".to_owned())]);
    }

    #[test]
    fn what_has_no_end_of_line_is_not_kept_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        std::fs::write(&path, vec![b'x'; (16 << 20) + 2]).unwrap();
        let told = Lines::open(&path, &ProgressBar::hidden()).unwrap().next().err().unwrap().to_string();
        assert!(told.contains("long:1 is longer than 16 MiB"), "{told}");
    }
}
