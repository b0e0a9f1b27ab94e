//! Jobs and steps.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{Approval, Concurrency, Defaults, Given, Placed};
use crate::model::settings::{FewSettings, Settings};

/// Steps that belong together: a job, or a stage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Job {
    /// Unique in the playbook: a letter, then letters, digits, `_` and `-`. A stage's is made of its name.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands, as a JSON pointer; `/needs/0` and the like may be appended.
    pub at: String,
    /// Ids of the jobs that must be done before.
    pub needs: Vec<Placed<String>>,
    /// When it runs.
    pub condition: Option<Placed<String>>,
    /// What holds for all steps; its `timeout` bounds the whole job.
    pub settings: FewSettings,
    /// What its steps have if they do not say otherwise.
    pub defaults: Defaults,
    /// Its failure does not end the run.
    pub continue_on_error: Option<Given<bool>>,
    /// It runs once for each combination of values.
    pub strategy: Option<Strategy>,
    /// Its steps run at once instead of one after the other.
    pub parallel: Option<Given<bool>>,
    /// How many of its steps run at once.
    pub max_concurrency: Option<Given<u32>>,
    /// The first failure of one of its steps that run at once ends the others.
    pub fail_fast: Option<Given<bool>>,
    /// Variables of its steps, over those of the playbook.
    pub variables: BTreeMap<String, Value>,
    /// Values it hands to jobs that need it.
    pub outputs: Vec<Output>,
    /// Which runs of it exclude each other.
    pub concurrency: Option<Concurrency>,
    /// The environment it deploys to, such as `production`.
    pub environment: Option<String>,
    /// Who must agree before it starts.
    pub approval: Option<Approval>,
    /// Containers that run beside it, as they were written.
    pub services: BTreeMap<String, Value>,
    /// A playbook that is run instead of steps.
    pub uses: Option<Use>,
    /// What it does.
    pub steps: Vec<Step>,
    /// What else is said of it and az only keeps, as it was written.
    pub extensions: BTreeMap<String, Value>,
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Step {
    /// Unique in the job; `step_N`, counted from 1, if none is written.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it stands, as a JSON pointer.
    pub at: String,
    /// A label, such as `backup` or `deployment`, that changes nothing.
    pub label: Option<String>,
    /// What it runs.
    pub action: Action,
    /// When it runs.
    pub condition: Option<Placed<String>>,
    /// Parameters of what it runs.
    pub with: BTreeMap<String, Value>,
    /// Variables, over those of its job.
    pub variables: BTreeMap<String, Value>,
    /// How it behaves.
    pub settings: FewSettings,
    /// Its failure does not end the job.
    pub continue_on_error: Option<Given<bool>>,
    /// It runs at once with its neighbours of the same group.
    pub parallel: Option<Given<bool>>,
    /// Neighbours of one group run at once.
    pub group: Option<String>,
    /// Values it hands to later steps.
    pub outputs: Vec<Output>,
    /// Who must agree before it starts.
    pub approval: Option<Approval>,
    /// What is done once it has ended.
    pub then: StepOutcomes,
    /// What else is said of it and az only keeps, as it was written.
    pub extensions: BTreeMap<String, Value>,
}

/// What a step is followed by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct StepOutcomes {
    /// Steps after its success; their failure is its failure.
    pub on_success: Vec<Step>,
    /// Steps after its failure.
    pub on_failure: Vec<Step>,
    /// The failure is mended by `on_failure`, and stands no more.
    pub recovered: bool,
}

/// What a step runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Numbered scripts: sequence expressions that select one set.
    Run(Vec<Placed<String>>),
    /// A text for a shell.
    Script {
        /// The text.
        text: Placed<String>,
        /// The kind that runs it, if one is written.
        shell: Option<Placed<String>>,
    },
    /// A command line; what begins with `/` is looked up in the configuration.
    Command(Placed<String>),
    /// A playbook (`playbook:NAME`), or another reusable action.
    Uses(Placed<String>),
    /// A function of a PowerShell module, with the step's parameters.
    Module {
        /// The module, unless PowerShell finds the function by itself.
        module: Option<Placed<String>>,
        /// The function in it.
        function: Placed<String>,
    },
    /// Branches at once.
    Parallel(Vec<Branch>),
    /// One of two lists of steps.
    Choose {
        /// Which.
        condition: Placed<String>,
        /// Steps if it holds.
        then: Vec<Step>,
        /// Steps if it does not.
        otherwise: Vec<Step>,
    },
    /// Steps for each of some values.
    Foreach {
        /// The values.
        items: Items,
        /// The variable that holds the value.
        variable: String,
        /// The steps.
        steps: Vec<Step>,
    },
    /// A text that is shown.
    Show(String),
    /// Nothing but waiting for somebody's consent.
    Approve,
}

impl Default for Action {
    fn default() -> Self {
        Self::Run(Vec::new())
    }
}

/// Steps that run beside other branches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Branch {
    /// What people call it.
    pub name: Option<String>,
    /// Its steps, one after the other.
    pub steps: Vec<Step>,
}

/// The values of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Items {
    /// As they are written.
    List(Vec<Value>),
    /// An expression that gives them.
    Expression(Placed<String>),
}

/// A value that a job or step hands on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The expression that gives it.
    pub value: Placed<String>,
}

/// A playbook that a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Use {
    /// `playbook:NAME`, or a path.
    pub name: Placed<String>,
    /// Its variables.
    pub with: BTreeMap<String, Value>,
}

/// How a job is multiplied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Strategy {
    /// The combinations.
    pub matrix: Matrix,
    /// The first failure ends the other combinations.
    pub fail_fast: Option<Given<bool>>,
    /// How many combinations run at once.
    pub max_parallel: Option<Given<u32>>,
    /// Where the matrix stands.
    pub at: String,
}

/// Dimensions and their values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Matrix {
    /// In the order of the file.
    pub dimensions: Vec<(String, MatrixValues)>,
    /// Combinations added, or values added to combinations.
    pub include: Vec<BTreeMap<String, Value>>,
    /// Combinations left out.
    pub exclude: Vec<BTreeMap<String, Value>>,
    /// An expression that gives the whole matrix.
    pub expression: Option<Placed<String>>,
}

/// The values of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MatrixValues {
    /// As they are written.
    List(Vec<Value>),
    /// An expression that gives them.
    Expression(Placed<String>),
}

impl Job {
    /// Returns what the nth step and its job together say of the step.
    ///
    /// The job's timeout is no step's, and its outputs are there when its last step is done, so only that one owns
    /// them; all else the job says holds for each step.
    pub fn step_settings(&self, index: usize) -> Settings {
        let mut lower = Settings { timeout: None, ..Settings::clone(&self.settings) };
        if index + 1 != self.steps.len() {
            lower.outputs = None;
        }
        Settings::clone(&self.steps[index].settings).layered_over(&lower)
    }

    /// Returns the longest one attempt of all its steps may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.settings.timeout
    }
}

impl Action {
    /// Tells whether other steps do the work: those inside, or those of a playbook it uses.
    pub fn has_steps(&self) -> bool {
        matches!(self, Self::Uses(_) | Self::Parallel(_) | Self::Choose { .. } | Self::Foreach { .. })
    }
}

impl Step {
    /// Returns the steps inside this one, in the order of the file.
    pub fn inner(&self) -> impl Iterator<Item = &Self> {
        let (first, second): (Vec<&[Self]>, &[Self]) = match &self.action {
            Action::Parallel(branches) => {
                (branches.iter().map(|branch| branch.steps.as_slice()).collect(), &[])
            }
            Action::Choose { then, otherwise, .. } => (vec![then], otherwise),
            Action::Foreach { steps, .. } => (vec![steps], &[]),
            _ => (Vec::new(), &[]),
        };
        let outcomes = [self.then.on_success.as_slice(), self.then.on_failure.as_slice()];
        first.into_iter().flatten().chain(second).chain(outcomes.into_iter().flatten())
    }
}
