//! Planning a playbook of a thousand steps; its floor is reading the same text as TOML.

use std::{collections::BTreeMap, fmt::Write, hint::black_box, path::Path, sync::Arc};

use az::{
    base::WsPath,
    db::{Contents, Database, Request, SourceFile, Surroundings, Workspace},
    plan::plan,
    sys::Platform,
};
use criterion::{Criterion, criterion_group, criterion_main};

const STEPS: usize = 1_000;

/// A job of steps that each read what an earlier one makes.
fn playbook() -> String {
    let mut text = "[metadata]\nname = \"many\"\n".to_owned();
    for step in 0..STEPS {
        let before = if step == 0 { "src/first".to_owned() } else { format!("out/{}", step / 2) };
        write!(
            text,
            "[orchestration.jobs.job{step}]\n[[orchestration.jobs.job{step}.steps]]\nshell = \"sh\"\n\
             script = \"cat src/{step} {before} > out/{step}\"\n\
             inputs = [\"src/{step}\", \"{before}\"]\noutputs = [\"out/{step}\"]\n"
        )
        .expect("text can be written");
    }
    text
}

fn file(db: &Database, path: &str, contents: Contents) -> SourceFile {
    SourceFile::new(db, WsPath::from_normal(path).expect("a normal path"), contents)
}

/// Plans in a database of its own, as one command does.
fn planned(text: &str) -> usize {
    let db = Database::new();
    let playbook = file(&db, "playbooks/many.toml", Contents::Bytes(text.as_bytes().into()));
    let config = file(&db, "az.toml", Contents::Absent);
    let root: Arc<Path> = Arc::from(Path::new("/w"));
    let workspace =
        Workspace::new(&db, root, vec![], vec![playbook], vec![], config, None, Platform::current());
    let asked = vec!["many".to_owned()];
    let request = Request::new(
        &db,
        asked,
        false,
        vec![],
        BTreeMap::new(),
        None,
        false,
        vec![],
        BTreeMap::new(),
        vec![],
    );
    let surroundings = Surroundings::new(&db, BTreeMap::new(), false, None);
    let planned = plan(&db, workspace, request, surroundings);
    planned.plan.as_ref().expect("the playbook is sound").nodes.len()
}

fn benches(criterion: &mut Criterion) {
    let text = playbook();
    assert_eq!(planned(&text), STEPS);
    let mut group = criterion.benchmark_group("plan");
    group.bench_function("az", |bencher| bencher.iter(|| planned(black_box(&text))));
    group.bench_function("floor: parse the TOML", |bencher| {
        bencher.iter(|| black_box(&text).parse::<toml::Table>().expect("the text is TOML"));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
