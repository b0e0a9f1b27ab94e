//! Starts the process of a step.
//!
//! Knows how a process comes to be. Does not know what becomes of it.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Command, Stdio},
};

use super::{STEP_VARIABLE, Start};
use crate::trace::Entry;

/// Starts a process with exactly the given arguments, environment and directory, and returns its id.
///
/// Its signals have their default effect and none is blocked: the guard has no others, and `Command` empties the
/// mask. `descriptors` are standard output, standard error, standard input if it is not to be empty, and the socket of
/// the trace if it is traced.
///
/// # Errors
/// As `execve` and `chdir`.
pub(super) fn spawn(start: &Start, mut descriptors: Vec<OwnedFd>) -> io::Result<i32> {
    let socket = if start.is_traced { descriptors.pop() } else { None };
    let mut descriptors = descriptors.into_iter().map(Stdio::from);
    let (program, arguments) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    #[expect(clippy::disallowed_methods, reason = "here is where processes are started")]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(start.env.iter().map(|(name, value)| (name, value)))
        .env(STEP_VARIABLE, &start.mark)
        .current_dir(&start.cwd)
        .stdout(descriptors.next().unwrap_or_else(Stdio::null))
        .stderr(descriptors.next().unwrap_or_else(Stdio::null))
        .stdin(descriptors.next().unwrap_or_else(Stdio::null))
        .process_group(start.group.unwrap_or(0));
    if let Some(socket) = socket {
        Entry::new(socket).attach(&mut command);
    }
    let child = command.spawn()?;
    Ok(child.id().cast_signed())
}
