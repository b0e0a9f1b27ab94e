//! Which of its declared inputs a step was seen to make use of.
//!
//! Knows a trace and patterns. Does not know where a pattern is written, nor what is to be done about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Engine, inputs::Programs};
use crate::{
    base::WsPath,
    cache::{Blobs, Ending, Evidence, Record, Store},
    fingerprint::{Question, Resolver, View},
    plan::Node,
    text::pattern::Pattern,
    trace::{Asked, Trace},
};

/// What came of a step's declared inputs in one run of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Usage {
    /// Each pattern, and whether the step read, probed or listed anything it names.
    pub(super) inputs: BTreeMap<String, bool>,
    /// Paths that are part of its record only because they are declared.
    pub(super) idle: BTreeSet<String>,
}

/// What is kept of a trace.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Watched {
    #[serde(flatten)]
    pub(super) programs: Programs,
    /// Nothing in what an older az kept.
    #[serde(default)]
    pub(super) usage: Option<Usage>,
}

/// Compares what a step declares, as patterns and as the questions they stand for, with what it was seen to do.
pub(super) fn usage(trace: &Trace, disk: &dyn View, inputs: &[Pattern], declared: &[Question]) -> Usage {
    if inputs.is_empty() {
        return Usage::default();
    }
    let touched: BTreeMap<WsPath, bool> = trace
        .paths
        .iter()
        .map(|(path, touch)| {
            (WsPath::new(disk.root(), &WsPath::root(), path), touch.asked.has(Asked::LISTED))
        })
        .collect();
    let is_idle = |question: &Question| match question {
        Question::State(path) => (!touched.contains_key(path)).then(|| path.to_string()),
        _ => None,
    };
    Usage {
        inputs: inputs
            .iter()
            .map(|input| (input.as_str().to_owned(), is_used(disk, &touched, input)))
            .collect(),
        idle: declared.iter().filter_map(is_idle).collect(),
    }
}

/// Tells whether a pattern names one of the paths, or a name in one that was listed; O(paths).
fn is_used(disk: &dyn View, touched: &BTreeMap<WsPath, bool>, input: &Pattern) -> bool {
    let fixed = input.fixed_part();
    let place = Resolver::new(disk).resolve(&fixed).at;
    if place != fixed {
        // Seen are places: behind a link, what the pattern names has another name.
        return touched.keys().any(|path| path.is_below(&place));
    }
    let folder = input.as_path();
    let names = |path: &WsPath| match &folder {
        Some(folder) => path.is_below(folder),
        None => path.is_below(&fixed) && input.matches(path),
    };
    let may_hold = |folder: &WsPath| folder.is_below(&fixed) || fixed.parent().as_ref() == Some(folder);
    let is_listed_in =
        |folder: &WsPath| disk.names(folder).entries.iter().any(|(name, _)| names(&folder.join(name)));
    touched
        .iter()
        .any(|(path, is_listed)| names(path) || (*is_listed && may_hold(path) && is_listed_in(path)))
}

impl Engine {
    /// Returns the last record of a step that was seen whole and ended well, with what came of its declared inputs.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn last_seen_whole(&self, store: &Store, node: &Node) -> Result<(Arc<Record>, Usage), String> {
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let is_whole = |record: &Arc<Record>| {
            let is_over = matches!(record.ending, Ending::Reusable | Ending::NotReusable(_));
            is_over && record.evidence == Evidence::Traced
        };
        let usage = |record: &Arc<Record>| {
            let bytes = blobs.read(&record.trace?).ok()?;
            serde_json::from_slice::<Watched>(&bytes).ok()?.usage
        };
        let mut whole = store.of(&node.identity).filter(is_whole);
        let found = whole.find_map(|record| usage(&record).map(|usage| (record, usage)));
        found.ok_or_else(|| why_not_seen(node, store.last(&node.identity).as_deref()))
    }
}

fn why_not_seen(node: &Node, last: Option<&Record>) -> String {
    if let Some(why) = node.unwatched() {
        return format!("it {why}");
    }
    let Some(last) = last else { return "it has not run yet".to_owned() };
    match (&last.ending, last.evidence) {
        (Ending::Failed(how), _) => format!("it failed when it last ran: {how}"),
        (Ending::Interrupted, _) => "it was interrupted when it last ran".to_owned(),
        (_, Evidence::Traced) => {
            "what an older az kept of its trace does not tell enough; run it again".to_owned()
        }
        (Ending::NotReusable(why), Evidence::Declared) => why.clone(),
        (Ending::Reusable, Evidence::Declared) => "it was not seen whole when it last ran".to_owned(),
    }
}
