//! The cache in a world in memory: what it answers after anything that may have happened to it.

mod blobs;
mod capture;
mod evict;
mod index;
mod known;
mod lookup;
mod pack;
mod restore;
mod since;
mod store;
mod timeline;
mod wire;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::*;
use crate::{
    base::{Digest, Timestamp, WsPath},
    fingerprint::{Component, ComponentKind, Disk, Fingerprint, Moment, State},
    sys::{Memory, System},
    text::{handed::Handed, pattern::Pattern},
};

const ROOT: &str = "/w";

fn layout() -> Layout {
    Layout::new(Path::new(ROOT))
}

/// A workspace with the folder of a cache, whose files are settled.
fn world() -> Memory {
    Memory::new().dir("/w/.azcache/v1").advance(Duration::from_mins(1))
}

fn disk(system: &Arc<dyn System>) -> Disk {
    Disk::new(Arc::clone(system), Path::new(ROOT), &layout().clock(), [])
}

fn blobs(system: &Arc<dyn System>) -> Blobs {
    Blobs::new(Arc::clone(system), layout().blobs())
}

fn shared(world: &Memory) -> Arc<dyn System> {
    Arc::new(world.clone())
}

fn path(text: &str) -> WsPath {
    WsPath::from_normal(text).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text, Path::new(ROOT), &WsPath::root()).unwrap()
}

fn file(text: &str) -> State {
    State::File { digest: Digest::of(text.as_bytes()), size: text.len() as u64, mode: 0o644 }
}

fn inside(text: &str) -> PathBuf {
    Path::new(ROOT).join(text)
}

/// A record that depends on one value, under a weak key of its own name.
fn record(identity: &str, value: &str, ending: Ending) -> Record {
    let weak = Fingerprint::new(vec![Component::of_text(ComponentKind::Command, "text", identity)]);
    let fingerprint = weak.with([Component::of_text(ComponentKind::Input, "in", value)]);
    Record {
        identity: identity.to_owned(),
        run: "run".to_owned(),
        ended: Timestamp(1),
        duration: Duration::from_millis(1),
        ending,
        exit_code: Some(0),
        flags: vec![],
        weak: weak.key(),
        key: fingerprint.key(),
        fingerprint,
        effects: vec![],
        log: None,
        evidence: Evidence::Declared,
        learned: vec![],
        scratch: vec![],
        private: vec![],
        borrowed: vec![],
        is_outward: false,
        root: None,
        trace: None,
        handed: Handed::default(),
    }
}
