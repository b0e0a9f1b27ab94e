//! What values reach a step, and from where.

use super::*;

#[test]
fn a_variable_is_one_in_any_case_and_the_command_line_wins() {
    let kind = "[[kind]]\nname = \"k\"\nextensions = [\"k\"]\ninterpreter = [\"k\", \"{script}\"]\nparameters = \"env\"\ncomments = { line = [\"#\"] }\n";
    let files = [
        ("az.toml", "[variables]\nMode = \"slow\"\n"),
        ("rules/k.toml", kind),
        ("playbooks/p.toml", "sequence = \"*\"\n[variables]\nMODE = \"medium\"\n"),
        ("scripts/0100_a.k", "# Condition: $mode -eq 'fast'\necho $Mode\n"),
        ("scripts/0200_b.ps1", "param([string]$Mode)\n"),
    ];
    let mut world = World::new(&files, &["p"]);
    let reaches = |world: &World| {
        let (plan, known) = (world.plan(), "Mode".to_owned());
        let [a, b] = plan.nodes.as_slice() else { panic!("two steps") };
        (
            a.condition.as_ref().unwrap().holds,
            a.invocation.env[&known].clone(),
            b.invocation.argv[4..].join(" "),
        )
    };
    let said = |mode: &str| (mode == "fast", mode.to_owned(), format!("scripts/0200_b.ps1 -Mode {mode}"));
    assert_eq!(reaches(&world), said("medium"));
    let given = BTreeMap::from([("mode".to_owned(), serde_json::json!("fast"))]);
    world.request = Request::new(
        &world.db,
        vec!["p".into()],
        false,
        vec![],
        given,
        None,
        false,
        vec![],
        BTreeMap::new(),
        vec![],
    );
    assert_eq!(reaches(&world), said("fast"));
}

#[test]
fn a_file_that_is_sourced_is_an_input_where_the_step_finds_it() {
    let text = "# Cwd: sub\n# Inputs: none\n# Outputs: none\n. ./a[1].sh\n. \"$(dirname \"$0\")/b.sh\"\n";
    let world = World::new(&[("scripts/0100_a.sh", text)], &["0100"]);
    let plan = world.plan();
    let inputs: Vec<_> =
        plan.nodes[0].inputs.iter().flatten().map(|input| input.as_path().unwrap()).collect();
    assert_eq!(inputs.iter().map(WsPath::as_str).collect::<Vec<_>>(), ["sub/a[1].sh", "scripts/b.sh"]);
}

#[test]
fn a_text_has_the_exit_codes_of_its_shell_however_that_is_written() {
    let codes = |shell: &str| {
        let playbook =
            format!("[orchestration.jobs.a]\nsteps = [{{ script = \"x\", shell = \"{shell}\" }}]\n");
        let plan = World::new(&[("playbooks/p.toml", &playbook)], &["p"]).plan();
        (plan.nodes[0].invocation.runner.clone(), plan.nodes[0].exit_codes.len())
    };
    assert_eq!(
        [codes("pwsh"), codes("powershell"), codes("PWSH")],
        [("pwsh".to_owned(), 3), ("pwsh".to_owned(), 3), ("pwsh".to_owned(), 3)]
    );
    assert_eq!(codes("Sh"), ("sh".to_owned(), 1));
}
