//! What a step did, and whether its result may be kept.
//!
//! Knows the files before and after. Does not know how the step was run, nor what its exit code means.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ending::Meaning,
    job::{Attempt, Before, Shared},
};
use crate::{
    base::{Digest, WsPath},
    cache::{self, Capture, Effect},
    diag::code,
    execute::scheduler::Ending,
    fingerprint::{Component, ComponentKind, Question, State, View},
    plan::Reuse,
};

impl Attempt {
    /// States of the paths whose change is an effect of the step: its declared outputs, and for a step that does not
    /// declare them every path the plan knows.
    pub(super) fn watched_states(&self) -> BTreeMap<WsPath, State> {
        let disk = &self.shared.cache.disk;
        match &self.prepared().node.outputs {
            Some(outputs) => cache::known_states(disk, outputs),
            None => self.shared.known_paths.iter().map(|path| (path.clone(), disk.state(path))).collect(),
        }
    }

    pub(super) fn capture(&self, before: &Before, ended_ns: Option<i64>) -> Capture {
        let Shared { cache, .. } = &*self.shared;
        let read: BTreeSet<&str> = before.questions.iter().map(Question::subject).collect();
        let is_personal = |path: &WsPath, found: &State| {
            found.exists()
                && *found != State::Directory
                && read.contains(path.as_str())
                && !cache.store.is_ours(path, found)
        };
        if let Some(outputs) = &self.prepared().node.outputs {
            cache::capture(&cache.disk, outputs, &before.outputs, ended_ns, &before.own, is_personal)
        } else {
            let changed = before.outputs.iter().filter_map(|(path, before)| {
                let after = cache.disk.state(path);
                let is_personal = is_personal(path, before);
                let effect = Effect::new(path.clone(), before.clone(), after);
                (effect.after != *before).then_some(Effect { is_personal, ..effect })
            });
            Capture { effects: changed.collect(), ..Capture::default() }
        }
    }

    /// Takes what the step found among its outputs and did not touch out of its effects, unless az made it: it is not
    /// the step's, and az must never bring it back or take it away. It becomes something the result depends on.
    ///
    /// A file that changed in the very tick of the clock the step started in counts as touched.
    pub(super) fn leave_alone(&self, before: &mut Before, capture: &mut Capture) {
        let cache = &self.shared.cache;
        let is_untouched = |effect: &Effect| {
            let stat = cache.disk.stat(&effect.path);
            let is_older =
                stat.is_some_and(|stat| before.started_ns.is_some_and(|start| stat.ctime_ns < start));
            effect.before == effect.after && effect.after != State::Directory && is_older
        };
        let is_foreign =
            |effect: &Effect| is_untouched(effect) && !cache.store.is_ours(&effect.path, &effect.after);
        let (foreign, own): (Vec<Effect>, Vec<Effect>) =
            std::mem::take(&mut capture.effects).into_iter().partition(is_foreign);
        capture.effects = own;
        let known: BTreeSet<&Question> = before.questions.iter().collect();
        let asked = foreign.into_iter().map(|effect| Question::State(effect.path));
        let asked: Vec<Question> = asked.filter(|question| !known.contains(question)).collect();
        before.observed.extend(cache::observe(&*cache.disk, &before.own, &asked).0);
        before.questions.extend(asked);
    }

    /// Returns why the result must not be reused, if it must not.
    pub(super) fn why_not_kept(
        &self,
        before: &mut Before,
        capture: &Capture,
        meaning: &Meaning,
    ) -> Option<String> {
        let Shared { cache, .. } = &*self.shared;
        let node = &self.prepared().node;
        if let Reuse::No(why) = self.prepared().reuse() {
            return Some(why);
        }
        if meaning.ending == Ending::Attention {
            return Some("it asks for a person's attention".to_owned());
        }
        if meaning.has_leftovers() {
            return Some("it left processes behind".to_owned());
        }
        if let Some(path) = self.changed_input(before) {
            let text =
                format!("input `{path}` of {} changed while it ran; its result is not recorded", node.id);
            before.warnings.push((code::INPUT_CHANGED, text));
            return Some(format!("input `{path}` changed while it ran"));
        }
        if let Some(path) = capture.missing.first() {
            let text = format!("{} did not make its output `{path}`; its result is not recorded", node.id);
            before.warnings.push((code::MISSING_OUTPUT, text));
            return Some(format!("it did not make its output `{path}`"));
        }
        if let Some(path) = capture.doubtful.first() {
            let text =
                format!("`{path}` was changed after {} had ended; its result is not recorded", node.id);
            before.warnings.push((code::OUTPUT_CHANGED, text));
            return Some(format!("its output `{path}` was changed by something else"));
        }
        if let Err(error) = capture.store(&cache.disk, &cache.blobs) {
            before
                .warnings
                .push((code::CACHE_UNUSABLE, format!("an output of {} cannot be kept: {error}", node.id)));
            return Some("its outputs could not be kept".to_owned());
        }
        None
    }

    /// Returns an input that is no longer what it was, apart from what the step itself makes.
    fn changed_input(&self, before: &Before) -> Option<String> {
        let disk = &*self.shared.cache.disk;
        let outputs = self.prepared().node.outputs.as_deref().unwrap_or_default();
        let is_made = |path: &WsPath| {
            outputs.iter().any(|output| {
                output.matches(path) || output.as_path().is_some_and(|folder| path.is_below(&folder))
            })
        };
        let is_foreign = |question: &&Question| {
            !WsPath::from_normal(question.subject()).is_some_and(|path| is_made(&path))
        };
        let asked: Vec<Question> = before.questions.iter().filter(is_foreign).cloned().collect();
        let then: BTreeSet<(ComponentKind, &str, Digest)> =
            before.observed.iter().map(|old| (old.kind, old.name.as_str(), old.digest)).collect();
        // Which names there are, the step itself may have changed.
        let is_own = |now: &Component| now.kind == ComponentKind::Names && !outputs.is_empty();
        let has_changed =
            |now: &Component| !is_own(now) && !then.contains(&(now.kind, &now.name, now.digest));
        let (now, _) = cache::observe(disk, &before.own, &asked);
        let script = self.prepared().script(disk).filter(|now| !before.weak.components().contains(now));
        now.into_iter().find(has_changed).or(script).map(|component| component.name)
    }
}
