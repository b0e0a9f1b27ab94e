//! A graph of trivial steps, the files they read, and what each must leave.
//!
//! Knows what every output is, so that a stale one is seen. Does not know who runs the steps.
//!
//! A step is one shell that reads some numbers and writes one: `pkgs/gGGG/tTTTTT/{run.sh,in/N,out/value}`. Each tells
//! that it ran by a line in `../log`, beside the workspace.

use std::{
    fmt::Write as _,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Input files of a step.
const INPUTS: usize = 4;
/// Bytes of an input file; all behind its first line is there to be hashed.
const INPUT_BYTES: usize = 512;
/// Layers of a layered graph, and how many steps of the layer below one needs.
const LAYERS: usize = 5;
const NEEDS: usize = 3;
const MODULUS: u64 = 1_000_003;

/// How the steps hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Five layers; each step needs three of the layer below.
    Layered,
    /// Nothing needs anything.
    Wide,
    /// Each step needs the one before.
    Chain,
}

/// Whether the steps say what they read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Inputs and outputs; nothing is traced.
    All,
    /// Nothing; all is found out by tracing.
    Nothing,
}

/// The workspace and what its outputs must be.
pub(crate) struct Workload {
    root: PathBuf,
    shape: Shape,
    steps: usize,
    /// The number in each input of each step, and the revision of what stands behind it.
    inputs: Vec<[(u64, u32); INPUTS]>,
}

impl Shape {
    /// Returns the shape of that name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "layered" => Self::Layered,
            "wide" => Self::Wide,
            "chain" => Self::Chain,
            _ => panic!("no shape is called `{name}`: write layered, wide or chain"),
        }
    }

    /// Returns the steps that a step needs.
    fn needs(self, step: usize, steps: usize) -> Vec<usize> {
        let width = (steps / LAYERS).max(1);
        match self {
            Self::Wide => vec![],
            Self::Chain => step.checked_sub(1).into_iter().collect(),
            Self::Layered if step < width => vec![],
            Self::Layered => {
                let below = (step / width - 1) * width;
                let mut needs: Vec<_> = (0..NEEDS).map(|next| below + (step + next) % width).collect();
                needs.sort_unstable();
                needs.dedup();
                needs
            }
        }
    }
}

impl Workload {
    /// Writes a workspace of that many steps to a folder that is not there yet.
    pub(crate) fn write(root: &Path, shape: Shape, steps: usize, declared: Declared) -> Self {
        let number = |step: usize, input: usize| (step * 7 + input * 13) as u64 % 997;
        let inputs = (0..steps).map(|step| [0, 1, 2, 3].map(|input| (number(step, input), 0))).collect();
        let workload = Self { root: root.to_path_buf(), shape, steps, inputs };
        for step in 0..steps {
            for folder in ["in", "out"] {
                fs::create_dir_all(workload.folder(step).join(folder)).expect("a folder");
            }
            fs::write(workload.folder(step).join("run.sh"), workload.text_of(step)).expect("a script");
            (0..INPUTS).for_each(|input| workload.write_input(step, input));
        }
        fs::create_dir(root.join("playbooks")).expect("a folder");
        fs::write(root.join("playbooks/bench.toml"), workload.playbook(declared)).expect("a playbook");
        fs::write(
            root.join("az.toml"),
            "[workspace]\nscratch = [\"../log\"]\nmax_playbook_size = \"128MiB\"\n",
        )
        .expect("a configuration");
        workload
    }

    /// Returns how many steps there are.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Returns the files and folders that a build must know of: all but those of the cache.
    pub(crate) fn paths(&self) -> usize {
        // A step has its own folder and two in it, a script, its inputs and an output.
        let of_steps = self.steps * (3 + 1 + INPUTS + 1);
        let groups = self.steps.div_ceil(100);
        // The root, `pkgs`, `playbooks`, the playbook and the configuration.
        of_steps + groups + 5
    }

    /// Returns the folders among them.
    pub(crate) fn folders(&self) -> usize {
        self.steps * 3 + self.steps.div_ceil(100) + 3
    }

    /// Returns what a shell is told for each step, in waves: a step needs only what stands in earlier ones.
    pub(crate) fn waves(&self) -> Vec<Vec<String>> {
        let width = match self.shape {
            Shape::Layered => (self.steps / LAYERS).max(1),
            Shape::Wide => self.steps,
            Shape::Chain => 1,
        };
        let steps: Vec<_> = self.all().collect();
        steps.chunks(width).map(|wave| wave.iter().map(|step| command(*step)).collect()).collect()
    }

    /// Returns all files that are read: scripts and inputs.
    pub(crate) fn sources(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.steps).flat_map(move |step| {
            let inputs = (0..INPUTS).map(move |input| self.input(step, input));
            std::iter::once(self.folder(step).join("run.sh")).chain(inputs)
        })
    }

    /// Returns a step that nothing needs.
    pub(crate) fn leaf(&self) -> usize {
        self.steps - 1
    }

    /// Returns a step that much depends on.
    pub(crate) fn bottom(&self) -> usize {
        match self.shape {
            Shape::Layered => self.steps / LAYERS / 2,
            Shape::Wide | Shape::Chain => 0,
        }
    }

    /// Returns an input of a step.
    pub(crate) fn input(&self, step: usize, input: usize) -> PathBuf {
        self.folder(step).join(format!("in/{input}"))
    }

    /// Changes the number in an input, and so what its step makes; returns what it was.
    pub(crate) fn edit(&mut self, step: usize, input: usize) -> u64 {
        let before = self.inputs[step][input].0;
        self.set(step, input, (before + 1009) % 99_991);
        before
    }

    /// Writes a number into an input.
    pub(crate) fn set(&mut self, step: usize, input: usize, number: u64) {
        self.inputs[step][input].0 = number;
        self.write_input(step, input);
    }

    /// Changes what no step looks at in an input: the result stays what it was.
    pub(crate) fn edit_behind(&mut self, step: usize, input: usize) {
        self.inputs[step][input].1 += 1;
        self.write_input(step, input);
    }

    /// Gives every input the time it is, with its bytes as they are.
    pub(crate) fn touch_all(&self) {
        let now = SystemTime::now();
        for path in (0..self.steps).flat_map(|step| (0..INPUTS).map(move |input| self.input(step, input))) {
            let file = fs::File::options().append(true).open(path).expect("an input");
            file.set_modified(now).expect("a time can be set");
        }
    }

    /// Returns the steps whose output is not what it must be.
    pub(crate) fn wrong(&self) -> Vec<usize> {
        let mut values: Vec<u64> = Vec::with_capacity(self.steps);
        for step in 0..self.steps {
            let own = self.inputs[step].iter().map(|(number, _)| *number);
            let needed = self.shape.needs(step, self.steps);
            let numbers = own.chain(needed.iter().map(|needed| values[*needed]));
            let value = numbers.fold(7, |value, number| (value * 31 + number) % MODULUS);
            values.push(value);
        }
        let is_wrong = |step: &usize| {
            let text = fs::read_to_string(self.folder(*step).join("out/value")).unwrap_or_default();
            text.trim_end().parse() != Ok(values[*step])
        };
        self.all().filter(is_wrong).collect()
    }

    /// Removes everything that steps left.
    pub(crate) fn remove_outputs(&self) {
        for step in self.all() {
            _ = fs::remove_file(self.folder(step).join("out/value"));
        }
    }

    fn all(&self) -> Range<usize> {
        0..self.steps
    }

    fn folder(&self, step: usize) -> PathBuf {
        self.root.join(package(step))
    }

    fn write_input(&self, step: usize, input: usize) {
        let (number, revision) = self.inputs[step][input];
        let head = format!("{number}\n# {revision}\n");
        let text = format!("{head}{}\n", "x".repeat(INPUT_BYTES - head.len() - 1));
        fs::write(self.input(step, input), text).expect("an input");
    }

    /// A script of what a shell can do by itself: one process for a step, whoever runs it.
    fn text_of(&self, step: usize) -> String {
        let here = package(step);
        let needed = self.shape.needs(step, self.steps);
        let needed: String = needed.iter().map(|step| format!(" {}/out/value", package(*step))).collect();
        format!(
            "#!/bin/sh\necho {step} >> ../log\nvalue=7\nfor file in {here}/in/*{needed}; do\n    \
             read -r number < \"$file\"\n    value=$(( (value * 31 + number) % {MODULUS} ))\ndone\n\
             echo \"$value\" > {here}/out/value\n"
        )
    }

    fn playbook(&self, declared: Declared) -> String {
        let mut text = String::from("[metadata]\nname = \"bench\"\n");
        for step in self.all() {
            let needed = self.shape.needs(step, self.steps);
            let list = |of: &dyn Fn(&usize) -> String| needed.iter().map(of).collect::<Vec<_>>().join(", ");
            let needs = list(&|step| format!("\"s{step}\""));
            _ = writeln!(text, "[orchestration.jobs.s{step}]\nneeds = [{needs}]");
            _ = writeln!(text, "[[orchestration.jobs.s{step}.steps]]\nshell = \"sh\"");
            _ = writeln!(text, "script = \"{}\"", command(step));
            if declared == Declared::All {
                let here = package(step);
                let of_others = list(&|step| format!("\"{}/out/value\"", package(*step)));
                _ = writeln!(text, "inputs = [\"{here}/run.sh\", \"{here}/in/*\", {of_others}]");
                _ = writeln!(text, "outputs = [\"{here}/out/value\"]");
            }
        }
        text
    }
}

/// What a shell is told for a step: it reads the script itself, so that a step is one process.
pub(crate) fn command(step: usize) -> String {
    format!(". {}/run.sh", package(step))
}

/// The folder of a step.
fn package(step: usize) -> String {
    format!("pkgs/g{:03}/t{step:05}", step / 100)
}
