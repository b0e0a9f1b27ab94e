//! "Nothing to do", answered from the file system alone.
//!
//! A gate is written when a build has found that nothing is left to run or to bring back. It holds what the file system
//! last said of every path that was looked at on the way, absences and folders included, and what was told. As long as
//! what matters of each path is what it was, evaluating everything again could only tell the same; so that is told
//! again, and nothing else is read.
//!
//! What was looked at is not listed by anybody: it is what the recorder of `sys` saw. A path that was answered in two
//! ways, or that could not be asked, is no ground for a gate. Whatever else could change the answer (the request, the
//! environment, az itself) is part of the gate's name.

mod again;
mod amend;
mod answers;
mod between;
mod joined;
mod opened;
mod partly;
mod paths;
mod read;
mod scripts;
#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

pub(super) use answers::Answers;
pub(super) use opened::Opened;
pub(super) use partly::Effect;
pub use partly::Partly;
pub(super) use read::Look;
pub use read::{Glance, UpToDate};
use serde::{Deserialize, Serialize};
pub(super) use write::Finished;

use super::{Ask, BuildOptions, Force, secrets::secrets_of_env};
use crate::{
    base::{Digest, DigestWriter, Env, WsPath},
    cache::Layout,
    event::{Event, PlannedNode},
    plan::{Node, Plan},
    sys::System,
    text::rate::Rate,
};

/// A gate is good for so many days: that a record is of use is known of those that are looked up.
const GOOD_FOR_DAYS: u32 = 7;
/// Gates kept for one workspace.
const MOST_GATES: usize = 32;

/// What stands first in a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Preface {
    total: u32,
    cached: u32,
    skipped: u32,
    /// Every step was reused and has no flag.
    is_plain: bool,
    /// What was asked for, as it was typed.
    request: Vec<String>,
    /// The only item is all that was told; else there is one for each step.
    is_whole: bool,
    /// Where the journal of records ended.
    journal: JournalEnd,
    /// What was asked of the environment, and what tells these answers from others.
    env: (BTreeSet<String>, [u8; 32]),
    /// When all steps were last decided, in days since 1970.
    evaluated: u32,
    /// What is needed beside the steps to decide some of them again; nothing if that needs the whole plan.
    resume: Option<Resume>,
}

/// What holds for all steps of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Resume {
    playbook: Option<WsPath>,
    goes_on: bool,
    timeout: Option<Duration>,
    capacities: BTreeMap<String, u32>,
    rates: BTreeMap<String, Rate>,
    /// Private state that steps name, by their ids.
    scratch: BTreeMap<String, BTreeSet<String>>,
}

impl Resume {
    /// Returns what holds for all steps of a plan; nothing if more does than can be kept.
    fn of(plan: &Plan) -> Option<Self> {
        let named = plan.nodes.iter().filter(|node| !node.settings.scratch.is_empty());
        plan.is_flat().then(|| Self {
            playbook: plan.playbook.clone(),
            goes_on: plan.goes_on,
            timeout: plan.timeout,
            capacities: plan.capacities.clone(),
            rates: plan.rates.clone(),
            scratch: named.map(|node| (node.id.clone(), node.settings.scratch.clone())).collect(),
        })
    }

    /// Returns a plan of some of the steps.
    fn plan(&self, nodes: Vec<Node>) -> Plan {
        let Self { playbook, goes_on, timeout, capacities, rates, scratch: _ } = self.clone();
        let nodes = nodes.into_iter().map(std::sync::Arc::new).collect();
        Plan { nodes, playbook, capacities, rates, goes_on, timeout, ..Plan::default() }
    }
}

/// Where the journal of records ends: an action that begins, or a record that is made, is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct JournalEnd {
    inode: u64,
    size: u64,
}

/// What is told of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    node: PlannedNode,
    events: Vec<Event>,
}

impl Told {
    /// Tells whether there is no more to tell than that it was reused.
    fn is_plain(&self) -> bool {
        matches!(self.events.as_slice(), [Event::ScriptCompleted { cached: true, flags, .. }] if flags.is_empty())
    }
}

impl JournalEnd {
    /// Returns where the journal ends now; an absent one at its beginning.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn now(system: &dyn System, layout: &Layout) -> io::Result<Self> {
        match system.stat(&layout.entries()) {
            Ok(stat) => Ok(Self { inode: stat.inode, size: stat.size }),
            Err(error) if crate::sys::is_absent(&error) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }
}

/// Returns what stands for an identity in a gate.
fn identity_of(identity: &str) -> u64 {
    let Digest(digest) = Digest::of(identity.as_bytes());
    u64::from_le_bytes(digest[..8].try_into().unwrap_or_default())
}

/// Returns today, in days since 1970.
fn today(system: &dyn System) -> u32 {
    u32::try_from(system.now().0 / (86_400 * 1_000_000_000)).unwrap_or(0)
}

/// Tells whether an environment answers what was asked of it as it did when this was kept.
fn is_answered(env: &Env, key: &[u8], (asked, answers): &(BTreeSet<String>, [u8; 32])) -> bool {
    env.answers(key, asked).0 == *answers
}

/// Tells whether a request may have a gate.
fn may_have_gate(options: &BuildOptions) -> bool {
    options.force == Force::No && options.live.is_none() && options.audit.is_none()
}

pub(super) fn gate_folder(layout: &Layout) -> PathBuf {
    layout.version().join("gate")
}

/// Returns where the gate of a request is; its name holds all that is neither a path nor a variable and could change the
/// answer. `env` is the environment, `key` what an outsider does not know.
pub(super) fn gate_path(
    system: &dyn System,
    layout: &Layout,
    root: &Path,
    ask: &Ask,
    options: &BuildOptions,
    (env, key): (&Env, &[u8]),
) -> PathBuf {
    let build = std::env::current_exe().and_then(|path| system.stat(&path)).ok();
    let mut writer = DigestWriter::new("az gate v3")
        .field(format!("{build:?}"))
        // What the file system says holds up to the next start of the machine.
        .field(system.boot())
        .field(root.as_os_str().as_encoded_bytes())
        .field(format!("{ask:?}"))
        .field([options.allow_empty, system.is_administrator()].map(u8::from));
    // What nobody must see is kept from all that is told, whoever asked for it.
    for secret in secrets_of_env(env) {
        writer.add(key);
        writer.add(secret);
    }
    let Digest(digest) = writer.finish();
    gate_folder(layout).join(&Digest(digest).to_hex()[..32])
}
