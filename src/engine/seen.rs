//! What a step was seen to do, turned into what its record says: questions with their answers, and effects.
//!
//! Knows which facts of a trace matter and what makes them no ground for a reuse. Does not know how they were found out,
//! nor what becomes of the record.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    candidates::OwnPrograms,
    inputs::Programs,
    session::Cache,
    usage::{Usage, usage},
    zones::{Zone, Zones},
};
use crate::{
    base::{Digest, WsPath},
    cache::{self, Effect, Overlap, Own, Place, Timeline},
    fingerprint::{Component, Moment, OnDisk, Question, State, View},
    secret::Patterns,
    sys,
    text::pattern::Pattern,
    trace::{Asked, Changed, Touch, Trace},
};

/// Where and when a step ran.
pub(super) struct Scene<'a> {
    pub(super) cache: &'a Cache,
    /// The files as the step left them.
    pub(super) now: &'a Moment,
    pub(super) place: Place<'a>,
    pub(super) zones: &'a Zones,
    /// What the step left before.
    pub(super) own: &'a Own,
    /// Its script and its programs, which are in its key by themselves.
    pub(super) known: Option<&'a OwnPrograms>,
    /// What it was given and nobody must see.
    pub(super) secrets: Option<&'a Patterns>,
    /// What it declares to make.
    pub(super) outputs: &'a [Pattern],
    /// What it declares to read.
    pub(super) inputs: &'a [Pattern],
    /// The questions that stands for.
    pub(super) declared: &'a [Question],
    /// What its records belong to, and the key of all that was known before it ran.
    pub(super) identity: &'a str,
    pub(super) weak: Digest,
    /// The mode of a file that is made without a word about modes.
    pub(super) usual_mode: Option<u32>,
    /// Where az's own folders for temporary files are.
    pub(super) temporary: &'a Path,
    /// What was at the paths it changed.
    pub(super) before: &'a BTreeMap<WsPath, State>,
    /// It failed, which may be for a folder that another step had made.
    pub(super) has_failed: bool,
    /// The file system's clock right before it started, and right after its last process had ended.
    pub(super) started_ns: Option<i64>,
    pub(super) ended_ns: Option<i64>,
}

/// What a step was seen to do.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What it asked, sorted.
    pub(super) questions: Vec<Question>,
    /// What it was answered.
    pub(super) observed: Vec<Component>,
    /// What it did to files.
    pub(super) effects: Vec<Effect>,
    /// Folders of private state it cannot do without.
    pub(super) scratch: Vec<WsPath>,
    /// All private state it wrote.
    pub(super) private: Vec<WsPath>,
    /// The programs it ran.
    pub(super) programs: Option<Programs>,
    /// What came of its declared inputs.
    pub(super) usage: Usage,
    /// Who first read each file of the workspace.
    pub(super) readers: BTreeMap<WsPath, u32>,
    /// Who first changed each path of the workspace.
    pub(super) writers: BTreeMap<WsPath, u32>,
    /// Text files of the workspace it read.
    pub(super) texts: Vec<WsPath>,
    /// Files of the workspace it only looked at, if it used private state: what it knows of them may stand there.
    pub(super) glimpsed: Vec<WsPath>,
    /// What it found otherwise than its place in the order has it.
    pub(super) misplaced: Vec<String>,
    /// What something else changed while it ran.
    pub(super) disturbed: Option<WsPath>,
    /// It acted beyond the workspace.
    pub(super) is_outward: bool,
    /// What something else changed after it had ended.
    pub(super) doubtful: Option<WsPath>,
    /// Why what it did can be no ground for a reuse.
    pub(super) obstacle: Option<String>,
}

/// Tells whether one of the patterns names a path, or a folder above it.
pub(super) fn is_named(patterns: &[Pattern], path: &WsPath) -> bool {
    patterns.iter().any(|pattern| {
        pattern.matches(path) || pattern.as_path().is_some_and(|folder| path.is_below(&folder))
    })
}

impl Scene<'_> {
    /// Makes sense of a trace; O(paths), and hashes every file whose digest is not known.
    pub(super) fn look(&self, trace: &Trace) -> Seen {
        let mut look =
            Look { scene: self, trace, seen: Seen::default(), asked: BTreeSet::new(), is_reminded: false };
        let grounds: Vec<(&PathBuf, &Touch, Zone)> =
            trace.paths.iter().map(|(path, touch)| (path, touch, look.zone(path, touch))).collect();
        let written: BTreeMap<&WsPath, bool> = grounds
            .iter()
            .filter_map(|(_, touch, zone)| match zone {
                Zone::Scratch { top, is_optional, .. } if is_changed(touch) => Some((top, *is_optional)),
                _ => None,
            })
            .collect();
        look.is_reminded = grounds.iter().any(|(.., zone)| matches!(zone, Zone::Scratch { .. }));
        for (path, touch, zone) in &grounds {
            match zone {
                Zone::Ignored => {}
                Zone::Scratch { top, .. } if written.contains_key(top) && look.is_borrowed(path) => {
                    look.lent(path, touch);
                }
                Zone::Scratch { is_cache: true, .. } if !look.is_borrowed(path) => {}
                Zone::Scratch { top, .. } if written.contains_key(top) => {}
                Zone::Index => look.ask_only(path, touch),
                Zone::Repository => look.repository(path, touch),
                Zone::Tracked | Zone::Scratch { .. } => look.tracked(path, touch),
            }
        }
        let needed = written.iter().filter(|(top, is_optional)| !**is_optional && self.is_folder(top));
        look.seen.programs = Some(Programs::of(trace, self.secrets));
        look.seen.usage = usage(trace, self.now, self.inputs, self.declared);
        look.seen.scratch = needed.map(|(top, _)| (*top).clone()).collect();
        let caches = grounds.iter().filter_map(|(.., zone)| match zone {
            Zone::Scratch { top, is_cache: true, .. } => Some(top),
            _ => None,
        });
        let private: BTreeSet<&WsPath> = written.keys().copied().chain(caches).collect();
        look.seen.private = private.into_iter().cloned().collect();
        look.finish()
    }

    /// Returns a path that another step changed while this one was at work, and that this one had to do with; `private`
    /// are the tops of the private state that it wrote.
    ///
    /// To be asked after all was read from the disk, so that nothing can have come in between.
    pub(super) fn crossed(
        &self,
        trace: &Trace,
        questions: &BTreeSet<&Question>,
        meanwhile: &BTreeMap<WsPath, Overlap>,
        private: &[WsPath],
    ) -> Option<WsPath> {
        // Of many absent paths the folder on the way is asked about, which is no path of the trace.
        let is_asked = |(path, Overlap { before, .. }): &(&WsPath, &Overlap)| {
            let is_other = || *before != self.now.state(path);
            questions.contains(&Question::State((*path).clone())) && is_other()
        };
        let look =
            Look { scene: self, trace, seen: Seen::default(), asked: BTreeSet::new(), is_reminded: false };
        let mut changes = meanwhile.iter();
        changes
            .find(|change| is_asked(change) || look.is_crossed(change, private))
            .map(|(path, _)| path.clone())
    }

    /// Tells whether a path is a folder. A file is not read for that.
    fn is_folder(&self, path: &WsPath) -> bool {
        let stat = self.cache.disk.stat(path);
        stat.is_some_and(|stat| stat.kind == sys::FileKind::Directory)
    }
}

struct Look<'a> {
    scene: &'a Scene<'a>,
    trace: &'a Trace,
    seen: Seen,
    asked: BTreeSet<Question>,
    /// Private state may have told it what it did not read itself.
    is_reminded: bool,
}

/// Tells whether anything but the times of a path was changed.
fn is_changed(touch: &Touch) -> bool {
    let kinds = Changed::REPLACED | Changed::WRITTEN | Changed::MODE | Changed::FOLDER;
    !touch.changed.and(kinds).is_empty()
}

impl Look<'_> {
    fn zone(&self, path: &Path, touch: &Touch) -> Zone {
        let is_by = |programs: &[String]| {
            let processes = [Some(touch.by), touch.changed_by].into_iter().flatten();
            processes.flat_map(|process| self.chain(process)).any(|name| programs.contains(&name))
        };
        let Scene { zones, temporary, .. } = self.scene;
        match zones.of(path, temporary, is_by) {
            // What a step declares to make is no private matter.
            Zone::Scratch { .. } if is_named(self.scene.outputs, &self.ws_path(path)) => Zone::Tracked,
            zone => zone,
        }
    }

    /// Tells whether the step had to do with what another changed while it was at work.
    fn is_crossed(&self, (path, overlap): &(&WsPath, &Overlap), private: &[WsPath]) -> bool {
        let Overlap { before, is_attempt } = overlap;
        let Scene { cache, has_failed, now, .. } = self.scene;
        let absolute = cache.disk.absolute(path);
        let touch = self.trace.paths.get(&absolute);
        let folder = absolute.parent().and_then(|folder| self.trace.paths.get(folder));
        let is_listed = folder.is_some_and(|touch| touch.asked.has(Asked::LISTED));
        let is_on_way = {
            let below = self.trace.paths.range::<Path, _>((Bound::Excluded(&*absolute), Bound::Unbounded));
            below.take_while(|(path, _)| path.starts_with(&absolute)).next().is_some()
        };
        // Of most that others change a step knows nothing; only for the rest it matters what is there by now.
        if touch.is_none() && !is_listed && !is_on_way {
            return false;
        }
        // Asked for last, so that no log that all steps write to is read for that.
        let now = || now.state(path);
        // A folder that both make sure of is there in any order.
        let is_folder = || !has_failed && now() == State::Directory;
        let counts = |touch: &&Touch| {
            let does_matter = match self.zone(&absolute, touch) {
                Zone::Ignored => false,
                // Who keeps private state there is ready for others that do.
                Zone::Scratch { top, is_cache, .. } => !is_cache && !private.contains(&top),
                Zone::Repository | Zone::Index | Zone::Tracked => true,
            };
            let is_ensured = touch.asked.and(Asked::READ | Asked::EXECUTED | Asked::LISTED).is_empty()
                && !touch.changed.is_empty();
            does_matter
                && !(*is_attempt && touch.changed.is_empty() && now() == *before)
                && !((is_ensured || *before == State::Directory) && is_folder())
        };
        // What is behind a link that came or went had another place.
        let is_link = |state: &State| matches!(state, State::Link { .. });
        touch.is_some_and(|touch| counts(&touch))
            || (is_listed && before.exists() != now().exists())
            || (is_on_way && (is_link(before) || is_link(&now())))
    }

    fn ws_path(&self, path: &Path) -> WsPath {
        WsPath::new(self.scene.now.root(), &WsPath::root(), path)
    }

    /// Tells whether another step was seen to read a path of private state.
    fn is_borrowed(&self, path: &Path) -> bool {
        self.scene.cache.store.is_shared(&self.ws_path(path))
    }

    /// Looks at private state of the step that another one reads: what becomes of it is a result; what it was before
    /// stays the step's own business, as all else there.
    fn lent(&mut self, path: &Path, touch: &Touch) {
        let Some(path) = self.path(path) else { return };
        let before = self.scene.before.get(&path).filter(|_| is_changed(touch)).cloned();
        let after = self.scene.now.state(&path);
        if let Some(before) = before.filter(|before| *before != after) {
            self.seen.writers.extend(touch.changed_by.map(|by| (path.clone(), by)));
            self.add_effect(path, before, after, false, !touch.asked.is_empty());
        }
    }

    /// Returns the names of a process's program and of those that led to it.
    fn chain(&self, process: u32) -> impl Iterator<Item = String> {
        let at = |index: u32| self.trace.processes.get(index as usize);
        std::iter::successors(at(process), move |process| process.parent.and_then(at)).flat_map(|process| {
            // An interpreter's first argument is the program people know: `node /usr/bin/npm`.
            let names = [Some(process.program.as_os_str()), process.arguments.get(1).map(|word| &**word)];
            let names = names.into_iter().flatten();
            names.filter_map(|name| Some(Path::new(name).file_name()?.to_string_lossy().into_owned()))
        })
    }

    fn path(&mut self, path: &Path) -> Option<WsPath> {
        if path.to_str().is_none() {
            self.object(|| format!("it uses `{}`, whose name is not UTF-8", path.display()));
            return None;
        }
        Some(WsPath::new(self.scene.now.root(), &WsPath::root(), path))
    }

    fn object(&mut self, why: impl FnOnce() -> String) {
        self.seen.obstacle.get_or_insert_with(why);
    }

    fn ask_only(&mut self, path: &Path, touch: &Touch) {
        let Some(path) = self.path(path) else { return };
        self.ask(path, touch.asked);
    }

    fn repository(&mut self, path: &Path, touch: &Touch) {
        let Some(path) = self.path(path) else { return };
        let before = self.scene.before.get(&path);
        if before.is_some_and(|before| is_changed(touch) && self.scene.now.state(&path) != *before) {
            self.seen.is_outward = true;
            self.object(|| format!("it changed the repository's `{path}`"));
        }
        self.ask(path, touch.asked);
    }

    fn tracked(&mut self, path: &Path, touch: &Touch) {
        let Some(path) = self.path(path) else { return };
        if touch.asked.has(Asked::READ) {
            self.seen.readers.insert(path.clone(), touch.by);
        }
        let before = self.scene.before.get(&path).filter(|_| is_changed(touch));
        let is_gone = || self.scene.now.state(&path) == State::Absent;
        if touch.was_there == Some(true) && touch.changed.is_empty() && is_gone() {
            // It used what was there, and nothing tells any more what that was.
            self.seen.disturbed.get_or_insert_with(|| path.clone());
        }
        let Some(before) = before.cloned() else { return self.ask(path, touch.asked) };
        let own = self.scene.own;
        self.seen.writers.extend(touch.changed_by.map(|by| (path.clone(), by)));
        let after = self.scene.now.state(&path);
        let is_replaced = touch.changed.has(Changed::REPLACED);
        let is_rewritten = is_replaced && before.exists() && before != State::Directory;
        // A folder that was to be made and was there is made sure of.
        let is_ensured = (is_replaced || touch.changed.has(Changed::FOLDER)) && after == State::Directory;
        if is_ensured
            && before == State::Directory
            && !path.is_inside()
            && !own.has_made(&path, || State::Directory)
        {
            // Outside the workspace it is somebody else's, and az would not make it again.
            return self.ask(path, touch.asked | Asked::PROBED);
        }
        if before == after && !is_rewritten && !is_ensured {
            // Nothing came of it, but it was there, or it was not.
            return self.ask(path, touch.asked);
        }
        // That its own link leads to something tells a step no more than that it is there.
        let is_looked_through = touch.asked.has(Asked::LOOKED_THROUGH) && !own.has_left(&path, &before);
        let is_read = !touch.asked.and(Asked::READ | Asked::EXECUTED).is_empty() || is_looked_through;
        let is_read = is_read && before.exists();
        if is_read {
            self.asked.insert(Question::State(path.clone()));
        }
        if touch.asked.has(Asked::LISTED) {
            self.list(path.clone());
        }
        let keeps_mode = !touch.changed.has(Changed::MODE) && self.keeps_mode(&path, &before, &after);
        self.add_effect(path, before, after, is_read, !touch.asked.is_empty());
        self.seen.effects.last_mut().expect("one was added").keeps_mode = keeps_mode;
    }

    /// Tells whether the mode of what was left may be that of the file before it. It is not if files get that mode
    /// anyway, or if the step gave it where there was no file.
    fn keeps_mode(&self, path: &WsPath, before: &State, after: &State) -> bool {
        let (State::File { mode: was, .. }, State::File { mode, .. }) = (before, after) else { return false };
        if was != mode || Some(*mode) == self.scene.usual_mode {
            return false;
        }
        let has_mode = |state: &State| matches!(state, State::File { mode: left, .. } if left == mode);
        let is_given =
            |effect: &Effect| effect.path == *path && !effect.before.exists() && has_mode(&effect.after);
        let mut same = self.scene.cache.store.under(&self.scene.weak);
        !same.any(|record| record.identity == self.scene.identity && record.effects.iter().any(is_given))
    }

    fn add_effect(&mut self, path: WsPath, before: State, after: State, is_read: bool, is_asked: bool) {
        let Scene { cache, now, own, place, ended_ns, .. } = self.scene;
        let is_late = |stat: sys::Stat| ended_ns.is_none_or(|ended| stat.ctime_ns > ended);
        if after == State::Unknown || (after != State::Directory && now.stat(&path).is_some_and(is_late)) {
            self.seen.doubtful.get_or_insert_with(|| path.clone());
        }
        let is_foreign = |state: &State| {
            state.exists() && *state != State::Directory && !cache.store.is_ours(&path, state)
        };
        // What a step at work had just made of nothing is no person's either.
        let is_persons =
            is_foreign(&before) && place.original(&path).is_none_or(|original| is_foreign(&original));
        self.seen.effects.push(Effect {
            is_personal: is_read && is_persons,
            is_probed: is_asked && !is_read,
            is_made: !before.exists() || own.has_made(&path, || before.clone()),
            ..Effect::new(path, before, after)
        });
    }

    /// Adds the names in a folder, unless a declared pattern asks for all of them.
    fn list(&mut self, folder: WsPath) {
        let is_asked = |question: &Question| {
            let Question::Names(pattern) = question else { return false };
            let above = |pattern: &str| WsPath::from_normal(if pattern.is_empty() { "." } else { pattern });
            match pattern.strip_suffix("**") {
                Some(above_all) => {
                    above(above_all.trim_end_matches('/')).is_some_and(|top| folder.is_below(&top))
                }
                None => {
                    pattern.strip_suffix('*').and_then(|top| above(top.trim_end_matches('/')))
                        == Some(folder.clone())
                }
            }
        };
        if !self.scene.declared.iter().any(is_asked) {
            self.asked.insert(Question::Listing(folder));
        }
    }

    /// Adds what was asked of a path that the step leaves as it is.
    fn ask(&mut self, path: WsPath, asked: Asked) {
        if asked.has(Asked::LISTED) {
            self.list(path.clone());
        }
        let is_top = path.as_str() == "."
            || path.as_str() == "/"
            || self.scene.known.is_some_and(|known| known.contains(&path));
        let kinds = Asked::PROBED | Asked::READ | Asked::EXECUTED | Asked::LOOKED_THROUGH;
        if asked.and(kinds).is_empty() || is_top {
            return;
        }
        let state = self.scene.now.state(&path);
        if state == State::Absent {
            let absent = self.first_absent(path);
            self.asked.insert(Question::State(absent));
            return;
        }
        if path.is_inside() && matches!(state, State::File { .. }) {
            if asked.has(Asked::READ) {
                self.seen.texts.push(path.clone());
            } else if self.is_reminded {
                self.seen.glimpsed.push(path.clone());
            }
        }
        self.asked.insert(Question::State(path));
    }

    /// Returns the first folder on the way to an absent path that is absent itself: many paths share it. A folder that
    /// the step makes, now or at other times, says nothing about what is to be in it.
    fn first_absent(&self, path: WsPath) -> WsPath {
        let Scene { now, own, before, .. } = self.scene;
        let mut absent = path;
        while let Some(above) = absent.parent() {
            let is_own = before.contains_key(&above) || own.knows(&above);
            if is_own || now.state(&above).exists() {
                break;
            }
            absent = above;
        }
        absent
    }

    /// Answers what was asked as it was when the step ran, and compares with what its place in the order has.
    fn finish(mut self) -> Seen {
        let Scene { cache, now, own, place, before, .. } = self.scene;
        let questions: Vec<Question> = std::mem::take(&mut self.asked).into_iter().collect();
        let then = Timeline::before(Arc::clone(&cache.disk), (*before).clone());
        // Names that the step itself removed are no more news than those it made.
        let own = own.with(&self.seen.effects).with_private(&self.seen.private);
        let (observed, doubtful) = cache::observe(&then.at(0).in_moment(now), &own, &questions);
        self.seen.effects.iter().for_each(|effect| place.found(&effect.path));
        if let Some(subject) = doubtful {
            self.object(|| format!("`{subject}` cannot be read by az"));
        }
        let is_misplaced = |(asked, seen): &(&Question, &Component)| match asked {
            // Most have the very same state, and then the same answer.
            Question::State(path) if then.at(0).in_moment(now).state(path) == place.state(path) => false,
            _ => {
                let (expected, _) = cache::observe(place, &own, std::slice::from_ref(*asked));
                expected.iter().any(|expected| expected.digest != seen.digest)
            }
        };
        let pairs = questions.iter().zip(&observed).filter(is_misplaced);
        self.seen.misplaced = pairs.map(|(_, seen)| seen.name.clone()).collect();
        let disturbed = || questions.iter().find_map(|question| self.disturbed(question));
        self.seen.disturbed = self.seen.disturbed.clone().or_else(disturbed);
        if let Some(contact) = self.trace.contacts.first() {
            self.object(|| format!("it connected to {contact}"));
        }
        let is_beyond = |effect: &Effect| !effect.path.is_inside() && effect.before != effect.after;
        self.seen.is_outward |= !self.trace.contacts.is_empty() || self.seen.effects.iter().any(is_beyond);
        self.seen.questions = questions;
        self.seen.observed = observed;
        self.seen
    }

    /// Returns the path of a question whose answer may have changed while the step ran, by somebody else's doing.
    fn disturbed(&self, question: &Question) -> Option<WsPath> {
        let Scene { now, place, before, started_ns, .. } = self.scene;
        let (Question::State(path) | Question::Listing(path)) = question else { return None };
        // Where nothing can be written nobody knows what the clock of the files says, and no record is kept either.
        let started = (*started_ns)?;
        let stat = now.stat(path)?;
        if stat.ctime_ns < started || before.contains_key(path) {
            return None;
        }
        let is_folder = stat.kind == sys::FileKind::Directory;
        let is_in_tick = stat.ctime_ns == started;
        let is_by_itself = match question {
            Question::Listing(folder) => {
                before.keys().any(|path| path.parent().as_ref() == Some(folder))
                    || (is_in_tick && place.is_placed_in(folder))
            }
            // That a folder is there does not depend on its times.
            _ if is_folder => true,
            // This run left it so right before: an earlier step, which az saw when that one ended, or az itself.
            _ => is_in_tick && place.is_placed(path),
        };
        (!is_by_itself).then(|| path.clone())
    }
}
