//! Masks what a step prints as it comes.
//!
//! A step asks by a line `::add-mask::VALUE`, as on GitHub. What it asks for is masked from that line on, in what it prints
//! and in what all other steps print.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use memchr::memchr;

use super::{
    MASKED, Masks, Patterns,
    cover::Cover,
    file::{ASKS, LONGEST_LINE, masks_of},
};

/// What nobody must see of what one step prints, and what came of it.
#[derive(Debug)]
pub struct Screen {
    given: Vec<String>,
    masks: Arc<Masks>,
    is_sure: AtomicBool,
    has_asked: AtomicBool,
    has_news: AtomicBool,
    is_cut: AtomicBool,
}

impl PartialEq for Screen {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Screen {}

impl Screen {
    /// Makes one of what a step is given, and of what is masked for all.
    pub fn new(given: Vec<String>, masks: Arc<Masks>) -> Self {
        let [is_sure, has_asked, has_news, is_cut] = [(); 4].map(|()| AtomicBool::default());
        Self { given, masks, is_sure, has_asked, has_news, is_cut }
    }

    /// Returns what masks one of its outputs.
    pub fn masker(self: &Arc<Self>) -> Masker {
        let count = self.masks.count();
        let patterns = self.masks.with(&self.given);
        Masker { screen: Arc::clone(self), patterns, count, cover: Cover::default(), line: Line::Start }
    }

    /// Tells whether something was masked that is long enough to stand nowhere by chance.
    pub fn has_masked(&self) -> bool {
        self.is_sure.load(Ordering::Relaxed)
    }

    /// Tells whether the step asked that something be masked.
    pub fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    /// Tells whether something of that was not known.
    pub fn has_news(&self) -> bool {
        self.has_news.load(Ordering::Relaxed)
    }
}

impl Screen {
    /// Notes that not all could be written down.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Tells whether not all could be written down.
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }
}

/// Masks one output of a step.
#[derive(Debug)]
pub struct Masker {
    screen: Arc<Screen>,
    patterns: Arc<Patterns>,
    /// How many texts were masked for all when these were made.
    count: usize,
    cover: Cover,
    line: Line,
}

/// What is known of the line that is being printed.
#[derive(Debug)]
enum Line {
    /// Nothing but blanks.
    Start,
    /// It asks for nothing.
    Plain,
    /// What may be a line that asks, as far as it came.
    Asking(Vec<u8>),
    /// The rest of one that is too long.
    Lost,
}

impl Masker {
    /// Takes a piece, and adds to `to` what can go on.
    pub fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match &mut self.line {
                Line::Asking(_) => self.asking(rest, to),
                Line::Lost => match memchr(b'\n', rest) {
                    Some(end) => {
                        self.line = Line::Plain;
                        &rest[end..]
                    }
                    None => &[],
                },
                Line::Start | Line::Plain => {
                    let plain = self.plain(rest);
                    self.cover(&rest[..plain], to);
                    &rest[plain..]
                }
            };
        }
    }

    /// Adds to `to` what is left, when nothing follows.
    pub fn finish(&mut self, to: &mut Vec<u8>) {
        if let Line::Asking(line) = std::mem::replace(&mut self.line, Line::Plain) {
            self.ask(&line);
            self.cover(&line, to);
        }
        self.cover.finish(to);
        self.note();
    }

    /// Passes over what asks for nothing; returns how much that is.
    fn plain(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match (&self.line, bytes[at]) {
                (_, b'\n') => self.line = Line::Start,
                (Line::Start, b':') => {
                    self.line = Line::Asking(Vec::new());
                    return at;
                }
                (Line::Start, byte) if byte.is_ascii_whitespace() => {}
                _ => {
                    self.line = Line::Plain;
                    at = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                    continue;
                }
            }
            at += 1;
        }
        at
    }

    /// Takes more of what may be a line that asks; returns what follows it.
    fn asking<'b>(&mut self, bytes: &'b [u8], to: &mut Vec<u8>) -> &'b [u8] {
        let Line::Asking(line) = &mut self.line else { return bytes };
        let end = memchr(b'\n', bytes);
        let (more, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        line.extend_from_slice(more);
        let known = line.len().min(ASKS.len());
        if !line[..known].eq_ignore_ascii_case(&ASKS[..known]) || (end.is_some() && known < ASKS.len()) {
            let line = std::mem::take(line);
            self.line = Line::Plain;
            self.cover(&line, to);
        } else if end.is_some() {
            let line = std::mem::take(line);
            self.line = Line::Plain;
            self.ask(&line);
            self.cover(&line, to);
        } else if line.len() > LONGEST_LINE {
            // Better nothing of it than a secret.
            self.line = Line::Lost;
            self.screen.has_asked.store(true, Ordering::Relaxed);
            self.cover(&[ASKS, MASKED.as_bytes()].concat(), to);
        }
        rest
    }

    fn ask(&mut self, line: &[u8]) {
        let Some((command, value)) = line.split_at_checked(ASKS.len()) else { return };
        if !command.eq_ignore_ascii_case(ASKS) {
            return;
        }
        let wanted = masks_of(value);
        if !wanted.is_empty() {
            self.screen.has_asked.store(true, Ordering::Relaxed);
            if self.screen.masks.add(wanted) {
                self.screen.has_news.store(true, Ordering::Relaxed);
            }
        }
    }

    fn cover(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        let count = self.screen.masks.count();
        if count != self.count {
            self.count = count;
            self.patterns = self.screen.masks.with(&self.screen.given);
            self.cover.look_for(&self.patterns);
        }
        self.cover.feed(&self.patterns, bytes, to);
        self.note();
    }

    fn note(&self) {
        if self.cover.is_sure {
            self.screen.is_sure.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn screen(given: &[&str]) -> Arc<Screen> {
        let given = given.iter().map(|text| (*text).to_owned()).collect();
        Arc::new(Screen::new(given, Arc::default()))
    }

    fn masked(pieces: &[&[u8]], screen: &Arc<Screen>) -> String {
        let (mut masker, mut to) = (screen.masker(), Vec::new());
        pieces.iter().for_each(|piece| masker.push(piece, &mut to));
        masker.finish(&mut to);
        String::from_utf8_lossy(&to).into_owned()
    }

    #[test]
    fn what_a_line_asks_for_is_masked_from_there_on() {
        let screen = screen(&[]);
        let text = "swordfish\n  ::ADD-mask:: swordfish \nswordfish\n::notice::a\n:";
        let expected = "swordfish\n  ::ADD-mask:: *** \n***\n::notice::a\n:";
        assert_eq!(masked(&[text.as_bytes()], &screen), expected);
        assert!(screen.has_asked() && screen.has_news() && screen.has_masked());
        assert_eq!(masked(&[b"the swordfish"], &screen), "the ***");
    }

    #[test]
    fn one_that_is_at_work_masks_what_another_asks_for() {
        let screen = screen(&["own-secret"]);
        let (mut masker, mut to) = (screen.masker(), Vec::new());
        masker.push(b"a swordfish, ", &mut to);
        masked(&[b"::add-mask::swordfish"], &screen);
        masker.push(b"a swordfish own-secret", &mut to);
        masker.finish(&mut to);
        assert_eq!(String::from_utf8_lossy(&to), "a swordfish, a *** ***");
    }

    #[test]
    fn a_line_that_asks_and_does_not_end_is_not_shown() {
        let screen = screen(&[]);
        let long = [ASKS, &vec![b'x'; LONGEST_LINE + 1], b"yz\nback"].concat();
        assert_eq!(masked(&[&long], &screen), "::add-mask::***\nback");
        let pieces: Vec<&[u8]> = long.chunks(1000).collect();
        assert_eq!(masked(&pieces, &screen), "::add-mask::***\nback");
        assert!(screen.has_asked());
    }

    #[test]
    fn what_is_short_is_masked_and_says_nothing() {
        let screen = screen(&["hun7er", "abc"]);
        assert_eq!(masked(&[b"abc hun7er"], &screen), "abc ***");
        assert!(!screen.has_masked());
    }

    proptest! {
        #[test]
        fn a_stream_is_masked_alike_however_it_is_cut(
            text in "(::add-mask::|:|[ab]| |\n){0,40}",
            cuts in prop::collection::vec(0_usize..200, 0..12),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let whole = masked(&[text.as_bytes()], &screen(&["abbab"]));
            prop_assert_eq!(masked(&pieces, &screen(&["abbab"])), whole);
        }
    }
}
