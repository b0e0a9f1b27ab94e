//! Observations: questions about paths, and their answers.

use std::collections::BTreeSet;

use super::{State, View, expand, follow::follow};
use crate::{
    base::{Digest, DigestWriter, WsPath, plural},
    sys::FileKind,
    text::pattern::Pattern,
};

/// A question whose answer a step's result may depend on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// What is at the path, links followed?
    Content(WsPath),
    /// Which paths does the pattern name? The text is a pattern in normal form.
    Names(String),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Equal exactly for equal answers.
    pub digest: Digest,
    /// For people.
    pub short: String,
    /// The answer is no ground to rely on: a path could not be read.
    pub is_doubtful: bool,
}

impl Question {
    /// Returns the path or pattern asked about.
    pub fn subject(&self) -> &str {
        match self {
            Self::Content(path) => path.as_str(),
            Self::Names(pattern) => pattern,
        }
    }
}

/// Returns the questions that declared inputs stand for, sorted, without repeats.
///
/// A path that is a folder stands for all files below it. O(files named).
pub fn questions(view: &dyn View, inputs: &[Pattern]) -> Vec<Question> {
    let mut asked = BTreeSet::new();
    for input in inputs {
        match input.as_path() {
            Some(path) if is_folder(view, &path) => {
                asked.insert(Question::Content(path.clone()));
                ask_names(view, &folder_pattern(view, &path), &mut asked);
            }
            Some(path) => {
                asked.insert(Question::Content(path));
            }
            None => ask_names(view, input, &mut asked),
        }
    }
    asked.into_iter().collect()
}

/// Tells whether a path is a folder or leads to one.
fn is_folder(view: &dyn View, path: &WsPath) -> bool {
    match view.state(path) {
        State::Directory => true,
        State::Link { .. } => follow(view, path, |_| ()).is_some_and(|(_, state)| state == State::Directory),
        _ => false,
    }
}

fn ask_names(view: &dyn View, pattern: &Pattern, asked: &mut BTreeSet<Question>) {
    asked.insert(Question::Names(pattern.as_str().to_owned()));
    let files = expand(view, pattern).paths.into_iter().filter(|(_, kind)| *kind != FileKind::Directory);
    asked.extend(files.map(|(path, _)| Question::Content(path)));
}

/// Returns the pattern for all below a folder.
fn folder_pattern(view: &dyn View, folder: &WsPath) -> Pattern {
    let text = if folder.as_str() == "." { "**".to_owned() } else { format!("{folder}/**") };
    Pattern::parse(&text, view.root(), &WsPath::root()).expect("a path with /** is a pattern")
}

/// Answers a question in a view.
pub fn answer(view: &dyn View, question: &Question) -> Answer {
    match question {
        Question::Content(path) => content(view, path),
        Question::Names(text) => match Pattern::parse(text, view.root(), &WsPath::root()) {
            Ok(pattern) => names(view, &pattern),
            Err(_) => unreadable(),
        },
    }
}

fn unreadable() -> Answer {
    Answer { digest: State::Unknown.to_digest(), short: State::Unknown.to_string(), is_doubtful: true }
}

fn content(view: &dyn View, path: &WsPath) -> Answer {
    let mut writer = DigestWriter::new("az content v1");
    let mut short = String::new();
    let found = view.state(path);
    let state = if matches!(found, State::Link { .. }) {
        let on_link = |link: &State| {
            writer.add(link.to_digest().0);
            short.push_str(&link.to_string());
            short.push_str(" -> ");
        };
        let Some((_, state)) = follow(view, path, on_link) else { return unreadable() };
        state
    } else {
        found
    };
    writer.add(state.to_digest().0);
    short.push_str(&state.to_string());
    Answer { digest: writer.finish(), short, is_doubtful: state == State::Unknown }
}

fn names(view: &dyn View, pattern: &Pattern) -> Answer {
    let found = expand(view, pattern);
    let mut writer = DigestWriter::new("az names v1");
    for (path, kind) in &found.paths {
        writer.add(path.as_str());
        writer.add([*kind as u8]);
    }
    let short = plural(found.paths.len(), "name");
    Answer { digest: writer.finish(), short, is_doubtful: found.incomplete }
}
