//! Runs the steps of a world in memory in place of the processes that they would be.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::shell::Shell;
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
}

impl Carrier {
    pub(super) fn new(world: Arc<dyn System>, shell: &Path) -> Self {
        Self { world, shell: shell.to_owned(), ran: Arc::default() }
    }

    /// Returns one that does the same in another world.
    pub(super) fn within(&self, world: Arc<dyn System>) -> Self {
        Self { world, ..self.clone() }
    }

    /// Returns which scripts ran since it was last asked, by name.
    pub(super) fn take_ran(&self) -> Vec<String> {
        std::mem::take(&mut self.ran.lock().unwrap_or_else(PoisonError::into_inner))
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
        let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.ran.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        let env = |name: &str| {
            let found = command.env.iter().find(|(known, _)| known.to_str() == Some(name));
            found.map(|(_, value)| value.to_string_lossy().into_owned())
        };
        let is_watched = watch.is_some();
        let done = Shell::new(&*self.world, &command.cwd, &env, watch).run(&self.shell, &script);
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
