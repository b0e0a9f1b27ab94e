//! Masks secrets in what steps printed.
//!
//! Knows bytes and texts to look for. Does not know which texts are secrets, nor who printed them.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use crate::sys::{self, System};

/// What stands for a secret.
const MASKED: &[u8] = b"***";
/// Bytes read at once.
const CHUNK: usize = 64 << 10;

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
