//! Writes the gate of a request.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{
    Answers, JournalEnd, MOST_GATES, Partly, Preface, Resume, Told, amend::amendment, answers::Answer,
    gate_folder, gate_path, identity_of, may_have_gate, paths::Contained, today,
};
use crate::{
    cache::{Amendment, Gate, GateItem, GatePath, write_gate},
    diag::Diagnostic,
    engine::{Ask, BuildOptions, Engine, desk::planned_node, job::Shared},
    event::{Envelope, Event},
    plan::Plan,
    report::RunView,
    sys::{FileKind, Seen, Stat, asking_for_one},
};

/// A build that has ended.
pub(in crate::engine) struct Finished<'a> {
    /// What was decided: the whole plan, or the steps of it that were due.
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) shared: &'a Shared,
    pub(in crate::engine) answers: Answers,
    pub(in crate::engine) view: &'a RunView,
    pub(in crate::engine) diagnostics: &'a [Diagnostic],
    /// All that was told, if no step was started.
    pub(in crate::engine) events: &'a [Envelope],
    /// What az exits with.
    pub(in crate::engine) exit_code: u8,
    /// A step was started.
    pub(in crate::engine) has_run: bool,
    /// Nothing but the steps and their files has a part in the answer.
    pub(in crate::engine) is_flat: bool,
    /// The gate that said what was due.
    pub(in crate::engine) partly: Option<&'a Partly>,
}

/// What goes into a gate.
struct Made<'a> {
    content: Content<'a>,
    is_whole: bool,
    resume: Option<Resume>,
}

/// What a gate is made of.
enum Content<'a> {
    Whole { paths: Vec<GatePath>, items: Vec<GateItem> },
    Amended { partly: &'a Partly, amendment: Amendment },
}

impl Content<'_> {
    fn has_open(&self) -> bool {
        match self {
            Self::Whole { items, .. } => items.iter().any(|item| item.is_open),
            // An open one is always due.
            Self::Amended { amendment, .. } => amendment.items.values().any(|item| item.is_open),
        }
    }
}

impl Engine {
    /// Writes the gate of a request; one that cannot be written is none.
    ///
    /// After a build in which steps ran, what they left is looked at once more, as the next build would.
    pub(in crate::engine) fn write_gate(&self, ask: &Ask, options: &BuildOptions, finished: &Finished<'_>) {
        let Finished { view, diagnostics, .. } = finished;
        let counts = view.counts();
        let is_quiet = view.warnings.is_empty() && view.set_aside.is_empty();
        let has_nothing_to_do = counts.cached + counts.skipped == counts.total && is_quiet;
        let is_candidate = has_nothing_to_do || finished.is_flat;
        if !is_candidate || !diagnostics.is_empty() || !may_have_gate(options) {
            return;
        }
        if let Some(made) = self.made(finished) {
            let evaluated = finished.partly.map_or_else(|| today(&*self.system), Partly::evaluated);
            _ = self.put_gate(ask, options, view, evaluated, made);
        }
    }

    fn made<'a>(&self, finished: &Finished<'a>) -> Option<Made<'a>> {
        let Finished { plan, shared, view, events, has_run, is_flat, partly, .. } = finished;
        let mut answers = finished.answers.clone().into_all(plan.nodes.len());
        let is_open = |answer: &Answer| answer.events.is_empty();
        let counts = view.counts();
        let has_nothing_to_do = counts.cached + counts.skipped == counts.total;
        let hands_on =
            |answer: &Answer| answer.record.as_ref().is_some_and(|record| !record.handed.is_empty());
        let is_flat = *is_flat && !answers.iter().any(hands_on);
        let clock = match () {
            // There is no clock from before the first look where there was no cache.
            () if is_flat && (*has_run || !has_nothing_to_do || self.clock.is_none()) => {
                self.look_again(shared, &mut answers)?
            }
            () if *has_run || !has_nothing_to_do => return None,
            () => {
                self.look_at_known(&answers, &mut BTreeSet::new());
                self.clock?
            }
        };
        let is_flat = is_flat && !answers.iter().any(hands_on);
        if *has_run && !is_flat {
            return None;
        }
        let has_expanded = events.iter().any(|told| matches!(told.event, Event::Expanded { .. }));
        let is_whole = !is_flat && (has_expanded || answers.iter().any(is_open));
        let paths = self.paths(finished, &answers, &clock, is_whole)?;
        let (items, resume) = if is_whole {
            let events: Vec<&Event> = events.iter().map(|told| &told.event).collect();
            (vec![GateItem { answer: serde_json::to_vec(&events).ok()?, ..GateItem::default() }], None)
        } else {
            items(finished, answers, is_flat)?
        };
        let made = match *partly {
            Some(partly) => {
                resume?;
                let amendment = amendment(partly, &clock, (paths, items))?;
                let content = Content::Amended { partly, amendment };
                Made { content, is_whole: false, resume: partly.preface.resume.clone() }
            }
            None => Made { content: Content::Whole { paths, items }, is_whole, resume },
        };
        // Without a way to decide single steps an open one makes all of it worthless; and an end that is none of a
        // step's has no gate.
        let is_of_use = if made.content.has_open() { made.resume.is_some() } else { finished.exit_code == 0 };
        is_of_use.then_some(made)
    }

    /// Returns what the recorder saw that the answers depend on.
    fn paths(
        &self,
        finished: &Finished<'_>,
        answers: &[Answer],
        clock: &Stat,
        is_whole: bool,
    ) -> Option<Vec<GatePath>> {
        let seen = self.recorder.seen();
        let places: HashMap<&Path, usize> =
            seen.iter().enumerate().map(|(place, (path, _))| (path.as_path(), place)).collect();
        let asked = self.asked(finished, answers, &places);
        let contained = Contained::new(self, &finished.shared.cache);
        let mut paths = Vec::new();
        for ((path, seen), asked) in seen.iter().zip(&asked) {
            let is_common = seen.is_common || is_whole;
            if path.starts_with(self.layout.top()) || (!is_common && asked.is_empty()) {
                continue;
            }
            if is_unsure(seen, is_common) {
                return None;
            }
            paths.extend(contained.rows(clock, (path, seen), is_common, asked));
        }
        Some(paths)
    }

    /// Looks at paths whose state somebody knew without the file system, each once; adds them to those that were.
    pub(super) fn look_at_known(&self, answers: &[Answer], looked: &mut BTreeSet<PathBuf>) {
        _ = asking_for_one(|| {
            for path in answers.iter().flat_map(|answer| &answer.asked.known) {
                if !looked.contains(path) {
                    _ = self.system.stat(path);
                    looked.insert(path.clone());
                }
            }
        });
    }

    /// Returns for each place of the recorder the steps that asked for it, with whether they leave something there.
    fn asked(
        &self,
        finished: &Finished<'_>,
        answers: &[Answer],
        places: &HashMap<&Path, usize>,
    ) -> Vec<BTreeMap<u32, bool>> {
        let mut asked: Vec<BTreeMap<u32, bool>> = vec![BTreeMap::new(); places.len()];
        for (index, answer) in answers.iter().enumerate() {
            let item = u32::try_from(index).unwrap_or(u32::MAX);
            let known = answer.asked.known.iter().filter_map(|path| places.get(path.as_path()).copied());
            for place in answer.asked.places.iter().map(|place| *place as usize).chain(known) {
                if let Some(asked) = asked.get_mut(place) {
                    asked.entry(item).or_insert(false);
                }
            }
            // Whatever it once left it may leave again.
            let identity = &finished.plan.nodes[index].identity;
            for record in finished.shared.cache.store.of(identity) {
                for effect in &record.effects {
                    let path = effect.path.to_absolute(&self.root);
                    if let Some(place) = places.get(path.as_path()) {
                        asked[*place].insert(item, true);
                    }
                }
            }
        }
        asked
    }

    fn put_gate(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        view: &RunView,
        evaluated: u32,
        made: Made<'_>,
    ) -> Option<()> {
        let Made { content, is_whole, resume } = made;
        let counts = view.counts();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let key = self.secret_key();
        let mut asked = self.env.asked();
        if let Content::Amended { partly, .. } = &content {
            asked.extend(partly.preface.env.0.iter().cloned());
        }
        let answers = self.env.answers(&key, &asked);
        let env = (asked, answers.0);
        let has_flag = view.nodes.values().any(|node| !node.flags.is_empty());
        let preface = Preface {
            total: count(counts.total),
            // What ran is reused from now on; where that is not so, an item is open.
            cached: count(counts.total - counts.skipped),
            skipped: count(counts.skipped),
            is_plain: counts.skipped == 0 && !has_flag,
            request: view.request.clone(),
            is_whole,
            journal: JournalEnd::now(&*self.system, &self.layout).ok()?,
            env,
            evaluated,
            resume,
        };
        let preface = postcard::to_stdvec(&preface).ok()?;
        let path = gate_path(&*self.system, &self.layout, &self.root, ask, options, (&self.env, &key));
        match content {
            Content::Whole { mut paths, items } => {
                self.make_room().ok()?;
                write_gate(&*self.system, &path, &preface, &mut paths, &items).ok()
            }
            Content::Amended { partly, amendment } => {
                partly.gate.amend(&*self.system, &path, Amendment { preface, ..amendment }).ok()
            }
        }
    }

    /// Removes the oldest gates where there are very many, and nothing that is no gate's.
    fn make_room(&self) -> io::Result<()> {
        let folder = gate_folder(&self.layout);
        self.system.create_dir_all(&folder)?;
        if self.system.stat(&folder)?.kind != FileKind::Directory {
            return Err(io::Error::other("the folder of the gates leads elsewhere"));
        }
        let is_gate = |name: &&OsString| {
            let name = name.as_encoded_bytes();
            name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit)
        };
        let names: Vec<OsString> = self.system.list(&folder)?.into_iter().map(|entry| entry.name).collect();
        let written = |name: &OsString| {
            let path = folder.join(name);
            Some((self.system.stat(&path).ok()?.mtime_ns, path))
        };
        let mut gates: Vec<_> = names.iter().filter(is_gate).filter_map(written).collect();
        gates.sort();
        let too_many = (gates.len() + 1).saturating_sub(MOST_GATES);
        for (_, path) in &gates[..too_many] {
            Gate::files(path).iter().for_each(|file| _ = self.system.remove_file(file));
        }
        Ok(())
    }
}

/// Returns an item for each step, and what is needed beside them to decide one again.
fn items(
    finished: &Finished<'_>,
    answers: Vec<Answer>,
    is_flat: bool,
) -> Option<(Vec<GateItem>, Option<Resume>)> {
    let Finished { plan, shared, .. } = finished;
    let nodes = shared.nodes.all();
    let mut resume = Resume::of(plan).filter(|_| is_flat);
    let mut items = Vec::with_capacity(answers.len());
    for (index, answer) in answers.into_iter().enumerate() {
        let node = &plan.nodes[index];
        // What is known of its secrets, the prepared one knows.
        let bytes = if nodes[index].node.is_without_secrets() { node.to_bytes() } else { None };
        if bytes.is_none() {
            resume = None;
        }
        let told = Told { node: planned_node(plan, node), events: answer.events };
        items.push(GateItem {
            is_open: told.events.is_empty(),
            is_notable: !told.is_plain(),
            answer: serde_json::to_vec(&told).ok()?,
            plan: bytes.unwrap_or_default(),
            needs: node.edges.iter().filter_map(|edge| u32::try_from(edge.to).ok()).collect(),
            identity: identity_of(&node.identity),
        });
    }
    Some((items, resume))
}

/// Tells whether what was said of a path is no ground to rely on.
fn is_unsure(seen: &Seen, is_common: bool) -> bool {
    // Asked in two ways, one of them later; of a folder what matters is not in its times.
    let is_two = |(one, other): (Option<Stat>, Option<Stat>)| {
        let has = |kind: FileKind| move |stat: Stat| stat.kind == kind;
        let is_folder = |stat: Option<Stat>| stat.is_some_and(has(FileKind::Directory));
        one != other && !one.is_some_and(has(FileKind::Link)) && !(is_folder(one) && is_folder(other))
    };
    let is_split = seen.itself.zip(seen.target).is_some_and(is_two);
    seen.is_unsteady || is_split || (is_common && seen.has_changed)
}
