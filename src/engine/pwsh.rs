//! Conditions that PowerShell evaluates, for who allows it.
//!
//! Knows how PowerShell is asked, and what its answers are. Does not know the conditions.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, sync::OnceLock, time::Duration};

use super::tools::Tools;
use crate::{
    base::Env,
    execute::{
        guard::Guard,
        probe::{self, Question},
    },
    sys::System,
};

/// How long an answer may take: PowerShell needs a second to start, and modules more.
const LIMIT: Duration = Duration::from_mins(1);

/// Asks the PowerShell on `PATH`. It is a process of its own, started where the workspace is.
pub(super) struct PowerShell<'a> {
    system: &'a dyn System,
    root: PathBuf,
    env: &'a Env,
    /// Started with the first question.
    guard: OnceLock<Option<Guard>>,
}

impl<'a> PowerShell<'a> {
    pub(super) fn new(system: &'a dyn System, root: PathBuf, env: &'a Env) -> Self {
        Self { system, root, env, guard: OnceLock::new() }
    }

    /// Runs a script that prints `true` or `false`.
    ///
    /// # Errors
    /// A clause that says why there is no answer.
    pub(super) fn ask(&self, script: &str, further: &BTreeMap<String, String>) -> Result<bool, String> {
        let path = self.env.get("PATH").map(String::as_str).unwrap_or_default();
        let program = Tools::new(self.system, path).find("pwsh", &self.root).ok_or("pwsh is not on PATH")?;
        let guard = self.guard.get_or_init(|| Guard::start(&std::env::current_exe().ok()?).ok());
        let guard = guard.as_ref().ok_or("no process could be started")?;
        let argv = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script].map(OsString::from);
        let env = self.env.all().iter().chain(further).map(|(name, value)| (name.into(), value.into()));
        let question = Question {
            argv: [program.into_os_string()].into_iter().chain(argv).collect(),
            env: env.collect(),
            cwd: self.root.clone(),
            limit: LIMIT,
        };
        match probe::first_line(guard, question).as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(format!("it says `{other}`")),
            None => Err("it failed, or took longer than a minute".to_owned()),
        }
    }
}
