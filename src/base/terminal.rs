//! Text of others, written so that a terminal obeys nothing in it: the one place where that is decided.
//!
//! A terminal obeys control characters (C0, DEL, C1), and shows what stands around a bidirectional control in another
//! order than it is read. Each of them is written as what it is: `\u{1b}`. Colours (SGR) pass where that is said.
//!
//! Knows characters. Does not know whose text it is, nor where it goes.

use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Tells whether a terminal would obey a character, or show others elsewhere because of it.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes what a terminal would obey as what it is; line ends and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_left = |c: char| is_harmful(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_left) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.as_str().starts_with('\n') => shown.push(c),
            '\r' => shown += "\\r",
            _ if is_left(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Writes a name on one line, with nothing in it that a terminal would obey.
pub fn harmless_name(name: &str) -> Cow<'_, str> {
    let escape = |c: char, shown: &mut String| match c {
        '\n' | '\t' | '\r' => shown.extend(c.escape_default()),
        _ => shown.extend(c.escape_unicode()),
    };
    escaped(name, is_harmful, escape)
}

/// Does what [`harmless`] does to JSON as it is written, so that it says the same: such characters stand in its texts only.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    // Each is in the first plane, so that four digits are enough.
    let escape = |c: char, shown: &mut String| {
        // A text takes all that it is given.
        _ = std::fmt::Write::write_fmt(shown, format_args!("\\u{:04x}", u32::from(c)));
    };
    escaped(json, |c| is_harmful(c) && !matches!(c, '\n' | '\t' | '\r'), escape)
}

/// Does what [`harmless`] does; colours pass, and end with the text.
pub fn harmless_colored(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_harmful(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut shown = Vec::with_capacity(text.len() + 8);
    let mut filter = Filter::new(&mut shown);
    // Memory takes all that it is given.
    _ = filter.write_all(text.as_bytes()).and_then(|()| filter.end());
    Cow::Owned(String::from_utf8_lossy(&shown).into_owned())
}

fn escaped(
    text: &str,
    is_harmful: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmful(c) { escape(c, &mut shown) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// A colour is not longer than this.
const LONGEST_COLOR: usize = 64;
/// So often one after the other the same character is written; how often it was follows.
const REPEATED: u64 = 4;

/// Bytes of others on their way to a terminal: colours pass, also where they are cut; what else it would obey, and what is
/// no text, is written as what it is.
pub struct Filter<W> {
    to: W,
    /// The begin of a character, of a colour or of a line end.
    open: Vec<u8>,
    /// A colour passed that nothing has ended yet.
    is_colored: bool,
    /// What was last written as what it is, and how often it came since.
    last: Option<(String, u64)>,
}

impl<W: Write> Filter<W> {
    /// Makes a filter in front of what is written to.
    pub fn new(to: W) -> Self {
        Self { to, open: Vec::new(), is_colored: false, last: None }
    }

    /// Writes what is left, and ends a colour.
    ///
    /// # Errors
    /// As `write`.
    pub fn end(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.open);
        self.pieces(&rest, true)?;
        self.end_repeated()?;
        if self.is_colored { self.to.write_all(b"\x1b[0m") } else { Ok(()) }
    }

    /// Writes what can be told apart of some bytes, and keeps the rest.
    fn pieces(&mut self, mut bytes: &[u8], is_end: bool) -> io::Result<()> {
        while let Some(first) = bytes.first() {
            let plain = bytes.iter().position(|byte| !is_plain(*byte)).unwrap_or(bytes.len());
            if plain > 0 {
                self.end_repeated()?;
                self.to.write_all(&bytes[..plain])?;
                bytes = &bytes[plain..];
                continue;
            }
            let piece = match first {
                0x1b => color(bytes),
                b'\r' => carriage_return(bytes),
                _ => character(bytes),
            };
            let piece = match piece {
                Piece::Cut if is_end => Piece::Shown(1, unfinished(*first)),
                Piece::Cut => {
                    self.open = bytes.to_vec();
                    return Ok(());
                }
                piece => piece,
            };
            bytes = &bytes[self.piece(bytes, piece)?..];
        }
        Ok(())
    }

    /// Writes a piece; returns of how many bytes it is.
    fn piece(&mut self, bytes: &[u8], piece: Piece) -> io::Result<usize> {
        match piece {
            Piece::Passed(length) => {
                self.end_repeated()?;
                if bytes[0] == 0x1b {
                    self.is_colored = &bytes[..length] != b"\x1b[0m" && &bytes[..length] != b"\x1b[m";
                }
                self.to.write_all(&bytes[..length])?;
                Ok(length)
            }
            Piece::Shown(length, shown) => {
                let same = same_bytes(bytes).max(length) / length;
                if let Some((last, count)) = self.last.as_mut().filter(|(last, _)| *last == shown) {
                    let room = REPEATED.saturating_sub(*count).min(same as u64);
                    *count += same as u64;
                    let again = last.repeat(usize::try_from(room).unwrap_or(0));
                    self.to.write_all(again.as_bytes())?;
                } else {
                    self.end_repeated()?;
                    let often = same.min(usize::try_from(REPEATED).unwrap_or(1));
                    self.to.write_all(shown.repeat(often).as_bytes())?;
                    self.last = Some((shown, same as u64));
                }
                Ok(same * length)
            }
            Piece::Cut => Ok(bytes.len()),
        }
    }

    fn end_repeated(&mut self) -> io::Result<()> {
        match self.last.take() {
            Some((_, count)) if count > REPEATED => write!(self.to, "[{count} times]"),
            _ => Ok(()),
        }
    }
}

impl<W: Write> Write for Filter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.open.is_empty() {
            self.pieces(bytes, false)?;
        } else {
            let mut open = std::mem::take(&mut self.open);
            open.extend(bytes);
            self.pieces(&open, false)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// What some bytes begin with, and how many of them it is.
enum Piece {
    /// It may be written.
    Passed(usize),
    /// It is written like this.
    Shown(usize, String),
    /// It is not all there yet.
    Cut,
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Writes what began something that nothing ended.
fn unfinished(byte: u8) -> String {
    match byte {
        b'\r' => "\\r".to_owned(),
        0x1b => "\\u{1b}".to_owned(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// Returns how many zeros there are from the first byte on, if there is nothing else: so a gigabyte of them costs little.
fn same_bytes(bytes: &[u8]) -> usize {
    let is_same = bytes[0] == 0 && bytes[1..] == bytes[..bytes.len() - 1];
    if is_same { bytes.len() } else { 1 }
}

/// Takes a colour, or an escape that is none.
fn color(bytes: &[u8]) -> Piece {
    let escape = || Piece::Shown(1, "\\u{1b}".to_owned());
    let is_inner = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
    let rest = match bytes.get(1) {
        None => return Piece::Cut,
        Some(b'[') => &bytes[2..],
        Some(_) => return escape(),
    };
    match rest.iter().take(LONGEST_COLOR).position(|byte| !is_inner(byte)) {
        Some(end) if rest[end] == b'm' => Piece::Passed(end + 3),
        None if rest.len() < LONGEST_COLOR => Piece::Cut,
        _ => escape(),
    }
}

/// Takes a carriage return: before a line end it is a part of that.
fn carriage_return(bytes: &[u8]) -> Piece {
    match bytes.get(1) {
        None => Piece::Cut,
        Some(b'\n') => Piece::Passed(2),
        Some(_) => Piece::Shown(1, "\\r".to_owned()),
    }
}

/// Takes a character, or a byte that is in none.
fn character(bytes: &[u8]) -> Piece {
    let some = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(some) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&some[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() && bytes.len() < 4 => return Piece::Cut,
        Err(_) => "",
    };
    match valid.chars().next() {
        Some(c) if is_harmful(c) => Piece::Shown(c.len_utf8(), c.escape_unicode().to_string()),
        Some(c) => Piece::Passed(c.len_utf8()),
        None => Piece::Shown(1, format!("\\x{:02x}", bytes[0])),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered(pieces: &[&[u8]]) -> String {
        let mut shown = Vec::new();
        let mut filter = Filter::new(&mut shown);
        pieces.iter().for_each(|piece| filter.write_all(piece).unwrap());
        filter.end().unwrap();
        String::from_utf8(shown).unwrap()
    }

    /// Takes the colours out of a text.
    fn colorless(text: &str) -> String {
        let mut out = String::new();
        let mut parts = text.split("\u{1b}[");
        out += parts.next().unwrap_or_default();
        for part in parts {
            let (color, rest) = part.split_once('m').expect("a colour has an end");
            assert!(color.chars().all(|c| c.is_ascii_digit() || ";:".contains(c)), "{color:?}");
            out += rest;
        }
        out
    }

    #[test]
    fn a_terminal_obeys_nothing_that_is_shown() {
        assert_eq!(harmless("a\tb\u{1b}[2J\nc"), "a\tb\\u{1b}[2J\nc");
        assert_eq!(harmless_name("a\nb\u{7f}"), "a\\nb\\u{7f}");
        assert_eq!(harmless("exe\u{202e}gpj.\u{2066}"), "exe\\u{202e}gpj.\\u{2066}");
        assert!(matches!(harmless("naïve 🚀\n"), Cow::Borrowed(_)));
        let json = "{\"a\":\"\u{85}\u{202e}\u{7f}\"}\n";
        assert_eq!(harmless_json(json), "{\"a\":\"\\u0085\\u202e\\u007f\"}\n");
    }

    #[test]
    fn colours_pass_and_nothing_else() {
        assert_eq!(filtered(&[b"a\x1b[1;31mb\x1b[0m\r\n"]), "a\u{1b}[1;31mb\u{1b}[0m\r\n");
        assert_eq!(filtered(&[b"\x1b", b"[3", b"1mred"]), "\u{1b}[31mred\u{1b}[0m");
        assert_eq!(filtered(&[b"\x1b]0;t\x07 \x1b[2J\x1b["]), "\\u{1b}]0;t\\u{7} \\u{1b}[2J\\u{1b}[");
        assert_eq!(filtered(&["é".as_bytes(), b"\xc3", b"\xa9\xff\x9b1m"]), "éé\\xff\\x9b1m");
        assert_eq!(filtered(&["\u{9b}31m\u{202e}".as_bytes(), b"10%\r20%"]), "\\u{9b}31m\\u{202e}10%\\r20%");
        assert_eq!(filtered(&[b"\x1b[31m"]), "\u{1b}[31m\u{1b}[0m");
    }

    #[test]
    fn what_comes_again_and_again_is_counted() {
        let zero = "\\u{0}";
        assert_eq!(filtered(&[&[0; 3]]), zero.repeat(3));
        assert_eq!(filtered(&[&[0; 1000], &[0; 1], b"x"]), format!("{}[1001 times]x", zero.repeat(4)));
        assert_eq!(
            filtered(&[b"\0", b"\0", &[0; 9], b"\x01"]),
            format!("{}[11 times]\\u{{1}}", zero.repeat(4))
        );
    }

    proptest! {
        /// However the bytes come, nothing is left that a terminal obeys but colours, which end, and all text is there.
        #[test]
        fn whatever_the_bytes_are_only_colours_are_obeyed(
            pieces in prop::collection::vec(prop::collection::vec(prop_oneof![
                any::<u8>(), Just(0x1b), Just(b'['), Just(b'm'), Just(b'3'), Just(b']'), Just(0x9b), Just(0xc2),
                Just(0xe2), Just(0x80), Just(0xae), Just(b'\r'), Just(b'\n'),
            ], 0..12), 0..8),
        ) {
            let slices: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let shown = filtered(&slices);
            let text = colorless(&shown).replace("\r\n", "\n");
            let harmful = text.chars().find(|c| is_harmful(*c) && !matches!(c, '\n' | '\t'));
            prop_assert_eq!(harmful, None, "{:?}", shown);
            let last = shown.rfind("\u{1b}[").map(|at| &shown[at..]);
            prop_assert!(last.is_none_or(|last| last.starts_with("\u{1b}[0m") || last.starts_with("\u{1b}[m")), "{:?}", shown);
            prop_assert_eq!(&filtered(&[&pieces.concat()]), &shown);
            let text = String::from_utf8_lossy(&pieces.concat()).into_owned();
            for safe in [harmless(&text).replace("\r\n", "\n"), harmless_name(&text).into_owned()] {
                prop_assert!(!safe.contains(|c| is_harmful(c) && !matches!(c, '\n' | '\t')), "{:?}", safe);
            }
            let json = serde_json::to_string(&text).unwrap();
            prop_assert!(!harmless_json(&json).contains(is_harmful));
            prop_assert_eq!(serde_json::from_str::<String>(&harmless_json(&json)).unwrap(), &*text);
            prop_assert_eq!(harmless_colored(&text), filtered(&[text.as_bytes()]));
        }
    }
}
