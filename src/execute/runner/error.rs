//! Why a command could not be run, and what to do about it.
//!
//! Knows what the system said. Does not know which step it was, nor what that means for the run.

use std::{io, path::PathBuf};

use crate::diag::{Diagnostic, code};

/// Why there is no end to tell of.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log cannot be written.
    #[error("cannot open the log `{}`: {source}", path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The working directory is not there.
    #[error("cannot enter the working directory `{}`: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The program is there, but what its first line asks for is not.
    #[error("cannot start `{}`: the interpreter its first line names is missing", program.display())]
    Interpreter {
        /// The program.
        program: PathBuf,
    },
    /// The system refused to start the program.
    #[error("cannot start `{}`: {source}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// This kernel cannot bound where a step writes.
    #[error("it asks for a sandbox, and this machine has no Landlock")]
    NoLandlock,
    /// The kernel did not take the bounds.
    #[error("the kernel refused to keep it in its sandbox")]
    Unconfined,
    /// A sandbox that needs the trace could not have it.
    #[error("its sandbox needs the trace, and nothing can be traced here")]
    Untraced,
    /// The guard is gone; the command, if it was started, is ended or being ended.
    #[error("the guard process ended")]
    GuardLost,
}

impl StartError {
    /// Returns the mistake for people.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let code = match self {
            Self::GuardLost => code::GUARD_LOST,
            Self::NoLandlock | Self::Unconfined | Self::Untraced => code::UNCONFINED,
            Self::Log { .. } | Self::Directory { .. } | Self::Interpreter { .. } | Self::Program { .. } => {
                code::CANNOT_START
            }
        };
        Diagnostic::error(code, self.to_string()).help(self.help())
    }

    fn help(&self) -> String {
        match self {
            Self::Log { .. } => "make room on the disk, and the folder of the log writable".to_owned(),
            Self::Directory { path, .. } => {
                format!("make the directory `{}`, or set another `cwd`", path.display())
            }
            Self::Interpreter { program } => {
                format!("install the interpreter, or change the first line of `{}`", program.display())
            }
            Self::Program { program, source } => {
                let is_path = program.components().count() > 1;
                let program = program.display();
                match source.raw_os_error() {
                    Some(libc::ENOENT) if is_path => {
                        format!("put the program at `{program}`, or correct the path")
                    }
                    Some(libc::ENOENT) => format!("install `{program}`, or put its folder into PATH"),
                    Some(libc::EACCES) => format!("make it executable: `chmod +x {program}`"),
                    Some(libc::ENOEXEC) => format!("begin `{program}` with a line such as `#!/bin/sh`"),
                    Some(libc::E2BIG) => {
                        "pass less: arguments and environment are too large together".to_owned()
                    }
                    Some(libc::EMFILE | libc::ENFILE) => {
                        "raise the limit of open files: `ulimit -n 4096`".to_owned()
                    }
                    Some(libc::EAGAIN | libc::ENOMEM) => "run fewer steps at once: `-j 1`".to_owned(),
                    _ => format!("start `{program}` by hand to see what is wrong"),
                }
            }
            Self::NoLandlock => "run it on Linux 5.13 or later with `landlock` among the security modules \
                                 (`cat /sys/kernel/security/lsm`), or without its sandbox"
                .to_owned(),
            Self::Unconfined => "run it without its sandbox; a container may forbid `seccomp`".to_owned(),
            Self::Untraced => {
                "say `# Trace: off`, which leaves the sandbox to Landlock alone, or run it without \
                               its sandbox"
                    .to_owned()
            }
            Self::GuardLost => "run az again".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_help() {
        let refused = |program: &str, errno| StartError::Program {
            program: program.into(),
            source: io::Error::from_raw_os_error(errno),
        };
        let read = |error: StartError| {
            let diagnostic = error.to_diagnostic();
            format!("{}: {}\n  {}\n", diagnostic.code, diagnostic.message, diagnostic.help.unwrap())
        };
        let texts = [
            refused("/w/a.sh", libc::ENOENT),
            refused("pwsh", libc::ENOENT),
            refused("/w/a.sh", libc::EACCES),
            refused("/w/a.sh", libc::ENOEXEC),
            StartError::Interpreter { program: "/w/a.sh".into() },
            StartError::Directory { path: "/w/x".into(), source: io::Error::from_raw_os_error(libc::ENOENT) },
            StartError::NoLandlock,
            StartError::Unconfined,
            StartError::Untraced,
            StartError::GuardLost,
        ];
        insta::assert_snapshot!(texts.map(read).concat(), @r"
        AZ0702: cannot start `/w/a.sh`: No such file or directory (os error 2)
          put the program at `/w/a.sh`, or correct the path
        AZ0702: cannot start `pwsh`: No such file or directory (os error 2)
          install `pwsh`, or put its folder into PATH
        AZ0702: cannot start `/w/a.sh`: Permission denied (os error 13)
          make it executable: `chmod +x /w/a.sh`
        AZ0702: cannot start `/w/a.sh`: Exec format error (os error 8)
          begin `/w/a.sh` with a line such as `#!/bin/sh`
        AZ0702: cannot start `/w/a.sh`: the interpreter its first line names is missing
          install the interpreter, or change the first line of `/w/a.sh`
        AZ0702: cannot enter the working directory `/w/x`: No such file or directory (os error 2)
          make the directory `/w/x`, or set another `cwd`
        AZ0721: it asks for a sandbox, and this machine has no Landlock
          run it on Linux 5.13 or later with `landlock` among the security modules (`cat /sys/kernel/security/lsm`), or without its sandbox
        AZ0721: the kernel refused to keep it in its sandbox
          run it without its sandbox; a container may forbid `seccomp`
        AZ0721: its sandbox needs the trace, and nothing can be traced here
          say `# Trace: off`, which leaves the sandbox to Landlock alone, or run it without its sandbox
        AZ0706: the guard process ended
          run az again
        ");
    }
}
