//! Many declared steps: what runs again after a change, counted from processes really started.
//!
//! The steps are a layered graph of jobs, each folding numbers; a model in the test knows every result. As many steps
//! as `AZ_TEST_STEPS` says, 120 without it.

use std::{collections::BTreeSet, fmt::Write};

use crate::repo::{Checked, Repo};

const LAYERS: usize = 5;
const NEEDS: usize = 3;
const MODULUS: u64 = 1_000_003;

/// What the repository holds, and what each step must make of it.
struct World {
    repo: Repo,
    numbers: Vec<u64>,
    needs: Vec<Vec<usize>>,
}

fn name(step: usize) -> String {
    format!("t{step:05}")
}

impl World {
    fn new() -> Self {
        Self::of(std::env::var("AZ_TEST_STEPS").ok().and_then(|count| count.parse().ok()).unwrap_or(120))
    }

    fn of(count: usize) -> Self {
        let width = count / LAYERS;
        let needs = |step: usize| -> Vec<usize> {
            let (layer, column) = (step / width, step % width);
            let below = |other: usize| (layer - 1) * width + (column + other) % width;
            if layer == 0 { Vec::new() } else { (0..NEEDS.min(width)).map(below).collect() }
        };
        let world = Self {
            repo: Repo::new(),
            numbers: (0..width * LAYERS).map(|step| step as u64 * 7 % 997).collect(),
            needs: (0..width * LAYERS).map(needs).collect(),
        };
        (0..world.count()).for_each(|step| world.write_input(step, "first"));
        world.write_playbook();
        world
    }

    fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The first line counts; the second is a comment.
    fn write_input(&self, step: usize, comment: &str) {
        self.repo.file(&format!("in/{}.txt", name(step)), format!("{}\n# {comment}\n", self.numbers[step]));
    }

    /// Changes what a step is given.
    fn count_up(&mut self, step: usize) {
        self.numbers[step] += 1;
        self.write_input(step, "first");
    }

    fn write_playbook(&self) {
        let mut text = "[metadata]\nname = \"graph\"\ndescription = \"a layered graph\"\n".to_owned();
        for (step, needs) in self.needs.iter().enumerate() {
            let name_of = |other: &usize| format!("\"{}\"", name(*other));
            let output_of = |other: &usize| format!("out/{}", name(*other));
            let outputs: Vec<String> = needs.iter().map(output_of).collect();
            let inputs: Vec<String> =
                std::iter::once(format!("in/{}.txt", name(step))).chain(outputs).collect();
            let quoted: Vec<String> = inputs.iter().map(|input| format!("\"{input}\"")).collect();
            let script = format!(
                "{}; v=7; for f in {}; do read -r n < $f; v=$(( (v*31+n) % {MODULUS} )); done; echo $v > out/{}",
                self.repo.notes(&name(step)),
                inputs.join(" "),
                name(step),
            );
            write!(
 text,
                "\n[orchestration.jobs.{0}]\nneeds = [{1}]\n[[orchestration.jobs.{0}.steps]]\nname = \"{0}\"\nscript = '''{2}'''\nshell = \"sh\"\ninputs = [{3}]\noutputs = [\"out/{0}\"]\n",
                name(step),
                needs.iter().map(name_of).collect::<Vec<_>>().join(", "),
                script,
                quoted.join(", "),
            ).unwrap();
        }
        self.repo.playbook("graph.toml", &text).file("out/.keep", "");
    }

    /// Builds, and claims that exactly these steps ran and that every result is right.
    fn build(&self, expected: impl IntoIterator<Item = usize>) -> Checked {
        let output = self.repo.az("build graph").code(0);
        let expected: BTreeSet<String> = expected.into_iter().map(name).collect();
        let ran = self.repo.scripts_run();
        assert_eq!(ran.iter().cloned().collect::<BTreeSet<_>>(), expected, "{}", *output);
        assert_eq!(ran.len(), expected.len(), "each step once: {ran:?}");
        self.check();
        output
    }

    fn check(&self) {
        let mut values: Vec<u64> = Vec::with_capacity(self.count());
        for (step, needs) in self.needs.iter().enumerate() {
            let numbers = std::iter::once(self.numbers[step]).chain(needs.iter().map(|need| values[*need]));
            values.push(numbers.fold(7, |value, number| (value * 31 + number) % MODULUS));
            let found = self.repo.read(&format!("out/{}", name(step)));
            assert_eq!(found.trim(), values[step].to_string(), "the result of {}", name(step));
        }
    }

    /// Returns a step and all that depend on it.
    fn cone(&self, step: usize) -> BTreeSet<usize> {
        let mut cone = BTreeSet::from([step]);
        for (later, needs) in self.needs.iter().enumerate() {
            if needs.iter().any(|need| cone.contains(need)) {
                cone.insert(later);
            }
        }
        cone
    }

    fn last(&self) -> usize {
        self.count() - 1
    }
}

#[test]
fn only_what_a_change_reaches_runs_again() {
    let mut world = World::new();
    world.build(0..world.count());
    world.build([]);

    // A leaf: itself. The bottom: its cone. Both taken back: nothing.
    let (leaf, bottom) = (world.last(), 0);
    let before = (world.numbers[leaf], world.numbers[bottom]);
    world.count_up(leaf);
    world.build([leaf]);
    world.count_up(bottom);
    world.build(world.cone(bottom));
    (world.numbers[leaf], world.numbers[bottom]) = before;
    world.write_input(leaf, "first");
    world.write_input(bottom, "first");
    world.build([]);

    // The same output again stops the chain.
    world.write_input(bottom, "second");
    world.build([bottom]);
    world.build([]);
}

#[test]
fn outputs_come_back_and_a_persons_are_kept() {
    let world = World::new();
    world.build(0..world.count());
    let (first, middle, last) = (
        "out/t00000".to_owned(),
        format!("out/{}", name(world.count() / 2)),
        format!("out/{}", name(world.last())),
    );
    for path in [&first, &middle, &last] {
        world.repo.remove(path);
    }
    world.build([]);
    world.repo.remove("out");
    world.build([]);
    world.repo.edit(&middle, "a person's\n");
    world.build([]).says("set aside");
    let kept = world.repo.sh("cat $(find .azcache/v1/kept -type f)");
    assert_eq!(kept.stdout(), "a person's\n");
    world.build([]).not("set aside");
}

#[test]
fn what_changes_no_content_runs_nothing() {
    let world = World::new();
    world.build(0..world.count());
    for step in 0..world.count() {
        world.repo.touch(&format!("in/{}.txt", name(step)));
    }
    world.repo.touch(&format!("out/{}", name(0))).touch("playbooks/graph.toml");
    world.build([]);
    // The same bytes in another file, as an editor or a checkout leaves them.
    let input = format!("in/{}.txt", name(3));
    let text = world.repo.read(&input);
    world.repo.remove(&input).file(&input, text);
    world.build([]);
    // Another order of the same text: comments and blanks of a playbook are no part of any step.
    let playbook = world.repo.read("playbooks/graph.toml");
    world.repo.playbook("graph.toml", &format!("# a comment\n\n{playbook}\n\n"));
    world.build([]);
    // Files nobody asks about.
    world.repo.file("in/stranger.txt", "1").file("notes.md", "");
    world.build([]);
}

#[test]
fn a_mode_is_a_part_of_a_file() {
    let world = World::new();
    world.build(0..world.count());
    let input = format!("in/{}.txt", name(0));
    world.repo.mode(&input, 0o755);
    // Its output is the same, so only the step itself runs.
    world.build([0]);
    world.repo.mode(&input, 0o644);
    world.build([]);
    // Whether others may read a file is nothing a step could see in it.
    world.repo.mode(&input, 0o600);
    world.build([]);
    world.repo.mode(&format!("out/{}", name(1)), 0o755);
    world.build([]);
}

#[test]
fn one_at_a_time_finds_what_many_at_once_recorded() {
    let world = World::new();
    world.build(0..world.count());
    world.repo.az("build graph -j1").code(0).ran([]);
    world.repo.az("build graph --parallel=false").code(0).ran([]);
    world.repo.remove(".azcache");
    world.repo.az("build graph -j1").code(0);
    assert_eq!(world.repo.scripts_run().len(), world.count());
    world.check();
    world.repo.az("build graph -j8").code(0).ran([]);
}

#[test]
fn a_thousand_steps() {
    let mut world = World::of(1000);
    world.build(0..1000);
    world.build([]);
    let (leaf, bottom) = (world.last(), 0);
    let before = (world.numbers[leaf], world.numbers[bottom]);
    world.count_up(leaf);
    world.build([leaf]);
    world.count_up(bottom);
    assert_eq!(world.cone(bottom).len(), 1 + 3 + 5 + 7 + 9);
    world.build(world.cone(bottom));
    (world.numbers[leaf], world.numbers[bottom]) = before;
    world.write_input(leaf, "first");
    world.write_input(bottom, "first");
    world.build([]);
    world.write_input(bottom, "second");
    world.build([bottom]);

    // Outputs that are gone come back, all of them and some; one that is a person's work is kept aside.
    world.repo.remove("out");
    world.build([]);
    for step in (0..1000).step_by(7) {
        world.repo.remove(&format!("out/{}", name(step)));
    }
    world.build([]);
    world.repo.edit("out/t00500", "a person's\n");
    world.build([]).says("set aside");
    assert_eq!(world.repo.sh("cat $(find .azcache/v1/kept -type f)").stdout(), "a person's\n");

    // What is only touched is what it was.
    for step in 0..1000 {
        world.repo.touch(&format!("in/{}.txt", name(step))).touch(&format!("out/{}", name(step)));
    }
    world.build([]);
}

/// The generator that az and its peers are measured with.
#[test]
fn the_benchmark_of_a_thousand_steps() {
    let repo = Repo::new();
    let Some(generator) = Repo::shared("bench/gen.py") else { return };
    if !repo.finds("python3") {
        return;
    }
    let tasks: usize = 1000;
    let generate = format!("cd .. && python3 '{}' --peer az --tasks {tasks} bench", generator.display());
    repo.sh(&generate).code(0);
    let started = || std::fs::read_to_string(repo.outside("log")).unwrap_or_default().lines().count();
    let build = |expected: usize| {
        let before = started();
        repo.az("-C ../bench build bench").code(0);
        assert_eq!(started() - before, expected, "processes started");
    };
    build(tasks);
    build(0);
    // A step nothing depends on, then the same number with another comment.
    let leaf = format!("../bench/pkgs/g{:03}/{}/in/f0.txt", (tasks - 3) / 100, name(tasks - 3));
    let text = repo.read(&leaf);
    let (number, comment) = text.split_once('\n').unwrap();
    repo.edit(&leaf, &format!("4{number}\n{comment}"));
    build(1);
    repo.edit(&leaf, &text);
    build(0);
    let bottom = "../bench/pkgs/g001/t00100/in/f0.txt";
    let text = repo.read(bottom);
    repo.edit(bottom, &format!("{text}# of no consequence\n"));
    build(1);
    // Three of the next layer read it, five of the one above them, and so on, and it runs itself.
    repo.edit(bottom, &format!("4{text}"));
    build(1 + 3 + 5 + 7 + 9);
    repo.edit(bottom, &text);
    build(0);
}

/// A playbook of so many steps that those that are as they were are only counted; one of them ends with a warning.
fn many() -> Repo {
    let mut text = String::from("metadata.name = \"many\"\n");
    let repo = Repo::new();
    for step in 0..220 {
        repo.file(&format!("in/{step}"), if step == 11 { "exit 7" } else { "" });
        let outputs = if step == 7 { "outputs = [\"out/*\"]" } else { "outputs = []" };
        let inputs = if step == 9 { "in/9\", \"out/extra*".to_owned() } else { format!("in/{step}") };
        let line = format!("{} && sh in/{step}", repo.notes(&step.to_string()));
        _ = write!(
            text,
            "[[orchestration.jobs.j{step}.steps]]\nid = \"s{step}\"\nscript = \"{line}\"\nshell = \"sh\"\n\
             exitCodes = {{ 7 = \"warning\" }}\ninputs = [\"{inputs}\"]\n{outputs}\n",
        );
    }
    repo.playbook("many.toml", &text);
    repo
}

/// Returns the result that stands in the folder of the newest run.
fn newest_result(repo: &Repo) -> serde_json::Value {
    let newest = repo.sh("ls -td .azcache/v1/runs/*/ | head -n 1").stdout().trim().to_owned();
    serde_json::from_str(&repo.read(&format!("{newest}result.json"))).unwrap()
}

#[test]
fn of_very_many_steps_those_that_are_as_they_were_are_counted() {
    let repo = many();
    repo.az("build many").code(0).says("ran 220 steps");
    repo.file("in/8", "true").az("build many").code(0).says("ran 1 step,").says("reused 219");
    let result = newest_result(&repo);
    let told: Vec<&str> =
        result["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(told, ["j8", "j11"], "the one that ran, and the one with a warning");
    assert_eq!((&result["held"], &result["counts"]["total"]), (&218.into(), &220.into()));
    repo.file("in/8", "").az("build many").code(0).says("ran 0 steps").says("reused 220");
    // Who asks for data is told of each.
    let all = repo.file("in/8", "true # 2").az("build many --json").code(0);
    assert_eq!(all.json()["nodes"].as_array().unwrap().len(), 220);
    assert!(all.json().get("held").is_none());
}

#[test]
fn steps_that_were_counted_are_told_of_when_they_turn_out_to_be_due() {
    let repo = many();
    repo.az("build many").code(0);
    repo.scripts_run();
    repo.file("in/7", "mkdir -p out; echo > out/extra").az("build many").code(0).ran_in_order(["7", "9"]);
    repo.az("build many").code(0).says("ran 0 steps").says("reused 220");
}
