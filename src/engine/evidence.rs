//! What a step did, and whether its result may be kept.
//!
//! Knows the files before and after. Does not know how the step was run, nor what its exit code means.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    ending::Meaning,
    inputs::Programs,
    job::{After, Attempt, Before, Shared},
    seen::{Seen, is_named},
    usage::Usage,
    witness::holds_any,
};
use crate::{
    base::{Digest, WsPath},
    cache::{self, Capture, Effect, SMALL_BYTES},
    diag::code,
    execute::{runner::input_is_empty, scheduler::Ending},
    fingerprint::{Component, ComponentKind, Moment, OnDisk, Question, State, View},
    model::settings::{CachePolicy, Undeclared},
    plan::Reuse,
    sys::{FileKind, Stat},
    text::{handed::Handed, pattern::Pattern},
};

/// What is known of what a step did.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What it did to files.
    pub(super) capture: Capture,
    /// Why it was not seen to do all that; nothing if it was.
    pub(super) unseen: Option<String>,
    /// The programs it ran.
    pub(super) programs: Programs,
    /// What came of its declared inputs.
    pub(super) usage: Usage,
    /// Folders of private state it cannot do without.
    pub(super) scratch: Vec<WsPath>,
    /// All private state it wrote.
    pub(super) private: Vec<WsPath>,
    /// Files it read in private state of others.
    pub(super) borrowed: Vec<WsPath>,
    /// Environment names that text mentions which it read.
    pub(super) learned: Vec<String>,
    /// Those of them that are unset.
    pub(super) unset: Vec<String>,
    /// Those of them that are set, and that it was not given.
    pub(super) withheld: Vec<String>,
    /// Why what it was seen to do is no ground for a reuse.
    obstacle: Option<String>,
    /// What something else changed while it ran.
    pub(super) disturbed: Option<WsPath>,
    /// It acted beyond the workspace.
    pub(super) is_outward: bool,
}

/// Longer files are data rather than text that asks for variables.
const LONGEST_TEXT: u64 = 1 << 20;

impl Attempt {
    /// Sums up what the step did: as it was seen, else as far as it declares it.
    pub(super) fn evidence(
        &self,
        before: &mut Before,
        seen: Result<Seen, String>,
        pre_images: &BTreeMap<WsPath, State>,
        after: &After,
    ) -> Known {
        let seen = match seen {
            Ok(seen) => seen,
            Err(why) => {
                // Of a trace that does not tell all, what it tells is true.
                for (path, state) in pre_images {
                    before.outputs.entry(path.clone()).or_insert_with(|| state.clone());
                }
                let mut capture = self.capture(before, after);
                self.leave_alone(before, &mut capture, &after.files);
                // Nobody knows what else it did; what is declared is its user's word that there is nothing else.
                let is_outward = !self.prepared().node.is_declared();
                return Known { capture, unseen: Some(why), is_outward, ..Known::default() };
            }
        };
        let now = &after.files;
        let outputs = self.prepared().node.outputs.as_deref().unwrap_or_default();
        let missing = cache::missing(now, outputs);
        let capture =
            Capture { effects: seen.effects, missing, doubtful: seen.doubtful.into_iter().collect() };
        let misplaced = seen.misplaced.first();
        let misplaced = misplaced.map(|path| format!("`{path}` was not as its place in the order has it"));
        let mut known = Known {
            capture,
            programs: seen.programs.unwrap_or_default(),
            usage: seen.usage,
            scratch: seen.scratch,
            private: seen.private,
            obstacle: seen.obstacle.or(misplaced),
            disturbed: seen.disturbed.or_else(|| self.changed_input(before, now)),
            is_outward: seen.is_outward,
            ..Known::default()
        };
        self.add_shared(&mut known, now);
        self.learn(seen.texts.iter().chain(&seen.glimpsed), &mut known, now);
        self.compare_with_declared(
            before,
            &seen.texts,
            &known.capture.effects,
            &seen.readers,
            &seen.writers,
            &known.programs,
        );
        known.borrowed = borrowed(before, &seen.questions, now);
        before.questions.extend(seen.questions);
        before.observed.extend(seen.observed);
        known
    }

    /// Adds what others read in the step's private state to its results, also where it left it as it was.
    fn add_shared(&self, known: &mut Known, now: &Moment) {
        let Shared { cache, .. } = &*self.shared;
        let left: BTreeSet<WsPath> = known.capture.effects.iter().map(|effect| effect.path.clone()).collect();
        let shared = cache.store.shared_below(&known.private).into_iter();
        for path in shared.filter(|path| !left.contains(path)) {
            let state = now.state(&path);
            let effect = Effect::new(path, state.clone(), state);
            known.capture.effects.push(Effect { is_made: true, ..effect });
        }
    }

    /// Makes what the step read in the private state of an earlier step of this run a result of that one.
    pub(super) fn borrow(&self, borrowed: &[WsPath]) {
        if borrowed.is_empty() {
            return;
        }
        let Shared { cache, nodes, .. } = &*self.shared;
        for node in &nodes.all()[..self.index] {
            let Some(record) = cache.store.last_with_private(&node.node.identity) else { continue };
            let is_left = |path: &WsPath| record.effects.iter().any(|effect| effect.path == *path);
            let is_theirs =
                |path: &&WsPath| record.private.iter().any(|top| path.is_below(top)) && !is_left(path);
            let paths: Vec<&WsPath> = borrowed.iter().filter(is_theirs).collect();
            if paths.is_empty() || !record.is_reusable() {
                continue;
            }
            let mut record = (*record).clone();
            for path in paths {
                let effect = Effect::new(path.clone(), State::Absent, cache.disk.state(path));
                record.effects.push(effect);
            }
            record.effects.sort_by(|a, b| a.path.cmp(&b.path));
            let capture = Capture { effects: record.effects.clone(), ..Capture::default() };
            // Where it cannot be kept, the step runs again, which is what a record without it means.
            if capture.store(&Moment::new(Arc::clone(&cache.disk)), &cache.blobs).is_ok()
                && let Ok(begin) = cache.store.begin(&record.identity, &[])
            {
                _ = cache.store.commit(begin, &record);
            }
        }
    }

    /// Tells whether an output holds the value of a secret that the step was given.
    pub(super) fn has_secret(&self, capture: &Capture) -> bool {
        let secrets = self.shared.secrets(self.index);
        let Shared { cache, .. } = &*self.shared;
        let files = capture.effects.iter().filter(|effect| matches!(effect.after, State::File { .. }));
        let mut paths = files.map(|effect| cache.disk.absolute(&effect.path));
        paths.any(|path| holds_any(cache, &path, &secrets))
    }

    /// Returns the workspace's path if an output holds it, or what the step hands on.
    pub(super) fn root_in(&self, capture: &Capture, handed: &Handed, now: &Moment) -> Option<String> {
        let Shared { cache, .. } = &*self.shared;
        let root = cache.disk.root().to_str().filter(|root| root.len() > 1)?;
        let is_named = |effect: &Effect| match &effect.after {
            State::File { .. } => match now.content(&effect.path, SMALL_BYTES) {
                Some(bytes) => memchr::memmem::find(&bytes, root.as_bytes()).is_some(),
                None => holds_any(cache, &cache.disk.absolute(&effect.path), &[root]),
            },
            State::Link { target } => target.contains(root),
            _ => false,
        };
        let is_handed_on = || handed.has_text(&|text| text.contains(root));
        (capture.effects.iter().any(is_named) || is_handed_on()).then(|| root.to_owned())
    }

    /// Warns of what the step reads and writes beyond what it declares.
    fn compare_with_declared(
        &self,
        before: &mut Before,
        read: &[WsPath],
        effects: &[Effect],
        readers: &BTreeMap<WsPath, u32>,
        writers: &BTreeMap<WsPath, u32>,
        programs: &Programs,
    ) {
        let node = &self.prepared().node;
        if node.settings.undeclared == Some(Undeclared::Allowed) {
            return;
        }
        let (inputs, outputs) = (node.inputs.as_deref(), node.outputs.as_deref());
        let is_in =
            |patterns: Option<&[Pattern]>, path: &WsPath| is_named(patterns.unwrap_or_default(), path);
        let mut warn = |code, verb: &str, key: &str, paths: Vec<&WsPath>, by: &BTreeMap<WsPath, u32>| {
            let Some(first) = paths.first() else { return };
            let more = if paths.len() > 1 { format!(" and {} more", paths.len() - 1) } else { String::new() };
            let chain = by.get(*first).map(|process| programs.chain(*process)).unwrap_or_default();
            let text = format!(
                "{} {verb} `{first}`{more}, which it does not declare ({chain}); add it to `# {key}:`",
                node.id
            );
            before.warnings.push((code, text));
        };
        if inputs.is_some() {
            let is_undeclared = |path: &&WsPath| {
                // What git says of the repository is nothing a header should have to name.
                let is_git = path.as_str().split('/').any(|name| name == ".git");
                !is_git
                    && !is_in(inputs, path)
                    && !is_in(outputs, path)
                    && node.script.as_ref() != Some(*path)
            };
            let paths = read.iter().filter(is_undeclared).collect();
            warn(code::UNDECLARED_READ, "reads", "Inputs", paths, readers);
        }
        if outputs.is_some() {
            let is_undeclared = |effect: &&Effect| {
                effect.path.is_inside()
                    && effect.after != State::Directory
                    && effect.before != effect.after
                    && !is_in(outputs, &effect.path)
            };
            let paths = effects.iter().filter(is_undeclared).map(|effect| &effect.path).collect();
            warn(code::UNDECLARED_WRITE, "writes", "Outputs", paths, writers);
        }
    }

    /// Finds the environment names that the texts mention.
    fn learn<'p>(&self, texts: impl Iterator<Item = &'p WsPath>, known: &mut Known, now: &Moment) {
        let Shared { env, mentioned, .. } = &*self.shared;
        let node = &self.prepared().node;
        let environment = &self.prepared().environment;
        let mut names = BTreeSet::new();
        for path in texts.filter(|path| Some(*path) != node.script.as_ref()) {
            if let State::File { digest, .. } = now.state(path) {
                let read = || now.content(path, LONGEST_TEXT);
                names.extend(mentioned.names(&digest, read).iter().cloned());
            }
        }
        // What it is given anyway is no news; what of that is no part of the key, is so on purpose.
        names.retain(|name| !environment.is_keyed(name) && !environment.values.contains_key(name));
        names.retain(|name| !node.settings.pass_env.contains(name));
        known.learned = names.iter().cloned().collect();
        (known.withheld, known.unset) = names.into_iter().partition(|name| env.contains_key(name));
    }

    /// Names what a step that failed may have missed.
    pub(super) fn name_withheld(&self, before: &mut Before, known: &Known) {
        if !known.withheld.is_empty() {
            let names = crate::base::quoted_list(&known.withheld);
            let text = format!(
                "{} was not given {names}, which text that it read mentions; it is next time",
                self.prepared().node.id
            );
            before.warnings.push((code::WITHHELD, text));
        }
    }

    /// States of the paths whose change is an effect of the step: its declared outputs, and for a step that does not
    /// declare them and is not watched every path the plan knows.
    pub(super) fn watched_states(&self, now: &Moment) -> BTreeMap<WsPath, State> {
        match &self.prepared().node.outputs {
            Some(outputs) => cache::known_states(now, outputs),
            None if self.prepared().unwatched.is_none() => BTreeMap::new(),
            None => {
                let changed = self.shared.timeline.changed();
                let known = self.shared.known_paths.iter().chain(&changed);
                known.map(|path| (path.clone(), now.state(path))).collect()
            }
        }
    }

    fn capture(&self, before: &Before, after: &After) -> Capture {
        let Shared { cache, .. } = &*self.shared;
        let read: BTreeSet<&str> = before.questions.iter().map(Question::subject).collect();
        let is_personal = |path: &WsPath, found: &State| {
            found.exists()
                && *found != State::Directory
                && read.contains(path.as_str())
                && !cache.store.is_ours(path, found)
        };
        if let Some(outputs) = &self.prepared().node.outputs {
            cache::capture(&after.files, outputs, &before.outputs, after.ended_ns, &before.own, is_personal)
        } else {
            let changed = before.outputs.iter().filter_map(|(path, before)| {
                let after = after.files.state(path);
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
    fn leave_alone(&self, before: &mut Before, capture: &mut Capture, now: &Moment) {
        let cache = &self.shared.cache;
        let is_untouched = |effect: &Effect| {
            let stat = now.stat(&effect.path);
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
        before.observed.extend(cache::observe(now, &before.own, &asked).0);
        before.questions.extend(asked);
    }

    /// Returns why the result must not be reused, if it must not.
    pub(super) fn why_not_kept(
        &self,
        before: &mut Before,
        known: &Known,
        meaning: &Meaning,
        after: &After,
    ) -> Option<String> {
        let Shared { cache, .. } = &*self.shared;
        let node = &self.prepared().node;
        if let Reuse::No(why) = self.prepared().reuse() {
            return Some(why);
        }
        if let Some(why) = self.why_not_reusable(known, meaning) {
            return Some(why);
        }
        if before.started_ns.is_none() {
            return Some("az cannot tell what changed while it ran".to_owned());
        }
        let capture = &known.capture;
        let changed = if known.unseen.is_some() {
            self.changed_input(before, &after.files)
        } else {
            known.disturbed.clone()
        };
        if let Some(path) = changed {
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
        if let Some(why) = self.why_hidden(before, capture) {
            return Some(why);
        }
        let acts_for_owner = |path: &WsPath| after.files.stat(path).is_some_and(|stat| stat.acts_for_owner());
        if let Some(effect) = capture.effects.iter().find(|effect| acts_for_owner(&effect.path)) {
            return Some(format!("its output `{}` acts for its owner when it is started", effect.path));
        }
        if let Err(error) = capture.store(&after.files, &cache.blobs) {
            before
                .warnings
                .push((code::CACHE_UNUSABLE, format!("an output of {} cannot be kept: {error}", node.id)));
            return Some("its outputs could not be kept".to_owned());
        }
        None
    }

    /// Returns what the step did that nobody can bring back.
    fn why_not_reusable(&self, known: &Known, meaning: &Meaning) -> Option<String> {
        let node = &self.prepared().node;
        let is_always = node.settings.cache == Some(CachePolicy::Always);
        let unseen = known.unseen.clone().filter(|_| !node.is_declared() && !is_always);
        let obstacle = known.obstacle.clone().filter(|_| !is_always);
        let withheld = || {
            let names = crate::base::quoted_list(&known.withheld);
            format!("it was not given {names}, which text that it read mentions; it is next time")
        };
        match () {
            () if meaning.ending == Ending::Attention => Some("it asks for a person's attention".to_owned()),
            () if meaning.has_leftovers() => Some("it left processes behind".to_owned()),
            () if self.live.is_some() && !input_is_empty() => {
                Some("it could read what was typed or piped in".to_owned())
            }
            () => unseen.or(obstacle).or_else(|| (!known.withheld.is_empty()).then(withheld)),
        }
    }

    /// Returns an input that is no longer what it was, apart from what the step itself makes.
    fn changed_input(&self, before: &Before, now: &Moment) -> Option<WsPath> {
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
        let (answers, _) = cache::observe(now, &before.own, &asked);
        let script = self.prepared().script(now).filter(|now| !before.weak.components().contains(now));
        let changed = answers.into_iter().find(has_changed).or(script);
        let meanwhile = || {
            // What is again what it was may have been something else while the step read it.
            let has_changed =
                |(path, then): &(&WsPath, &Stat)| !is_made(path) && self.stat(path) != Some(**then);
            before.stats.iter().find(has_changed).map(|(path, _)| path.clone())
        };
        changed.and_then(|changed| WsPath::from_normal(&changed.name)).or_else(meanwhile)
    }

    /// Returns what the file system says of the script and of each file that was looked at, if the step is not watched
    /// and can be recorded all the same.
    pub(super) fn stats(&self, observed: &[Component]) -> BTreeMap<WsPath, Stat> {
        let prepared = self.prepared();
        if prepared.unwatched.is_none() || !prepared.node.is_declared() {
            return BTreeMap::new();
        }
        let paths = observed.iter().filter_map(|component| WsPath::from_normal(&component.name));
        let paths: BTreeSet<WsPath> = paths.chain(prepared.node.script.clone()).collect();
        paths
            .into_iter()
            .filter_map(|path| Some((self.stat(&path)?, path)))
            .map(|(stat, path)| (path, stat))
            .collect()
    }

    /// Returns what the file system says of a file, links followed; of a folder nothing, in which the step may work.
    fn stat(&self, path: &WsPath) -> Option<Stat> {
        let stat = self.system().stat_target(&self.shared.cache.disk.absolute(path)).ok()?;
        (stat.kind == FileKind::File).then_some(stat)
    }
}

/// Returns the files it read in private state that others keep.
fn borrowed(before: &Before, questions: &[Question], now: &Moment) -> Vec<WsPath> {
    let is_private = |path: &WsPath| {
        std::iter::successors(path.parent(), WsPath::parent).any(|folder| before.own.is_private(&folder))
    };
    let paths = questions.iter().filter_map(|question| match question {
        Question::State(path) => Some(path),
        _ => None,
    });
    let is_borrowed = |path: &&WsPath| {
        path.is_inside() && is_private(path) && matches!(now.state(path), State::File { .. })
    };
    paths.filter(is_borrowed).cloned().collect()
}
