//! What a process is to become, made ready so far that nothing but system calls is left to do in it.
//!
//! Knows what stands between the birth of a process and its program. Does not look a program up, and knows no bounds.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString, OsStr, OsString},
    io,
    os::{
        fd::OwnedFd,
        unix::ffi::{OsStrExt, OsStringExt},
    },
};

use rustix::{
    process::{Pid, chdir, setpgid},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

use super::{STEP_VARIABLE, Start, server::CAUGHT, sys};
use crate::trace::Entry;

/// What runs a file that the kernel takes for no program.
const SHELL: &CStr = c"/bin/sh";

/// A program with all that it is started with.
pub(super) struct Image {
    program: CString,
    arguments: sys::Texts,
    /// Those by which a shell runs the program.
    for_shell: sys::Texts,
    environment: sys::Texts,
    cwd: CString,
    group: Option<Pid>,
}

impl Image {
    /// Prepares a process; nothing if its program is yet to be looked up.
    ///
    /// # Errors
    /// If there is no program, or a zero byte in a text.
    pub(super) fn of(start: &Start) -> io::Result<Option<Self>> {
        let (name, rest) = start.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let program = match &start.program {
            Some(program) => program.as_os_str(),
            None if name.as_bytes().contains(&b'/') => name,
            None => return Ok(None),
        };
        let program = text(program)?;
        let rest = rest.iter().map(|word| text(word)).collect::<io::Result<Vec<CString>>>()?;
        let with = |first: &[CString]| sys::Texts::new([first, &rest].concat());
        let mut variables: BTreeMap<&OsStr, &OsStr> =
            start.env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str())).collect();
        variables.insert(OsStr::new(STEP_VARIABLE), &start.mark);
        let variables = variables.into_iter().map(|(name, value)| text(&[name, value].join(OsStr::new("="))));
        Ok(Some(Self {
            arguments: with(&[text(name)?]),
            for_shell: with(&[SHELL.to_owned(), program.clone()]),
            environment: sys::Texts::new(variables.collect::<io::Result<_>>()?),
            cwd: text(start.cwd.as_os_str())?,
            group: start.group.and_then(Pid::from_raw),
            program,
        }))
    }

    /// Starts the process; of its standard streams, those that `descriptors` do not name are the guard's, which are empty.
    ///
    /// What the kernel takes for no program is run by a shell if it is traced, as `execvp` has it, and else an error.
    ///
    /// # Errors
    /// As `clone`, `chdir` and `execve`.
    pub(super) fn start(&self, entry: Option<&Entry>, descriptors: &[OwnedFd]) -> io::Result<i32> {
        sys::start_sharing(&|| match self.make_ready(entry, descriptors) {
            Ok(()) => self.run(entry.is_some()),
            Err(error) => error,
        })
    }

    /// Does all that comes before the program; async-signal-safe.
    fn make_ready(&self, entry: Option<&Entry>, descriptors: &[OwnedFd]) -> io::Result<()> {
        let to = [dup2_stdout, dup2_stderr, dup2_stdin];
        to.iter().zip(descriptors).try_for_each(|(to, descriptor)| to(descriptor))?;
        chdir(&*self.cwd)?;
        setpgid(None, self.group)?;
        sys::let_signals_in(&CAUGHT);
        entry.map_or(Ok(()), Entry::enter)
    }

    /// Runs the program, and returns why it cannot; async-signal-safe.
    fn run(&self, may_be_text: bool) -> io::Error {
        let error = sys::execute(&self.program, &self.arguments, &self.environment);
        match error.raw_os_error() {
            Some(libc::ENOEXEC) if may_be_text => sys::execute(SHELL, &self.for_shell, &self.environment),
            _ => error,
        }
    }
}

fn text(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(OsString::from(text).into_vec())?)
}
