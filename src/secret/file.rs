//! Masks secrets in a log that is written already.
//!
//! Knows how a line asks to have something masked. Does not know which texts are secrets else, nor who printed them.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    path::Path,
};

use super::{Patterns, cover::Cover, forms::is_maskable};
use crate::sys::{self, System};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// How a line begins that asks to mask the rest of it.
pub(super) const ASKS: &[u8] = b"::add-mask::";
/// The longest of such lines.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// Returns the texts that lines of a log ask to be masked.
///
/// # Errors
/// The first error of the system; `InvalidData` if such a line is too long to be masked.
pub fn asked_masks(system: &dyn System, path: &Path) -> io::Result<BTreeSet<String>> {
    let mut log = BufReader::with_capacity(CHUNK, system.open(path)?);
    let (mut line, mut masks) = (Vec::new(), BTreeSet::new());
    let mut is_start = true;
    loop {
        line.clear();
        if Read::take(&mut log, LONGEST_LINE as u64).read_until(b'\n', &mut line)? == 0 {
            return Ok(masks);
        }
        let is_end = line.ends_with(b"\n");
        if is_start && let Some(value) = asked(&line) {
            if !is_end && line.len() == LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a value to mask is too long"));
            }
            masks.extend(masks_of(value));
        }
        is_start = is_end;
    }
}

/// Tells whether there may be a line that asks to have something masked.
pub fn asks_to_mask(bytes: &[u8]) -> bool {
    let asks =
        |at| bytes.get(at..at + ASKS.len()).is_some_and(|found: &[u8]| found.eq_ignore_ascii_case(ASKS));
    // Colons are rarer than letters.
    memchr::memchr_iter(b':', bytes).any(asks)
}

/// Returns the value that a line asks to be masked.
fn asked(line: &[u8]) -> Option<&[u8]> {
    let (command, value) = line.trim_ascii_start().split_at_checked(ASKS.len())?;
    command.eq_ignore_ascii_case(ASKS).then_some(value)
}

/// Returns what is to be masked for a value: its lines, as they are written and as they are meant.
pub(super) fn masks_of(value: &[u8]) -> BTreeSet<String> {
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
    lines.into_iter().filter(|line| line.contains(|c| c != '*') && is_maskable(line)).collect()
}

/// Writes `***` for each of the texts in a file; tells whether there was one that is long enough to stand nowhere by
/// chance.
///
/// Reads the file once, and writes it anew only if there was one; O(bytes) of time, of memory a chunk.
///
/// # Errors
/// The first error of the system; the file is then as it was.
pub fn mask_file(system: &dyn System, path: &Path, patterns: &Patterns) -> io::Result<bool> {
    if patterns.is_empty() || !copy(system, path, patterns, &mut |_| Ok(()))?.has_covered {
        return Ok(false);
    }
    let temporary = sys::temporary_beside(system, path);
    let masked = system.append(&temporary).and_then(|mut to| {
        let cover = copy(system, path, patterns, &mut |bytes| to.write_all(bytes))?;
        system.rename(&temporary, path)?;
        Ok(cover.is_sure)
    });
    masked.inspect_err(|_| _ = system.remove_file(&temporary))
}

/// Reads a file, and gives it on with what must not be seen covered.
fn copy(
    system: &dyn System,
    path: &Path,
    patterns: &Patterns,
    to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Cover> {
    let mut from = system.open(path)?;
    let (mut cover, mut bytes, mut masked) = (Cover::default(), Vec::new(), Vec::new());
    loop {
        bytes.clear();
        if Read::take(&mut from, CHUNK as u64).read_to_end(&mut bytes)? == 0 {
            break;
        }
        cover.feed(patterns, &bytes, &mut masked);
        to(&masked)?;
        masked.clear();
    }
    cover.finish(&mut masked);
    to(&masked)?;
    Ok(cover)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    fn masked(text: &str, secrets: &[&str]) -> String {
        let system = Memory::new();
        let path = Path::new("/log");
        system.write(path, text.as_bytes(), 0o644).unwrap();
        let patterns = Patterns::new(secrets.iter().map(|secret| (*secret).to_owned()));
        let found = mask_file(&system, path, &patterns).unwrap();
        let after = String::from_utf8(system.read(path).unwrap()).unwrap();
        assert_eq!(found, after != text, "{secrets:?} in {text:?}");
        assert_eq!(system.list(Path::new("/")).unwrap().len(), 1, "a temporary file is left");
        after
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
        assert_eq!(asks("a\n::add-mask::s 12\r\n  ::ADD-mask:: tuna \nx ::add-mask::u"), ["s 12", "tuna"]);
        assert_eq!(asks("::add-mask::\n::add-mask:: \n::add-mask::***\n::add-mask"), [""; 0]);
        assert_eq!(asks("::add-mask::ones%0D%0Atwos%25"), ["ones", "ones%0D%0Atwos%25", "twos%"]);
        assert_eq!(asks("::add-mask::last"), ["last"]);
    }

    #[test]
    fn what_looks_like_a_command_in_a_long_line_is_none_and_one_without_an_end_is_told() {
        let filling = "x".repeat(LONGEST_LINE);
        assert_eq!(asks(&format!("{filling}::add-mask::abcd\n::add-mask::defg")), ["defg"]);
        let system = Memory::new();
        system.write(Path::new("/log"), format!("::add-mask::{filling}").as_bytes(), 0o644).unwrap();
        assert!(asked_masks(&system, Path::new("/log")).is_err());
    }
}
