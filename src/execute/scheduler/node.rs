//! What the scheduler is told of each node and of the run.

use std::time::Duration;

/// How much the end of a need matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// The need must end well (a skip counts as well); else this node is blocked.
    Hard,
    /// The need must have ended, however it did.
    Order,
}

/// A node that must end before another begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Its place in the sequential order, before that of the node that needs it.
    pub node: usize,
    /// Whether its failure matters.
    pub strength: Strength,
}

/// Something nodes share, as a place in [`Policy::capacities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub usize);

/// A node as the scheduler sees it; which one it is, its place in the list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// What must end before it.
    pub needs: Vec<Need>,
    /// What it takes while it runs. More than there is means all there is: it then runs alone on that resource.
    pub resources: Vec<(ResourceId, u32)>,
    /// How often it is started again after a failure.
    pub retries: u32,
    /// How long to wait before the first retry; doubles with each further one, up to [`Policy::retry_delay_limit`].
    pub retry_delay: Duration,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// The nodes it shares a time limit with, as a place in [`Policy::group_timeouts`].
    pub group: Option<usize>,
}

/// What a failure means for nodes that do not need the failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing behind it in the sequential order begins any more; what runs is left to end.
    FailFast,
    /// They run.
    KeepGoing,
}

/// How a run is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Nodes at work at once; zero is taken as one.
    pub slots: usize,
    /// What a failure means for the others.
    pub on_failure: OnFailure,
    /// How much there is of each resource.
    pub capacities: Vec<u32>,
    /// How long a node asked to end may take before it is killed.
    pub grace: Duration,
    /// The longest wait before a retry.
    pub retry_delay_limit: Duration,
    /// How long all nodes of a group may take together, from the start of the first.
    pub group_timeouts: Vec<Duration>,
    /// How long the whole run may take.
    pub timeout: Option<Duration>,
}

impl Policy {
    /// Makes a policy without resources and without an overall timeout.
    pub fn new(slots: usize, on_failure: OnFailure) -> Self {
        Self {
            slots,
            on_failure,
            capacities: Vec::new(),
            grace: Duration::from_secs(2),
            retry_delay_limit: Duration::from_mins(5),
            group_timeouts: Vec::new(),
            timeout: None,
        }
    }
}
