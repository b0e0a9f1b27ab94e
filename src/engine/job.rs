//! One attempt of a node, on a thread of the pool: make ready, run, look at what it did, record.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use super::{
    candidates::Candidates,
    edits::Edits,
    ending::{Meaning, meaning_of},
    evidence::Known,
    handed::HandedOn,
    keep::Outcome,
    late::{Answered, asked, probed},
    lookup::questions_of,
    materialize::Promises,
    mentioned::Mentioned,
    nesting::Chain,
    prepare::{Nodes, Prepared},
    run::Force,
    seen::{Scene, Seen},
    session::Cache,
    spares::Spares,
    trust::Agreed,
    turns::Freedom,
    witness::PreImages,
    zones::{Zone, Zones},
};
use crate::{
    base::{Env, WsPath},
    cache::{self, BeginId, Ending as Kept, Overlap, Own, SetAside, Target, Timeline},
    diag::{Code, code},
    execute::{
        runner::{Control, Ended, Exit, LeftOut, Live, Runner, StartError},
        scheduler::Ending,
    },
    fingerprint::{Component, Contents, Fingerprint, Moment, Question, State, View},
    model::settings::Undeclared,
    secret::Masks,
    sys::{self, Stat},
    text::handed::Handed,
    trace::{Trace, Witness},
};

/// What all attempts of a run share.
pub(super) struct Shared {
    pub(super) cache: Cache,
    pub(super) timeline: Timeline,
    pub(super) promises: Promises,
    pub(super) nodes: Nodes,
    pub(super) runner: Arc<dyn Runner>,
    pub(super) run: String,
    pub(super) root: PathBuf,
    pub(super) kept: PathBuf,
    pub(super) force: Force,
    /// The steps az runs inside.
    pub(super) chain: Chain,
    /// What kinds of ground there are.
    pub(super) zones: Arc<Zones>,
    /// The environment az was started with.
    pub(super) env: Env,
    /// Literal paths that any step of the plan declares: what is watched around a step that declares nothing.
    pub(super) known_paths: Vec<WsPath>,
    /// What steps asked to be masked.
    pub(super) masks: Arc<Masks>,
    /// Where the folders for temporary files are, once the first was made.
    pub(super) temporary: Arc<OnceLock<PathBuf>>,
    /// Whether programs are dash, as far as that was looked at.
    pub(super) shells: Arc<Mutex<BTreeMap<PathBuf, bool>>>,
    pub(super) spares: Arc<Spares>,
    /// Which environment names the texts that steps read mention.
    pub(super) mentioned: Arc<Mentioned>,
    /// Where steps look for programs.
    pub(super) candidates: Arc<Candidates>,
    /// The only set of files that may run, where no person has asked for it.
    pub(super) agreed: Option<Agreed>,
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
    /// What it asked, and what it was answered.
    pub(super) answered: Answered,
    /// What it hands on, however it ended.
    pub(super) handed: Handed,
    /// It printed nothing, so there is no log of it.
    pub(super) is_silent: bool,
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
            answered: Answered::default(),
            handed: Handed::default(),
            is_silent: false,
        }
    }
}

impl Shared {
    /// Returns the same, to decide from the step at `index` on again; the disk is in the state of its place.
    pub(super) fn resumed_at(&self, index: usize) -> Self {
        Self {
            cache: self.cache.clone(),
            timeline: self.timeline.resumed_at(index),
            promises: self.promises.resumed(),
            nodes: self.nodes.clone(),
            runner: Arc::clone(&self.runner),
            run: self.run.clone(),
            root: self.root.clone(),
            kept: self.kept.clone(),
            force: self.force,
            chain: self.chain.clone(),
            zones: Arc::clone(&self.zones),
            env: self.env.clone(),
            known_paths: self.known_paths.clone(),
            masks: Arc::clone(&self.masks),
            temporary: Arc::clone(&self.temporary),
            shells: Arc::clone(&self.shells),
            spares: Arc::clone(&self.spares),
            mentioned: Arc::clone(&self.mentioned),
            candidates: Arc::clone(&self.candidates),
            agreed: self.agreed.clone(),
        }
    }

    /// Returns where az's own folders for temporary files are; they are looked for and made sure of once.
    pub(super) fn temporary_root(&self) -> std::io::Result<&Path> {
        if let Some(known) = self.temporary.get() {
            return Ok(known);
        }
        let found = self.cache.disk.system().temporary_root()?;
        Ok(self.temporary.get_or_init(|| found))
    }
}

/// One attempt.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
    /// The node, as it is known when it starts.
    pub(super) node: Arc<Prepared>,
    pub(super) log: PathBuf,
    pub(super) live: Option<Live>,
    pub(super) freedom: Freedom,
}

/// What is known right before the start.
pub(super) struct Before {
    pub(super) weak: Fingerprint,
    pub(super) questions: Vec<Question>,
    /// What the step left before.
    pub(super) own: Own,
    pub(super) observed: Vec<Component>,
    /// What the file system said of the files among that, where nobody will see what becomes of them meanwhile.
    pub(super) stats: BTreeMap<WsPath, Stat>,
    pub(super) outputs: BTreeMap<WsPath, State>,
    /// What was read of files to know all that.
    read: Contents,
    pub(super) begin: Option<BeginId>,
    edits: Edits,
    /// The file system's clock: what changed up to then was not changed by the step.
    pub(super) started_ns: Option<i64>,
    /// The step printed a secret, which is masked in its log.
    pub(super) has_printed_secret: bool,
    /// Not all it printed is in its log.
    pub(super) is_log_cut: bool,
    pub(super) handed_on: HandedOn,
    pub(super) warnings: Vec<(Code, String)>,
}

/// What is known right after the end.
pub(super) struct After {
    /// The files as they are then.
    pub(super) files: Moment,
    /// The file system's clock: what changes from then on is not changed by the step.
    pub(super) ended_ns: Option<i64>,
}

impl Attempt {
    /// Runs the attempt to its end, record included.
    pub(super) fn run(self, control: &Control) -> Done {
        let (system, spares) = (&**self.system(), &self.shared.spares);
        spares.lend_log(system, &self.log);
        let done = self.run_with_log(control);
        Done { is_silent: spares.take_back_log(system, &self.log), ..done }
    }

    fn run_with_log(&self, control: &Control) -> Done {
        let started = self.system().monotonic();
        if let Some(why) = self.refused() {
            return Done::failed(why, Duration::ZERO);
        }
        let (command, sandbox) = match self.command() {
            Ok(ready) => ready,
            Err(error) => {
                let error = format!("its folder for temporary files cannot be made: {error}");
                return Done::failed(error, Duration::ZERO);
            }
        };
        let mut before = match self.make_ready() {
            Ok(before) => before,
            Err(error) if self.freedom == Freedom::All => return Done::failed(error, Duration::ZERO),
            // What a step left that overlapped others need not have been kept.
            Err(error) => return Done { ending: Ending::TooEarly, ..Done::failed(error, Duration::ZERO) },
        };
        let temporary = self.shared.temporary_root().unwrap_or(Path::new(""));
        let turnstile = (control, self.freedom);
        let mut witness = PreImages::new(&self.shared, self.index, temporary, turnstile, sandbox.as_ref());
        let watch = self.prepared().unwatched.is_none().then_some(&mut witness as &mut dyn Witness);
        self.shared.timeline.begin(self.index);
        let ended = self.run_command(&command, watch, control);
        let duration = self.system().monotonic().saturating_sub(started);
        self.take_handed(&mut before, command.screen.as_deref());
        if let Ok(Ended { left_out: Some(LeftOut { has_asked: true, .. }), .. }) = &ended
            && command.screen.is_none()
        {
            self.forget_log(&mut before);
        }
        let has_news = before.handed_on.has_news();
        // From here on a file that changes was not changed by the step.
        let ended_ns = self.shared.cache.disk.tick();
        if let Some(act) = witness.held.take() {
            let undone = self.undo(before, &witness.states, &act, duration);
            self.shared.timeline.end(self.index);
            if has_news {
                self.forget_hidden(&witness);
            }
            return undone;
        }
        let files =
            Moment::new(Arc::clone(&self.shared.cache.disk)).with_read(std::mem::take(&mut before.read));
        let after = After { files, ended_ns };
        let seen = self.look(&before, &ended, &witness, &after);
        let done = self.settle(before, &ended, (seen, &witness), &after, duration);
        if has_news {
            self.forget_hidden(&witness);
        }
        done
    }

    /// Returns why the script must not be started, where only one set of files may run.
    fn refused(&self) -> Option<String> {
        let script = self.prepared().node.script.as_ref()?;
        self.shared.agreed.as_ref()?.refuses(&**self.system(), &self.shared.root, script)
    }

    /// Undoes what a step did that was held right before an act that cannot be undone; it starts again in its turn.
    fn undo(&self, before: Before, states: &BTreeMap<WsPath, State>, act: &str, duration: Duration) -> Done {
        let Shared { cache, zones, kept, timeline, .. } = &*self.shared;
        let temporary = self.shared.temporary_root().unwrap_or(Path::new(""));
        let is_ours = |path: &WsPath| {
            path.is_inside() && zones.of(&cache.disk.absolute(path), temporary, |_| true) == Zone::Tracked
        };
        let changed = states.iter().filter(|(path, _)| is_ours(path));
        let targets: Vec<Target> =
            changed.map(|(path, state)| Target { path: path.clone(), state: state.clone() }).collect();
        let left: BTreeMap<&WsPath, State> =
            targets.iter().map(|target| (&target.path, cache.disk.state(&target.path))).collect();
        left.iter().for_each(|(path, state)| timeline.put(path, state));
        let is_replaceable = |path: &WsPath, found: &State| left.get(path) == Some(found);
        let undone = cache::restore(&cache.disk, &cache.blobs, &targets, kept, is_replaceable);
        _ = before.edits.overwritten(cache);
        // A lock that git cannot remove any more would keep everybody out.
        let is_lock = |path: &WsPath| path.extension() == Some("lock") && path.as_str().contains(".git/");
        for (path, _) in states.iter().filter(|(path, state)| !state.exists() && is_lock(path)) {
            _ = self.system().remove_file(&cache.disk.absolute(path));
        }
        match undone {
            Ok(_) => {
                if let Some(begin) = before.begin {
                    // If that is lost, the step runs once more some day.
                    _ = cache.store.withdraw(begin);
                }
                let text = format!("it was about to {act}, and steps before it had not ended");
                Done { ending: Ending::TooEarly, ..Done::failed(text, duration) }
            }
            Err(error) => {
                let text = format!(
                    "it was about to {act} while steps before it had not ended, and what it had done cannot be undone: \
                     {error}; run az again with `--parallel=false`"
                );
                Done::failed(text, duration)
            }
        }
    }

    pub(super) fn prepared(&self) -> &Prepared {
        &self.node
    }

    pub(super) fn system(&self) -> &Arc<dyn sys::System> {
        self.shared.cache.disk.system()
    }

    /// Brings the files into the state of the node's place and writes down that it begins.
    fn make_ready(&self) -> Result<Before, String> {
        let Shared { cache, timeline, promises, kept, force, .. } = &*self.shared;
        let prepared = self.prepared();
        let first = Moment::new(Arc::clone(&cache.disk));
        let place = timeline.at(self.index).in_moment(&first);
        let questions = questions_of(prepared, &place);
        let weak = prepared.weak(&place);
        let sets = cache.store.path_sets(&weak.key());
        let known = sets.iter().flat_map(|set| set.iter()).chain(&questions);
        let known: BTreeSet<&Question> = known.collect();
        let has_put = promises
            .materialize(cache, timeline, self.index, &known, kept)
            .map_err(|error| format!("what it needs could not be brought back: {error}"))?;
        // What was brought back is another moment.
        let later = has_put.then(|| Moment::new(Arc::clone(&cache.disk)));
        let moment = later.as_ref().unwrap_or(&first);
        let place = place.in_moment(moment);
        let own = cache.store.own(&prepared.node.identity);
        let (observed, _) = cache::observe(&place, &own, &questions);
        let stats = self.stats(&observed);
        let mut warnings = Vec::new();
        let begin = if *force == Force::NoCache {
            None
        } else {
            let wanted = prepared.wanted(&weak, &questions);
            let keys = cache::strong_keys(&sets, place, wanted, &own, &observed);
            note_cache_error(cache.store.begin(&prepared.node.identity, &keys), &mut warnings)
        };
        let edits = Edits::set_aside(cache, prepared, &known, kept, &mut warnings);
        let outputs = self.watched_states(moment);
        let started_ns = cache.disk.tick();
        outputs.iter().for_each(|(path, state)| timeline.save_found(path, state));
        let read = later.unwrap_or(first).into_read();
        Ok(Before {
            weak,
            questions,
            own,
            observed,
            stats,
            outputs,
            read,
            begin,
            edits,
            started_ns,
            has_printed_secret: false,
            is_log_cut: false,
            handed_on: HandedOn::default(),
            warnings,
        })
    }

    /// Returns the trace of an end.
    ///
    /// # Errors
    /// Why there is none that tells all.
    fn trace_of<'e>(&self, ended: &'e Result<Ended, StartError>) -> Result<&'e Trace, String> {
        if let Some(why) = &self.prepared().unwatched {
            return Err(why.clone());
        }
        let trace = ended.as_ref().ok().and_then(|ended| ended.trace.as_ref());
        let trace = trace.ok_or("nothing could be traced")?;
        if let Some(gap) = trace.gaps.first() {
            return Err(gap.to_string());
        }
        if trace.is_complete() { Ok(trace) } else { Err("it could not be traced".to_owned()) }
    }

    /// Returns where and when the step ran, without what only a look at its whole trace needs.
    fn scene<'a>(
        &'a self,
        before: &'a Before,
        ended: &Result<Ended, StartError>,
        witness: &'a PreImages<'_>,
        after: &'a After,
    ) -> Result<Scene<'a>, String> {
        let Shared { cache, timeline, zones, .. } = &*self.shared;
        let node = &self.prepared().node;
        Ok(Scene {
            cache,
            now: &after.files,
            place: timeline.at(self.index).in_moment(&after.files),
            zones,
            own: &before.own,
            secrets: None,
            known: None,
            outputs: node.outputs.as_deref().unwrap_or_default(),
            inputs: node.inputs.as_deref().unwrap_or_default(),
            declared: &before.questions,
            identity: &node.identity,
            weak: before.weak.key(),
            usual_mode: None,
            temporary: self.shared.temporary_root().map_err(|error| error.to_string())?,
            before: &witness.states,
            has_failed: ended.as_ref().is_ok_and(|ended| ended.exit != Exit::Code(0)),
            started_ns: before.started_ns,
            ended_ns: after.ended_ns,
        })
    }

    /// Makes sense of the trace of an end.
    ///
    /// # Errors
    /// Why there is none that tells all.
    fn look(
        &self,
        before: &Before,
        ended: &Result<Ended, StartError>,
        witness: &PreImages<'_>,
        after: &After,
    ) -> Result<Seen, String> {
        let trace = self.trace_of(ended)?;
        let scene = Scene {
            secrets: Some(&self.shared.hidden(self.index)),
            known: Some(&self.prepared().programs(&after.files, &self.shared.candidates)),
            // The log is made so, by az with the same mask.
            usual_mode: self.system().stat(&self.log).ok().map(|stat| stat.mode & 0o777),
            ..self.scene(before, ended, witness, after)?
        };
        Ok(scene.look(trace))
    }

    /// Returns a path that the step had to do with and that another changed while it was at work, and ends its time;
    /// `private` is the private state that it wrote.
    ///
    /// To be asked when nothing is read from the disk any more, so that nothing can come in between.
    fn crossed(
        &self,
        before: &Before,
        ended: &Result<Ended, StartError>,
        witness: &PreImages<'_>,
        private: &[WsPath],
    ) -> Option<WsPath> {
        let meanwhile = self.shared.timeline.end(self.index);
        if meanwhile.is_empty() {
            return None;
        }
        // A moment of its own: what others changed is held against what is there by now.
        let after = After { files: Moment::new(Arc::clone(&self.shared.cache.disk)), ended_ns: None };
        let Ok((trace, scene)) =
            self.trace_of(ended).and_then(|trace| Ok((trace, self.scene(before, ended, witness, &after)?)))
        else {
            return self.crossed_unseen(before, &meanwhile);
        };
        scene.crossed(trace, &before.questions.iter().collect(), &meanwhile, private)
    }

    /// Returns a path that another step changed while this one was at work unseen, and that it may have had to do with:
    /// what it declares, or any if it declares nothing.
    fn crossed_unseen(&self, before: &Before, meanwhile: &BTreeMap<WsPath, Overlap>) -> Option<WsPath> {
        let node = &self.prepared().node;
        let outputs = node.outputs.as_deref().unwrap_or_default();
        let is_named = |path: &WsPath| {
            !node.is_declared()
                || before.questions.contains(&Question::State(path.clone()))
                || outputs.iter().any(|output| output.matches(path))
        };
        let is_other = |(path, overlap): &(&WsPath, &Overlap)| {
            let now = self.shared.cache.disk.state(path);
            let is_folder = now == State::Directory && overlap.before == State::Directory;
            now != overlap.before && !is_folder && is_named(path)
        };
        meanwhile.iter().find(is_other).map(|(path, _)| path.clone())
    }

    /// Says what it means how the step ended, and tells what else came of it.
    fn meaning(&self, ended: &Result<Ended, StartError>, warnings: &mut Vec<(Code, String)>) -> Meaning {
        let mut meaning = match ended {
            Ok(ended) => meaning_of(&self.prepared().node, ended),
            Err(error) => {
                let fault = error.to_diagnostic();
                warnings.push((fault.code, format!("{}; {}", fault.message, fault.help.unwrap_or_default())));
                Meaning::of_error(error)
            }
        };
        if let Ok(Ended { lost: Some(errno), .. }) = ended {
            let error = std::io::Error::from_raw_os_error(*errno);
            let text = format!("not all it printed could be written to az's own output: {error}");
            warnings.push((code::UNWRITTEN, text));
        }
        self.tell_of_bounds(ended, &mut meaning, warnings);
        meaning
    }

    /// Looks at what the step did and records it; `seen` is what it was seen to do, or why nobody knows.
    fn settle(
        &self,
        mut before: Before,
        ended: &Result<Ended, StartError>,
        (seen, witness): (Result<Seen, String>, &PreImages<'_>),
        after: &After,
        duration: Duration,
    ) -> Done {
        let mut meaning = self.meaning(ended, &mut before.warnings);
        let warnings = before.warnings.len();
        let mut evidence = self.evidence(&mut before, seen, &witness.states, after);
        self.judge_undeclared(&mut meaning, &before.warnings);
        before.handed_on.judge(&mut meaning);
        for effect in &evidence.capture.effects {
            self.shared.timeline.done(self.index, &effect.path, &effect.before, effect.after.clone());
        }
        let mut kept = self.kept(&mut before, &evidence, &meaning, after);
        let crossed = self.crossed(&before, ended, witness, &evidence.private);
        if let Some(path) = crossed.as_ref().filter(|_| meaning.error.is_none()) {
            // What came of that is nobody's fault; the step runs once more.
            before.warnings.truncate(warnings);
            kept = Kept::NotReusable(format!("another step changed `{path}` while it ran"));
        }
        if meaning.ending == Ending::Failed {
            self.name_withheld(&mut before, &evidence);
        }
        let exit_code = match ended.as_ref().map(|ended| ended.exit) {
            Ok(Exit::Code(code)) => Some(code),
            Ok(Exit::Signal(_)) | Err(_) => None,
        };
        let Meaning { ending, error, mut flags } = meaning;
        if before.warnings.iter().any(|(code, _)| *code == code::INPUT_CHANGED) {
            flags.push("tainted".to_owned());
        }
        evidence.capture.effects.sort_by(|a, b| a.path.cmp(&b.path));
        let answered = Answered {
            crossed,
            is_outward: evidence.is_outward,
            private: evidence.private.clone(),
            probed: probed(&evidence.capture.effects),
            borrowed: evidence.borrowed.clone(),
            ..Answered::default()
        };
        let handed = std::mem::take(&mut before.handed_on.handed);
        let outcome =
            Outcome { evidence, kept, exit_code, flags: flags.clone(), duration, handed: handed.clone() };
        self.commit(&mut before, outcome, &after.files);
        let set_aside = before.edits.overwritten(&self.shared.cache);
        let Before { questions, observed, warnings, own, .. } = before;
        let answered = Answered { asked: asked(&questions, &observed), own: Some(own), ..answered };
        let done = Done { set_aside, answered, handed, ..Done::failed(String::new(), duration) };
        Done { ending, exit_code, error, flags, warnings, ..done }
    }

    /// Says what is to be kept of the attempt.
    fn kept(&self, before: &mut Before, evidence: &Known, meaning: &Meaning, after: &After) -> Kept {
        match &meaning.error {
            Some(_) if meaning.ending == Ending::Cancelled => Kept::Interrupted,
            Some(error) => Kept::Failed(error.clone()),
            None => {
                let why = self.why_not_kept(before, evidence, meaning, after);
                why.map_or(Kept::Reusable, Kept::NotReusable)
            }
        }
    }

    /// Says what it means if the step was seen to do what it does not declare.
    fn judge_undeclared(&self, meaning: &mut Meaning, warnings: &[(Code, String)]) {
        let is_meant = |code| [code::UNDECLARED_READ, code::UNDECLARED_WRITE].contains(&code);
        let Some((_, text)) = warnings.iter().find(|(code, _)| is_meant(*code)) else { return };
        meaning.flags.push("undeclared".to_owned());
        if self.prepared().node.settings.undeclared == Some(Undeclared::Error) {
            meaning.fail(text);
        }
    }
}

/// A cache that cannot be written costs a re-run later, and a warning now.
pub(super) fn note_cache_error<T>(
    result: std::io::Result<T>,
    warnings: &mut Vec<(Code, String)>,
) -> Option<T> {
    result
        .inspect_err(|error| {
            warnings.push((code::CACHE_UNUSABLE, format!("the cache cannot be written: {error}")));
        })
        .ok()
}
