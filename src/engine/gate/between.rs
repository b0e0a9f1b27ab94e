//! What one step writes and a later one writes again: whoever stands between them has to find what the first left.
//!
//! On disk is what the last one left, and that is what a step finds if only it runs. So it must not ask for such a path,
//! but in a build that decides on the others too and can bring the first one's back.

use std::path::{Path, PathBuf};

use super::Partly;
use crate::{
    base::WsPath,
    cache::Record,
    event::Outcome,
    fingerprint::Question,
    sys::{Asked, Seen},
    text::pattern::Pattern,
};

/// Paths that a step leaves something at, and later another one that is not decided again.
pub(super) struct Rewritten(Vec<Row>);

struct Row {
    path: PathBuf,
    /// The first step that leaves something there.
    first: u32,
    /// The last one that does so and is not decided again.
    last: u32,
}

/// A step that was decided again, by its place in the whole plan.
pub(super) struct Ended<'a> {
    pub(super) item: usize,
    /// What its decision asked.
    pub(super) asked: &'a Asked,
    pub(super) outcome: Option<Outcome>,
    /// What is known of the run that it was started in, if it was.
    pub(super) record: Option<&'a Record>,
}

impl Rewritten {
    pub(super) fn of(partly: &Partly) -> Self {
        let row = |known: crate::cache::Known<'_>| {
            let mut first = None;
            let mut last = None;
            for (item, _) in known.askers().filter(|(_, writes)| *writes) {
                first = first.or(Some(item));
                last = if partly.is_due(item as usize) { last } else { Some(item) };
            }
            let (first, last) = (first?, last?);
            (first < last).then(|| Row { path: known.path(), first, last })
        };
        Self(partly.gate.paths().filter_map(row).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a step asked for one of these that stands between the two. One that was started and of which it is
    /// not known what it asked for may have.
    pub(super) fn was_asked_by(&self, step: &Ended<'_>, seen: &[(PathBuf, Seen)], root: &Path) -> bool {
        let between = |row: &&Row| (row.first as usize) < step.item && step.item < row.last as usize;
        self.0.iter().filter(between).any(|row| match (step.outcome, step.record) {
            (Some(Outcome::Ran), Some(record)) => {
                record.questions().any(|question| is_about(&question, &row.path, root))
                    || was_seen(step.asked, seen, &row.path)
            }
            (Some(Outcome::Ran | Outcome::Failed | Outcome::Cancelled), _) => true,
            _ => was_seen(step.asked, seen, &row.path),
        })
    }
}

/// Tells whether a decision asked for a path, or for the folder it is in.
fn was_seen(asked: &Asked, seen: &[(PathBuf, Seen)], path: &Path) -> bool {
    let mut paths = asked.places.iter().filter_map(|place| seen.get(*place as usize)).map(|(path, _)| path);
    paths.any(|asked| asked == path || Some(&**asked) == path.parent())
        || asked.known.iter().any(|asked| asked == path)
}

fn is_about(question: &Question, path: &Path, root: &Path) -> bool {
    match question {
        Question::State(asked) => asked.to_absolute(root) == path,
        Question::Listing(asked) => Some(&*asked.to_absolute(root)) == path.parent(),
        Question::Names(pattern) => Pattern::parse(pattern, root, &WsPath::root())
            .map_or(true, |pattern| path.starts_with(pattern.fixed_part().to_absolute(root))),
    }
}
