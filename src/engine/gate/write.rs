//! Writes the gate of a request.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{
    Answers, JournalEnd, MOST_GATES, Partly, Preface, Resume, Told,
    amend::amendment,
    answers::Answer,
    gate_folder, gate_path, identity_of, may_have_gate,
    paths::{Asker, Askers, Contained, is_row},
    today,
};
use crate::{
    cache::{Amendment, Draft, Gate, GateItem, GatePath, in_order},
    diag::Diagnostic,
    engine::{Ask, BuildOptions, Engine, desk::planned_node, job::Shared},
    event::{Envelope, Event},
    plan::Plan,
    report::RunView,
    sys::{Asked, FileKind, Seen, Stat, asking_for_one},
};

/// A build that has ended.
pub(in crate::engine) struct Finished<'a> {
    /// What was decided: the whole plan, or the steps of it that were due.
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) shared: &'a Shared,
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
    Whole(Box<Draft>),
    Amended { partly: &'a Partly, amendment: Amendment },
}

impl Content<'_> {
    fn has_open(&self) -> bool {
        match self {
            Self::Whole(draft) => draft.has_open(),
            // An open one is always due.
            Self::Amended { amendment, .. } => amendment.items.values().any(|item| item.is_open),
        }
    }
}

impl Engine {
    /// Writes the gate of a request; one that cannot be written is none.
    ///
    /// After a build in which steps ran, what they left is looked at once more, as the next build would.
    ///
    /// Tells whether one was.
    pub(in crate::engine) fn write_gate(
        &self,
        ask: &Ask,
        options: &BuildOptions,
        finished: &Finished<'_>,
        answers: Answers,
    ) -> bool {
        let Finished { view, diagnostics, .. } = finished;
        let counts = view.counts();
        let is_quiet = view.warnings.is_empty() && view.set_aside.is_empty();
        let has_nothing_to_do = counts.cached + counts.skipped == counts.total && is_quiet;
        let is_candidate = has_nothing_to_do || finished.is_flat;
        if !is_candidate || !diagnostics.is_empty() || !may_have_gate(options) {
            return false;
        }
        let Some(made) = self.made(finished, answers) else { return false };
        let evaluated = finished.partly.map_or_else(|| today(&*self.system), Partly::evaluated);
        self.put_gate(ask, options, view, evaluated, made).is_some()
    }

    fn made<'a>(&self, finished: &Finished<'a>, answers: Answers) -> Option<Made<'a>> {
        let Finished { plan, shared, view, events, has_run, is_flat, partly, .. } = finished;
        let mut answers = answers.into_all(plan.nodes.len());
        let is_open = |answer: &Answer| answer.events.is_empty();
        let counts = view.counts();
        let has_put = !shared.timeline.changed_on_disk().is_empty();
        let has_nothing_to_do = counts.cached + counts.skipped == counts.total && !has_put;
        let hands_on = |answer: &Answer| answer.hands_on;
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
        let made = if let Some(partly) = *partly {
            self.amended(finished, partly, answers, (&clock, is_whole), is_flat)?
        } else {
            self.whole(finished, answers, (&clock, is_whole), is_flat)?
        };
        // Without a way to decide single steps an open one makes all of it worthless; and an end that is none of a
        // step's has no gate.
        let is_of_use = if made.content.has_open() { made.resume.is_some() } else { finished.exit_code == 0 };
        is_of_use.then_some(made)
    }

    fn whole<'a>(
        &self,
        finished: &Finished<'a>,
        mut answers: Vec<Answer>,
        (clock, is_whole): (&Stat, bool),
        is_flat: bool,
    ) -> Option<Made<'a>> {
        let mut draft = Box::<Draft>::default();
        let askers = self.askers(finished, &mut answers);
        draft.expect(self.recorder.table().all().len(), askers.count());
        self.each_path(finished, &askers, (clock, is_whole), &mut |path| draft.add_path(&path).ok())?;
        drop(askers);
        let resume = if is_whole {
            let events: Vec<&Event> = finished.events.iter().map(|told| &told.event).collect();
            let answer = serde_json::to_vec(&events).ok()?;
            draft.add_item(&GateItem { answer, ..GateItem::default() }).ok()?;
            None
        } else {
            each_item(finished, answers, is_flat, &mut |item| draft.add_item(&item).ok())?
        };
        Some(Made { content: Content::Whole(draft), is_whole, resume })
    }

    fn amended<'a>(
        &self,
        finished: &Finished<'a>,
        partly: &'a Partly,
        mut answers: Vec<Answer>,
        (clock, is_whole): (&Stat, bool),
        is_flat: bool,
    ) -> Option<Made<'a>> {
        let (mut paths, mut items) = (Vec::new(), Vec::new());
        let mut add_path = |path| {
            paths.push(path);
            Some(())
        };
        let askers = self.askers(finished, &mut answers);
        self.each_path(finished, &askers, (clock, is_whole), &mut add_path)?;
        let mut add_item = |item| {
            items.push(item);
            Some(())
        };
        each_item(finished, answers, is_flat, &mut add_item)??;
        let content = Content::Amended { partly, amendment: amendment(partly, clock, (paths, items))? };
        Some(Made { content, is_whole: false, resume: partly.preface.resume.clone() })
    }

    /// Hands over what the recorder saw that the answers depend on, in the order of a gate; nothing if that is no ground
    /// to rely on, or is not taken.
    fn each_path(
        &self,
        finished: &Finished<'_>,
        askers: &Askers,
        (clock, is_whole): (&Stat, bool),
        take: &mut dyn FnMut(GatePath) -> Option<()>,
    ) -> Option<()> {
        let contained = Contained::new(self, &finished.shared.cache);
        let table = self.recorder.table();
        let mut rows: Vec<(u32, bool)> = Vec::new();
        for (place, (path, seen)) in (0..).zip(table.all()) {
            let is_common = seen.is_common || is_whole;
            if path.starts_with(self.layout.top()) || (!is_common && askers.of(place).is_empty()) {
                continue;
            }
            if is_unsure(&seen, is_common) {
                return None;
            }
            let ways = [false, true].into_iter().filter(|is_followed| is_row(&seen, *is_followed));
            rows.extend(ways.map(|is_followed| (place, is_followed)));
        }
        let path_at = |place: u32| table.path_at(place).unwrap_or(Path::new(""));
        rows.sort_unstable_by(|one, other| in_order((path_at(one.0), one.1), (path_at(other.0), other.1)));
        for (place, is_followed) in rows {
            let (path, seen) = table.at(place)?;
            let is_common = seen.is_common || is_whole;
            let row = contained.row(clock, (path, &seen), is_followed, is_common, askers.of(place));
            row.map_or(Some(()), &mut *take)?;
        }
        Some(())
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

    /// Returns who asked for what, and who may leave something where; the answers do not say it any more.
    fn askers(&self, finished: &Finished<'_>, answers: &mut [Answer]) -> Askers {
        let count = |answer: &Answer| {
            let Asked { places, known } = &answer.asked;
            places.len() + known.len() + answer.paths.as_deref().map_or(0, <[_]>::len)
        };
        let mut askers = Vec::with_capacity(answers.iter().map(count).sum());
        for (item, (answer, node)) in (0..).zip(answers.iter_mut().zip(&finished.plan.nodes)) {
            let (asked, paths) = (std::mem::take(&mut answer.asked), answer.paths.take());
            let asker = |place: u32, writes: bool| Asker::new(place, item, writes);
            let known = asked.known.iter().filter_map(|path| self.recorder.place(path));
            askers.extend(asked.places.iter().copied().chain(known).map(|place| asker(place, false)));
            // Whatever it once left it may leave again.
            let paths = paths.unwrap_or_else(|| finished.shared.cache.store.paths_of(&node.identity));
            let places = paths.iter().filter_map(|path| self.recorder.place(&path.to_absolute(&self.root)));
            askers.extend(places.map(|place| asker(place, true)));
        }
        Askers::new(askers)
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
            Content::Whole(draft) => {
                self.make_room().ok()?;
                draft.write(&*self.system, &path, &preface).ok()
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

/// Hands over an item for each step, and returns what is needed beside them to decide one again; nothing at all if one is
/// not taken.
#[expect(clippy::option_option, reason = "there may be no way to decide one again, and there may be no gate")]
fn each_item(
    finished: &Finished<'_>,
    answers: Vec<Answer>,
    is_flat: bool,
    take: &mut dyn FnMut(GateItem) -> Option<()>,
) -> Option<Option<Resume>> {
    let Finished { plan, shared, .. } = finished;
    let nodes = shared.nodes.all();
    let mut resume = Resume::of(plan).filter(|_| is_flat);
    for (index, answer) in answers.into_iter().enumerate() {
        let node = &plan.nodes[index];
        // What is known of its secrets, the prepared one knows.
        let bytes = if nodes[index].node.is_without_secrets() { node.to_bytes() } else { None };
        if bytes.is_none() {
            resume = None;
        }
        let told = Told { node: planned_node(plan, node), events: answer.events };
        take(GateItem {
            is_open: told.events.is_empty(),
            is_notable: !told.is_plain(),
            answer: serde_json::to_vec(&told).ok()?,
            plan: bytes.unwrap_or_default(),
            needs: node.edges.iter().filter_map(|edge| u32::try_from(edge.to).ok()).collect(),
            identity: identity_of(&node.identity),
        })?;
    }
    Some(resume)
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
