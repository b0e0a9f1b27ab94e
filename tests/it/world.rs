//! The world changes at random, and an oracle that knows no fingerprint says which steps must run, and why.
//!
//! The oracle is a list: for each step the values that may matter to it, under the name a person knows them by. A
//! step must run exactly when it has never run with these values, and the reason must name what differs from the
//! nearest earlier run.

mod journal;
mod parallel;

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::Config};

use crate::repo::Repo;

/// Something that can be changed, with a number that stands for what it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    FirstLine,
    SecondLine,
    Leaf,
    LeafMode,
    Extra,
    DeclaredEnv,
    MentionedEnv,
    StrangeEnv,
    PassedEnv,
    JobEnv,
    Variable,
    StrangeVariable,
    Tool,
    ShadowingTool,
    ExitCodes,
    Argument,
    Limit,
    ScriptText,
    InlineText,
    Description,
    Comment,
}

const THINGS: [Thing; 21] = [
    Thing::FirstLine,
    Thing::SecondLine,
    Thing::Leaf,
    Thing::LeafMode,
    Thing::Extra,
    Thing::DeclaredEnv,
    Thing::MentionedEnv,
    Thing::StrangeEnv,
    Thing::PassedEnv,
    Thing::JobEnv,
    Thing::Variable,
    Thing::StrangeVariable,
    Thing::Tool,
    Thing::ShadowingTool,
    Thing::ExitCodes,
    Thing::Argument,
    Thing::Limit,
    Thing::ScriptText,
    Thing::InlineText,
    Thing::Description,
    Thing::Comment,
];

/// What everything is; what is not named is 0.
type World = BTreeMap<Thing, u8>;

/// By what a person calls it, what a step sees of it; what is not there is not listed.
type Seen = BTreeMap<&'static str, String>;

const STEPS: [&str; 4] = ["0100", "0200", "0300", "inline"];

/// Returns what each step sees of a world. This is the oracle: it knows the scripts below and nothing of az.
fn seen(world: &World) -> BTreeMap<&'static str, Seen> {
    let is = |thing: Thing| world.get(&thing).copied().unwrap_or(0);
    let text = |thing: Thing| is(thing).to_string();
    let first = Seen::from([("src/a", format!("{} {}", is(Thing::FirstLine), is(Thing::SecondLine)))]);
    let mut second = Seen::from([
        ("out/a", text(Thing::FirstLine)),
        ("lib/**", (is(Thing::Extra) > 0).to_string()),
        ("DECLARED", text(Thing::DeclaredEnv)),
    ]);
    if is(Thing::Extra) > 0 {
        second.insert("lib/extra", text(Thing::Extra));
    }
    let tool = if is(Thing::ShadowingTool) > 0 { Thing::ShadowingTool } else { Thing::Tool };
    let mut third = Seen::from([
        ("src/leaf", format!("{} {}", is(Thing::Leaf), is(Thing::LeafMode) > 0)),
        ("MENTIONED", text(Thing::MentionedEnv)),
        ("COLOR", text(Thing::Variable)),
        ("mytool", format!("{tool:?} {}", is(tool))),
        ("command line", text(Thing::Argument)),
        ("scripts/0300_leaf.sh", text(Thing::ScriptText)),
    ]);
    if is(Thing::ExitCodes) > 0 {
        third.insert("exit codes", text(Thing::ExitCodes));
    }
    let inline = Seen::from([("text", text(Thing::InlineText))]);
    let mut all = BTreeMap::from([("0100", first), ("0200", second), ("0300", third), ("inline", inline)]);
    // What a job sets reaches all its steps.
    all.values_mut().for_each(|seen| _ = seen.insert("JOB", text(Thing::JobEnv)));
    all
}

/// Writes a world out.
fn make(repo: &Repo, world: &World) {
    let is = |thing: Thing| world.get(&thing).copied().unwrap_or(0);
    write(repo, "src/a", &format!("{}\n{}\n", is(Thing::FirstLine), is(Thing::SecondLine)));
    write(repo, "src/leaf", &format!("{}\n", is(Thing::Leaf)));
    repo.mode("src/leaf", if is(Thing::LeafMode) > 0 { 0o755 } else { 0o644 });
    write(repo, "lib/base", "base");
    optional(repo, "lib/extra", is(Thing::Extra));
    for (name, thing) in [
        ("DECLARED", Thing::DeclaredEnv),
        ("MENTIONED", Thing::MentionedEnv),
        ("STRANGE", Thing::StrangeEnv),
        ("PASSED", Thing::PassedEnv),
    ] {
        match is(thing) {
            0 => _ = repo.without_env(name),
            value => _ = repo.env(name, &value.to_string()),
        }
    }
    let program = |value: u8| format!("#!/bin/sh\necho {value}\n");
    write(repo, "bin/mytool", &program(is(Thing::Tool)));
    repo.mode("bin/mytool", 0o755);
    optional(repo, "early/mytool", is(Thing::ShadowingTool));
    if is(Thing::ShadowingTool) > 0 {
        repo.mode("early/mytool", 0o755);
    }
    write(repo, "early/keep", "");
    rules(repo, world);
    scripts(repo, world);
    playbook(repo, world);
}

/// Writes a file unless it says so already, so that only what changed is changed.
fn write(repo: &Repo, path: &str, text: &str) {
    if std::fs::read_to_string(repo.path(path)).ok().as_deref() != Some(text) {
        repo.file(path, text);
    }
}

fn optional(repo: &Repo, path: &str, value: u8) {
    match value {
        0 if repo.path(path).exists() => _ = repo.remove(path),
        0 => {}
        value => write(repo, path, &format!("#!/bin/sh\necho extra {value}\n")),
    }
}

fn rules(repo: &Repo, world: &World) {
    let is = |thing: Thing| world.get(&thing).copied().unwrap_or(0);
    let codes = match is(Thing::ExitCodes) {
        0 => String::new(),
        value => format!("exitCodes = {{ {} = \"warning\" }}\n", 20 + value),
    };
    // The repository's own kind hands variables over in the environment.
    let text = format!(
        "[[kind]]\nname = \"sh\"\nextensions = [\"sh\"]\ninterpreter = [\"sh\", \"{{script}}\", \"{{args}}\"]\n\
         comments = {{ line = [\"#\"] }}\nparameters = \"env\"\n\
         [[rule]]\nmatch = \"0300\"\ntimeout = \"{}m\"\ncommand = [\"sh\", \"{{script}}\", \"{}\"]\n{codes}",
        5 + is(Thing::Limit),
        is(Thing::Argument),
    );
    write(repo, "rules/world.toml", &text);
}

fn scripts(repo: &Repo, world: &World) {
    let note = |name: &str| repo.notes(name);
    let script = |name: &str, header: &str, body: &str| {
        let text = format!("#!/bin/sh\n{header}{}\n{body}\n", note(&name[..4]));
        write(repo, &format!("scripts/{name}"), &text);
    };
    script("0100_gen.sh", "# Inputs: src/a\n# Outputs: out/a\n", "mkdir -p out; head -n 1 src/a > out/a");
    script(
        "0200_join.sh",
        "# Inputs: out/a, lib/**\n# Outputs: out/b\n# Env: DECLARED\n",
        "cat out/a lib/* > out/b; env | grep DECLARED >> out/b || true",
    );
    let header = "# Inputs: src/leaf\n# Outputs: out/c\n# Dependencies: mytool\n# PassEnv: PASSED\n";
    let number = world.get(&Thing::ScriptText).copied().unwrap_or(0);
    script(
        "0300_leaf.sh",
        &format!("{header}# Description: text {number}\n"),
        "{ cat src/leaf; echo \"$1 $MENTIONED $COLOR\"; mytool; } > out/c",
    );
}

fn playbook(repo: &Repo, world: &World) {
    let is = |thing: Thing| world.get(&thing).copied().unwrap_or(0);
    let note = repo.notes("inline").replace('"', "\\\"");
    let text = format!(
        "# comment {}\n[metadata]\nname = \"world\"\ndescription = \"about {}\"\n\
         [orchestration.jobs.main]\nname = \"job {}\"\nenv = {{ JOB = \"{}\" }}\n\
         [[orchestration.jobs.main.steps]]\nrun = \"0100\"\n[[orchestration.jobs.main.steps]]\nrun = \"0200\"\n\
         [[orchestration.jobs.main.steps]]\nrun = \"0300\"\n\
         [[orchestration.jobs.main.steps]]\nid = \"inline\"\nshell = \"sh\"\ninputs = []\noutputs = [\"out/d\"]\n\
         script = \"{note}; mkdir -p out; echo {} $JOB > out/d\"\n",
        is(Thing::Comment),
        is(Thing::Description),
        is(Thing::Description),
        is(Thing::JobEnv),
        is(Thing::InlineText),
    );
    write(repo, "playbooks/world.toml", &text);
}

fn command(world: &World) -> String {
    let is = |thing: Thing| world.get(&thing).copied().unwrap_or(0);
    let variable = |name: &str, value: u8| match value {
        0 => String::new(),
        value => format!(" --var {name}={value}"),
    };
    let variables = variable("COLOR", is(Thing::Variable)) + &variable("STRANGE", is(Thing::StrangeVariable));
    format!("build world --json{variables}")
}

/// A repository, and what each step has run with.
struct Checker {
    repo: Repo,
    ran_with: BTreeMap<&'static str, Vec<Seen>>,
}

impl Checker {
    fn new() -> Self {
        let repo = Repo::new();
        let path = |folder: &str| repo.path(folder).to_str().unwrap().to_owned();
        repo.env("PATH", &format!("{}:{}:/usr/local/bin:/usr/bin:/bin", path("early"), path("bin")));
        Self { repo, ran_with: BTreeMap::new() }
    }

    /// Builds a world and claims that exactly the steps ran that must, each for the reason it must.
    fn check(&mut self, world: &World) {
        make(&self.repo, world);
        let output = self.repo.az(&command(world));
        let result = output.code(0).json();
        let mut ran: Vec<String> = self.repo.scripts_run();
        ran.sort();
        let mut expected = Vec::new();
        for (step, seen) in seen(world) {
            let earlier = self.ran_with.entry(step).or_default();
            if !earlier.contains(&seen) {
                expected.push(step.to_owned());
                check_reasons(step, &reasons(&result, step), earlier, &seen);
                earlier.push(seen);
            }
        }
        assert_eq!(ran, expected, "the steps that ran in {world:?}\n{output}");
    }
}

/// What a step's reasons are about.
fn reasons(result: &serde_json::Value, step: &str) -> BTreeSet<String> {
    let nodes = result["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["id"].as_str().unwrap().contains(step)).unwrap();
    let subject = |reason: &serde_json::Value| match reason["kind"].as_str().unwrap() {
        "no_record" => "no record".to_owned(),
        _ => reason["subject"].as_str().unwrap().to_owned(),
    };
    node["reasons"].as_array().unwrap().iter().map(subject).collect()
}

/// Claims that the reasons name what differs from an earlier run that no other is nearer than.
fn check_reasons(step: &str, found: &BTreeSet<String>, earlier: &[Seen], now: &Seen) {
    let different = |before: &Seen| -> BTreeSet<String> {
        let names = before.keys().chain(now.keys());
        names.filter(|name| before.get(*name) != now.get(*name)).map(|name| (*name).to_owned()).collect()
    };
    let candidates: Vec<BTreeSet<String>> = earlier.iter().map(different).collect();
    let least = candidates.iter().map(BTreeSet::len).min();
    let is_right = match least {
        None => *found == BTreeSet::from(["no record".to_owned()]),
        Some(least) => candidates.iter().any(|names| names == found && names.len() == least),
    };
    assert!(is_right, "{step} ran because of {found:?}, and differs from earlier runs in {candidates:?}");
}

#[test]
fn each_thing_alone_runs_what_sees_it_and_taking_it_back_runs_nothing() {
    let mut checker = Checker::new();
    checker.check(&World::new());
    checker.check(&World::new());
    for thing in THINGS {
        checker.check(&World::from([(thing, 1)]));
        checker.check(&World::from([(thing, 2)]));
        checker.check(&World::new());
    }
    assert_eq!(checker.ran_with.len(), STEPS.len());
}

proptest! {
    #![proptest_config(Config { cases: 6, max_shrink_iters: 24, failure_persistence: None, ..Config::default() })]
    #[test]
    fn a_random_walk_through_worlds_runs_what_must_and_says_why(
        steps in prop::collection::vec(
            prop::collection::vec((prop::sample::select(THINGS.to_vec()), 0_u8..3), 1..4), 1..9,
        ),
    ) {
        let mut checker = Checker::new();
        let mut world = World::new();
        checker.check(&world);
        for changes in steps {
            world.extend(changes);
            checker.check(&world);
        }
    }
}

#[test]
fn a_script_under_another_name_is_another_step() {
    let repo = Repo::new().file("in", "1").script("0100_a.sh", "# Inputs: in\n# Outputs: out\ncat in > out");
    repo.az("build '*'").code(0).ran(["0100"]).az("build '*'").code(0).ran([]);
    std::fs::rename(repo.path("0100_a.sh"), repo.path("0100_b.sh")).unwrap();
    repo.az("build '*' --explain").code(0).ran(["0100"]).says("no record");
    std::fs::rename(repo.path("0100_b.sh"), repo.path("0100_a.sh")).unwrap();
    repo.az("build '*'").code(0).ran([]);
}

#[test]
fn an_input_under_another_name_is_named_twice() {
    let repo =
        Repo::new().file("in/a", "1").script("0100_a.sh", "# Inputs: in/*\n# Outputs: out\nls in > out");
    repo.az("build '*'").code(0).ran(["0100"]);
    std::fs::rename(repo.path("in/a"), repo.path("in/b")).unwrap();
    let explained = repo.az("build '*' --explain").code(0).ran(["0100"]).says("in/a");
    explained.says("in/b").says("in/*");
}

#[test]
fn one_pattern_with_a_blank_is_not_two() {
    let rule = |outputs: &str| format!("[[rule]]\nmatch = \"0100\"\ninputs = []\noutputs = [{outputs}]\n");
    let repo = Repo::new().script("0100_a.sh", "touch a b 'a b'").file("rules/r.toml", rule("\"a b\""));
    repo.az("build 0100").code(0).ran(["0100"]).az("build 0100").code(0).ran([]);
    repo.file("rules/r.toml", rule("\"a\", \"b\""));
    repo.az("build 0100 --explain").code(0).ran(["0100"]).says("declared outputs changed");
}
