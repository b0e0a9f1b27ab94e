//! What grows with a plan and what must not: the stack.

use std::{fmt::Write, path::Path, sync::Arc, thread, time::Duration};

use super::{Ask, BuildOptions, Engine, Force, Verdict};
use crate::sys::Memory;

/// Bytes of stack: what a debug build wants for any plan, and less than 256 more for each step of a short chain.
const STACK: usize = 512 << 10;

/// As many jobs as one file of a long chain has: a playbook has at most 4 MiB.
const PART: usize = 10_000;

/// Returns a playbook of jobs, each of which needs the one before and has a step whose condition does not hold.
fn part(name: &str, count: usize) -> String {
    let mut playbook = format!("metadata.name = \"{name}\"\n");
    for step in 0..count {
        let needs = if step == 0 { String::new() } else { format!("\"s{}\"", step - 1) };
        _ = write!(
            playbook,
            "[orchestration.jobs.s{step}]\nneeds = [{needs}]\n[[orchestration.jobs.s{step}.steps]]\nscript = \"true\"\n\
             shell = \"sh\"\ninputs = []\noutputs = []\nif = \"$IsWindows\"\n",
        );
    }
    playbook
}

/// Returns a world with a chain of as many jobs; of parts that each need the one before, if it is long.
fn chain(count: usize) -> Memory {
    let world = Memory::new().file("/w/az.toml", "");
    if count <= PART {
        return world.file("/w/playbooks/chain.toml", part("chain", count));
    }
    let mut whole = "metadata.name = \"chain\"\n".to_owned();
    let mut world = world;
    for (place, from) in (0..count).step_by(PART).enumerate() {
        let needs = if place == 0 { String::new() } else { format!("\"u{}\"", place - 1) };
        _ = write!(
            whole,
            "[orchestration.jobs.u{place}]\nneeds = [{needs}]\nuses = \"playbook:part{place}\"\n"
        );
        let text = part(&format!("part{place}"), PART.min(count - from));
        world = world.file(format!("/w/playbooks/part{place}.toml"), text);
    }
    world.file("/w/playbooks/chain.toml", whole)
}

/// A chain as long as `AZ_TEST_CHAIN` says, a shorter one without it.
#[test]
fn a_chain_is_planned_and_driven_on_a_small_stack() {
    let count = std::env::var("AZ_TEST_CHAIN").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000);
    let world = chain(count);
    world.advance(Duration::from_mins(1));
    let build = move || {
        let ask = Ask { arguments: vec!["chain".to_owned()], ..Ask::default() };
        let engine = Engine::open(Arc::new(world), Path::new("/w")).unwrap();
        let plan = engine.plan(&ask, Force::No, false).unwrap();
        assert_eq!(plan.nodes.iter().filter(|node| node.verdict == Verdict::Skip).count(), count);
        let built = engine.build(&ask, &BuildOptions::default(), &mut |_, _| (), &mut || ()).unwrap();
        assert_eq!((built.exit_code, built.view.counts().skipped), (0, count));
    };
    thread::Builder::new().stack_size(STACK).spawn(build).unwrap().join().unwrap();
}
