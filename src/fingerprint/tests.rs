//! Looking at files: what a digest may be relied on, what a pattern names, what an answer depends on.

mod disk;
mod expand;
mod moment;
mod observe;

use std::{path::Path, sync::Arc, time::Duration};

use super::*;
use crate::{
    base::{Digest, WsPath},
    sys::Memory,
    text::pattern::Pattern,
};

const ROOT: &str = "/w";

fn path(text: &str) -> WsPath {
    WsPath::from_normal(text).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text, Path::new(ROOT), &WsPath::root()).unwrap()
}

/// A workspace whose files are settled.
fn world(files: &[(&str, &str)]) -> Memory {
    let world = Memory::new().dir("/w/.azcache");
    for (path, text) in files {
        world.file(format!("/w/{path}"), text);
    }
    world.advance(Duration::from_mins(1))
}

fn disk(world: &Memory) -> Disk {
    Disk::new(Arc::new(world.clone()), Path::new(ROOT), Path::new("/w/.azcache/clock"), [])
}

/// Answers a question of a step that has made nothing.
fn ask(disk: &Disk, question: &Question) -> Answer {
    answer(disk, &|_, _| false, question)
}
