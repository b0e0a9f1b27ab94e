//! A selection as a value, and its written form.

use std::fmt;

use super::Selector;
use crate::base::{ScriptNumber, Spanned};

/// A whole selection, in the order it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Sequence {
    /// The items with their places.
    pub items: Vec<Spanned<Item>>,
}

/// One item of a selection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// What the item selects is taken away from the whole selection instead of added.
    pub exclude: bool,
    /// What the item selects.
    pub selector: Selector,
}

impl Sequence {
    /// Returns the selectors whose scripts are wanted.
    pub fn included(&self) -> impl Iterator<Item = Spanned<&Selector>> {
        self.selectors(false)
    }

    /// Returns the selectors whose scripts are not wanted.
    pub fn excluded(&self) -> impl Iterator<Item = Spanned<&Selector>> {
        self.selectors(true)
    }

    /// Tells whether a script is selected by its number alone.
    pub fn takes_number(&self, number: ScriptNumber) -> bool {
        self.included().any(|item| item.value.matches_number(number))
            && !self.excluded().any(|item| item.value.matches_number(number))
    }

    fn selectors(&self, exclude: bool) -> impl Iterator<Item = Spanned<&Selector>> {
        let wanted = self.items.iter().filter(move |item| item.value.exclude == exclude);
        wanted.map(|item| item.as_ref().map(|item| &item.selector))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.items.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", item.value)?;
        }
        Ok(())
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.exclude { "!" } else { "" };
        write!(f, "{sign}{}", self.selector)
    }
}
