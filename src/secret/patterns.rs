//! What is looked for: all forms of some texts, made ready for a search.

use std::{collections::BTreeSet, fmt};

use aho_corasick::{
    Anchored,
    automaton::{Automaton as _, StateID},
    nfa::noncontiguous::NFA,
};

use super::{SURE_BYTES, cover::Cover, forms::forms};

/// Texts that nobody must see, in all forms they are known in.
pub struct Patterns {
    texts: Vec<String>,
    forms: Vec<Vec<u8>>,
    /// Which of them are of a text that is long enough to stand nowhere by chance.
    sure: Vec<bool>,
    /// Bytes that one of them begins with.
    first: [bool; 256],
    search: NFA,
    start: StateID,
    /// For each state how many of the bytes that led there may be the beginning of a form that is not at its end.
    open: Vec<usize>,
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patterns").finish_non_exhaustive()
    }
}

impl Patterns {
    /// Makes ready to look for texts; O(bytes) of them.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: BTreeSet<String> = texts.into_iter().collect();
        let of_text = |text: &String| {
            let is_sure = text.len() >= SURE_BYTES;
            forms(text).into_iter().map(move |form| (form, is_sure))
        };
        let mut all: Vec<(Vec<u8>, bool)> = texts.iter().flat_map(of_text).collect();
        // Of two that are the same the one that is sure comes first.
        all.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1)));
        all.dedup_by(|one, other| one.0 == other.0);
        // So that what a state leaves open is known of the shorter ones first.
        all.sort_by_key(|(form, _)| form.len());
        let (forms, sure): (Vec<Vec<u8>>, Vec<bool>) = all.into_iter().unzip();
        let search = NFA::builder().prefilter(false).build(&forms);
        let search = search.expect("texts that fit into memory can be looked for");
        let start = search.start_state(Anchored::No).expect("it looks everywhere");
        let mut first = [false; 256];
        forms.iter().for_each(|form| first[usize::from(form[0])] = true);
        let open = open_of(&search, &forms);
        Self { texts: texts.into_iter().collect(), forms, sure, first, search, start, open }
    }

    /// Tells whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Returns the texts themselves, also those that are too short to be masked.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Returns the forms of those that are long enough to stand nowhere by chance.
    pub fn sure_forms(&self) -> Vec<Vec<u8>> {
        let forms = self.forms.iter().zip(&self.sure);
        forms.filter(|(_, is_sure)| **is_sure).map(|(form, _)| form.clone()).collect()
    }

    /// Tells whether some bytes hold one that is long enough to stand nowhere by chance.
    pub fn is_surely_in(&self, bytes: &[u8]) -> bool {
        let mut is_in = false;
        if !self.is_empty() {
            self.walk(None, bytes, |_, _, is_sure| is_in |= is_sure);
        }
        is_in
    }

    /// Tells whether one of them stands in some bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let mut is_in = false;
        if !self.is_empty() {
            self.walk(None, bytes, |_, _, _| is_in = true);
        }
        is_in
    }

    /// Returns a text with `***` for each of them in it.
    pub fn mask_text(&self, text: &str) -> String {
        if !self.is_in(text.as_bytes()) {
            return text.to_owned();
        }
        let (mut cover, mut masked) = (Cover::default(), Vec::with_capacity(text.len()));
        cover.feed(self, text.as_bytes(), &mut masked);
        cover.finish(&mut masked);
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// Returns a text that is as long, with a `*` for each byte of one of them.
    pub fn blank(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.walk(None, text.as_bytes(), |end, length, _| bytes[end - length..end].fill(b'*'));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Goes on over some bytes from a state; returns the one after them. `found` is told where each form ends, how long
    /// it is, and whether it is sure.
    pub(super) fn walk(
        &self,
        state: Option<StateID>,
        bytes: &[u8],
        mut found: impl FnMut(usize, usize, bool),
    ) -> StateID {
        let mut state = state.unwrap_or(self.start);
        for (at, byte) in bytes.iter().enumerate() {
            if state == self.start && !self.first[usize::from(*byte)] {
                continue;
            }
            state = self.search.next_state(Anchored::No, state, *byte);
            if self.search.is_match(state) {
                for index in 0..self.search.match_len(state) {
                    let form = self.search.match_pattern(state, index).as_usize();
                    found(at + 1, self.forms[form].len(), self.sure[form]);
                }
            }
        }
        state
    }

    /// Returns how many of the last bytes that led to a state may be the beginning of something.
    pub(super) fn open(&self, state: StateID) -> usize {
        self.open[state.as_usize()]
    }
}

/// Returns for each state of a search how many of the bytes that led there may go on to be a form; the forms are in the
/// order of their lengths. O(bytes) of them.
fn open_of(search: &NFA, forms: &[Vec<u8>]) -> Vec<usize> {
    let bytes: usize = forms.iter().map(Vec::len).sum();
    // A few states are none of any byte.
    let mut open = vec![0; bytes + 8];
    let mut ends = Vec::new();
    for form in forms {
        let mut state = search.start_state(Anchored::Yes).expect("it looks at the start too");
        for (at, byte) in form.iter().enumerate() {
            state = search.next_state(Anchored::Yes, state, *byte);
            if at + 1 < form.len() {
                open[state.as_usize()] = at + 1;
            } else {
                ends.push((state, form));
            }
        }
    }
    // At the end of a form that goes on in no other, what is open is what is so behind its first byte.
    for (end, form) in ends {
        if open[end.as_usize()] != form.len() {
            let start = search.start_state(Anchored::No).expect("it looks everywhere");
            let next = |state, byte: &u8| search.next_state(Anchored::No, state, *byte);
            let behind = form[1..].iter().fold(start, next);
            open[end.as_usize()] = open[behind.as_usize()];
        }
    }
    open
}
