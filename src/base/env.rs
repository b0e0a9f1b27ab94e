//! The environment az was started with, which remembers what was asked of it.
//!
//! What nobody asks for has no part in any answer, so that another terminal is no other world.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Digest, DigestWriter};

/// Names and values; clones remember together.
#[derive(Debug, Clone, Default)]
pub struct Env {
    values: BTreeMap<String, String>,
    asked: Arc<Mutex<BTreeSet<String>>>,
}

/// Stands behind what all names begin with that were asked for.
const ANY: char = '*';

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self { values: values.into_iter().collect(), asked: Arc::default() }
    }
}

impl Env {
    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&String> {
        self.note(name);
        self.values.get(name)
    }

    /// Tells whether a name is set.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns all names that begin in a way, with their values.
    pub fn beginning(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        self.note(&format!("{prefix}{ANY}"));
        self.matching(prefix)
    }

    /// Returns the same with another value of a name.
    #[must_use]
    pub fn with(&self, name: &str, value: String) -> Self {
        let mut other = self.clone();
        other.values.insert(name.to_owned(), value);
        other
    }

    /// Returns all there is, unnoticed: for who does not let an answer depend on it, or says otherwise that it does.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Returns what was asked for so far, also names that are not set.
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what tells the answers to what was asked for from any others; `key` is what an outsider does not know.
    pub fn answers<'a>(&self, key: &[u8], asked: impl IntoIterator<Item = &'a String>) -> Digest {
        let mut writer = DigestWriter::new("az environment v1").field(key);
        for name in asked {
            writer.add(name);
            match name.strip_suffix(ANY) {
                Some(prefix) => self.matching(prefix).for_each(|(name, value)| {
                    writer.add(name);
                    writer.add(value);
                }),
                // No value holds a zero.
                None => writer.add(self.values.get(name).map_or("\0", String::as_str)),
            }
        }
        writer.finish()
    }

    fn matching(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        let from = self.values.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let prefix = prefix.to_owned();
        from.map(|(name, value)| (name.as_str(), value.as_str()))
            .take_while(move |(name, _)| name.starts_with(&prefix))
    }

    fn note(&self, name: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(name) {
            asked.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(&str, &str)]) -> Env {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn other_answers_to_what_was_asked_are_told_and_only_those() {
        let env = of(&[("A", "1"), ("AB_1", "x"), ("AB_2", "y"), ("C", "")]);
        assert_eq!(env.beginning("AB_").map(|(name, _)| name).collect::<Vec<_>>(), ["AB_1", "AB_2"]);
        _ = (env.get("A"), env.get("D"));
        let asked = env.asked();
        let is_same = |values: &[(&str, &str)]| env.answers(b"k", &asked) == of(values).answers(b"k", &asked);
        assert!(is_same(&[("A", "1"), ("AB_1", "x"), ("AB_2", "y"), ("C", "other"), ("E", "new")]));
        for other in [
            &[("A", "2"), ("AB_1", "x"), ("AB_2", "y")][..],
            &[("AB_1", "x"), ("AB_2", "y")],
            &[("A", "1"), ("AB_1", "x")],
            &[("A", "1"), ("AB_1", "x"), ("AB_2", "y"), ("AB_3", "")],
            &[("A", "1"), ("AB_1", "x"), ("AB_2", "y"), ("D", "")],
        ] {
            assert!(!is_same(other), "{other:?}");
        }
        assert_ne!(env.answers(b"k", &asked), env.answers(b"l", &asked));
    }

    #[test]
    fn what_was_asked_of_any_clone_is_known_to_all() {
        let env = of(&[("A", "1"), ("B", "")]);
        let other = env.with("A", "2".to_owned());
        assert_eq!((env.get("A").unwrap(), other.get("A").unwrap()), (&"1".to_owned(), &"2".to_owned()));
        assert!(!other.contains_key("C") && env.asked() == BTreeSet::from(["A".to_owned(), "C".to_owned()]));
        assert_eq!((env.all().len(), env.asked().len()), (2, 2), "all of it is not asked for");
    }
}
