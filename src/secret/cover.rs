//! Covers what must not be seen in a stream of bytes that comes in pieces.
//!
//! What is covered is the same however the stream is cut. Only bytes that may be the beginning of something are held
//! back: all else goes on at once, whether or not its line has ended.

use aho_corasick::automaton::StateID;

use super::{MASKED, Patterns};

/// How far a stream is covered.
#[derive(Debug, Default)]
pub(super) struct Cover {
    held: Vec<u8>,
    /// Where the search is, at the end of what is held.
    state: Option<StateID>,
    /// What of that is to be covered, in order; no two touch.
    spans: Vec<(usize, usize)>,
    /// The last that went on stands for something that may go on too.
    is_in_mask: bool,
    /// Something was covered that stands nowhere by chance.
    pub(super) is_sure: bool,
    /// Something was covered.
    pub(super) has_covered: bool,
}

impl Cover {
    /// Takes a piece, and adds to `to` what can go on, with those that overlap or touch covered as one.
    pub(super) fn feed(&mut self, patterns: &Patterns, bytes: &[u8], to: &mut Vec<u8>) {
        if patterns.is_empty() && self.held.is_empty() {
            self.plain(bytes, to);
            return;
        }
        let from = self.held.len();
        self.held.extend_from_slice(bytes);
        self.look(patterns, from);
        let open = self.state.map_or(0, |state| patterns.open(state));
        self.let_on(self.held.len() - open, to);
    }

    /// Looks for others from here on, and in what is held.
    pub(super) fn look_for(&mut self, patterns: &Patterns) {
        self.state = None;
        self.look(patterns, 0);
    }

    /// Adds to `to` what is left, when nothing follows.
    pub(super) fn finish(&mut self, to: &mut Vec<u8>) {
        self.let_on(self.held.len(), to);
    }

    fn look(&mut self, patterns: &Patterns, from: usize) {
        let Self { held, state, spans, is_sure, .. } = self;
        let after = patterns.walk(*state, &held[from..], |end, length, sure| {
            *is_sure |= sure;
            let end = from + end;
            let mut span = (end.saturating_sub(length), end);
            while let Some(last) = spans.pop_if(|last| last.1 >= span.0) {
                span = (span.0.min(last.0), span.1.max(last.1));
            }
            spans.push(span);
        });
        *state = Some(after);
    }

    fn let_on(&mut self, settled: usize, to: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        for (start, end) in std::mem::take(&mut self.spans) {
            if start < settled {
                self.plain(&held[at..start], to);
                self.mask(to);
                at = end.min(settled);
            }
            if end > settled {
                self.spans.push((start.saturating_sub(settled), end - settled));
            }
        }
        self.plain(&held[at..settled], to);
        self.held = held;
        self.held.drain(..settled);
    }

    fn plain(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        self.is_in_mask &= bytes.is_empty();
        to.extend_from_slice(bytes);
    }

    fn mask(&mut self, to: &mut Vec<u8>) {
        self.has_covered = true;
        if !std::mem::replace(&mut self.is_in_mask, true) {
            to.extend_from_slice(MASKED.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covered(pieces: &[&[u8]], secrets: &[&str]) -> Vec<u8> {
        let patterns = Patterns::new(secrets.iter().map(|secret| (*secret).to_owned()));
        let (mut cover, mut to) = (Cover::default(), Vec::new());
        pieces.iter().for_each(|piece| cover.feed(&patterns, piece, &mut to));
        cover.finish(&mut to);
        to
    }

    fn masked(text: &str, secrets: &[&str]) -> String {
        String::from_utf8(covered(&[text.as_bytes()], secrets)).unwrap()
    }

    #[test]
    fn each_text_is_covered_whole() {
        assert_eq!(masked("a token=secret1! b", &["secret1!"]), "a token=*** b");
        assert_eq!(masked("secret1!\nsecret1!", &["secret1!"]), "***\n***");
        assert_eq!(masked("nothing", &["secret1!"]), "nothing");
        assert_eq!(masked("nothing", &["", ""]), "nothing");
        // The longer of two, and both of two that overlap or touch.
        assert_eq!(masked("<abcdefghij>", &["abcdefgh", "abcdefghij"]), "<***>");
        assert_eq!(masked("<abcdefghijkl>", &["abcdefgh", "efghijkl"]), "<***>");
        assert_eq!(masked("<abcdefgh>", &["cdef", "abcdefgh"]), "<***>");
        assert_eq!(masked("<abcdabcd>", &["abcd"]), "<***>");
    }

    #[test]
    fn only_what_may_become_something_is_held_back() {
        let patterns = Patterns::new(["secret1!".to_owned()]);
        let (mut cover, mut to) = (Cover::default(), Vec::new());
        let mut after = |piece: &str| {
            to.clear();
            cover.feed(&patterns, piece.as_bytes(), &mut to);
            String::from_utf8(to.clone()).unwrap()
        };
        assert_eq!(after("name? "), "name? ");
        assert_eq!(after("it is s"), "it is ");
        assert_eq!(after("ecret"), "");
        assert_eq!(after("ion s"), "secretion ");
        assert_eq!(after("ecret1!"), "***");
        assert_eq!(after("!"), "!");
    }

    proptest! {
        #[test]
        fn a_stream_is_covered_alike_however_it_is_cut(
            text in "[abc'\n]{0,60}",
            secrets in prop::collection::vec("[abc'\n]{4,9}", 1..4),
            cuts in prop::collection::vec(0_usize..60, 0..12),
        ) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(covered(&pieces, &secrets), covered(&[text.as_bytes()], &secrets));
            let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            prop_assert_eq!(covered(&single, &secrets), covered(&[text.as_bytes()], &secrets));
        }

        #[test]
        fn nothing_of_a_text_is_left_and_all_else_is(text in "[ab]{0,40}", secrets in prop::collection::vec("[ab]{4,7}", 1..4)) {
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
