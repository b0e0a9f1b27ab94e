//! Starts the process of a step.
//!
//! Knows how a process comes to be. Does not know what becomes of it.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Command, Stdio},
};

use super::{STEP_VARIABLE, Start, confine};
use crate::trace::Entry;

/// Starts a process with exactly the given arguments, environment and directory, and returns its id.
///
/// Its signals have their default effect and none is blocked: the guard has no others, and whoever starts it empties the
/// mask. `descriptors` are standard output, standard error, standard input if it is not to be empty, and for a traced
/// process what it enters the trace by: it then takes as long as the other end needs to serve its start.
///
/// # Errors
/// As `execve` and `chdir`; those of bounds that cannot be kept.
pub(super) fn spawn(start: &Start, mut descriptors: Vec<OwnedFd>) -> io::Result<i32> {
    let entry = if start.is_traced { descriptors.pop().map(Entry::new) } else { None };
    #[cfg(target_os = "linux")]
    if start.bounds.is_none()
        && let Some(image) = super::image::Image::of(start)?
    {
        return image.start(entry.as_ref(), &descriptors);
    }
    spawn_copied(start, entry, descriptors)
}

/// Starts it as a copy of the guard, which can do anything before it runs its program.
fn spawn_copied(start: &Start, entry: Option<Entry>, descriptors: Vec<OwnedFd>) -> io::Result<i32> {
    let mut descriptors = descriptors.into_iter().map(Stdio::from);
    let (name, arguments) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    #[expect(clippy::disallowed_methods, reason = "here is where processes are started")]
    let mut command = Command::new(start.program.as_ref().map_or(&**name, |program| program.as_os_str()));
    command
        .arg0(name)
        .args(arguments)
        .env_clear()
        .envs(start.env.iter().map(|(name, value)| (name, value)))
        .env(STEP_VARIABLE, &start.mark)
        .current_dir(&start.cwd)
        .stdout(descriptors.next().unwrap_or_else(Stdio::null))
        .stderr(descriptors.next().unwrap_or_else(Stdio::null))
        .stdin(descriptors.next().unwrap_or_else(Stdio::null))
        .process_group(start.group.unwrap_or(0));
    let bounds = start.bounds.as_ref();
    if let Some(entry) = entry {
        entry.needed(bounds.is_some_and(|bounds| bounds.is_trace_needed)).attach(&mut command);
    }
    // After the trace, which tells whether programs lost rights by it.
    if let Some(bounds) = bounds {
        confine::attach(bounds, &mut command)?;
    }
    let child = command.spawn()?;
    Ok(child.id().cast_signed())
}
