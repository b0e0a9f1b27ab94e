//! A workspace that is opened again with what stayed in memory is planned as one that is opened for the first time, and
//! only what has changed is read again.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;

use super::*;
use crate::sys::Memory;

const ROOT: &str = "/w";

fn ask() -> Ask {
    Ask { arguments: vec!["p".to_owned(), "0100-0199".to_owned()], ..Ask::default() }
}

fn world() -> Memory {
    let playbook =
        "metadata.name = \"p\"\n[[orchestration.jobs.a.steps]]\nscript = \"true\"\nshell = \"sh\"\n";
    Memory::new()
        .file("/w/az.toml", "")
        .file("/w/playbooks/p.toml", playbook)
        .file("/w/scripts/0100_one.sh", "# Stage: One\ntrue\n")
        .file("/w/scripts/0110_two.sh", "# Dependencies: 0100\ntrue\n")
}

fn opened(world: &Arc<Memory>, warm: Warm) -> Engine {
    let system = Arc::clone(world) as Arc<dyn System>;
    Engine::open_as_far(system, Path::new(ROOT), (None, None), Extent::Whole, warm).unwrap()
}

#[test]
fn only_what_has_changed_is_read_again() {
    let executed: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = Arc::clone(&executed);
    let db = Database::observed(move |query| hears.lock().unwrap().push(query.to_owned()));
    let world = Arc::new(world());
    let mut warm = Warm { db, ..Warm::default() };
    let mut executed = |edit: &dyn Fn()| {
        edit();
        let engine = opened(&world, std::mem::take(&mut warm));
        _ = engine.planned(&ask());
        warm = engine.into_warm();
        let mut executed = std::mem::take(&mut *executed.lock().unwrap());
        executed.retain(|query| query.starts_with("script_reading") || query.starts_with("plan("));
        executed.iter().map(|query| query.split('(').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let write = |path: &str, text: &str| world.write(Path::new(path), text.as_bytes(), 0o644).unwrap();
    assert_eq!(executed(&|| ()).iter().filter(|query| *query == "script_reading").count(), 2);
    assert_eq!(executed(&|| ()), [""; 0]);
    let other = executed(&|| write("/w/scripts/0100_one.sh", "# Stage: Two\nfalse\n"));
    assert_eq!(other.iter().filter(|query| *query == "script_reading").count(), 1);
    assert_eq!(executed(&|| write("/w/az.toml", "# nothing said\n")), [""; 0]);
}

#[test]
fn what_a_playbook_was_read_as_does_not_stay_while_its_plan_is_built() {
    let executed: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = Arc::clone(&executed);
    let db = Database::observed(move |query| hears.lock().unwrap().push(query.to_owned()));
    let mut engine = opened(&Arc::new(world()), Warm { db, ..Warm::default() });
    let read =
        || executed.lock().unwrap().iter().filter(|query| query.starts_with("playbook_reading")).count();
    engine.plan_ahead(&ask());
    let before = read();
    let planned = engine.planned(&ask());
    assert_eq!(read(), before, "the plan itself stays");
    let playbook = engine.workspace.playbooks(&engine.db)[0];
    assert!(model::query::playbook_reading(&engine.db, playbook).value.is_some());
    assert_eq!(read(), before + 1, "who needs it reads it again");
    assert_eq!(engine.planned(&ask()), planned);
}

#[test]
fn what_was_planned_for_another_request_is_not_kept() {
    let world = Arc::new(world());
    let engine = opened(&world, Warm::default());
    _ = (engine.planned(&ask()), engine.planned(&ask()));
    let warm = engine.into_warm();
    assert!(warm.request.is_some());
    let engine = opened(&world, warm);
    _ = engine.planned(&Ask { arguments: vec!["0100".to_owned()], ..Ask::default() });
    assert!(engine.into_warm().request.is_none());
}

proptest! {
    /// Whatever is edited between two openings.
    #[test]
    fn a_warm_workspace_is_planned_as_a_cold_one(edits in proptest::collection::vec((0..12_usize, 0..4_usize), 1..12)) {
        let world = Arc::new(world());
        let mut warm = Warm::default();
        for (which, what) in edits {
            let paths = [
                "/w/scripts/0100_one.sh", "/w/scripts/0110_two.sh", "/w/scripts/0120_three.sh", "/w/scripts/more/0130_four.sh",
                "/w/playbooks/p.toml", "/w/playbooks/q.toml", "/w/az.toml", "/w/rules/own.toml", "/w/scripts/README.md",
                "/w/other/0140_five.sh", "/w/scripts/0150_link.sh", "/w/playbooks/p.json",
            ];
            let texts = [
                "# Stage: Two\n# Inputs: a\ntrue\n",
                "scripts = [\"scripts\", \"other\"]\n",
                "metadata.name = \"p\"\n[[orchestration.jobs.b.steps]]\nscript = \"false\"\nshell = \"sh\"\n",
            ];
            let path = Path::new(paths[which]);
            world.create_dir_all(path.parent().unwrap()).unwrap();
            _ = world.remove_file(path);
            match texts.get(what) {
                Some(text) => world.write(path, text.as_bytes(), 0o644).unwrap(),
                None if which == 10 => world.symlink(Path::new("nowhere"), path).unwrap(),
                None => {}
            }
            let engine = opened(&world, std::mem::take(&mut warm));
            let cold = opened(&world, Warm::default());
            prop_assert_eq!(engine.planned(&ask()), cold.planned(&ask()));
            warm = engine.into_warm();
        }
    }
}
