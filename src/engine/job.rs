//! One attempt of a node, on a thread of the pool: make ready, run, look at what it did, record.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use super::{
    ending::{Meaning, meaning_of},
    lookup::questions_of,
    materialize::Promises,
    nesting::{Chain, PARENT},
    prepare::Prepared,
    run::Force,
    session::Cache,
};
use crate::{
    base::{Digest, WsPath},
    cache::{self, BeginId, Capture, Effect, Ending as Kept, Evidence, Own, Record, SetAside, Timeline},
    diag::{Code, code},
    execute::{
        runner::{Command, Control, Ended, Exit, Runner, StartError, Stdio},
        scheduler::Ending,
    },
    fingerprint::{Component, ComponentKind, Fingerprint, Question, State, View},
    plan::Reuse,
    sys,
};

/// What all attempts of a run share.
pub(super) struct Shared {
    pub(super) cache: Cache,
    pub(super) timeline: Timeline,
    pub(super) promises: Promises,
    pub(super) nodes: Vec<Arc<Prepared>>,
    pub(super) runner: Arc<dyn Runner>,
    pub(super) run: String,
    pub(super) root: PathBuf,
    pub(super) kept: PathBuf,
    pub(super) force: Force,
    /// The steps az runs inside.
    pub(super) chain: Chain,
    /// Literal paths that any step of the plan declares: what is watched around a step that declares nothing.
    pub(super) known_paths: Vec<WsPath>,
}

/// What an attempt left.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) ending: Ending,
    pub(super) exit_code: Option<i32>,
    /// How it failed.
    pub(super) error: Option<String>,
    pub(super) flags: Vec<String>,
    pub(super) duration: Duration,
    pub(super) warnings: Vec<(Code, String)>,
    pub(super) set_aside: Vec<SetAside>,
}

impl Done {
    /// Returns what is left by an attempt that came to nothing.
    pub(super) fn failed(error: String, duration: Duration) -> Self {
        Self {
            ending: Ending::Failed,
            exit_code: None,
            error: Some(error),
            flags: Vec::new(),
            duration,
            warnings: Vec::new(),
            set_aside: Vec::new(),
        }
    }
}

/// One attempt.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
    pub(super) log: PathBuf,
    pub(super) live: bool,
}

/// What is known right before the start.
struct Before {
    weak: Fingerprint,
    questions: Vec<Question>,
    /// What the step left before.
    own: Own,
    observed: Vec<Component>,
    outputs: BTreeMap<WsPath, State>,
    begin: Option<BeginId>,
    kept: Vec<(WsPath, State, SetAside)>,
    /// The file system's clock: what changed up to then was not changed by the step.
    started_ns: Option<i64>,
    warnings: Vec<(Code, String)>,
}

impl Attempt {
    /// Runs the attempt to its end, record included.
    pub(super) fn run(self, control: &Control) -> Done {
        let started = self.system().monotonic();
        let command = match self.command() {
            Ok(command) => command,
            Err(error) => {
                let error = format!("its folder for temporary files cannot be made: {error}");
                return Done::failed(error, Duration::ZERO);
            }
        };
        let before = match self.make_ready() {
            Ok(before) => before,
            Err(error) => return Done::failed(error, Duration::ZERO),
        };
        let ended = self.shared.runner.run(&command, control);
        let duration = self.system().monotonic().saturating_sub(started);
        // From here on a file that changes was not changed by the step.
        let ended_ns = self.shared.cache.disk.tick();
        match ended {
            Ok(ended) => self.settle(before, ended, ended_ns, duration),
            Err(error) => {
                self.forget_copies(&before);
                self.not_started(before, &error, duration)
            }
        }
    }

    fn prepared(&self) -> &Prepared {
        &self.shared.nodes[self.index]
    }

    fn system(&self) -> &Arc<dyn sys::System> {
        self.shared.cache.disk.system()
    }

    /// Brings the files into the state of the node's place and writes down that it begins.
    fn make_ready(&self) -> Result<Before, String> {
        let Shared { cache, timeline, promises, kept, force, .. } = &*self.shared;
        let prepared = self.prepared();
        let place = timeline.at(self.index);
        let questions = questions_of(prepared, &place);
        promises
            .materialize(cache, timeline, self.index, &questions, kept)
            .map_err(|error| format!("what it needs could not be brought back: {error}"))?;
        let weak = prepared.weak(&place);
        let own = cache.store.own(&prepared.node.identity);
        let (observed, _) = cache::observe(&place, &own, &questions);
        let mut warnings = Vec::new();
        let begin = if *force == Force::NoCache {
            None
        } else {
            let keys = cache::strong_keys(&cache.store, place, prepared.wanted(&weak, &questions));
            note_cache_error(cache.store.begin(&prepared.node.identity, &keys), &mut warnings)
        };
        let copies = self.set_aside_edits(&questions, &mut warnings);
        let outputs = self.watched_states();
        let started_ns = cache.disk.tick();
        outputs.keys().for_each(|path| timeline.save(path));
        Ok(Before { weak, questions, own, observed, outputs, begin, kept: copies, started_ns, warnings })
    }

    /// States of the paths whose change is an effect of the step: its declared outputs, and for a step that does not
    /// declare them every path the plan knows.
    fn watched_states(&self) -> BTreeMap<WsPath, State> {
        let disk = &self.shared.cache.disk;
        match &self.prepared().node.outputs {
            Some(outputs) => cache::known_states(disk, outputs),
            None => self.shared.known_paths.iter().map(|path| (path.clone(), disk.state(path))).collect(),
        }
    }

    /// Copies what a person made of the step's last outputs, since the step will write over it.
    ///
    /// A path that the step also reads is its input: writing over it is what the step is for.
    fn set_aside_edits(
        &self,
        questions: &[Question],
        warnings: &mut Vec<(Code, String)>,
    ) -> Vec<(WsPath, State, SetAside)> {
        let Shared { cache, kept, .. } = &*self.shared;
        let is_read = |path: &WsPath| questions.iter().any(|question| question.subject() == path.as_str());
        let records = cache.store.of(&self.prepared().node.identity);
        let last = records.first().map(|record| record.effects.clone()).unwrap_or_default();
        let mut copies = Vec::new();
        for Effect { path, after, .. } in last {
            let found = cache.disk.state(&path);
            let is_persons = matches!(found, State::File { .. } | State::Link { .. })
                && found != after
                && !cache.store.is_ours(&path, &found);
            if is_persons && path.is_inside() && !is_read(&path) {
                match cache::set_aside_copy(&cache.disk, &path, kept) {
                    Ok(copy) => copies.push((path, found, copy)),
                    Err(error) => warnings
                        .push((code::CACHE_UNUSABLE, format!("`{path}` cannot be set aside: {error}"))),
                }
            }
        }
        copies
    }

    fn command(&self) -> std::io::Result<Command> {
        let prepared = self.prepared();
        let node = &prepared.node;
        let temporary = self.private_folder()?;
        let mut values = prepared.environment.values.clone();
        values.insert("TMPDIR".to_owned(), temporary.display().to_string());
        values.insert(PARENT.to_owned(), self.shared.chain.with(&self.shared.root, &node.identity));
        let program = prepared
            .program
            .as_ref()
            .map_or_else(|| node.invocation.program().into(), |path| path.clone().into_os_string());
        let rest = node.invocation.argv.iter().skip(1).map(OsString::from);
        Ok(Command {
            argv: std::iter::once(program).chain(rest).collect(),
            env: values.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: self.shared.root.join(&node.invocation.cwd),
            stdio: if self.live {
                Stdio::Live { log: self.log.clone() }
            } else {
                Stdio::Log(self.log.clone())
            },
            mark: node.id.clone().into(),
        })
    }

    /// Returns the step's own folder for temporary files: empty, and at the same short place in every run.
    fn private_folder(&self) -> std::io::Result<PathBuf> {
        let place = format!("{}\n{}", self.shared.root.display(), self.prepared().node.id);
        let name = &Digest::of(place.as_bytes()).to_hex()[..16];
        let folder = self.system().temporary_root()?.join(name);
        sys::remove_tree(&**self.system(), &folder)?;
        self.system().create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Looks at what the step did and records it.
    fn settle(&self, mut before: Before, ended: Ended, ended_ns: Option<i64>, duration: Duration) -> Done {
        let Meaning { ending, error, mut flags } = meaning_of(&self.prepared().node, &ended);
        let mut capture = self.capture(&before, ended_ns);
        self.leave_alone(&mut before, &mut capture);
        for effect in &capture.effects {
            self.shared.timeline.done(self.index, &effect.path, effect.after.clone());
        }
        let exit_code = match ended.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) => None,
        };
        let kept = match &error {
            Some(_) if ending == Ending::Cancelled => Kept::Interrupted,
            Some(error) => Kept::Failed(error.clone()),
            None => self
                .why_not_kept(&mut before, &capture, &ended, ending)
                .map_or(Kept::Reusable, Kept::NotReusable),
        };
        if before.warnings.iter().any(|(code, _)| *code == code::INPUT_CHANGED) {
            flags.push("tainted".to_owned());
        }
        self.commit(&mut before, capture, kept, exit_code, &flags, duration);
        let set_aside = self.changed_copies(&before);
        Done { ending, exit_code, error, flags, duration, warnings: before.warnings, set_aside }
    }

    fn capture(&self, before: &Before, ended_ns: Option<i64>) -> Capture {
        let Shared { cache, .. } = &*self.shared;
        let is_read =
            |path: &WsPath| before.questions.iter().any(|question| question.subject() == path.as_str());
        let is_personal = |path: &WsPath, found: &State| {
            found.exists() && *found != State::Directory && is_read(path) && !cache.store.is_ours(path, found)
        };
        if let Some(outputs) = &self.prepared().node.outputs {
            cache::capture(&cache.disk, outputs, &before.outputs, ended_ns, &before.own, is_personal)
        } else {
            let changed = before.outputs.iter().filter_map(|(path, before)| {
                let after = cache.disk.state(path);
                let is_personal = is_personal(path, before);
                let effect = Effect::new(path.clone(), before.clone(), after);
                (effect.after != *before).then(|| Effect { is_personal, ..effect })
            });
            Capture { effects: changed.collect(), ..Capture::default() }
        }
    }

    /// Takes what the step found among its outputs and did not touch out of its effects, unless az made it: it is not
    /// the step's, and az must never bring it back or take it away. It becomes something the result depends on.
    ///
    /// A file that changed in the very tick of the clock the step started in counts as touched.
    fn leave_alone(&self, before: &mut Before, capture: &mut Capture) {
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
        let known: std::collections::BTreeSet<&Question> = before.questions.iter().collect();
        let asked = foreign.into_iter().map(|effect| Question::State(effect.path));
        let asked: Vec<Question> = asked.filter(|question| !known.contains(question)).collect();
        before.observed.extend(cache::observe(&*cache.disk, &before.own, &asked).0);
        before.questions.extend(asked);
    }

    /// Returns why the result must not be reused, if it must not.
    fn why_not_kept(
        &self,
        before: &mut Before,
        capture: &Capture,
        ended: &Ended,
        ending: Ending,
    ) -> Option<String> {
        let Shared { cache, .. } = &*self.shared;
        let node = &self.prepared().node;
        if let Reuse::No(why) = node.reuse() {
            return Some(why.to_owned());
        }
        if ending == Ending::Attention {
            return Some("it asks for a person's attention".to_owned());
        }
        if ended.has_leftovers {
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
        let is_made = |path: &str| {
            let path = WsPath::from_normal(path);
            path.is_some_and(|path| {
                outputs.iter().any(|output| {
                    output.matches(&path) || output.as_path().is_some_and(|folder| path.is_below(&folder))
                })
            })
        };
        let asked: Vec<Question> =
            before.questions.iter().filter(|question| !is_made(question.subject())).cloned().collect();
        let (now, _) = cache::observe(disk, &before.own, &asked);
        let script = self.prepared().weak(disk);
        let scripts = |fingerprint: &Fingerprint| {
            let is_script = |component: &&Component| component.kind == ComponentKind::Script;
            fingerprint.components().iter().filter(is_script).cloned().collect::<Vec<_>>()
        };
        let then = |component: &Component| {
            before
                .observed
                .iter()
                .find(|old| (old.kind, &old.name) == (component.kind, &component.name))
                .map(|old| old.digest)
        };
        let names_own = |component: &Component| component.kind == ComponentKind::Names && !outputs.is_empty();
        let changed =
            now.iter().find(|component| then(component) != Some(component.digest) && !names_own(component));
        let changed_script = scripts(&script)
            .into_iter()
            .zip(scripts(&before.weak))
            .find(|(now, then)| now.digest != then.digest);
        changed.map(|component| component.name.clone()).or_else(|| changed_script.map(|(now, _)| now.name))
    }

    fn commit(
        &self,
        before: &mut Before,
        capture: Capture,
        ending: Kept,
        exit_code: Option<i32>,
        flags: &[String],
        duration: Duration,
    ) {
        let Some(begin) = before.begin else { return };
        let Shared { cache, run, .. } = &*self.shared;
        let log = match &ending {
            Kept::Reusable => self.keep_log(),
            _ => None,
        };
        let fingerprint = before.weak.with(before.observed.clone());
        let record = Record {
            identity: self.prepared().node.identity.clone(),
            run: run.clone(),
            ended: self.system().now(),
            duration,
            ending,
            exit_code,
            flags: flags.to_vec(),
            weak: before.weak.key(),
            key: fingerprint.key(),
            fingerprint,
            effects: capture.effects,
            log,
            evidence: Evidence::Declared,
            learned: Vec::new(),
            scratch: Vec::new(),
            trace: None,
        };
        note_cache_error(cache.store.commit(begin, &record), &mut before.warnings);
    }

    /// Stores what the step printed.
    fn keep_log(&self) -> Option<Digest> {
        let blobs = &self.shared.cache.blobs;
        let (_, digest) = sys::hash_file(&**self.system(), &self.log).ok()?;
        blobs.put_file(&self.log, &digest).ok().map(|()| digest)
    }

    /// Returns the copies of versions that the step did write over; the others go.
    fn changed_copies(&self, before: &Before) -> Vec<SetAside> {
        let disk = &self.shared.cache.disk;
        let mut told = Vec::new();
        for (path, state, copy) in &before.kept {
            if disk.state(path) == *state {
                _ = self.system().remove_file(&copy.kept);
            } else {
                told.push(copy.clone());
            }
        }
        told
    }

    fn forget_copies(&self, before: &Before) {
        for (_, _, copy) in &before.kept {
            _ = self.system().remove_file(&copy.kept);
        }
    }

    fn not_started(&self, mut before: Before, error: &StartError, duration: Duration) -> Done {
        let failure = Kept::Failed(error.to_string());
        self.commit(&mut before, Capture::default(), failure, None, &[], duration);
        let fault = error.to_diagnostic();
        before.warnings.push((fault.code, format!("{}; {}", fault.message, fault.help.unwrap_or_default())));
        Done { warnings: before.warnings, ..Done::failed(error.to_string(), duration) }
    }
}

/// A cache that cannot be written costs a re-run later, and a warning now.
fn note_cache_error<T>(result: std::io::Result<T>, warnings: &mut Vec<(Code, String)>) -> Option<T> {
    result
        .inspect_err(|error| {
            warnings.push((code::CACHE_UNUSABLE, format!("the cache cannot be written: {error}")));
        })
        .ok()
}
