//! Checking a thousand playbooks of all formats: all of them cold, and one that changed among those that did not.
//!
//! What `az check` asks of each: its reading with all mistakes, and its plan over a hundred scripts. The corpus beside
//! the project is checked too, where it is there.

use std::{collections::BTreeMap, hint::black_box, path::Path, sync::Arc};

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
    let joined = |count, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>();
    match index % 5 {
        0 => {
            let stages = joined(10, &|step| {
                let number = number(step);
                format!("{{\"name\": \"Stage {step}\", \"sequences\": [\"{number:04}\"], \"timeout\": 60}}")
            });
            let head = "{\"metadata\": {\"name\": \"v2\", \"description\": \"é 🚀 a generated one\"},";
            ("json", format!("{head}\n \"orchestration\": {{\"stages\": [\n{}\n]}}}}\n", stages.join(",\n")))
        }
        1 => {
            let jobs = joined(10, &|step| {
                let number = number(step);
                format!(
                    "    job{step}:\n      name: é 🚀\n      steps:\n        - run: {number:04}\n          timeout: 60\n"
                )
            });
            ("yaml", format!("metadata:\n  name: v3\norchestration:\n  jobs:\n{}", jobs.concat()))
        }
        2 => {
            let jobs = joined(10, &|step| {
                let number = number(step);
                format!(
                    "[[orchestration.jobs.job{step}.steps]]\nname = \"é 🚀\"\nrun = \"{number:04}\"\ntimeout = 60\n"
                )
            });
            ("toml", format!("[metadata]\nname = \"v3\"\n{}", jobs.concat()))
        }
        3 => {
            let definitions = joined(10, &|step| {
                let number = number(step);
                format!(
                    "        @{{ Script = '{number:04}'; Description = 'é 🚀'; Parameters = @{{ All = $true }}; Timeout = 60 }}\n"
                )
            });
            (
                "psd1",
                format!(
                    "@{{\n    Name = 'definitions'\n    Sequence = @(\n{}    )\n}}\n",
                    definitions.concat()
                ),
            )
        }
        _ => {
            let numbers = joined(30, &|step| format!("\"{:04}\"", number(step)));
            ("json", format!("{{\"Name\": \"v1\", \"Sequence\": [{}]}}\n", numbers.join(", ")))
        }
    }
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
                let request = Request::new(
                    &db,
                    vec![path.clone()],
                    true,
                    vec![],
                    BTreeMap::new(),
                    None,
                    false,
                    vec![],
                    BTreeMap::new(),
                    vec![],
                );
                (file(path, Contents::Bytes(Arc::clone(text))), request)
            })
            .collect();
        let config = file("az.toml", Contents::Absent);
        let files = playbooks.iter().map(|(file, _)| *file).collect();
        let root: Arc<Path> = Arc::from(Path::new("/w"));
        let workspace = Workspace::new(&db, root, scripts, files, vec![], config, None, Platform::current());
        let surroundings = Surroundings::new(&db, az::base::Env::default(), false, None);
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
