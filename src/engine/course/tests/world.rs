//! A plan of a text, and a world in which nothing is run: what a step comes to is a function of its id.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use crate::{
    base::{Digest, WsPath},
    db::{Contents, Database, Request, SourceFile, Surroundings, Workspace},
    diag::Code,
    engine::{
        course::{Course, Grounds, Way},
        run::scheduler_of,
    },
    execute::scheduler::{Effect, Ending, Input, OnFailure, Outcome, Policy, Scheduler, StopCause, Verdict},
    fingerprint::{Names, State, View},
    plan::{Gate, Plan, Planned, plan},
    sys::{Memory, Platform},
    text::handed::Handed,
};

/// A playbook that others use as `q`.
const USED: &str = r#"{"metadata":{"name":"q"},"orchestration":{"jobs":{
    "j0":{"outputs":{"o":"${{ steps.s1.outputs.o }}"},"steps":[
        {"id":"s1","script":"true","shell":"sh"},
        {"id":"s2","script":"true","shell":"sh","if":"steps.s1.outputs.o == '1'"}]},
    "j1":{"needs":"j0","if":"failure() || needs.j0.outputs.o == '1'","steps":[
        {"id":"s1","script":"true","shell":"sh"}]}}}}"#;

/// Plans a playbook.
fn plan_of(text: &str) -> Planned {
    let db = Database::default();
    let file = |path: &str, contents| SourceFile::new(&db, WsPath::from_normal(path).unwrap(), contents);
    let playbook = |path: &str, text: &str| file(path, Contents::Bytes(text.as_bytes().into()));
    let playbooks = vec![playbook("playbooks/p.json", text), playbook("playbooks/q.json", USED)];
    let config = file("az.toml", Contents::Absent);
    let platform = Platform { os: "linux".to_owned(), arch: "x86_64".to_owned() };
    let root: Arc<Path> = Arc::from(Path::new("/w"));
    let workspace = Workspace::new(&db, root, vec![], playbooks, vec![], config, None, platform);
    let (asked, none) = (vec!["p".to_owned()], BTreeMap::new());
    let request = Request::new(&db, asked, false, vec![], none, None, false, vec![], BTreeMap::new(), vec![]);
    let surroundings = Surroundings::new(&db, crate::base::Env::default(), false, None);
    plan(&db, workspace, request, surroundings).clone()
}

/// Returns the plan of a playbook, unless something is wrong with it.
pub(super) fn planned(text: &str) -> Option<Arc<Plan>> {
    plan_of(text).plan
}

/// Returns the codes of all errors of a playbook.
pub(super) fn faults(text: &str) -> Vec<Code> {
    let planned = plan_of(text);
    planned.diagnostics.iter().filter(|fault| fault.is_error()).map(|fault| fault.code).collect()
}

/// A workspace without files.
pub(super) struct Nothing;

impl View for Nothing {
    fn root(&self) -> &Path {
        Path::new("/w")
    }

    fn state(&self, _path: &WsPath) -> State {
        State::Absent
    }

    fn names(&self, _path: &WsPath) -> Arc<Names> {
        Arc::default()
    }
}

/// A run of a plan.
pub(super) struct World<'a> {
    plan: &'a Arc<Plan>,
    course: Course,
    scheduler: Scheduler,
    /// What changes how long steps take, and nothing else.
    seed: u64,
    slots: usize,
    now: Duration,
    /// When what is at work ends, and how.
    at_work: BTreeMap<(Duration, usize), Ending>,
    wake_at: Option<Duration>,
    pub(super) always_succeeds: bool,
    pub(super) interrupt_at: Option<Duration>,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) outcomes: Vec<Outcome>,
    /// How often a scope was looked at.
    pub(super) looks: usize,
}

impl<'a> World<'a> {
    pub(super) fn new(plan: &'a Arc<Plan>, seed: u64, slots: usize, on_failure: OnFailure) -> Self {
        Self {
            plan,
            course: Course::new(Arc::clone(plan)),
            scheduler: scheduler_of(plan, &Policy::new(slots, on_failure), 0, &[]),
            seed,
            slots,
            now: Duration::ZERO,
            at_work: BTreeMap::new(),
            wake_at: None,
            always_succeeds: false,
            interrupt_at: None,
        }
    }

    fn number(text: &str) -> u64 {
        let digest = Digest::of(text.as_bytes());
        u64::from_le_bytes(digest.0[..8].try_into().unwrap())
    }

    pub(super) fn run(mut self) -> Ended {
        let mut finished: BTreeSet<usize> = BTreeSet::new();
        let mut open = self.scheduler.step(self.now, Input::Tick);
        let mut steps = 0;
        while !self.scheduler.is_done() || !open.is_empty() {
            steps += 1;
            assert!(steps < 1_000_000, "it goes on for ever");
            assert!(self.at_work.len() <= self.slots, "more at work than there are slots");
            let mut inputs = Vec::new();
            for effect in std::mem::take(&mut open) {
                match effect {
                    Effect::LookUp(node) => {
                        let verdict = self.look_up(node);
                        inputs.push(Input::LookedUp(node, verdict));
                    }
                    Effect::Start { node, attempt } => self.start(node, attempt),
                    Effect::Stop { node, cause, .. } => self.stop(node, cause),
                    Effect::WakeAt(at) => self.wake_at = Some(at),
                    Effect::Finished(node, outcome) => {
                        assert!(finished.insert(node), "{} ended twice", self.plan.nodes[node].id);
                        self.course.ended(node, outcome);
                    }
                    Effect::Retry { .. } | Effect::Postponed(_) => {}
                }
            }
            if inputs.is_empty() {
                inputs.extend(self.next());
            }
            for input in inputs {
                open.extend(self.scheduler.step(self.now, input));
            }
        }
        Ended { outcomes: self.scheduler.outcomes().collect(), looks: self.course.results.looks.get() }
    }

    /// Lets time pass until something happens.
    fn next(&mut self) -> Option<Input> {
        let ends = self.at_work.keys().next().copied();
        let at = ends.map(|(at, _)| at).into_iter().chain(self.wake_at).chain(self.interrupt_at).min();
        let at = at.unwrap_or_else(|| {
            assert!(self.scheduler.is_done(), "nothing is at work, and not all has ended");
            self.now
        });
        self.now = self.now.max(at);
        if self.interrupt_at.is_some_and(|interrupt| interrupt <= self.now) {
            self.interrupt_at = None;
            self.course.is_cancelled = true;
            return Some(Input::Interrupt);
        }
        if let Some(key) = ends.filter(|(at, _)| *at <= self.now) {
            let ending = self.at_work.remove(&key)?;
            return Some(Input::Ended(key.1, ending));
        }
        self.wake_at = None;
        Some(Input::Tick)
    }

    fn look_up(&mut self, node: usize) -> Verdict {
        let planned = &self.plan.nodes[node];
        if planned.condition.as_ref().is_some_and(|condition| !condition.holds) && planned.gate == Gate::Needs
        {
            return Verdict::Skip;
        }
        if planned.gate == Gate::Needs {
            return Verdict::Run;
        }
        if let Some(by) = self.course.bad_dependency(node) {
            return Verdict::Block { by };
        }
        let (env, system) = (crate::base::Env::default(), Memory::new());
        let momentary = AtomicBool::new(false);
        let grounds = bare(&env, &system, &momentary);
        match self.course.way(node, &grounds) {
            Way::Runs(_) => Verdict::Run,
            Way::Skips(_) => Verdict::Skip,
            Way::Blocked { by } => Verdict::Block { by },
            Way::Fails(error) => panic!("{}: {error}", planned.id),
        }
    }

    fn start(&mut self, node: usize, attempt: u32) {
        let id = &self.plan.nodes[node].id;
        let luck = Self::number(id) % 10;
        let ending = match luck {
            _ if self.always_succeeds => Ending::Ok,
            0 | 1 => Ending::Failed,
            // Another attempt helps.
            2 if attempt == 1 => Ending::Failed,
            3 => Ending::Warning,
            _ => Ending::Ok,
        };
        let outputs = BTreeMap::from([("o".to_owned(), (luck % 2).to_string().into())]);
        self.course.hands_on(node, Some(Arc::new(Handed { outputs, ..Handed::default() })));
        let takes = 1 + Self::number(&format!("{id} {attempt} {}", self.seed)) % 50;
        self.at_work.insert((self.now + Duration::from_millis(takes), node), ending);
    }

    fn stop(&mut self, node: usize, _cause: StopCause) {
        if let Some((at, _)) = self.at_work.keys().find(|(_, other)| *other == node).copied() {
            self.at_work.remove(&(at, node));
            self.at_work.insert((self.now, node), Ending::Cancelled);
        }
    }
}

/// Returns the ground below scopes in a world where nothing is.
pub(super) fn bare<'a>(
    env: &'a crate::base::Env,
    system: &'a Memory,
    momentary: &'a AtomicBool,
) -> Grounds<'a> {
    let (is_administrator, powershell, started) = (false, None, "");
    Grounds { view: &Nothing, env, system, is_administrator, powershell, momentary, started }
}
