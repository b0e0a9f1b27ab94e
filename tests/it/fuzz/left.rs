//! What az itself leaves reaches into every reader of it: without that, the corpora would be of no use.
//!
//! With `AZ_FUZZ_SEEDS=folder` the inputs are written there, by target.

use std::{fs, path::Path, sync::Arc};

use az::{
    cache::{Amendment, Blobs, Gate, KnownFiles, Layout, Store, write_table},
    execute::guard::{Bounds, Start},
    model::settings::Leftovers,
    sys::{Memory, Os, System},
};

use super::bodies::{
    TARGETS,
    seal::{joined, without_checks},
};
use crate::repo::Repo;

/// A build of a few steps: one hands something on, one fails, and one leaves a link and a folder.
fn built() -> Repo {
    let repo = Repo::new()
        .file("in/a", "a")
        .script("0100_a.sh", "# Inputs: in/**\n# Outputs: out/a\nmkdir -p out; cat in/a > out/a")
        .script("0200_b.sh", "# Inputs: out/a\n# Outputs: out/l\nln -sf a out/l; mkdir -p out/d; echo said")
        .script("0300_c.sh", "echo a=1 >> \"$AZ_OUTPUT\"; echo x=y >> \"$AZ_ENV\"")
        .script("0400_d.sh", "cat in/a; echo x > out/x; exit 3");
    repo.az("build '*' --continue-on-error").ran_once_or_twice(["0100", "0200", "0300", "0400"]);
    repo.file("in/b", "b").az("build 0100,0200").ran(["0100"]);
    repo.is_answered_by_gate("build 0100,0200");
    repo
}

/// Returns inputs with the targets they are for.
fn inputs(repo: &Repo) -> Vec<(&'static str, Vec<u8>)> {
    let real = Layout::new(&repo.path(""));
    let read = |path: &Path| fs::read(path).unwrap();
    let (journal, small) = (read(&real.entries()), read(&real.blobs().join("small")));
    let (memory, layout) = (Memory::new(), Layout::new(Path::new("/w")));
    let system = Arc::new(memory.file(layout.entries(), &journal).file(layout.blobs().join("small"), small));
    let flat = |path: &Path| without_checks(&system.read(path).unwrap());

    let store = Store::open(Arc::clone(&system) as _, layout.clone());
    store.prepare_to_write().unwrap();
    store.keep_only(&store.holdings().iter().map(|holding| holding.number).collect()).unwrap();
    let index = joined(&flat(&layout.index()), &system.read(&layout.entries()).unwrap());

    Blobs::new(Arc::clone(&system) as _, layout.blobs()).mend_small().unwrap();
    let small = layout.blobs().join("small");
    let contents = joined(&flat(&small.with_extension("index")), &system.read(&small).unwrap());

    write_table(&*system, &layout, &KnownFiles::open(&Os, &real).all()).unwrap();
    let files = joined(&flat(&layout.files()), &read(&real.files().with_extension("new")));

    let mut inputs = vec![("record", journal), ("index", index), ("contents", contents), ("files", files)];
    for entry in fs::read_dir(real.version().join("gate")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none() {
            inputs.extend(of_gate(&system, &path, &read(&path)));
        }
    }
    for run in fs::read_dir(real.runs()).unwrap() {
        let run = run.unwrap().path();
        let metadata = String::from_utf8(read(&run.join("metadata.json"))).unwrap();
        inputs.push((
            "journal",
            [metadata.replace('\n', "").as_bytes(), b"\n", &read(&run.join("events.jsonl"))].concat(),
        ));
    }
    inputs.push(("start", start().encode()));
    if repo.sh("git init --quiet && git add scripts in").is_success() {
        inputs.push(("git_index", read(&repo.path(".git/index"))));
    }
    inputs
}

/// Returns a gate, the same with what amends it, and the steps in it.
fn of_gate(system: &Memory, path: &Path, gate: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    system.file(path, gate);
    let read = Gate::read(system, path).unwrap();
    let known = read.paths().next().map(|known| known.known());
    let amendment = Amendment {
        paths: known.into_iter().collect(),
        removed: vec![1],
        items: [(0, read.item(0))].into(),
        ..Amendment::default()
    };
    read.amend(system, path, amendment).unwrap();
    let over = system.read(&Gate::files(path)[1]).unwrap_or_default();
    let plans = (0..read.item_count()).map(|item| ("node", read.plan(item).to_vec()));
    let gates = [("gate", joined(gate, b"")), ("gate", joined(gate, &over))];
    gates.into_iter().chain(plans.filter(|(_, plan)| !plan.is_empty())).collect()
}

fn start() -> Start {
    let bounds = Bounds { writable: Some(vec!["/w".into()]), is_offline: true, is_trace_needed: false };
    Start {
        argv: vec!["sh".into(), "-c".into(), "true".into()],
        program: Some("/bin/sh".into()),
        env: vec![("A".into(), "b".into())],
        cwd: "/w".into(),
        mark: "0100".into(),
        group: Some(7),
        bounds: Some(bounds),
        leftovers: Leftovers::Warn,
        is_traced: true,
    }
}

#[test]
fn what_az_leaves_is_read() {
    let inputs = inputs(&built());
    for (number, (name, input)) in inputs.iter().enumerate() {
        let (_, body) = TARGETS.iter().find(|(target, _)| target == name).unwrap();
        assert!(body(input), "nothing is read for {name}");
        if let Some(folder) = std::env::var_os("AZ_FUZZ_SEEDS") {
            let folder = Path::new(&folder).join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("az-{number}")), input).unwrap();
        }
    }
    for name in ["record", "index", "contents", "files", "gate", "node", "journal", "start"] {
        assert!(inputs.iter().any(|(target, _)| *target == name), "there is nothing for {name}");
    }
}
