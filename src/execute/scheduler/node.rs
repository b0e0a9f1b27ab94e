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

/// When a node is looked up, once all it needs has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gate {
    /// If all hard needs ended well; else it is blocked without being asked.
    #[default]
    Needs,
    /// However they ended; given up like any other.
    Asked,
    /// However they ended, and also when the others were given up: after a failure, after its cohort fell, after the
    /// first interrupt. A second interrupt and the end of the whole run's time give it up as well.
    Always,
}

/// A node as the scheduler sees it; which one it is, its place in the list says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// What must end before it.
    pub needs: Vec<Need>,
    /// When it is looked up.
    pub gate: Gate,
    /// Its failure ends nothing and blocks nobody: that it failed or took too long, but not that it wants a person.
    pub is_tolerated: bool,
    /// What it takes while it runs. More than there is means all there is: it then runs alone on that resource.
    pub resources: Vec<(ResourceId, u32)>,
    /// The span it is part of, as a place in [`Policy::spans`].
    pub span: Option<usize>,
    /// How often it is started again after a failure.
    pub retries: u32,
    /// How long to wait before the first retry; doubles with each further one, up to [`Policy::retry_delay_limit`].
    pub retry_delay: Duration,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// The groups whose nodes it shares a time limit with, as places in [`Policy::group_timeouts`].
    pub groups: Vec<usize>,
    /// The nodes it stands or falls with, by any number that is theirs alone.
    pub cohort: Option<usize>,
    /// Which part of its cohort it belongs to: those of the part that fails go on.
    pub member: usize,
    /// What bounds how often it is started, as places in [`Policy::rates`].
    pub rates: Vec<usize>,
    /// Higher ones go first, whatever their place; without a meaning if there is one slot.
    pub priority: i32,
}

/// Nodes that hold resources together: from the first of them that could be looked up until all of them have ended.
///
/// It begins when there is room for all it demands, together with the spans around it that have not begun, and when all
/// has ended that its nodes wait for outside of it: what is held does not wait for what waits to be held.
///
/// Two spans that hold a resource each, and inside of which the other one is demanded, would wait for each other for
/// ever. So it is for who plans to demand a resource at one depth only. Else one of them is let in without room as soon
/// as nothing else is left to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The span around it, before it in the list.
    pub parent: Option<usize>,
    /// What it holds. What spans or nodes inside of it demand of the same resource they do not wait for: it is added to
    /// what this one holds, up to all there is.
    pub demands: Vec<(ResourceId, u32)>,
}

/// How often attempts may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many in any stretch of time as long as `per`; zero is taken as one.
    pub most: u32,
    /// How long the stretch is.
    pub per: Duration,
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
    /// What nodes hold together, each behind the one around it.
    pub spans: Vec<Span>,
    /// How often attempts may start.
    pub rates: Vec<Rate>,
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
            spans: Vec::new(),
            rates: Vec::new(),
            grace: Duration::from_secs(2),
            retry_delay_limit: Duration::from_mins(5),
            group_timeouts: Vec::new(),
            timeout: None,
        }
    }
}
