//! What planning tells of the texts it stands on.

use super::*;
use crate::diag::code;

#[test]
fn what_is_wrong_in_a_header_is_told_for_the_scripts_that_are_selected_and_once() {
    let playbook = "[orchestration.jobs.a]\nsteps = [{ run = \"0100\" }, { run = \"0100\" }]\n";
    let files = [
        ("scripts/0100_a.sh", "# Cache: nevr\n"),
        ("scripts/0200_b.sh", "# Timeout: soon\n"),
        ("scripts/0300_c.odd", ""),
        ("playbooks/p.toml", playbook),
    ];
    assert_eq!(World::new(&files, &["p"]).codes(), [code::BAD_METADATA]);
    assert_eq!(World::new(&files, &["0100", "p"]).codes(), [code::BAD_METADATA]);
    assert_eq!(World::new(&files, &["0300"]).codes(), [code::NO_KIND]);
    let broken = World::new(&[("scripts/0100_a.sh", "# Inputs: a[\n")], &["0100"]);
    assert_eq!((broken.codes(), broken.planned().plan.is_none()), (vec![code::BAD_GLOB], true));
}

#[test]
fn a_script_with_windows_line_ends_is_warned_of_where_a_shell_reads_it() {
    let files = [("scripts/0100_a.sh", "echo a\r\n"), ("scripts/0200_b.ps1", "echo b\r\n")];
    let world = World::new(&files, &["*"]);
    let [fault] = world.planned().diagnostics.as_slice() else { panic!("{:?}", world.codes()) };
    assert_eq!((fault.code, fault.labels[0].span.start), (code::LINE_ENDS, 6));
    assert_eq!(fault.help.as_deref(), Some("convert it: sed -i 's/\\r$//' 'scripts/0100_a.sh'"));
}

#[test]
fn a_script_that_wants_an_administrator_is_told_unless_az_is_one_or_it_is_skipped() {
    let wants = "# RequiresElevation: true\n";
    let files = [
        ("scripts/0100_a.sh", wants.to_owned()),
        ("scripts/0200_b.sh", format!("{wants}# Condition: IsWindows\n")),
        ("scripts/0300_c.sh", "# RequiresElevation: false\n".to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let mut world = World::new(&files, &["*"]);
    let [fault] = world.planned().diagnostics.as_slice() else { panic!("{:?}", world.codes()) };
    assert_eq!((fault.code, fault.is_error()), (code::NEEDS_ADMINISTRATOR, false));
    assert_eq!(fault.labels[0].span.of(wants), "true");
    assert_eq!(
        fault.help.as_deref(),
        Some("start az as an administrator, or leave the script out: `!0100_a`")
    );
    world.surroundings = Surroundings::new(&world.db, crate::base::Env::default(), true, None);
    assert_eq!(world.codes(), []);
}

#[test]
fn an_output_is_never_the_workspace_nor_a_folder_around_it() {
    for output in [".", "./", "**", "..", "../", "/", "../w", "/w"] {
        let text = format!("# Inputs: none\n# Outputs: {output}\n");
        let world = World::new(&[("scripts/0100_a.sh", &text)], &["0100"]);
        assert_eq!(world.codes(), [code::OUTPUT_OUTSIDE], "{output}");
    }
    let beside =
        World::new(&[("scripts/0100_a.sh", "# Inputs: none\n# Outputs: ../wide, **/x\n")], &["0100"]);
    assert_eq!(beside.codes(), []);
}

#[test]
fn a_rule_is_told_of_in_its_own_file_though_the_one_before_it_is_broken() {
    let files = [("rules/a.toml", "[[rule"), ("rules/b.toml", "[[rule]]\nmatch = \"0999\"\n")];
    let world = World::new(&files, &["*"]);
    let faults = &world.planned().diagnostics;
    let fault = faults.iter().find(|fault| fault.code == code::RULE_MATCHES_NOTHING).unwrap();
    let source = fault.source.as_ref().unwrap();
    assert_eq!((&*source.name, fault.labels[0].span.of(&source.text)), ("rules/b.toml", "\"0999\""));
}

#[test]
fn a_tool_is_not_wished_for_where_the_script_that_brings_it_is_selected() {
    let files = [
        ("scripts/0100_Install-Git-Hub.sh", ""),
        ("scripts/0200_Install-Git.sh", ""),
        ("scripts/0300_Reinstall-Git.sh", ""),
        ("scripts/0400_a.sh", "# Dependencies: git\n"),
    ];
    assert_eq!(World::new(&files, &["*"]).planned().tools, []);
    let wishes = World::new(&files, &["0400"]).planned().tools.clone();
    let brought: Vec<_> = wishes.iter().map(|wish| wish.brought_by.as_deref()).collect();
    assert_eq!(brought, [Some("0200_Install-Git")]);
}

#[test]
fn a_script_that_cannot_be_read_is_missed_only_where_it_would_run() {
    let files = [
        ("scripts/0100_a.sh", ""),
        ("scripts/0200_b.sh", "# Dependencies: 0100\n"),
        ("scripts/0300_c.sh", "# Dependencies: 0100\n"),
    ];
    let mut world = World::new(&files, &["0200-0300"]);
    world.db.set_contents(world.files["scripts/0100_a.sh"], Contents::Unreadable("no".into()));
    assert_eq!(world.codes(), []);
    world.request = Request::new(
        &world.db,
        vec!["0200-0300".into()],
        false,
        vec![],
        BTreeMap::new(),
        None,
        true,
        vec![],
        BTreeMap::new(),
        vec![],
    );
    assert_eq!((world.codes(), world.planned().plan.is_none()), (vec![code::UNREADABLE_FILE], true));
}
