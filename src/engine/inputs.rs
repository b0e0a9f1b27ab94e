//! What a step was last seen to read, write and run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError};
use crate::{
    cache::{Blobs, Record},
    secret::Patterns,
    trace::Trace,
};

/// What a step was last seen to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The step's id, or what its records belong to.
    pub node: String,
    /// Its last record.
    pub record: Arc<Record>,
    /// What it ran, if it was traced.
    pub seen: Option<Programs>,
}

/// The programs a step ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Programs {
    /// How many system calls were looked at.
    pub events: u64,
    /// In the order in which they were first seen.
    pub processes: Vec<Program>,
}

/// A program that a step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The place of the process that started it.
    pub parent: Option<u32>,
    /// The program.
    pub program: String,
    /// Its first few arguments.
    pub arguments: Vec<String>,
}

impl Programs {
    /// Takes what a trace says of programs; arguments that hold a secret are left out.
    pub(super) fn of(trace: &Trace, secrets: Option<&Patterns>) -> Self {
        let shown = |word: &std::ffi::OsString| {
            let word = word.to_string_lossy().into_owned();
            if secrets.is_some_and(|secrets| secrets.is_in(word.as_bytes())) {
                "***".to_owned()
            } else {
                word
            }
        };
        let processes = trace.processes.iter().map(|process| Program {
            parent: process.parent,
            program: process.program.to_string_lossy().into_owned(),
            arguments: process.arguments.iter().map(shown).collect(),
        });
        Self { events: trace.events, processes: processes.collect() }
    }

    /// Returns a process and those that led to it, in words, the first one first.
    pub fn chain(&self, process: u32) -> String {
        let at = |index: u32| self.processes.get(index as usize);
        let chain = std::iter::successors(at(process), |process| process.parent.and_then(at));
        let mut words: Vec<String> =
            chain.filter(|process| !process.program.is_empty()).map(Program::words).collect();
        words.reverse();
        words.dedup();
        words.join(" > ")
    }
}

impl Program {
    /// Returns the command as people would type it.
    pub fn words(&self) -> String {
        let name = self.program.rsplit('/').next().unwrap_or_default();
        std::iter::once(name)
            .chain(self.arguments.iter().skip(1).map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Engine {
    /// Returns what a step was last seen to do.
    ///
    /// # Errors
    /// If no record belongs to such a step.
    pub fn inputs(&self, wanted: &str) -> Result<Inputs, EngineError> {
        let (node, record) = self.last_record(wanted)?;
        let blobs = Blobs::new(Arc::clone(&self.system), self.layout.blobs());
        let seen = record.trace.and_then(|digest| blobs.read(&digest).ok());
        let seen = seen.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Inputs { node, record, seen })
    }
}
