//! What steps want, and what there is of it.

use super::*;
use crate::diag::{Diagnostic, code};

const CONFIG: &str = "[resources]\ndb = 1\ngpu = 2\napi = \"10/min\"\n";

fn scripts<'a>(header: &'a str, config: &'a str) -> World {
    World::new(&[("scripts/0100_a.sh", header), ("az.toml", config)], &["0100"])
}

/// Returns what is told of the only fault: code, message, help, and the text it is about.
fn only(world: &World) -> (Code, String, String, String) {
    let [fault] = world.planned().diagnostics.as_slice() else { panic!("{:?}", world.planned().diagnostics) };
    let Diagnostic { code, message, help, source, labels, .. } = fault.clone();
    let text = source.map(|source| labels[0].span.of(&source.text).to_owned());
    (code, message, help.unwrap_or_default(), text.unwrap_or_default())
}

#[test]
fn a_step_that_could_never_get_what_it_wants_is_told_before_the_run() {
    for (header, config, message, help, text) in [
        (
            "# Resources: db, GPU=3\n",
            CONFIG,
            "0100_a wants 3 of `gpu`, and there are 2",
            "let it want at most 2, or write `gpu = 3` under `[resources]` in az.toml",
            "GPU=3",
        ),
        (
            "# Resources: tape:2\n",
            "",
            "0100_a wants 2 of `tape`, and there is 1: nothing says how many there are",
            "let it want at most 1, or write `tape = 2` under `[resources]` in az.toml",
            "tape:2",
        ),
        (
            "# Resources: memory=9GiB\n",
            "",
            "0100_a wants 9GiB of memory, and there are 8GiB",
            "let it want less, or say in az.toml how much there is: `memory = \"9GiB\"` under `[resources]`",
            "memory=9GiB",
        ),
        (
            "# Resources: memory=3GB\n",
            "[resources]\nmemory = \"2GB\"\n",
            "0100_a wants 3GB of memory, and there are 2GB",
            "let it want less, or say in az.toml how much there is: `memory = \"3GB\"` under `[resources]`",
            "memory=3GB",
        ),
    ] {
        let world = scripts(header, config);
        let told = (code::IMPOSSIBLE_DEMAND, message.to_owned(), help.to_owned(), text.to_owned());
        assert_eq!(only(&world), told);
        assert!(world.planned().plan.is_none(), "{header}");
    }
}

#[test]
fn what_can_be_granted_is_no_fault() {
    for header in [
        "# Resources: db, gpu=2, cpu=64\n",
        "# Resources: lock, memory=8GiB\n",
        "# Resources: api=1000\n",
        "# Resources: tape=2\n# Condition: IsWindows\n",
    ] {
        assert_eq!(scripts(header, CONFIG).codes(), [], "{header}");
    }
    // Where nobody knows how much memory there is, nobody can say that it is too little.
    let mut world = scripts("# Resources: memory=900TiB\n", "");
    world.surroundings = Surroundings::new(&world.db, crate::base::Env::default(), false, None);
    assert_eq!(world.codes(), []);
    assert_eq!(world.plan().capacities["memory"], u32::MAX);
}

#[test]
fn a_name_that_is_probably_mistyped_is_doubtful() {
    let (code, _, help, text) = only(&scripts("# Resources: gpuu\n", CONFIG));
    assert_eq!((code, &*text), (code::UNKNOWN_RESOURCE, "gpuu"));
    assert_eq!(help, "did you mean `gpu`? Otherwise write `gpuu = 1` under `[resources]` in az.toml");
    let (code, _, help, _) = only(&scripts("# Resources: memroy\n", ""));
    assert_eq!((code, help.contains("`memory`")), (code::UNKNOWN_RESOURCE, true));
}

#[test]
fn the_place_is_in_the_step_else_in_the_job_else_in_the_header_and_is_told_once() {
    let header = "# Resources: tape=3\n";
    for (job, step, text) in [
        ("resources = [\"tape=4\"]", "resources = { Tape = 5 }", "5"),
        ("resources = [\"x\", \"tape=4\"]", "resources = \"y\"", "\"tape=4\""),
        ("resources = \"tape=4\"", "name = \"s\"", "\"tape=4\""),
        ("name = \"j\"", "name = \"s\"", "tape=3"),
    ] {
        let playbook =
            format!("[orchestration.jobs.a]\n{job}\nsteps = [{{ run = \"0100,0200\", {step} }}]\n");
        let files =
            [("scripts/0100_a.sh", header), ("scripts/0200_b.sh", ""), ("playbooks/p.toml", &playbook)];
        assert_eq!(only(&World::new(&files, &["p"])).3, text);
    }
}

#[test]
fn capacities_and_rates_of_what_is_wanted_stand_in_the_plan() {
    let world = scripts("# Resources: db, gpu, cpu=2, api, lock, memory=1GB\n# Priority: 7\n", CONFIG);
    let plan = world.plan();
    let capacities: Vec<(&str, u32)> =
        plan.capacities.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let expected = [("api", u32::MAX), ("db", 1), ("gpu", 2), ("lock", 1), ("memory", 8192)];
    assert_eq!(capacities, expected);
    let rates: Vec<String> = plan.rates.iter().map(|(name, rate)| format!("{name} {rate}")).collect();
    assert_eq!(rates, ["api 10/1m"]);
    assert_eq!(plan.nodes[0].settings.priority, Some(7));
}

#[test]
fn a_playbook_has_a_priority_that_its_steps_overrule() {
    let playbook = "[orchestration]\ndefaults = { priority = 5 }\n[orchestration.jobs.a]\n\
        steps = [{ run = \"0100\" }, { run = \"0200\", priority = -1 }]\n";
    let files = [
        ("scripts/0100_a.sh", "# Stage: X, Priority: 9\n"),
        ("scripts/0200_b.sh", "# Priority: High\n"),
        ("playbooks/p.toml", playbook),
    ];
    let plan = World::new(&files, &["p"]).plan();
    let priorities: Vec<_> = plan.nodes.iter().map(|node| node.settings.priority).collect();
    assert_eq!(priorities, [Some(5), Some(-1)], "step over playbook over header");
    let alone = World::new(&files, &["*"]).plan();
    let priorities: Vec<_> = alone.nodes.iter().map(|node| node.settings.priority).collect();
    assert_eq!(priorities, [Some(9), None]);
}

proptest::proptest! {
    /// As many of an amount as fit by their bytes are granted at once.
    #[test]
    fn rounding_memory_keeps_out_nothing_that_fits(one in 1_u64 << 20..1 << 36, count in 1_u64..64, more in 0_u64..1 << 30) {
        let [wanted, there] = [one, one * count + more].map(|bytes| u64::from(units("memory", bytes)));
        proptest::prop_assert!(wanted * count <= there);
    }
}
