//! What it means that a program is run.
//!
//! Knows arguments, and that the kernel opens interpreters by itself. Does not know how they are found in a file.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
};

use super::{
    calls::Call,
    memory::Unread,
    observer::{Event, Named, Observer},
    paths::PathId,
    programs::{Program, gives_rights, may_be_registered, program_at},
};
use crate::trace::{Asked, Gap};

/// How many arguments are kept, and how much of each.
const ARGUMENTS: usize = 8;
const ARGUMENT_LENGTH: usize = 512;
/// As many interpreters as the kernel takes one after the other.
const INTERPRETER_LIMIT: usize = 5;

impl Observer<'_> {
    pub(super) fn execute(&mut self, event: &Event, call: &Call, arguments: usize) -> Result<(), Unread> {
        let Some(Named { id, .. }) = self.named(event, call.place, call.follow)? else { return Ok(()) };
        let chain = match self.interpreters.get(&id) {
            Some(known) if !known.iter().chain([&id]).any(|id| self.ledger.is_changed(*id)) => known.clone(),
            _ => self.interpreters_of(event, id)?,
        };
        self.ask(event, id, Asked::PROBED);
        if chain.is_empty() {
            return Ok(());
        }
        for id in chain {
            self.ask(event, id, Asked::PROBED | Asked::READ | Asked::EXECUTED);
        }
        let program = Path::new(OsStr::from_bytes(self.walker.paths.bytes(id))).to_owned();
        let arguments = arguments_of(event, arguments);
        self.processes.run(event.who.tid, program, arguments);
        Ok(())
    }

    /// Returns the program and all that the kernel opens to run it; nothing if it cannot be run.
    fn interpreters_of(&mut self, event: &Event, program: PathId) -> Result<Vec<PathId>, Unread> {
        let mut chain = Vec::new();
        let mut next = program;
        // What a relative path leads to depends on the working directory.
        let mut is_fixed = true;
        for _ in 0..=INTERPRETER_LIMIT {
            let path = self.walker.paths.bytes(next).to_vec();
            let (interpreter, is_script) = match program_at(&path) {
                Program::None => break,
                Program::Hidden => {
                    self.gaps.insert(Gap::Memory);
                    (None, false)
                }
                Program::Foreign { is_text } => {
                    if may_be_registered(is_text) {
                        self.gaps.insert(Gap::Registered(self.walker.paths.path(next).to_owned()));
                    }
                    (None, false)
                }
                Program::Plain => (None, false),
                Program::Script(interpreter) => (Some(interpreter), true),
                Program::Loaded(loader) => (Some(loader), false),
            };
            chain.push(next);
            if !is_script && self.has_lost_rights && gives_rights(&path) {
                self.gaps.insert(Gap::SetId(self.walker.paths.path(next).to_owned()));
            }
            let Some(interpreter) = interpreter else { break };
            is_fixed &= interpreter.starts_with(b"/");
            let Some(id) = self.resolve(event, libc::AT_FDCWD, &interpreter, super::walk::Way::Through)?
            else {
                break;
            };
            next = id;
            if !is_script {
                chain.push(next);
                break;
            }
            // If it cannot be run, that it is missing is what was asked.
            self.ask(event, next, Asked::PROBED);
        }
        if is_fixed {
            self.interpreters.insert(program, chain.clone());
        }
        Ok(chain)
    }
}

fn arguments_of(event: &Event, argument: usize) -> Vec<OsString> {
    let mut text = Vec::new();
    let addresses = event.memory.pointers::<ARGUMENTS>(event.arguments[argument]);
    let addresses = addresses.into_iter().take_while(|address| *address != 0);
    let arguments = addresses.map(|address| {
        // A long one tells nothing more by its whole length.
        if event.memory.string_below(address, ARGUMENT_LENGTH, &mut text).is_err() {
            text.truncate(ARGUMENT_LENGTH);
        }
        OsString::from_vec(text.clone())
    });
    arguments.collect()
}
