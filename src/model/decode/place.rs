//! Where values stand, as JSON pointers (RFC 6901).

use std::fmt::Write as _;

/// A value and the JSON pointer of where it stands, which neither white space nor comments change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The pointer, from the root of the file.
    pub at: String,
}

impl<T> Placed<T> {
    /// Places a value.
    pub fn new(value: T, at: impl Into<String>) -> Self {
        Self { value, at: at.into() }
    }
}

/// The way to each value that was asked for, as steps from the one that holds it.
#[derive(Default)]
pub(super) struct Ways<'a> {
    steps: Vec<(Way, Step<'a>)>,
}

/// The way to one value; that of the whole file is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Way(usize);

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl<'a> Ways<'a> {
    pub(super) fn add(&mut self, from: Way, step: Step<'a>) -> Way {
        self.steps.push((from, step));
        Way(self.steps.len())
    }

    pub(super) fn pointer(&self, way: Way) -> String {
        let mut steps = Vec::new();
        let mut at = way;
        while let Some((from, step)) = at.0.checked_sub(1).and_then(|index| self.steps.get(index)) {
            steps.push(*step);
            at = *from;
        }
        let mut pointer = String::new();
        for step in steps.iter().rev() {
            pointer.push('/');
            match step {
                Step::Field(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Step::Item(index) => drop(write!(pointer, "{index}")),
            }
        }
        pointer
    }
}
