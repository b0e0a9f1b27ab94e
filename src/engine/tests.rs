//! What grows with a plan and what must not: the stack.

use std::{fmt::Write, path::Path, sync::Arc, thread, time::Duration};

use super::{Ask, BuildOptions, Engine};
use crate::sys::Memory;

/// Bytes of stack: what a debug build wants for any plan, and less than 256 more for each step of a short chain.
const STACK: usize = 512 << 10;

/// A chain as long as `AZ_TEST_CHAIN` says, a shorter one without it.
#[test]
fn a_chain_is_planned_and_driven_on_a_small_stack() {
    let count = std::env::var("AZ_TEST_CHAIN").ok().and_then(|count| count.parse().ok()).unwrap_or(1_500);
    let mut playbook = String::from("metadata.name = \"chain\"\n");
    for step in 0..count {
        let needs = if step == 0 { String::new() } else { format!("\"s{}\"", step - 1) };
        _ = write!(
            playbook,
            "[orchestration.jobs.s{step}]\nneeds = [{needs}]\n[[orchestration.jobs.s{step}.steps]]\nscript = \"true\"\n\
             shell = \"sh\"\ninputs = []\noutputs = []\nif = \"$IsWindows\"\n",
        );
    }
    let world = Memory::new().file("/w/az.toml", "").file("/w/playbooks/chain.toml", playbook);
    world.advance(Duration::from_mins(1));
    let build = move || {
        let ask = Ask { arguments: vec!["chain".to_owned()], ..Ask::default() };
        let engine = Engine::open(Arc::new(world), Path::new("/w")).unwrap();
        let built = engine.build(&ask, &BuildOptions::default(), &mut |_| (), &mut || ()).unwrap();
        assert_eq!((built.exit_code, built.view.counts().skipped), (0, count));
    };
    thread::Builder::new().stack_size(STACK).spawn(build).unwrap().join().unwrap();
}
