//! Checking a thousand playbooks of all formats: all of them cold, and one that changed among those that did not.
//!
//! What `az check` asks of each: its reading with all mistakes, and its plan over a hundred scripts. The corpus beside
//! the project is checked too, where it is there.

use std::{collections::BTreeMap, fmt::Write, hint::black_box, path::Path, sync::Arc};

use az::{
    base::WsPath,
    db::{Contents, Database, Request, SourceFile, Surroundings, Workspace},
    model::query::playbook_reading,
    plan::plan,
    sys::Platform,
};
use criterion::{Criterion, criterion_group, criterion_main};

const PLAYBOOKS: usize = 1_000;
const SCRIPTS: usize = 100;

/// The nth playbook: its extension and its text, of about 1.5 kB.
fn playbook(index: usize) -> (&'static str, String) {
    let number = |step: usize| 100 + (index * 7 + step) % SCRIPTS;
    let mut text = String::new();
    let extension = match index % 5 {
        0 => {
            text.push_str("{\"metadata\": {\"name\": \"v2\", \"description\": \"é 🚀 a generated one\", \"version\": \"1.0.0\"},\n \"orchestration\": {\"defaultVariables\": {\"A\": 1}, \"stages\": [\n");
            for step in 0..10 {
                let comma = if step == 9 { "" } else { "," };
                let _ = writeln!(
                    text,
                    "  {{\"name\": \"Stage {step}\", \"description\": \"what it does\", \"sequences\": [\"{:04}\"], \"timeout\": 60}}{comma}",
                    number(step)
                );
            }
            text.push_str("]}}\n");
            "json"
        }
        1 => {
            text.push_str("metadata:\n  name: v3\n  description: a generated one\norchestration:\n  jobs:\n");
            for step in 0..10 {
                let _ = write!(
                    text,
                    "    job{step}:\n      name: Job {step}\n      steps:\n        - name: é 🚀\n          run: {:04}\n          timeout: 60\n",
                    number(step)
                );
            }
            "yaml"
        }
        2 => {
            text.push_str("[metadata]\nname = \"v3\"\ndescription = \"a generated one\"\n");
            for step in 0..10 {
                let _ = write!(
                    text,
                    "[[orchestration.jobs.job{step}.steps]]\nname = \"é 🚀\"\nrun = \"{:04}\"\ntimeout = 60\n",
                    number(step)
                );
            }
            "toml"
        }
        3 => {
            text.push_str(
                "@{\n    Name = 'definitions'\n    Description = 'a generated one'\n    Sequence = @(\n",
            );
            for step in 0..10 {
                let _ = writeln!(
                    text,
                    "        @{{ Script = '{:04}'; Description = 'é 🚀'; Parameters = @{{ Path = './src'; All = $true }}; Timeout = 60 }}",
                    number(step)
                );
            }
            text.push_str("    )\n}\n");
            "psd1"
        }
        _ => {
            text.push_str("{\"Name\": \"v1\", \"Description\": \"a generated one\", \"Variables\": {\"Path\": \"./src\"},\n \"Sequence\": [");
            for step in 0..30 {
                let comma = if step == 29 { "" } else { ", " };
                let _ = write!(text, "\"{:04}\"{comma}", number(step));
            }
            text.push_str("]}\n");
            "json"
        }
    };
    (extension, text)
}

/// A database with the playbooks and a request for each.
struct Checked {
    db: Database,
    workspace: Workspace,
    playbooks: Vec<(SourceFile, Request)>,
    surroundings: Surroundings,
}

impl Checked {
    fn new(texts: &[(String, Arc<[u8]>)]) -> Self {
        let db = Database::new();
        let file =
            |path: &str, contents| SourceFile::new(&db, WsPath::from_normal(path).expect("a path"), contents);
        let scripts = (0..SCRIPTS).map(|number| {
            let text = format!("#!/bin/sh\n# Stage: Testing\n# Description: one of many\necho {number}\n");
            file(
                &format!("scripts/{:04}_S{number}.sh", 100 + number),
                Contents::Bytes(text.as_bytes().into()),
            )
        });
        let scripts: Vec<SourceFile> = scripts.collect();
        let playbooks: Vec<(SourceFile, Request)> = texts
            .iter()
            .map(|(path, text)| {
                let request =
                    Request::new(&db, vec![path.clone()], true, vec![], BTreeMap::new(), false, vec![]);
                (file(path, Contents::Bytes(Arc::clone(text))), request)
            })
            .collect();
        let config = file("az.toml", Contents::Absent);
        let files = playbooks.iter().map(|(file, _)| *file).collect();
        let root: Arc<Path> = Arc::from(Path::new("/w"));
        let workspace = Workspace::new(&db, root, scripts, files, vec![], config, Platform::current());
        let surroundings = Surroundings::new(&db, BTreeMap::new(), false);
        Self { db, workspace, playbooks, surroundings }
    }

    /// Asks for every reading and plan, and returns how many steps there are.
    fn check(&self) -> usize {
        let count = |(file, request): &(SourceFile, Request)| {
            black_box(playbook_reading(&self.db, *file).diagnostics.len());
            let planned = plan(&self.db, self.workspace, *request, self.surroundings);
            planned.plan.as_ref().map_or(0, |plan| plan.nodes.len())
        };
        self.playbooks.iter().map(count).sum()
    }
}

fn generated() -> Vec<(String, Arc<[u8]>)> {
    let named = |index: usize| {
        let (extension, text) = playbook(index);
        (format!("playbooks/p{index}.{extension}"), Arc::from(text.into_bytes()))
    };
    (0..PLAYBOOKS).map(named).collect()
}

fn benches(criterion: &mut Criterion) {
    let texts = generated();
    let steps = Checked::new(&texts).check();
    assert_eq!(steps, PLAYBOOKS / 5 * (4 * 10 + 30), "each generated playbook plans");
    let mut group = criterion.benchmark_group("check 1000 playbooks");
    group.sample_size(10);
    group.bench_function("cold", |bencher| bencher.iter(|| Checked::new(&texts).check()));
    let mut warm = Checked::new(&texts);
    warm.check();
    group.bench_function("nothing changed", |bencher| bencher.iter(|| warm.check()));
    let mut round = 0;
    group.bench_function("one changed", |bencher| {
        bencher.iter(|| {
            round += 1;
            let (file, text) = (warm.playbooks[round % PLAYBOOKS].0, &texts[round % PLAYBOOKS].1);
            let changed = [text, format!("\n{}", " ".repeat(round / PLAYBOOKS % 7)).as_bytes()].concat();
            warm.db.set_contents(file, Contents::Bytes(changed.into()));
            warm.check()
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
