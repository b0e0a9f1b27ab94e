//! What a step was seen to do, turned into what its record says: questions with their answers, and effects.
//!
//! Knows which facts of a trace matter and what makes them no ground for a reuse. Does not know how they were found out,
//! nor what becomes of the record.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    inputs::Programs,
    sandbox::Sandbox,
    session::Cache,
    zones::{Zone, Zones},
};
use crate::{
    base::WsPath,
    cache::{self, Effect, Own, Place, Timeline},
    fingerprint::{Component, Question, State, View},
    sys,
    text::pattern::Pattern,
    trace::{Asked, Changed, Touch, Trace, Witness},
};

/// What was at the paths a step changed, before it first did.
pub(super) struct PreImages<'a> {
    cache: &'a Cache,
    timeline: &'a Timeline,
    /// What must not get into the cache.
    secrets: Vec<String>,
    /// Where the step may write, if not everywhere.
    sandbox: Option<&'a Sandbox>,
    pub(super) states: BTreeMap<WsPath, State>,
}

impl<'a> PreImages<'a> {
    pub(super) fn new(
        cache: &'a Cache,
        timeline: &'a Timeline,
        secrets: Vec<String>,
        sandbox: Option<&'a Sandbox>,
    ) -> Self {
        Self { cache, timeline, secrets, sandbox, states: BTreeMap::new() }
    }
}

/// Tells whether a file holds one of the texts; O(bytes) if there are any.
pub(super) fn holds_any(cache: &Cache, path: &Path, texts: &[String]) -> bool {
    if texts.is_empty() {
        return false;
    }
    let bytes = cache.disk.system().read(path).unwrap_or_default();
    texts.iter().any(|text| memchr::memmem::find(&bytes, text.as_bytes()).is_some())
}

impl Witness for PreImages<'_> {
    fn before_change(&mut self, path: &Path) {
        let path = WsPath::new(self.cache.disk.root(), &WsPath::root(), path);
        let state = self.cache.disk.state(&path);
        if let State::File { digest, .. } = &state
            && path.is_inside()
            && !holds_any(self.cache, &self.cache.disk.absolute(&path), &self.secrets)
        {
            // It may have to be put back; where it cannot be kept, that will fail and be told.
            _ = self.cache.blobs.put_file(&self.cache.disk.absolute(&path), digest);
        }
        self.timeline.note(&path, &state);
        self.states.entry(path).or_insert(state);
    }

    fn may_change(&mut self, path: &Path, makes_folder: bool) -> bool {
        let system = self.cache.disk.system();
        self.sandbox.is_none_or(|sandbox| sandbox.allows(path, makes_folder, &**system))
    }
}

/// Where and when a step ran.
pub(super) struct Scene<'a> {
    pub(super) cache: &'a Cache,
    pub(super) place: Place<'a>,
    pub(super) zones: &'a Zones,
    /// What the step left before.
    pub(super) own: &'a Own,
    /// Its script and its programs, which are in its key by themselves.
    pub(super) known: &'a BTreeSet<WsPath>,
    /// What it was given and nobody must see.
    pub(super) secrets: &'a [String],
    /// What it declares to make.
    pub(super) outputs: &'a [Pattern],
    /// What it declares to read.
    pub(super) declared: &'a [Question],
    /// Where az's own folders for temporary files are.
    pub(super) temporary: &'a Path,
    /// What was at the paths it changed.
    pub(super) before: &'a BTreeMap<WsPath, State>,
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
    /// Who first read each file of the workspace.
    pub(super) readers: BTreeMap<WsPath, u32>,
    /// Who first changed each path of the workspace.
    pub(super) writers: BTreeMap<WsPath, u32>,
    /// Text files of the workspace it read.
    pub(super) texts: Vec<WsPath>,
    /// What it found otherwise than its place in the order has it.
    pub(super) misplaced: Vec<String>,
    /// What something else changed while it ran.
    pub(super) disturbed: Option<WsPath>,
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
        let mut look = Look { scene: self, trace, seen: Seen::default(), asked: BTreeSet::new() };
        let grounds: Vec<(&PathBuf, &Touch, Zone)> =
            trace.paths.iter().map(|(path, touch)| (path, touch, look.zone(path, touch))).collect();
        let written: BTreeMap<&WsPath, bool> = grounds
            .iter()
            .filter_map(|(_, touch, zone)| match zone {
                Zone::Scratch { top, is_optional, .. } if is_changed(touch) => Some((top, *is_optional)),
                _ => None,
            })
            .collect();
        for (path, touch, zone) in &grounds {
            match zone {
                Zone::Ignored | Zone::Scratch { is_cache: true, .. } => {}
                Zone::Scratch { top, .. } if written.contains_key(top) => {}
                Zone::Index => look.ask_only(path, touch),
                Zone::Repository => look.repository(path, touch),
                Zone::Tracked | Zone::Scratch { .. } => look.tracked(path, touch),
            }
        }
        let needed = written.iter().filter(|(top, is_optional)| !**is_optional && self.is_folder(top));
        look.seen.programs = Some(Programs::of(trace, self.secrets));
        look.seen.scratch = needed.map(|(top, _)| (*top).clone()).collect();
        let caches = grounds.iter().filter_map(|(.., zone)| match zone {
            Zone::Scratch { top, is_cache: true, .. } => Some(top),
            _ => None,
        });
        let private: BTreeSet<&WsPath> = written.keys().copied().chain(caches).collect();
        look.seen.private = private.into_iter().cloned().collect();
        look.finish()
    }

    fn is_folder(&self, path: &WsPath) -> bool {
        self.cache.disk.state(path) == State::Directory
    }
}

struct Look<'a> {
    scene: &'a Scene<'a>,
    trace: &'a Trace,
    seen: Seen,
    asked: BTreeSet<Question>,
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
            // What a step declares to make, or another one reads, is no private matter.
            Zone::Scratch { .. } if self.is_shared(path) => Zone::Tracked,
            zone => zone,
        }
    }

    fn is_shared(&self, path: &Path) -> bool {
        let Scene { cache, outputs, .. } = self.scene;
        let path = WsPath::new(cache.disk.root(), &WsPath::root(), path);
        is_named(outputs, &path) || cache.store.is_shared(&path)
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
        Some(WsPath::new(self.scene.cache.disk.root(), &WsPath::root(), path))
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
        if before.is_some_and(|before| is_changed(touch) && self.scene.cache.disk.state(&path) != *before) {
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
        let Some(before) = before.cloned() else { return self.ask(path, touch.asked) };
        self.seen.writers.extend(touch.changed_by.map(|by| (path.clone(), by)));
        let after = self.scene.cache.disk.state(&path);
        let is_replaced = touch.changed.has(Changed::REPLACED);
        let is_rewritten = is_replaced && before.exists() && before != State::Directory;
        // A folder that was to be made and was there is made sure of.
        let is_ensured = (is_replaced || touch.changed.has(Changed::FOLDER)) && after == State::Directory;
        if before == after && !is_rewritten && !is_ensured {
            // Nothing came of it, but it was there, or it was not.
            return self.ask(path, touch.asked);
        }
        let is_read = !touch.asked.and(Asked::READ | Asked::EXECUTED).is_empty() && before.exists();
        if is_read {
            self.asked.insert(Question::State(path.clone()));
        }
        if touch.asked.has(Asked::LISTED) {
            self.list(path.clone());
        }
        self.add_effect(path, before, after, is_read, !touch.asked.is_empty());
    }

    fn add_effect(&mut self, path: WsPath, before: State, after: State, is_read: bool, is_asked: bool) {
        let Scene { cache, own, ended_ns, .. } = self.scene;
        let is_late = |stat: sys::Stat| ended_ns.is_none_or(|ended| stat.ctime_ns > ended);
        if after == State::Unknown
            || (after != State::Directory && cache.disk.stat(&path).is_some_and(is_late))
        {
            self.seen.doubtful.get_or_insert_with(|| path.clone());
        }
        let is_persons =
            before.exists() && before != State::Directory && !cache.store.is_ours(&path, &before);
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
        let is_top = path.as_str() == "." || path.as_str() == "/" || self.scene.known.contains(&path);
        if asked.and(Asked::PROBED | Asked::READ | Asked::EXECUTED).is_empty() || is_top {
            return;
        }
        let state = self.scene.cache.disk.state(&path);
        if state == State::Absent {
            let absent = self.first_absent(path);
            self.asked.insert(Question::State(absent));
            return;
        }
        let is_text = asked.has(Asked::READ) && path.is_inside() && matches!(state, State::File { .. });
        if is_text {
            self.seen.texts.push(path.clone());
        }
        self.asked.insert(Question::State(path));
    }

    /// Returns the first folder on the way to an absent path that is absent itself: many paths share it. A folder that
    /// the step makes, now or at other times, says nothing about what is to be in it.
    fn first_absent(&self, path: WsPath) -> WsPath {
        let Scene { cache, own, before, .. } = self.scene;
        let mut absent = path;
        while let Some(above) = absent.parent() {
            let is_own = before.contains_key(&above) || own.knows(&above);
            if is_own || cache.disk.state(&above).exists() {
                break;
            }
            absent = above;
        }
        absent
    }

    /// Answers what was asked as it was when the step ran, and compares with what its place in the order has.
    fn finish(mut self) -> Seen {
        let Scene { cache, own, place, before, .. } = self.scene;
        let questions: Vec<Question> = std::mem::take(&mut self.asked).into_iter().collect();
        let then = Timeline::before(Arc::clone(&cache.disk), (*before).clone());
        // Names that the step itself removed are no more news than those it made.
        let own = own.with(&self.seen.effects).with_private(&self.seen.private);
        let (observed, doubtful) = cache::observe(&then.at(0), &own, &questions);
        self.seen.effects.iter().for_each(|effect| place.found(&effect.path));
        let (expected, _) = cache::observe(place, &own, &questions);
        if let Some(subject) = doubtful {
            self.object(|| format!("`{subject}` cannot be read by az"));
        }
        let differs = |(seen, expected): (&Component, &Component)| seen.digest != expected.digest;
        let pairs = observed.iter().zip(&expected);
        self.seen.misplaced =
            pairs.filter(|pair| differs(*pair)).map(|(seen, _)| seen.name.clone()).collect();
        self.seen.disturbed = questions.iter().find_map(|question| self.disturbed(question));
        if let Some(contact) = self.trace.contacts.first() {
            self.object(|| format!("it connected to {contact}"));
        }
        self.seen.questions = questions;
        self.seen.observed = observed;
        self.seen
    }

    /// Returns the path of a question whose answer may have changed while the step ran, by somebody else's doing.
    fn disturbed(&self, question: &Question) -> Option<WsPath> {
        let Scene { cache, place, before, started_ns, .. } = self.scene;
        let (Question::State(path) | Question::Listing(path)) = question else { return None };
        let stat = cache.disk.stat(path)?;
        let is_older = started_ns.is_some_and(|started| stat.ctime_ns < started);
        if is_older || before.contains_key(path) {
            return None;
        }
        let is_folder = stat.kind == sys::FileKind::Directory;
        let is_in_tick = started_ns.is_some_and(|started| stat.ctime_ns == started);
        let is_by_itself = match question {
            Question::Listing(folder) => before.keys().any(|path| path.parent().as_ref() == Some(folder)),
            // That a folder is there does not depend on its times.
            _ if is_folder => true,
            // An earlier step of this run left it so right before; az saw it when that one ended.
            _ => is_in_tick && place.has_writer(path),
        };
        (!is_by_itself).then(|| path.clone())
    }
}
