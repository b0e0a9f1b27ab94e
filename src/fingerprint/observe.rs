//! Observations: questions about paths, and their answers.

use std::collections::BTreeSet;

use super::{Resolver, State, View, expand};
use crate::{
    base::{Digest, DigestWriter, WsPath, plural},
    sys::FileKind,
    text::pattern::Pattern,
};

/// A question whose answer a step's result may depend on.
///
/// Its path has no link on its way in the view it was made for; where a link led there, what is at the link is another
/// question. So a set of questions that has today's answers is about the same places today.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// What is at the path itself?
    State(WsPath),
    /// Which names are in the folder, apart from those the step made itself? None if there is no folder.
    Listing(WsPath),
    /// Which paths does the pattern name? The text is a pattern in normal form.
    Names(String),
}

/// Tells whether the step that asks made what is at a path.
pub type HasMade<'a> = dyn Fn(&WsPath, &dyn Fn() -> State) -> bool + 'a;

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
            Self::State(path) | Self::Listing(path) => path.as_str(),
            Self::Names(pattern) => pattern,
        }
    }
}

/// Returns the questions that declared inputs stand for, sorted, without repeats.
///
/// A path that is a folder stands for all files below it. Of declared outputs only the links on their ways are asked
/// about: they say what the step will write. O(files named).
pub fn questions(view: &dyn View, inputs: &[Pattern], outputs: &[Pattern]) -> Vec<Question> {
    let mut asking = Asking { view, resolver: Resolver::new(view), asked: BTreeSet::new() };
    for input in inputs {
        match input.as_path() {
            Some(path) => asking.ask(&path),
            None => asking.ask_names(input),
        }
    }
    for output in outputs {
        _ = asking.resolver.resolve_parent(&output.fixed_part());
    }
    let links = asking.resolver.into_links().into_iter().map(Question::State);
    asking.asked.extend(links);
    asking.asked.into_iter().collect()
}

struct Asking<'a> {
    view: &'a dyn View,
    resolver: Resolver<'a>,
    asked: BTreeSet<Question>,
}

impl Asking<'_> {
    fn ask(&mut self, path: &WsPath) {
        let found = self.resolver.resolve(path);
        if found.state == State::Directory {
            let pattern = folder_pattern(self.view, &found.at);
            self.ask_names(&pattern);
        }
        self.asked.insert(Question::State(found.at));
    }

    fn ask_names(&mut self, input: &Pattern) {
        self.asked.insert(Question::Names(input.as_str().to_owned()));
        for (path, kind) in expand(self.view, &mut self.resolver, input).paths {
            match kind {
                // A folder is nothing but its names, and a link to one is not entered.
                FileKind::Directory => {}
                FileKind::Link => _ = self.asked.insert(Question::State(self.resolver.resolve(&path).at)),
                FileKind::File | FileKind::Other => _ = self.asked.insert(Question::State(path)),
            }
        }
    }
}

/// Returns the pattern for all below a folder.
fn folder_pattern(view: &dyn View, folder: &WsPath) -> Pattern {
    let text = if folder.as_str() == "." { "**".to_owned() } else { format!("{folder}/**") };
    Pattern::parse(&text, view.root(), &WsPath::root()).expect("a path with /** is a pattern")
}

/// Answers a question of a step in a view.
pub fn answer(view: &dyn View, has_made: &HasMade<'_>, question: &Question) -> Answer {
    match question {
        Question::State(path) => Answer::of(&view.state(path)),
        Question::Listing(folder) => listing(view, has_made, folder),
        Question::Names(text) => match Pattern::parse(text, view.root(), &WsPath::root()) {
            Ok(pattern) => names(view, &pattern),
            Err(_) => Answer::of(&State::Unknown),
        },
    }
}

/// Answers what is at a path, links followed.
pub fn content(view: &dyn View, path: &WsPath) -> Answer {
    Answer::of(&Resolver::new(view).resolve(path).into_state())
}

impl Answer {
    fn of(state: &State) -> Self {
        Self { digest: state.to_digest(), short: state.to_string(), is_doubtful: *state == State::Unknown }
    }
}

fn listing(view: &dyn View, has_made: &HasMade<'_>, folder: &WsPath) -> Answer {
    let names = view.names(folder);
    let mut writer = DigestWriter::new("az listing v1");
    let mut count = 0;
    for (name, kind) in &names.entries {
        let path = folder.join(name);
        if !has_made(&path, &|| view.state(&path)) {
            writer.add(&**name);
            writer.add([*kind as u8]);
            count += 1;
        }
    }
    Answer { digest: writer.finish(), short: plural(count, "name"), is_doubtful: names.incomplete }
}

fn names(view: &dyn View, pattern: &Pattern) -> Answer {
    let found = expand(view, &mut Resolver::new(view), pattern);
    let mut writer = DigestWriter::new("az names v1");
    for (path, kind) in &found.paths {
        writer.add(path.as_str());
        writer.add([*kind as u8]);
    }
    let short = plural(found.paths.len(), "name");
    Answer { digest: writer.finish(), short, is_doubtful: found.incomplete }
}
