//! What an edit of a text does to the plan, and to what stands on it.

use super::*;

/// Stands for all that is computed from a plan.
#[salsa::tracked]
fn steps_of(
    db: &dyn crate::db::Db,
    workspace: Workspace,
    request: Request,
    surroundings: Surroundings,
) -> usize {
    plan_graph(db, workspace, request, surroundings).as_ref().map_or(0, |plan| plan.nodes.len())
}

const SCRIPT: &str = "# Inputs: src\n# Outputs: out\n# Dependencies: python\ncat src > out\n";
const PLAYBOOK: &str =
    "[metadata]\nname = \"p\"\n[orchestration.jobs.one]\n[[orchestration.jobs.one.steps]]\nrun = \"0100\"\n";

fn world() -> World {
    let world = World::new(&[("scripts/0100_a.sh", SCRIPT), ("playbooks/p.toml", PLAYBOOK)], &["p"]);
    assert_eq!(*steps_of(&world.db, world.workspace, world.request, world.surroundings), 1);
    world
}

/// Edits a file; tells whether the plan is the same, and whether what stands on it was computed again.
fn edit(path: &str, text: &str) -> (bool, bool) {
    let mut world = world();
    let before = world.plan();
    world.edit(path, text);
    world.executed.lock().unwrap().clear();
    steps_of(&world.db, world.workspace, world.request, world.surroundings);
    let executed = world.executed.lock().unwrap().clone();
    assert!(!executed.is_empty(), "the text itself is read again");
    let again = executed.iter().any(|query| query.starts_with("steps_of"));
    (before == world.plan(), again)
}

#[test]
fn white_space_and_comments_change_no_plan_and_nothing_above_it_runs_again() {
    for (path, text) in [
        ("scripts/0100_a.sh", format!("# a comment\n{SCRIPT}")),
        ("scripts/0100_a.sh", format!("{SCRIPT}\n\n   \n# the end\n")),
        ("scripts/0100_a.sh", SCRIPT.replace("cat src", "cat   src")),
        ("playbooks/p.toml", format!("# a comment\n\n{PLAYBOOK}")),
        ("playbooks/p.toml", PLAYBOOK.replace(" = ", "   =   ")),
    ] {
        assert_eq!(edit(path, &text), (true, false), "{path}: {text}");
    }
}

#[test]
fn what_means_something_else_is_another_plan() {
    for (path, text) in [
        ("scripts/0100_a.sh", SCRIPT.replace("Inputs: src", "Inputs: src, more")),
        ("scripts/0100_a.sh", SCRIPT.replace("cat", "echo $HOME_MADE; cat")),
        ("playbooks/p.toml", PLAYBOOK.replace("run = \"0100\"", "run = \"0100\"\nenv = { A = \"1\" }")),
    ] {
        assert_eq!(edit(path, &text), (false, true), "{path}: {text}");
    }
}

#[test]
fn an_edit_that_is_none_computes_nothing() {
    let mut world = world();
    world.executed.lock().unwrap().clear();
    world.edit("scripts/0100_a.sh", SCRIPT);
    steps_of(&world.db, world.workspace, world.request, world.surroundings);
    assert_eq!(*world.executed.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn a_check_of_many_playbooks_reads_and_plans_only_the_one_that_changed() {
    let texts: Vec<(String, String)> = (0..20)
        .map(|index| {
            (
                format!("playbooks/p{index}.json"),
                format!("{{\"sequence\": [\"0100\"], \"tags\": [\"{index}\"]}}"),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = vec![("scripts/0100_a.sh", SCRIPT)];
    files.extend(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let mut world = World::new(&files, &[]);
    let requests: Vec<Request> = texts
        .iter()
        .map(|(path, _)| {
            Request::new(
                &world.db,
                vec![path.clone()],
                true,
                vec![],
                BTreeMap::new(),
                None,
                false,
                vec![],
                BTreeMap::new(),
                vec![],
            )
        })
        .collect();
    let check = |world: &World| {
        for request in &requests {
            let planned = plan(&world.db, world.workspace, *request, world.surroundings);
            assert_eq!(planned.plan.as_ref().unwrap().nodes.len(), 1);
        }
    };
    check(&world);
    world.executed.lock().unwrap().clear();
    check(&world);
    assert_eq!(*world.executed.lock().unwrap(), Vec::<String>::new(), "nothing changed");
    world.edit("playbooks/p7.json", "{\"sequence\": [\"0100\"], \"description\": \"another\"}");
    world.executed.lock().unwrap().clear();
    check(&world);
    let executed = world.executed.lock().unwrap().clone();
    let count = |name: &str| executed.iter().filter(|query| query.starts_with(name)).count();
    assert_eq!((count("text"), count("playbook_reading"), count("plan(")), (1, 1, 1), "{executed:?}");
}
