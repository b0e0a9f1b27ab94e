//! Runs the steps of a world in memory in place of the processes that they would be.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{place::ROW, shell::Shell};
use crate::{
    execute::runner::{Command, Control, Ended, Exit, Runner, StartError},
    sys::System,
    trace::Witness,
};

/// Carries out the scripts that steps are, and remembers which it was asked for.
#[derive(Clone)]
pub(super) struct Carrier {
    world: Arc<dyn System>,
    shell: PathBuf,
    ran: Arc<Mutex<Vec<String>>>,
    /// What is done before an act, once so many have been carried out.
    due: Arc<Mutex<Option<(u64, Due)>>>,
}

/// What somebody else does meanwhile.
type Due = Box<dyn FnOnce() + Send>;

impl Carrier {
    pub(super) fn new(world: Arc<dyn System>, shell: &Path) -> Self {
        Self { world, shell: shell.to_owned(), ran: Arc::default(), due: Arc::default() }
    }

    /// Returns one that does the same in another world.
    pub(super) fn within(&self, world: Arc<dyn System>) -> Self {
        Self { world, ..self.clone() }
    }

    /// Returns one for another az in the same world.
    pub(super) fn another(&self) -> Self {
        Self { ran: Arc::default(), due: Arc::default(), ..self.clone() }
    }

    /// Returns which steps ran since it was last asked, as az calls them.
    pub(super) fn take_ran(&self) -> Vec<String> {
        std::mem::take(&mut self.ran.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has something done when so many acts have been carried out.
    pub(super) fn plan(&self, acts: u64, due: Due) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = Some((acts, due));
    }

    /// Returns what was never due.
    pub(super) fn take_due(&self) -> Option<Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).take().map(|(_, due)| due)
    }

    fn before_act(&self) {
        let mut planned = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match planned.take() {
            Some((0, due)) => due(),
            left => *planned = left.map(|(acts, due)| (acts - 1, due)),
        }
    }
}

impl Runner for Carrier {
    fn run(
        &self,
        command: &Command,
        watch: Option<&mut dyn Witness>,
        control: &Control,
    ) -> Result<Ended, StartError> {
        let script = command.argv.get(1).map(PathBuf::from).unwrap_or_default();
        let env = |name: &str| {
            let found = command.env.iter().find(|(known, _)| known.to_str() == Some(name));
            found.map(|(_, value)| value.to_string_lossy().into_owned())
        };
        let row = env(ROW).map_or_else(String::new, |row| format!("[{ROW}={row}]"));
        let name = format!("{}{row}", script.file_stem().unwrap_or_default().to_string_lossy());
        self.ran.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        let is_watched = watch.is_some();
        let before_act = || self.before_act();
        let shell = Shell::new(&*self.world, &command.cwd, &env, watch).telling(&before_act);
        let done = shell.run(&self.shell, &script);
        let ended = |exit, trace| Ended {
            exit,
            cpu: Duration::ZERO,
            has_leftovers: false,
            stopped: control.stop_cause(),
            lost: None,
            left_out: None,
            trace,
        };
        match done {
            Ok(seen) => Ok(ended(Exit::Code(u8::from(seen.failed).into()), is_watched.then_some(seen.trace))),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(ended(Exit::Signal(9), None)),
            Err(_) => Ok(ended(Exit::Code(1), None)),
        }
    }
}
