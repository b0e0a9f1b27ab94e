//! Masks secrets in what steps printed.
//!
//! Knows bytes and texts to look for, and how a step asks to have something masked. Does not know which texts are secrets
//! else, nor who printed them.
//!
//! A step asks by a line `::add-mask::VALUE`, as on GitHub. What it asks for is masked in what it prints and in what later
//! steps print; logs are masked when the step has ended. What is shown as it comes is not masked, and neither is a step that
//! ended before.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, BufReader, Read, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use crate::sys::{self, System};

/// What stands for a secret.
const MASKED: &[u8] = b"***";
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// A text that is shorter stands in many a file by chance.
pub(super) const LEAST_BYTES: usize = 8;
/// How a line begins that asks to mask the rest of it.
const ASKS: &[u8] = b"::add-mask::";
/// The longest of such lines.
const LONGEST_LINE: u64 = 1 << 20;

/// What of a run nobody must see, beside what each step is given.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// What steps asked to be masked, and what they handed on that is a secret.
    asked: Mutex<BTreeSet<String>>,
    /// What is given to some step, or to none: az does not say it, and a step that was not given it may.
    known: Mutex<BTreeSet<String>>,
    /// Both together, until something is added: every event is looked through for them.
    all: Mutex<Option<Arc<[String]>>>,
}

impl Masks {
    /// Adds texts; tells whether one of them was not known.
    pub(super) fn add(&self, texts: impl IntoIterator<Item = String>) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asked.len();
        asked.extend(texts);
        let is_new = asked.len() > before;
        drop(asked);
        self.forget_all();
        is_new
    }

    /// Returns the texts that were added.
    pub(super) fn texts(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Adds texts that az itself must not say.
    pub(super) fn know(&self, texts: impl IntoIterator<Item = String>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(texts);
        self.forget_all();
    }

    /// Returns all that az itself must not say, also as JSON writes it.
    pub(super) fn all(&self) -> Arc<[String]> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.get_or_insert_with(|| self.put_together()))
    }

    fn forget_all(&self) {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn put_together(&self) -> Arc<[String]> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<String> = self.texts().into_iter().chain(known.iter().cloned()).collect();
        let written = all.iter().map(|text| serde_json::Value::from(text.as_str()).to_string());
        let written: Vec<String> = written.map(|text| text[1..text.len() - 1].to_owned()).collect();
        all.extend(written);
        all.sort_unstable();
        all.dedup();
        all.into()
    }
}

/// Returns the texts that lines of a log ask to be masked.
///
/// # Errors
/// The first error of the system; `InvalidData` if such a line is too long to be masked.
pub(super) fn asked_masks(system: &dyn System, path: &Path) -> io::Result<BTreeSet<String>> {
    let mut log = BufReader::with_capacity(CHUNK, system.open(path)?);
    let (mut line, mut masks) = (Vec::new(), BTreeSet::new());
    let mut is_start = true;
    loop {
        line.clear();
        if Read::take(&mut log, LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(masks);
        }
        let is_end = line.ends_with(b"\n");
        if is_start && let Some(value) = asked(&line) {
            if !is_end && line.len() as u64 == LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a value to mask is too long"));
            }
            masks.extend(masks_of(value));
        }
        is_start = is_end;
    }
}

/// Returns the value that a line asks to be masked.
fn asked(line: &[u8]) -> Option<&[u8]> {
    let (command, value) = line.trim_ascii_start().split_at_checked(ASKS.len())?;
    command.eq_ignore_ascii_case(ASKS).then_some(value)
}

/// Returns what is to be masked for a value: its lines, as they are written and as they are meant.
fn masks_of(value: &[u8]) -> BTreeSet<String> {
    let written = value.utf8_chunks().map(|chunk| chunk.valid().to_owned());
    let both = written.flat_map(|text| {
        // GitHub's tools write line ends so.
        let meant = [("%0D", "\r"), ("%0d", "\r"), ("%0A", "\n"), ("%0a", "\n"), ("%25", "%")];
        let meant = meant.iter().fold(text.clone(), |text, (code, meant)| text.replace(code, meant));
        [text, meant]
    });
    let lines: Vec<String> = both
        .flat_map(|text| text.split(['\r', '\n']).map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    // What is masked already has nothing to hide.
    lines.into_iter().filter(|line| line.contains(|c| c != '*')).collect()
}

/// Returns a text with `***` for each of the texts in it.
pub(super) fn mask_text(text: &str, texts: &[String]) -> String {
    if !texts.iter().any(|hidden| !hidden.is_empty() && text.contains(hidden.as_str())) {
        return text.to_owned();
    }
    let mut masked = Vec::with_capacity(text.len());
    let copied = Mask::new(texts).and_then(|mask| mask.copy(&mut text.as_bytes(), &mut masked));
    // Better nothing than a secret.
    copied.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&masked).into_owned())
}

/// Writes `***` for each of the texts in a file; tells whether there was one.
///
/// Reads the file once, and writes it anew only if there was one; O(bytes) of time, of memory a chunk.
///
/// # Errors
/// The first error of the system; the file is then as it was.
pub(super) fn mask_file(system: &dyn System, path: &Path, texts: &[String]) -> io::Result<bool> {
    if texts.iter().all(String::is_empty) {
        return Ok(false);
    }
    let mask = Mask::new(texts)?;
    if !mask.copy(&mut system.open(path)?, &mut io::sink())? {
        return Ok(false);
    }
    let temporary = sys::temporary_beside(system, path);
    let masked = mask
        .copy(&mut system.open(path)?, &mut system.append(&temporary)?)
        .and_then(|_| system.rename(&temporary, path));
    masked.inspect_err(|_| _ = system.remove_file(&temporary)).map(|()| true)
}

struct Mask {
    texts: AhoCorasick,
    longest: usize,
}

impl Mask {
    fn new(texts: &[String]) -> io::Result<Self> {
        let texts: Vec<&String> = texts.iter().filter(|text| !text.is_empty()).collect();
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(1);
        // The other kinds take long to make of a text that repeats itself.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        let texts = AhoCorasickBuilder::new().kind(kind).build(texts).map_err(io::Error::other)?;
        Ok(Self { texts, longest })
    }

    /// Copies all of `from` with the texts masked, those that overlap as one; tells whether there was one.
    fn copy(&self, from: &mut dyn Read, to: &mut dyn Write) -> io::Result<bool> {
        let mut writer = MaskedWriter { to, is_in_mask: false, has_masked: false };
        let mut held: Vec<u8> = Vec::new();
        // The first bytes of `held` that belong to a text which began before them.
        let mut covered = 0;
        loop {
            let limit = u64::try_from(CHUNK.max(self.longest)).expect("a chunk is no longer than a file");
            let is_end = Read::take(&mut *from, limit).read_to_end(&mut held)? == 0;
            // What begins behind this may end in what is not read yet.
            let sure = if is_end { held.len() } else { held.len().saturating_sub(self.longest - 1) };
            let mut spans: Vec<(usize, usize)> =
                self.texts.find_overlapping_iter(&held).map(|found| (found.start(), found.end())).collect();
            spans.sort_unstable();
            let mut at = 0;
            for (start, end) in std::iter::once((0, covered)).chain(spans) {
                if start < sure && at < end {
                    writer.plain(&held[at..start.max(at)])?;
                    writer.mask()?;
                    at = end;
                }
            }
            writer.plain(held.get(at..sure).unwrap_or_default())?;
            covered = at.saturating_sub(sure);
            held.drain(..sure);
            if is_end {
                return Ok(writer.has_masked);
            }
        }
    }
}

struct MaskedWriter<'a> {
    to: &'a mut dyn Write,
    /// The last that was written stands for a text that may go on.
    is_in_mask: bool,
    has_masked: bool,
}

impl MaskedWriter<'_> {
    fn plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.is_in_mask = false;
        self.to.write_all(bytes)
    }

    fn mask(&mut self) -> io::Result<()> {
        self.has_masked = true;
        if std::mem::replace(&mut self.is_in_mask, true) {
            return Ok(());
        }
        self.to.write_all(MASKED)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sys::Memory;

    fn masked(text: &str, secrets: &[&str]) -> String {
        let system = Memory::new();
        let path = Path::new("/log");
        system.write(path, text.as_bytes(), 0o644).unwrap();
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let found = mask_file(&system, path, &secrets).unwrap();
        let after = String::from_utf8(system.read(path).unwrap()).unwrap();
        assert_eq!(found, after != text, "{secrets:?} in {text:?}");
        assert_eq!(system.list(Path::new("/")).unwrap().len(), 1, "a temporary file is left");
        after
    }

    #[test]
    fn what_is_added_later_is_among_all_too() {
        let masks = Masks::default();
        assert!(masks.all().is_empty());
        masks.know(["given".to_owned()]);
        assert_eq!(*masks.all(), ["given"]);
        assert!(masks.add(["asked".to_owned()]) && !masks.add(["asked".to_owned()]));
        assert_eq!(*masks.all(), ["asked", "given"]);
    }

    #[test]
    fn each_text_is_masked_whole() {
        assert_eq!(masked("a token=secret1! b", &["secret1!"]), "a token=*** b");
        assert_eq!(masked("secret1!\nsecret1!", &["secret1!"]), "***\n***");
        assert_eq!(masked("nothing", &["secret1!"]), "nothing");
        assert_eq!(masked("nothing", &["", ""]), "nothing");
        // The longer of two, and both of two that overlap.
        assert_eq!(masked("<abcdefghij>", &["abcdefgh", "abcdefghij"]), "<***>");
        assert_eq!(masked("<abcdefghijkl>", &["abcdefgh", "efghijkl"]), "<***>");
        assert_eq!(masked("<abcdefgh>", &["cdef", "abcdefgh"]), "<***>");
    }

    #[test]
    fn a_text_across_chunks_is_found() {
        for before in CHUNK - 12..CHUNK + 2 {
            let filling = "x".repeat(before);
            assert_eq!(masked(&format!("{filling}0123456789!"), &["0123456789"]), format!("{filling}***!"));
        }
        let long = "0123456789".repeat(CHUNK / 10 + 1);
        assert_eq!(masked(&format!("a{long}b{long}"), &[&long]), "a***b***");
        // A text that goes on and on, chunk after chunk.
        assert_eq!(masked(&format!("<{}>", "a".repeat(3 * CHUNK + 5)), &["aaaaaaaa"]), "<***>");
    }

    fn asks(text: &str) -> Vec<String> {
        let system = Memory::new();
        system.write(Path::new("/log"), text.as_bytes(), 0o644).unwrap();
        asked_masks(&system, Path::new("/log")).unwrap().into_iter().collect()
    }

    #[test]
    fn a_line_asks_for_what_is_behind_the_command() {
        assert_eq!(asks("a\n::add-mask::s 1\r\n  ::ADD-mask:: t \nx ::add-mask::u"), ["s 1", "t"]);
        assert_eq!(asks("::add-mask::\n::add-mask:: \n::add-mask::***\n::add-mask"), [""; 0]);
        assert_eq!(asks("::add-mask::one%0D%0Atwo%25"), ["one", "one%0D%0Atwo%25", "two%"]);
        assert_eq!(asks("::add-mask::last"), ["last"]);
    }

    #[test]
    fn what_looks_like_a_command_in_a_long_line_is_none_and_one_without_an_end_is_told() {
        let filling = "x".repeat(usize::try_from(LONGEST_LINE).unwrap());
        assert_eq!(asks(&format!("{filling}::add-mask::abc\n::add-mask::def")), ["def"]);
        let system = Memory::new();
        system.write(Path::new("/log"), format!("::add-mask::{filling}").as_bytes(), 0o644).unwrap();
        assert!(asked_masks(&system, Path::new("/log")).is_err());
    }

    #[test]
    fn a_text_is_masked_as_a_file_is() {
        assert_eq!(mask_text("a secret1! b", &["secret1!".to_owned()]), "a *** b");
        assert_eq!(mask_text("a é b", &[String::new()]), "a é b");
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_left_and_all_else_is(text in "[ab]{0,40}", secrets in prop::collection::vec("[ab]{1,6}", 1..4)) {
            let covered = |at: usize| secrets.iter().any(|secret| {
                (at.saturating_sub(secret.len() - 1)..=at).any(|start| text[start..].starts_with(secret.as_str()))
            });
            let mut expected = String::new();
            for (at, c) in text.chars().enumerate() {
                match covered(at) {
                    false => expected.push(c),
                    true if at > 0 && covered(at - 1) => {}
                    true => expected.push_str("***"),
                }
            }
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            prop_assert_eq!(masked(&text, &secrets), expected);
        }
    }
}
