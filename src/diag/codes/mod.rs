//! The register of all codes: stable, documented (`az help AZnnnn`), never used for another meaning.
//!
//! One file a subject, so that the neighbours of a code are its relatives.

use std::fmt;

/// A stable code such as `AZ0101`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub(crate) u16);

/// What `az help AZnnnn` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code itself.
    pub code: Code,
    /// One line: what is wrong.
    pub title: &'static str,
    /// Why az minds, and what to do, in whole sentences.
    pub text: &'static str,
}

impl Code {
    /// Reads `AZ0101`; the letters may have any case.
    pub fn parse(text: &str) -> Option<Self> {
        let (letters, digits) = text.split_at_checked(2)?;
        let is_code = letters.eq_ignore_ascii_case("az") && digits.len() == 4;
        if is_code { digits.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AZ{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Declares the codes of one subject, each with its title and its text, and the list of them.
macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $text:literal;)*) => {
        use super::{Code, CodeInfo};
        $(#[doc = $title] pub const $name: Code = Code($number);)*
        pub(super) const ALL: &[CodeInfo] = &[$(CodeInfo { code: $name, title: $title, text: $text }),*];
    };
}

/// The codes by subject.
pub mod code {
    pub use super::{
        cache::*, condition::*, plan::*, playbook::*, rules::*, run::*, script::*, selection::*, usage::*,
    };
}

mod cache;
mod condition;
mod plan;
mod playbook;
mod rules;
mod run;
mod script;
mod selection;
mod usage;

/// Returns every code in ascending order.
pub fn all_codes() -> impl Iterator<Item = &'static CodeInfo> {
    [
        selection::ALL,
        playbook::ALL,
        script::ALL,
        rules::ALL,
        plan::ALL,
        condition::ALL,
        run::ALL,
        cache::ALL,
        usage::ALL,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_are_explained() {
        let codes: Vec<_> = all_codes().collect();
        assert!(codes.windows(2).all(|pair| pair[0].code < pair[1].code), "codes are unique and sorted");
        for info in codes {
            assert!(info.text.len() > 40 && info.text.ends_with('.'), "{} has no real text", info.code);
            assert!(!info.title.ends_with('.'), "{}: a title is no sentence", info.code);
        }
    }

    #[test]
    fn codes_are_read_in_any_case() {
        assert_eq!(Code::parse("az0101"), Some(code::UNREADABLE_ITEM));
        assert_eq!(Code::parse("AZ101"), None);
        assert_eq!(Code::parse("é0101"), None);
    }
}
