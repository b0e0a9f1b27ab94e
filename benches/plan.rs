//! Planning a playbook of a thousand steps; its floor is reading the same text as TOML. Beside it the same with
//! conditions, outputs and a matrix, of which the plain one is the floor.

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

/// A thousand steps in jobs that need, ask and hand on as much as `fields` of each says.
fn flow(jobs: usize, fields: impl Fn(usize) -> String) -> String {
    let mut text = "[metadata]\nname = \"many\"\n[defaultVariables]\nmode = \"x\"\n".to_owned();
    for job in 0..jobs {
        write!(
            text,
            "[orchestration.jobs.job{job}]\n{}\n[[orchestration.jobs.job{job}.steps]]\nid = \"s\"\nshell = \"sh\"\n\
             script = \"true {job}\"\n",
            fields(job)
        )
        .expect("text can be written");
    }
    text
}

/// The ways in which jobs depend on what is known before the run or not, each a playbook of a thousand steps.
fn flows() -> [(&'static str, String); 5] {
    let after = |job: usize| if job == 0 { String::new() } else { format!("needs = \"job{}\"\n", job / 2) };
    let asks = |job: usize| {
        let condition = "if = \"needs.job0.result == 'success' && vars.mode == 'x'\"\nneeds = \"job0\"\n";
        if job == 0 { String::new() } else { condition.to_owned() }
    };
    let hands_on = |job: usize| {
        let own = "outputs = { v = \"${{ steps.s.outputs.v }}\" }\n";
        let before = job / 2;
        if job == 0 {
            own.to_owned()
        } else {
            format!(
                "{own}needs = \"job{before}\"\nvariables = {{ w = \"${{{{ needs.job{before}.outputs.v }}}}\" }}\n"
            )
        }
    };
    [
        ("floor: jobs alone", flow(STEPS, |_| String::new())),
        ("jobs that need another", flow(STEPS, after)),
        ("conditions", flow(STEPS, asks)),
        ("outputs", flow(STEPS, hands_on)),
        ("matrices", flow(STEPS / 10, |_| "strategy.matrix.v = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n".to_owned())),
    ]
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
    let surroundings = Surroundings::new(&db, az::base::Env::default(), false, None);
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
    let mut group = criterion.benchmark_group("flows");
    for (name, text) in flows() {
        assert_eq!(planned(&text), STEPS, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| planned(black_box(&text))));
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
