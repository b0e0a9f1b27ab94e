//! The runner of a run, which begins with its first command.
//!
//! Knows the guard and how much of a log is kept. Does not know which steps run.

use std::sync::{Arc, OnceLock};

use super::Engine;
use crate::{
    execute::{
        guard::Guard,
        runner::{Command, Control, Ended, LOG_LIMIT, Local, Runner, StartError},
    },
    trace::Witness,
};

/// Starts the guard with the first command, so that a run with nothing to do starts no process.
pub(super) struct LazyRunner {
    local: OnceLock<Option<Local>>,
    log_limit: u64,
}

impl LazyRunner {
    pub(super) fn new(engine: &Engine) -> Self {
        let config = crate::model::query::config(&engine.db, engine.workspace).value.as_ref();
        let log_limit = config.and_then(|config| config.defaults.log_limit);
        Self { local: OnceLock::new(), log_limit: log_limit.unwrap_or(LOG_LIMIT) }
    }
}

impl Runner for LazyRunner {
    fn run(
        &self,
        command: &Command,
        watch: Option<&mut dyn Witness>,
        control: &Control,
    ) -> Result<Ended, StartError> {
        let start = || {
            let program = std::env::current_exe().ok()?;
            let guard = Guard::start(&program).ok()?;
            Some(Local::new(Arc::new(guard)).with_log_limit(self.log_limit))
        };
        self.local.get_or_init(start).as_ref().ok_or(StartError::GuardLost)?.run(command, watch, control)
    }
}
