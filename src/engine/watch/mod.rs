//! Builds again whenever something has changed, and answers meanwhile whether gates are clean.
//!
//! Knows when to build and what has changed. How a build goes, and what is told of it, is as in any other build: a watch
//! only ever says that it is time for one, and that a gate is what it would find if it looked itself.
//!
//! Two threads: the caller's builds; the [`Keeper`]'s hears, says when, and answers. Where a gate stands, what it is about
//! is watched; where none does, or steps in it are open, the whole tree is.

mod consent;
mod followed;
mod keeper;
mod quiet;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    io::{self, PipeWriter, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use consent::{Consent, Differing};
use keeper::{Command, Keeper};

use super::{
    Ask, BuildOptions, BuildResult, Engine, EngineError, Glance, UpToDate,
    gate::{Look, gate_path},
    secret_key::read_key,
    session::{Warm, environment},
    socket::GateFile,
    trust::{Records, Untrusted, trusts_edits},
    workspace::{self, Extent},
};
use crate::{
    cache::Layout,
    diag::{Diagnostic, code},
    event::Envelope,
    execute::driver::{Interrupt, Signals},
    report::RunView,
    sys::System,
    text::pattern::PRIVATE_FOLDERS,
    watch::{Shortage, Watcher},
};

/// What wakes the builder.
enum Wake {
    Changed(Changed),
    /// Nothing has changed, but of some paths the gate cannot tell by their times, which by now it could.
    Settle,
    Interrupted(Interrupt),
    /// Not everything can be watched.
    Short(Shortage),
    /// The workspace is not there any more.
    Gone(PathBuf),
    /// The keeper has ended, in whatever way; nobody says anything more.
    Ended,
}

/// What has changed.
struct Changed {
    paths: Vec<PathBuf>,
    /// The rows of the gate in this file that differ; nothing if all have to be looked at.
    rows: Option<Rows>,
}

/// What differs from a gate.
struct Rows {
    file: GateFile,
    numbers: Vec<usize>,
    /// Their paths, also of those that were told before.
    paths: Vec<PathBuf>,
}

/// So often it is asked whether somebody has trusted what is refused.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// What a watch waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Woken {
    /// It is time to build: these paths have changed, below the workspace as it names them.
    Changed(Vec<String>),
    /// A signal says that it is to end; az exits with this.
    Interrupted(u8),
    /// It goes on, but sees some changes late; why.
    Limited(Box<Diagnostic>),
    /// There is nothing left to watch.
    Gone(Box<Diagnostic>),
}

/// How a build of a watch ended.
#[derive(Debug)]
pub enum Rebuilt {
    /// There was nothing to do.
    UpToDate(Box<UpToDate>),
    /// Steps were decided.
    Built(Box<BuildResult>),
    /// Nothing was run, since what decides what runs was changed, and nobody has agreed to that.
    Untrusted(Box<Untrusted>),
}

/// A watch.
pub struct Watching {
    system: Arc<dyn System>,
    start: PathBuf,
    root: PathBuf,
    layout: Layout,
    ask: Ask,
    options: BuildOptions,
    commands: Sender<Command>,
    waker: PipeWriter,
    wakes: Receiver<Wake>,
    /// What was said and not taken in yet.
    open: VecDeque<Wake>,
    /// What the last build that planned anything left in memory.
    warm: Warm,
    /// What the last wake said.
    rows: Option<Rows>,
    /// What may run.
    consent: Consent,
    thread: Option<JoinHandle<()>>,
    /// Held since it hears no signals without it.
    _signals: Signals,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Watching {
    /// Begins to watch the workspace that `start` lies in, for a request; what may run is what is there now, and if it
    /// `is_free` whatever it becomes.
    ///
    /// # Errors
    /// If there is no workspace, or it cannot be watched.
    pub fn begin(
        system: &Arc<dyn System>,
        start: &Path,
        ask: &Ask,
        options: &BuildOptions,
        is_free: bool,
    ) -> Result<Self, EngineError> {
        let root = workspace::find_root(&**system, start).map_err(EngineError::from)?;
        let (consent, warm) = if is_free || trusts_edits(&**system, &root) {
            (Consent::to(None, is_free), Warm::default())
        } else {
            let engine = open(system, start, ask, Warm::default())?;
            (Consent::to(Some(engine.deciding(None)), false), engine.into_warm())
        };
        let layout = Layout::new(&root);
        let watcher = Watcher::new(&root, &PRIVATE_FOLDERS).map_err(|error| cannot_watch(&root, &error))?;
        let (commands, obeys) = channel();
        let (wakes, woken) = channel();
        let (readable, waker) = std::io::pipe().map_err(|error| cannot_watch(&root, &error))?;
        let signals = Signals::install().unwrap_or_else(|_| Signals::none());
        let hears = wakes.clone();
        // Without a receiver it has ended already.
        signals.tell(move |interrupt| _ = hears.send(Wake::Interrupted(interrupt)));
        let keeper = Keeper::new(
            Arc::clone(system),
            &root,
            layout.clone(),
            watcher,
            keeper::Lines { commands: obeys, waker: readable, wakes: wakes.clone() },
        );
        let last_words = LastWords(wakes);
        let thread = std::thread::Builder::new().name("az-watch".into()).spawn(move || {
            let _last_words = last_words;
            keeper.run();
        });
        Ok(Self {
            system: Arc::clone(system),
            start: start.to_path_buf(),
            thread: Some(thread.map_err(|error| cannot_watch(&root, &error))?),
            root,
            layout,
            ask: ask.clone(),
            options: options.clone(),
            commands,
            waker,
            wakes: woken,
            open: VecDeque::new(),
            warm,
            rows: None,
            consent,
            _signals: signals,
        })
    }

    /// Returns the absolute path of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Builds what is due, or all of it the first time; `on_event` and `on_wait` are as for [`Engine::build`].
    ///
    /// # Errors
    /// As [`Engine::build`].
    pub fn build(
        &mut self,
        on_event: &mut dyn FnMut(&Engine, &Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<Rebuilt, EngineError> {
        self.say(Command::Building);
        let mut built = self.build_now(on_event, on_wait);
        let is_other = |fault: &Diagnostic| fault.code == code::UNTRUSTED;
        if built.as_ref().is_err_and(|error| error.diagnostics.iter().any(is_other)) {
            // It was changed after it was looked at.
            built = self.build_now(on_event, on_wait);
        }
        let gate = self.gate();
        match &built {
            Ok(Rebuilt::Built(result)) => self.consent.built(result.gate),
            Ok(Rebuilt::UpToDate(_)) => self.consent.rests(),
            Ok(Rebuilt::Untrusted(_)) | Err(_) => {}
        }
        let changed = match &built {
            Ok(Rebuilt::Built(result)) => {
                result.changed.iter().map(|path| path.to_absolute(&self.root)).collect()
            }
            Ok(Rebuilt::UpToDate(_) | Rebuilt::Untrusted(_)) | Err(_) => Vec::new(),
        };
        let has_gate = matches!(built, Ok(Rebuilt::Built(_) | Rebuilt::UpToDate(_)));
        self.say(Command::Built { gate: gate.filter(|_| has_gate), changed });
        built
    }

    fn build_now(
        &mut self,
        on_event: &mut dyn FnMut(&Engine, &Envelope, &RunView),
        on_wait: &mut dyn FnMut(),
    ) -> Result<Rebuilt, EngineError> {
        let (system, ask) = (&self.system, &self.ask);
        let (look, differing) = match self.rows.take() {
            Some(Rows { file, numbers, paths }) => {
                (Look::At(file, numbers), Some(Differing { gate: file, paths }))
            }
            None => (Look::Alone, None),
        };
        let mut options = self.options.clone();
        let result = match Engine::look_at_gate(&**system, &self.start, ask, &options, &look) {
            Glance::UpToDate(answer) => return Ok(Rebuilt::UpToDate(answer)),
            Glance::Partly(partly) => {
                // If another gate has taken its place, that one may have been what was looked at.
                let is_this = |differing: &Differing| {
                    self.gate().is_some_and(|gate| GateFile::at(&**system, &gate) == Some(differing.gate))
                };
                let differing = differing.filter(is_this);
                let known = self.consent.as_it_was(&**system, &self.root, differing.as_ref());
                let may = known.map_or_else(
                    || {
                        let engine = open(system, &self.start, ask, std::mem::take(&mut self.warm))?;
                        let may = self.consent.after_a_look(&engine);
                        self.warm = engine.into_warm();
                        Ok::<_, EngineError>(may)
                    },
                    |may| Ok(Ok(may)),
                )?;
                options.agreed = match may {
                    Ok(may) => may.agreed(),
                    Err(untrusted) => return Ok(Rebuilt::Untrusted(untrusted)),
                };
                let (at, what) = ((system, &*self.start), (ask, &options, &*partly));
                Engine::build_partly_warm(at, what, &mut self.warm, on_event, on_wait)
            }
            Glance::Unknown => {
                let engine = open(system, &self.start, ask, std::mem::take(&mut self.warm))?;
                options.agreed = match self.consent.after_a_look(&engine) {
                    Ok(may) => may.agreed(),
                    Err(untrusted) => {
                        self.warm = engine.into_warm();
                        return Ok(Rebuilt::Untrusted(untrusted));
                    }
                };
                let mut on_event = |event: &Envelope, view: &RunView| on_event(&engine, event, view);
                let result = engine.build(ask, &options, &mut on_event, on_wait);
                self.warm = engine.into_warm();
                result
            }
        };
        result.map(Box::new).map(Rebuilt::Built)
    }

    /// A person has agreed to a set that was refused.
    pub fn agree(&mut self, untrusted: &Untrusted) {
        self.consent.agree(&untrusted.now);
    }

    /// A person has agreed to whatever the files of this workspace become.
    ///
    /// # Errors
    /// If that cannot be kept.
    pub fn agree_to_edits(&mut self, untrusted: &Untrusted) -> Result<(), Box<Diagnostic>> {
        self.consent.agree(&untrusted.now);
        Records::of(&*self.system, &self.root)?.agree(&*self.system, &untrusted.now, true)?;
        self.consent = Consent::to(None, false);
        Ok(())
    }

    /// Waits until it is time to build.
    pub fn wait(&mut self) -> Woken {
        loop {
            if let Some(woken) = self.wait_at_most(None) {
                return woken;
            }
        }
    }

    /// Waits like [`Watching::wait`], but no longer than a limit.
    pub fn wait_at_most(&mut self, limit: Option<Duration>) -> Option<Woken> {
        if self.open.is_empty() {
            let limit = if self.consent.is_refused() { limit.or(Some(ASK_AGAIN)) } else { limit };
            // The keeper tells when it ends, so that this always returns.
            let wake = limit.map_or_else(
                || self.wakes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                |limit| self.wakes.recv_timeout(limit),
            );
            match wake {
                Err(RecvTimeoutError::Timeout) => {
                    let has_news = self.consent.has_news(&*self.system, &self.root);
                    return has_news.then(|| Woken::Changed(Vec::new()));
                }
                wake => self.open.extend(wake),
            }
        }
        self.open.extend(self.wakes.try_iter());
        let interrupt = self.open.iter().find_map(|wake| match wake {
            Wake::Interrupted(interrupt) => Some(*interrupt),
            _ => None,
        });
        if let Some(interrupt) = interrupt {
            return Some(Woken::Interrupted(interrupt.exit_code()));
        }
        match self.open.pop_front() {
            Some(Wake::Changed(Changed { paths, rows })) => {
                self.rows = rows;
                Some(Woken::Changed(paths.iter().map(|path| self.shown(path)).collect()))
            }
            Some(Wake::Settle) => {
                self.settle();
                None
            }
            Some(Wake::Gone(root)) => Some(Woken::Gone(Box::new(gone(&root)))),
            Some(Wake::Short(shortage)) => Some(Woken::Limited(Box::new(short(shortage)))),
            Some(Wake::Interrupted(_)) => None,
            Some(Wake::Ended) | None => {
                let error = io::Error::other("what looks for changes has ended");
                Some(Woken::Gone(Box::new(cannot_watch_fault(&self.root, &error))))
            }
        }
    }

    /// Looks at what is as it was and whose times did not say so yet, which they do now.
    fn settle(&mut self) {
        self.say(Command::Building);
        let (system, ask, options) = (&*self.system, &self.ask, &self.options);
        _ = Engine::look_at_gate(system, &self.start, ask, options, &Look::Alone);
        self.say(Command::Built { gate: self.gate(), changed: Vec::new() });
    }

    /// Returns where the gate of what is built is, if it may have one.
    fn gate(&self) -> Option<PathBuf> {
        let (system, layout) = (&*self.system, &self.layout);
        let env = environment(system);
        let key = read_key(system, &env, layout, &self.root)?;
        Some(gate_path(system, layout, &self.root, &self.ask, &self.options, (&env, &key)))
    }

    fn say(&mut self, command: Command) {
        // Without the thread there is nobody to say it to; it has told so.
        _ = self.commands.send(command);
        _ = self.waker.write_all(&[0]);
    }

    /// Returns a path as the workspace names it.
    fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
    }
}

/// Opens a workspace with all that takes part in planning.
fn open(system: &Arc<dyn System>, start: &Path, ask: &Ask, warm: Warm) -> Result<Engine, EngineError> {
    let named = (ask.configuration.as_deref(), ask.environment.as_deref());
    Engine::open_as_far(Arc::clone(system), start, named, Extent::Whole, warm)
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.say(Command::Stop);
        // What it panicked with has been told by then.
        _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Says that a thread ends, also where it panics.
struct LastWords(Sender<Wake>);

impl Drop for LastWords {
    fn drop(&mut self) {
        _ = self.0.send(Wake::Ended);
    }
}

fn cannot_watch(root: &Path, error: &io::Error) -> EngineError {
    cannot_watch_fault(root, error).into()
}

fn cannot_watch_fault(root: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("`{}` cannot be watched: {error}", root.display());
    let help = "make room for it (`ulimit -n`, fs.inotify.*), or run `az build` instead";
    Diagnostic::error(code::CANNOT_WATCH, message).help(help)
}

fn short(shortage: Shortage) -> Diagnostic {
    let (what, name, value) = match shortage {
        Shortage::Marks => ("marks left for files and folders", "max_user_watches", 1_048_576),
        Shortage::Watchers => ("watchers left for this user", "max_user_instances", 1024),
    };
    let message = format!("the system has no {what}: some changes are seen after two seconds only");
    let help = format!("allow more: sudo sysctl fs.inotify.{name}={value}");
    Diagnostic::warning(code::WATCHES_SHORT, message).help(help)
}

fn gone(root: &Path) -> Diagnostic {
    let message = format!("`{}` is not there any more, or is another folder now", root.display());
    Diagnostic::error(code::WATCH_GONE, message).help("start `az watch` again where the workspace is")
}
