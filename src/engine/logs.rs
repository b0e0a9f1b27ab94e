//! What steps printed: in the run's folder, or kept with the record that was reused.
//!
//! A log can be larger than memory: whoever shows one reads it in pieces.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::Arc,
};

use super::{Engine, EngineError, SavedRun};
use crate::{
    base::Digest,
    cache::Blobs,
    diag::{Diagnostic, code},
    event::Outcome,
    journal::short_run,
    report::RunView,
    sys::{FileKind, HeldFile, ReadFile},
};

/// What a step printed, open to be read.
pub struct Log {
    file: Box<dyn ReadFile>,
}

/// The last lines of a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Tail {
    /// The lines.
    pub lines: Vec<String>,
    /// Bytes of the whole log.
    pub size_bytes: u64,
    /// Something stands before the lines.
    pub is_cut: bool,
}

/// Bytes at the end of a log in which its last lines are looked for.
const TAIL_BYTES: u64 = 64 << 10;
/// Bytes of a line that are read; the rest is passed over.
const LINE_BYTES: u64 = 4 << 10;

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Log {
    /// Takes what was opened if it is a file: a folder can be opened too, and not be read.
    fn of(opened: io::Result<Box<dyn ReadFile>>) -> Option<Self> {
        let file = opened.ok()?;
        file.stat().is_ok_and(|stat| stat.kind == FileKind::File).then(|| Self { file })
    }

    fn empty() -> Self {
        Self { file: Box::new(HeldFile::default()) }
    }

    /// Returns the last lines, at most so many; reads only the end of the log.
    ///
    /// # Errors
    /// As `read`.
    pub fn tail(mut self, count: usize) -> io::Result<Tail> {
        let size_bytes = self.file.stat()?.size;
        let start = size_bytes.saturating_sub(TAIL_BYTES);
        self.file.go_to(start)?;
        let mut end = Vec::new();
        self.file.take(TAIL_BYTES).read_to_end(&mut end)?;
        let text = String::from_utf8_lossy(&end);
        let lines: Vec<&str> = text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(count)..];
        let is_cut = start > 0 || shown.len() < lines.len();
        Ok(Tail { lines: shown.iter().map(|&line| line.to_owned()).collect(), size_bytes, is_cut })
    }

    /// Reads line by line, of each line its start, up to an error.
    pub fn lines(self) -> impl Iterator<Item = String> {
        let mut reader = BufReader::new(self.file);
        std::iter::from_fn(move || {
            let mut line = Vec::new();
            let read = reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).ok()?;
            if read == 0 {
                return None;
            }
            if line.pop_if(|last| *last == b'\n').is_none() {
                reader.skip_until(b'\n').ok()?;
            }
            Some(String::from_utf8_lossy(&line).into_owned())
        })
    }
}

impl Engine {
    /// Opens what a step of a run printed, if that is still known; a step that ended without a log printed nothing.
    pub fn log_of(&self, view: &RunView, node: &str) -> Option<Log> {
        let node = view.nodes.get(node)?;
        let has_ended = matches!(node.outcome, Some(Outcome::Ran | Outcome::Failed));
        let Some(log) = &node.log else { return has_ended.then(Log::empty) };
        let file = match Digest::from_hex(log) {
            Ok(digest) => Blobs::new(Arc::clone(&self.system), self.layout.blobs()).open(&digest),
            Err(_) => self.system.open(&self.layout.runs().join(&view.run).join(log)),
        };
        Log::of(file)
    }

    /// Returns where a step's whole output is, as a path relative to the workspace.
    pub fn log_place(&self, view: &RunView, node: &str) -> String {
        let log = view.nodes.get(node).and_then(|node| node.log.clone()).unwrap_or_default();
        let path = self.layout.runs().join(&view.run).join(log);
        path.strip_prefix(&self.root).unwrap_or(&path).display().to_string()
    }

    /// Opens what a step of a saved run printed, whether or not the step came to its end.
    ///
    /// # Errors
    /// If nothing of it is kept.
    pub fn saved_log(&self, run: &SavedRun, id: &str) -> Result<Log, EngineError> {
        let unfinished = || Log::of(self.system.open(&run.entry.log_path(id)));
        self.log_of(&run.view, id).or_else(unfinished).ok_or_else(|| {
            let short = short_run(&run.entry.info.job_id);
            let outcome = run.view.nodes.get(id).and_then(|node| node.outcome);
            let why = outcome.map_or_else(String::new, |outcome| format!("; it was {outcome}"));
            let message = format!("nothing that {id} printed in run {short} is kept{why}");
            let help = format!("run it again: az build {id} --force");
            Diagnostic::error(code::NO_LOG, message).help(help).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sys::{Memory, System};

    fn log(text: &str) -> Log {
        let world = Memory::new().file("/log", text);
        Log { file: world.open(Path::new("/log")).unwrap() }
    }

    #[test]
    fn the_tail_is_the_last_lines_however_long_the_log() {
        let tail = |text: &str| log(text).tail(2).unwrap();
        assert_eq!(tail("a\nb\nc\n").lines, ["b", "c"]);
        assert_eq!((tail("a\nb\n").is_cut, tail("a\nb\nc").is_cut), (false, true));
        assert_eq!(tail(""), Tail { lines: vec![], size_bytes: 0, is_cut: false });
        let long = format!("{}\nend", "x".repeat(1 << 20));
        let tail = tail(&long);
        assert_eq!((tail.lines[1].as_str(), tail.is_cut, tail.size_bytes), ("end", true, (1 << 20) + 4));
        assert!(tail.lines[0].len() < 1 << 16);
    }

    #[test]
    fn lines_are_read_one_by_one_and_long_ones_cut() {
        let text = format!("a\n\n{}\nb", "x".repeat(100_000));
        let lines: Vec<String> = log(&text).lines().collect();
        assert_eq!((lines.len(), lines[2].len()), (4, 4096));
        assert_eq!((&*lines[0], &*lines[1], &*lines[3]), ("a", "", "b"));
        assert_eq!((log("").lines().count(), Log::empty().lines().count()), (0, 0));
        assert_eq!(Log::empty().tail(2).unwrap(), log("").tail(2).unwrap());
    }
}
