//! The normal form: what a playbook says, whatever format it was written in.
//!
//! Everything is data as it was written: placeholders stay in their texts, conditions stay texts. What a later stage may
//! have to point at carries the JSON pointer of its place, which neither white space nor comments change.

mod about;
mod job;
mod policy;

use std::collections::BTreeMap;

use serde_json::Value;

pub use crate::model::decode::Placed;
pub use about::{
    About, Approval, Check, Counted, Integration, Moment, Notification, Reporting, Requirements, Secret,
    SecretSource, Threshold, ThresholdAction, Trigger, TriggerKind, Validation,
};
pub use job::{Action, Branch, Items, Job, Matrix, MatrixValues, Output, Step, StepOutcomes, Strategy, Use};
pub use policy::{Concurrency, Defaults, Options, Parameter, ParameterType, Profile};

/// A playbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Playbook {
    /// Its own name, or its file's without extension.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The format it was written in.
    pub format: PlaybookFormat,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What else it tells people about itself.
    pub about: About,
    /// What whoever runs it may or must give.
    pub parameters: Vec<Parameter>,
    /// Variables and their values, before those of a profile and of the command line.
    pub variables: BTreeMap<String, Value>,
    /// Environment variables of all steps.
    pub env: BTreeMap<String, String>,
    /// Values that are fetched when it runs and never shown.
    pub secrets: Vec<Secret>,
    /// How the run as a whole goes.
    pub options: Options,
    /// What holds for each job and step that does not say otherwise.
    pub defaults: Defaults,
    /// Which runs exclude each other.
    pub concurrency: Option<Concurrency>,
    /// The profile that holds if none is asked for.
    pub profile: Option<String>,
    /// Variants of the playbook, by name.
    pub profiles: Vec<Profile>,
    /// What must be there before it runs.
    pub requirements: Requirements,
    /// What is checked before and after.
    pub validation: Validation,
    /// Who is told what, and when.
    pub notifications: Vec<Notification>,
    /// Reports that are written.
    pub reporting: Option<Reporting>,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// Services that are told of the run.
    pub integrations: Vec<Integration>,
    /// Steps before all others.
    pub before: Vec<Step>,
    /// What it runs.
    pub body: Body,
    /// Steps after all others, whatever became of these unless their condition says otherwise.
    pub after: Vec<Step>,
    /// Sections that tell people something and change nothing, as they were written; a conversion keeps them.
    pub extensions: BTreeMap<String, Value>,
}

/// The format a playbook was written in; told by its content, never by a `version` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PlaybookFormat {
    /// `steps` with types, the first format of all.
    V0,
    /// `sequence`: a list of sequence expressions or of definitions.
    V1Sequence,
    /// `stages` at the root.
    V1Stages,
    /// `orchestration.stages`.
    V2,
    /// `orchestration.jobs`.
    #[default]
    V3,
    /// `scripts`, a list of numbers or definitions.
    Scripts,
    /// `workflow.steps`.
    Workflow,
    /// `sequences`, each with its `steps`.
    Sequences,
}

impl PlaybookFormat {
    /// Returns the format's name in JSON and in text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0 => "steps",
            Self::V1Sequence => "v1-sequence",
            Self::V1Stages => "v1-stages",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::Scripts => "scripts",
            Self::Workflow => "workflow",
            Self::Sequences => "sequences",
        }
    }
}

/// What a playbook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Body {
    /// Sequence expressions that select one set of scripts.
    Sequence(Vec<Placed<String>>),
    /// Steps one after the other, as a job without an id.
    Steps(Box<Job>),
    /// Stages one after the other.
    Stages(Vec<Job>),
    /// Jobs, each once those it needs are done.
    Jobs(Vec<Job>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Sequence(Vec::new())
    }
}

impl Body {
    /// Returns the stages or jobs in the order of the file; of plain steps the job without an id that holds them.
    pub fn jobs(&self) -> &[Job] {
        match self {
            Self::Stages(jobs) | Self::Jobs(jobs) => jobs,
            Self::Steps(job) => std::slice::from_ref(job),
            Self::Sequence(_) => &[],
        }
    }

    /// Makes a body of plain steps.
    pub fn of_steps(steps: Vec<Step>) -> Self {
        Self::Steps(Box::new(Job { steps, ..Job::default() }))
    }
}

/// A value as it is written, or an expression that gives it when the playbook runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Given<T> {
    /// The value.
    Fixed(T),
    /// What gives it.
    Expression(Placed<String>),
}
