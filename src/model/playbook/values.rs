//! The normal form.

use std::collections::BTreeMap;

use crate::model::settings::Settings;

/// A playbook, whatever format it was written in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Playbook {
    /// Its own name, or its file's without extension.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The format it was written in.
    pub format: PlaybookFormat,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Variables and their values, before those of the command line.
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Environment variables of all steps.
    pub env: BTreeMap<String, String>,
    /// What it runs.
    pub body: Body,
}

/// The format a playbook was written in; told by its content, never by a `version` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaybookFormat {
    /// `sequence`: a list of sequence expressions.
    V1Sequence,
    /// `orchestration.jobs`.
    V3,
}

impl PlaybookFormat {
    /// Returns the format's name in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1Sequence => "v1-sequence",
            Self::V3 => "v3",
        }
    }
}

/// What a playbook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Body {
    /// Sequence expressions that select one set of scripts; the place of the nth is `/sequence/n`.
    Sequence(Vec<String>),
    /// Jobs in the order of the file.
    Jobs(Vec<Job>),
}

/// Steps that run one after the other, once the needed jobs are done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Job {
    /// Unique in the playbook: a letter, then letters, digits, `_` and `-`.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// Ids of the jobs that must be done before.
    pub needs: Vec<String>,
    /// What holds for all steps; its `timeout` bounds the whole job.
    pub settings: Settings,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// One thing a job does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// Unique in the job; `step_N`, counted from 1, if none is written.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it runs.
    pub action: Action,
    /// How it behaves.
    pub settings: Settings,
}

/// What a step runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Numbered scripts, by a sequence expression.
    Run(String),
    /// A text for a shell.
    Script {
        /// The text.
        text: String,
        /// The kind that runs it; pwsh if none is written.
        shell: Option<String>,
    },
}

impl Job {
    /// Returns where the job stands, as a JSON pointer; `/needs/0` and the like may be appended.
    pub fn pointer(&self) -> String {
        // An id has no character that a pointer escapes.
        format!("/orchestration/jobs/{}", self.id)
    }

    /// Returns where the nth step stands, as a JSON pointer.
    pub fn step_pointer(&self, index: usize) -> String {
        format!("{}/steps/{index}", self.pointer())
    }

    /// Returns what the nth step and its job together say of the step.
    ///
    /// The job's timeout is no step's, and its outputs are there when its last step is done, so only that one owns
    /// them; all else the job says holds for each step.
    pub fn step_settings(&self, index: usize) -> Settings {
        let mut lower = Settings { timeout: None, ..self.settings.clone() };
        if index + 1 != self.steps.len() {
            lower.outputs = None;
        }
        self.steps[index].settings.clone().layered_over(&lower)
    }
}
