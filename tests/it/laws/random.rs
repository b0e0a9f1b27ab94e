//! Random repositories under random changes: never a stale result, never a step more than must run.
//!
//! The model is an interpreter that runs the steps one after the other over a map of files, and remembers for each
//! step what it was given before. A step must run exactly if it was never given this; the files must be the model's.
//! As many worlds as `AZ_TEST_SEEDS` says, a few without it.

use std::collections::{BTreeMap, BTreeSet};

use rustix::process::Signal;

use super::declared;
use crate::repo::{Repo, until};

const SOURCES: usize = 3;
const STEPS: usize = 8;
const CHANGES: usize = 14;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A step: reads `inputs`, and makes `output` anew or, if it rewrites, appends to it.
struct Step {
    inputs: Vec<String>,
    output: String,
    rewrites: bool,
}

struct World {
    repo: Repo,
    steps: Vec<Step>,
    files: BTreeMap<String, String>,
    /// What each step was given when it ran.
    given: BTreeSet<(usize, Vec<Option<String>>)>,
    history: Vec<String>,
}

fn number(step: usize) -> String {
    format!("{:04}", 400 + step)
}

impl World {
    fn new(random: &mut Random) -> Self {
        let mut world = Self {
            repo: Repo::new(),
            steps: Vec::new(),
            files: BTreeMap::new(),
            given: BTreeSet::new(),
            history: Vec::new(),
        };
        for source in 0..SOURCES {
            world.set(&format!("s{source}"), "0");
        }
        for step in 0..STEPS {
            let made: Vec<String> = world.steps.iter().map(|step| step.output.clone()).collect();
            let rewrites = !made.is_empty() && random.below(3) == 0;
            let output = if rewrites { made[random.below(made.len())].clone() } else { format!("m{step}") };
            let known: Vec<String> = (0..SOURCES).map(|source| format!("s{source}")).chain(made).collect();
            let mut inputs: Vec<String> = (0..2)
                .map(|_| known[random.below(known.len())].clone())
                .filter(|input| *input != output)
                .collect();
            inputs.extend(rewrites.then(|| output.clone()));
            inputs.sort();
            inputs.dedup();
            world.add(step, Step { inputs, output, rewrites });
        }
        world
    }

    fn add(&mut self, step: usize, what: Step) {
        let Step { inputs, output, rewrites } = &what;
        let read: Vec<&str> = inputs.iter().map(String::as_str).filter(|input| input != output).collect();
        let text = format!("{}$(cat {} /dev/null 2>/dev/null || true)", number(step), read.join(" "));
        let into = if *rewrites { ">>" } else { ">" };
        let body = format!("printf '(%s)' \"{text}\" {into} {output}");
        self.repo.script(&format!("{}_step.sh", number(step)), &declared(&inputs.join(", "), output, &body));
        self.history.push(format!("{}: {} {into} {output}", number(step), inputs.join(" ")));
        self.steps.push(what);
    }

    fn set(&mut self, path: &str, text: &str) {
        self.repo.file(path, text);
        self.files.insert(path.to_owned(), text.to_owned());
    }

    fn remove(&mut self, path: &str) {
        if self.files.remove(path).is_some() {
            self.repo.remove(path);
        }
    }

    /// Runs the selected steps in the model and returns those that must really run.
    fn expect(&mut self, selected: &BTreeSet<usize>) -> Vec<String> {
        let mut must = Vec::new();
        for &index in selected {
            let step = &self.steps[index];
            let given = step.inputs.iter().map(|input| self.files.get(input).cloned()).collect();
            if self.given.insert((index, given)) {
                must.push(number(index));
            }
            let read = step.inputs.iter().filter(|input| **input != step.output);
            let read: String = read.filter_map(|input| self.files.get(input)).map(String::as_str).collect();
            let before = self.files.get(&step.output).filter(|_| step.rewrites).cloned().unwrap_or_default();
            self.files.insert(step.output.clone(), format!("{before}({}{read})", number(index)));
        }
        must
    }

    fn build(&mut self, selected: &BTreeSet<usize>, jobs: usize) {
        let words: Vec<String> = selected.iter().map(|step| number(*step)).collect();
        let line = format!("build {} -j{jobs}", words.join(" "));
        self.history.push(line.clone());
        let expected = self.expect(selected);
        let output = self.repo.az(&format!("{line} --explain")).code(0);
        let mut ran = self.repo.scripts_run();
        ran.sort();
        let history = self.history.join("\n");
        assert_eq!(ran, expected, "what ran, after\n{history}\n{}", *output);
        for (path, text) in &self.files {
            assert_eq!(self.repo.read(path), *text, "`{path}`, after\n{history}\n{}", *output);
        }
    }

    fn change(&mut self, random: &mut Random) {
        let output = self.steps[random.below(STEPS)].output.clone();
        match random.below(8) {
            0..=3 => {
                let (source, text) = (format!("s{}", random.below(SOURCES)), random.below(3).to_string());
                self.history.push(format!("{source} = {text}"));
                self.set(&source, &text);
            }
            4 => {
                self.history.push(format!("rm {output}"));
                self.remove(&output);
            }
            5 => {
                self.history.push(format!("{output} = by hand"));
                self.set(&output, "by hand");
            }
            _ => {}
        }
    }
}

impl World {
    /// Kills az as soon as some more steps have started, and claims that the next run makes everything good.
    fn kill_and_go_on(&mut self, random: &mut Random) {
        let started = || std::fs::read_to_string(self.repo.unseen("log")).unwrap_or_default().lines().count();
        let (before, enough) = (started(), 1 + random.below(3));
        let mut running = self.repo.start("build '*' -j2");
        until("enough steps have started, or all is done", || {
            started() >= before + enough || !running.is_running()
        });
        running.signal_if_running(Signal::KILL);
        _ = running.wait();
        self.history.push(format!("killed after {enough} steps"));
        let all = (0..STEPS).collect();
        _ = self.expect(&all);
        let history = self.history.join("\n");
        let output = self.repo.az("build '*'").code(0);
        for (path, text) in &self.files {
            assert_eq!(self.repo.read(path), *text, "`{path}`, after\n{history}\n{}", *output);
        }
        _ = self.repo.scripts_run();
    }
}

#[test]
fn a_kill_at_any_step_costs_nothing_but_time() {
    for seed in 100..100 + seeds(4) {
        let random = &mut Random(seed);
        let mut world = World::new(random);
        world.history.insert(0, format!("seed {seed}"));
        for _ in 0..6 {
            world.change(random);
            world.kill_and_go_on(random);
            world.repo.az("build '*'").code(0).ran([]);
        }
    }
}

fn seeds(default: u64) -> u64 {
    std::env::var("AZ_TEST_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(default)
}

#[test]
fn nothing_is_stale_and_nothing_runs_that_need_not() {
    for seed in 0..seeds(6) {
        let random = &mut Random(seed);
        let mut world = World::new(random);
        world.history.insert(0, format!("seed {seed}"));
        let all: BTreeSet<usize> = (0..STEPS).collect();
        world.build(&all, 4);
        for _ in 0..CHANGES {
            (0..=random.below(2)).for_each(|_| world.change(random));
            let some: BTreeSet<usize> = (0..=random.below(4)).map(|_| random.below(STEPS)).collect();
            let selected = if random.below(3) == 0 { &some } else { &all };
            world.build(selected, 1 + random.below(4));
        }
    }
}
