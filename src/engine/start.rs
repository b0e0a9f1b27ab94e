//! How a step is started: its command, its environment, its folder for temporary files.
//!
//! Knows what a step is given. Does not know what it does with that.
//!
//! A text that dash would do nothing with but start one program is started without dash, as `make` does it: that costs
//! one process less. What the program is given is the same, and where it cannot be started dash gets the text after
//! all, to say so itself.

use std::{
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::PoisonError,
};

use super::{
    environment::WATCHED,
    handed::handing_variables,
    job::{Attempt, Shared},
    nesting::PARENT,
    prepare::Prepared,
    sandbox::Sandbox,
};
use crate::{
    base::Digest,
    execute::runner::{Command, Control, Ended, Exit, StartError, Stdio},
    text::command::bare_words,
    trace::Witness,
};

impl Attempt {
    /// Returns what is to be started, and where it may write if not everywhere; makes its folder for temporary files.
    ///
    /// # Errors
    /// If that folder cannot be made.
    pub(super) fn command(&self) -> io::Result<(Command, Option<Sandbox>)> {
        let prepared = self.prepared();
        let node = &prepared.node;
        let temporary = self.private_folder()?;
        let is_watched = prepared.unwatched.is_none();
        let mut values = prepared.environment.values.clone();
        values.insert("TMPDIR".to_owned(), temporary.display().to_string());
        values.extend(handing_variables(&temporary));
        if is_watched {
            values.insert(WATCHED.to_owned(), "1".to_owned());
        }
        values.insert(PARENT.to_owned(), self.shared.chain.with(&self.shared.root, &node.identity));
        let program = prepared
            .program
            .as_ref()
            .map_or_else(|| node.invocation.program().into(), |path| path.clone().into_os_string());
        let rest = node.invocation.argv.iter().skip(1).map(OsString::from);
        let Shared { root, zones, .. } = &*self.shared;
        let sandbox = Sandbox::of(node, root, zones, &temporary, &self.log);
        let command = Command {
            argv: std::iter::once(program).chain(rest).collect(),
            env: values.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: self.shared.root.join(&node.invocation.cwd),
            stdio: match self.live {
                Some(to) => Stdio::Live { log: self.log.clone(), to },
                None => Stdio::Log(self.log.clone()),
            },
            screen: self.screen(),
            bounds: self.bounds(sandbox.as_ref()),
            leftovers: node.leftovers(),
            mark: node.id.clone().into(),
        };
        Ok((command, sandbox))
    }

    /// Returns where the step's own folder for temporary files is: at the same short place in every run.
    pub(super) fn temporary(&self) -> io::Result<PathBuf> {
        // The same step may run at the same time in an az that a step of this one started.
        let place = self.shared.chain.with(&self.shared.root, &self.prepared().node.id);
        let name = &Digest::of(place.as_bytes()).to_hex()[..16];
        Ok(self.shared.temporary_root()?.join(name))
    }

    /// Makes the step's own folder for temporary files, empty.
    fn private_folder(&self) -> io::Result<PathBuf> {
        let (folder, system) = (self.temporary()?, &**self.system());
        match self.shared.spares.lend_folder(system, &folder) {
            // What clears away temporary files may have done so since the first step began.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                system.temporary_root()?;
                self.shared.spares.lend_folder(system, &folder)?;
            }
            made => made?,
        }
        Ok(folder)
    }

    /// Starts a command and waits for its end, without the shell where that would do nothing but start a program.
    ///
    /// # Errors
    /// As those of the runner.
    pub(super) fn run_command(
        &self,
        command: &Command,
        mut watch: Option<&mut (dyn Witness + '_)>,
        control: &Control,
    ) -> Result<Ended, StartError> {
        let runner = &self.shared.runner;
        if let Some(direct) = self.without_shell(command) {
            match runner.run(&direct, watch.as_deref_mut().map(|watch| watch as &mut dyn Witness), control) {
                // It is the shell's to say why, as it does.
                Err(StartError::Program { .. } | StartError::Interpreter { .. }) => {}
                ended => return ended.map(|ended| Ended { exit: as_of_shell(&ended), ..ended }),
            }
        }
        runner.run(command, watch.map(|watch| watch as &mut dyn Witness), control)
    }

    /// Returns the command that dash would start and do nothing else, if that is so.
    fn without_shell(&self, command: &Command) -> Option<Command> {
        let Prepared { node, program, .. } = self.prepared();
        let invocation = &node.invocation;
        let words = bare_words(invocation.text.as_deref()?)?;
        let [_, option, take, text] = &*invocation.argv else { return None };
        let is_text = option == "-e" && take == "-c" && Some(text) == invocation.text.as_ref();
        if !is_text || !matches!(command.stdio, Stdio::Log(_)) || !self.shared.is_dash(program.as_ref()?) {
            return None;
        }
        let value =
            |wanted: &str| command.env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        // A path with a sign that dash knows is read otherwise by others.
        let path = value("PATH")?.to_str()?;
        let is_plain = path.split(':').all(|folder| folder.starts_with('/') && !folder.contains('%'));
        if !is_plain || value("PWD").is_some() {
            return None;
        }
        let mut env = command.env.clone();
        // The one variable that dash itself gives to what it starts.
        let cwd = if invocation.cwd == "." {
            self.shared.root.clone()
        } else {
            self.system().canonicalize(&command.cwd).ok()?
        };
        env.push(("PWD".into(), cwd.into_os_string()));
        Some(Command { argv: words.into_iter().map(OsString::from).collect(), env, ..command.clone() })
    }
}

impl Shared {
    /// Tells whether a program is dash, of whose ways nothing is left to guess.
    fn is_dash(&self, program: &Path) -> bool {
        let mut known = self.shells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(is_dash) = known.get(program) {
            return *is_dash;
        }
        let place = self.cache.disk.system().canonicalize(program);
        let is_dash = place.is_ok_and(|place| place.file_name() == Some(OsStr::new("dash")));
        known.insert(program.to_path_buf(), is_dash);
        is_dash
    }
}

/// Returns how a shell ends whose only program ended so.
fn as_of_shell(ended: &Ended) -> Exit {
    match ended.exit {
        Exit::Signal(signal) if ended.stopped.is_none() => Exit::Code(128 + signal),
        exit => exit,
    }
}
