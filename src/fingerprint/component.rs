//! Components and the fingerprint they make up.
//!
//! | in a key | why |
//! |---|---|
//! | engine schema, platform | another az or machine may mean something else by the same words |
//! | script content, rule, command text | what is executed |
//! | interpreter or tool: path and content | what executes it |
//! | arguments, parameters, variables that reach the step | what it is told |
//! | environment handed over, unset being a value | what it can look up |
//! | working directory, declarations | where it acts, and what az checks and restores |
//! | observations and outputs of others | what it reads |
//!
//! | not in a key | why |
//! |---|---|
//! | name, description, tags, stage, number of the step | they order and label, and change nothing the step does |
//! | variables nobody uses, names of `passEnv` | declared not to matter |
//! | times, run ids, slots, verbosity | they differ from run to run |

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use thiserror::Error;

use super::Answer;
use crate::base::{Digest, DigestWriter};

/// What sort of thing a component is; the order is the order of components in a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// The version of what records mean.
    Engine,
    /// Operating system and processor.
    Platform,
    /// The content of the script file.
    Script,
    /// The text of an inline step, or the command a rule gives.
    Command,
    /// The kind and rules that say how the step runs.
    Rule,
    /// A program: where it is and what is in it.
    Tool,
    /// The arguments.
    Argument,
    /// A variable that reaches the step.
    Variable,
    /// An environment name that is handed over.
    Environment,
    /// The working directory.
    Folder,
    /// Declared inputs and outputs, as they are written.
    Declaration,
    /// What is at a path.
    Input,
    /// The names in a folder.
    Listing,
    /// The names a pattern stands for.
    Names,
    /// What another step left behind, where it stands for inputs nobody declared.
    Upstream,
}

/// The text names no component kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such component kind")]
pub struct ParseKindError;

impl ComponentKind {
    const ALL: [(Self, &'static str); 15] = [
        (Self::Engine, "engine"),
        (Self::Platform, "platform"),
        (Self::Script, "script"),
        (Self::Command, "command"),
        (Self::Rule, "rule"),
        (Self::Tool, "tool"),
        (Self::Argument, "argument"),
        (Self::Variable, "variable"),
        (Self::Environment, "env"),
        (Self::Folder, "cwd"),
        (Self::Declaration, "declaration"),
        (Self::Input, "input"),
        (Self::Listing, "listing"),
        (Self::Names, "names"),
        (Self::Upstream, "upstream"),
    ];

    /// Returns the word used on disk, in JSON and in text.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns the kind at a place of the order, as `kind as u8` gives it.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).map(|(kind, _)| *kind)
    }

    /// Reads the word.
    ///
    /// # Errors
    /// [`ParseKindError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ParseKindError> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(kind, _)| *kind).ok_or(ParseKindError)
    }
}

/// One itemised dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Component {
    /// What sort of thing it is.
    pub kind: ComponentKind,
    /// Which one: a path, a variable's name, ...; unique within its kind.
    pub name: String,
    /// Its value, hashed.
    pub digest: Digest,
    /// Its value for people, cut to what fits a line; never a secret.
    pub short: String,
}

/// What stands for a value that nobody must see.
pub const HIDDEN: &str = "(value hidden)";

/// Longest value shown in an explanation, in characters.
const SHORT: usize = 64;

impl Component {
    /// Makes a component of a value that may be shown.
    pub fn of_text(kind: ComponentKind, name: impl Into<String>, value: &str) -> Self {
        let mut short: String = value.chars().take(SHORT).collect();
        if short.len() < value.len() {
            short.push('…');
        }
        Self {
            kind,
            name: name.into(),
            digest: DigestWriter::new("az value v1").field(value).finish(),
            short,
        }
    }

    /// Makes a component of a value that was hashed elsewhere.
    pub fn of_digest(kind: ComponentKind, name: impl Into<String>, digest: Digest) -> Self {
        Self { kind, name: name.into(), digest, short: digest.to_short() }
    }

    /// Makes a component of a value that is not there, which is a value too.
    pub fn unset(kind: ComponentKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            digest: DigestWriter::new("az unset v1").finish(),
            short: "unset".to_owned(),
        }
    }

    /// Makes a component of an observation.
    pub fn of_answer(kind: ComponentKind, name: impl Into<String>, answer: &Answer) -> Self {
        Self { kind, name: name.into(), digest: answer.digest, short: answer.short.clone() }
    }

    /// Hides the value from people; the key still depends on it.
    ///
    /// Without `key` nobody can find the value out by trying what it might be.
    #[must_use]
    pub fn hidden(self, key: &[u8; 32]) -> Self {
        let digest = Digest(*blake3::keyed_hash(key, &self.digest.0).as_bytes());
        Self { short: HIDDEN.to_owned(), digest, ..self }
    }
}

/// All a step depends on: components sorted by kind and name.
#[derive(Debug, Clone, Default)]
pub struct Fingerprint {
    components: Vec<Component>,
    /// Follows from the components; it is asked for several times, and worked out once.
    key: OnceLock<Digest>,
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.components == other.components
    }
}

impl Eq for Fingerprint {}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.components.hash(state);
    }
}

impl Fingerprint {
    /// Sorts the components; of several with one kind and name the last counts.
    pub fn new(mut components: Vec<Component>) -> Self {
        components.reverse();
        components.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        components.dedup_by(|a, b| (a.kind, &a.name) == (b.kind, &b.name));
        Self { components, key: OnceLock::new() }
    }

    /// Takes components that are sorted and unique, as a fingerprint hands them out; nothing if they are not.
    pub fn from_sorted(components: Vec<Component>) -> Option<Self> {
        let is_sorted = components.is_sorted_by(|a, b| (a.kind, &a.name) < (b.kind, &b.name));
        is_sorted.then(|| Self { components, key: OnceLock::new() })
    }

    /// Returns the components, sorted.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Returns this fingerprint with further components.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = Component>) -> Self {
        let mut more = more.into_iter().peekable();
        if more.peek().is_none() {
            return self.clone();
        }
        Self::new(self.components.iter().cloned().chain(more).collect())
    }

    /// Returns the hash of kind, name and digest of all components; what is shown to people has no part in it.
    pub fn key(&self) -> Digest {
        *self.key.get_or_init(|| key_of(&self.components))
    }

    /// Returns the key of this fingerprint with further components, without putting it together.
    pub fn key_with(&self, more: &[Component]) -> Digest {
        let mut all: Vec<&Component> = more.iter().rev().chain(self.components.iter().rev()).collect();
        all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        all.dedup_by(|a, b| (a.kind, &a.name) == (b.kind, &b.name));
        key_of(all)
    }
}

fn key_of<'a>(components: impl IntoIterator<Item = &'a Component>) -> Digest {
    let mut writer = DigestWriter::new("az key v1");
    for component in components {
        writer.add(component.kind.as_str());
        writer.add(&component.name);
        writer.add(component.digest.0);
    }
    writer.finish()
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} = {}", self.kind.as_str(), self.name, self.short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_out_of_order_are_no_fingerprint() {
        let component = |name: &str| Component::of_text(ComponentKind::Input, name, "");
        let [a, b] = [component("a"), component("b")];
        assert!(Fingerprint::from_sorted(vec![a.clone(), b.clone()]).is_some());
        assert!(Fingerprint::from_sorted(vec![b, a.clone()]).is_none());
        assert!(Fingerprint::from_sorted(vec![a.clone(), a]).is_none());
    }

    #[test]
    fn every_kind_has_its_own_word_in_its_own_place() {
        for (index, (kind, word)) in ComponentKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index);
            assert_eq!(ComponentKind::parse(word), Ok(*kind));
        }
        assert!(ComponentKind::parse("x").is_err());
    }

    #[test]
    fn the_last_of_two_counts_and_order_does_not() {
        let text = |name, value| Component::of_text(ComponentKind::Variable, name, value);
        let one = Fingerprint::new(vec![text("b", "1"), text("a", "1"), text("b", "2")]);
        let other = Fingerprint::new(vec![text("b", "2"), text("a", "1")]);
        assert_eq!(one, other);
        assert_eq!(one.key(), other.key());
        for more in [vec![], vec![text("a", "2"), text("c", "1"), text("a", "3")]] {
            assert_eq!(one.key_with(&more), one.with(more.clone()).key());
        }
    }

    #[test]
    fn unset_is_not_empty() {
        let empty = Component::of_text(ComponentKind::Environment, "X", "");
        assert_ne!(empty.digest, Component::unset(ComponentKind::Environment, "X").digest);
    }
}
