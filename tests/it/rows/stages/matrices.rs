//! Matrices: what they multiply, what their combinations are called and given, and what is told of mistakes.

use serde_json::json;

use super::{outcomes, repo, stages, told};
use crate::repo::Repo;

/// Writes jobs in YAML, each line in its place below `jobs`, under the name `p`.
fn jobs(repo: &Repo, text: &str) -> Repo {
    repo.playbook("p.yaml", &format!("metadata: {{ name: p }}\norchestration:\n  jobs:\n{text}"))
}

/// Returns the ids of the combinations `az matrix expand` prints.
fn expanded(repo: &Repo, words: &str) -> Vec<String> {
    let found = repo.az(&format!("matrix expand {words} --json")).code(0).json();
    let combinations = found["jobs"][0]["combinations"].as_array().unwrap().iter();
    combinations.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn f144_two_times_two_combinations_run_a_script_four_times_in_the_order_they_are_written() {
    let all = ["0402 [z][2][]", "0402 [z][1][]", "0402 [a][2][]", "0402 [a][1][]"];
    let repo = repo();
    repo.playbook("list.json", r#"{"sequence": ["0402"]}"#);
    jobs(&repo, "    j: { steps: [{ run: '0402' }] }\n");
    stages(&repo, r#"{"name": "A", "sequences": ["0402"]}"#);
    repo.sh("mv playbooks/p.json playbooks/staged.json").code(0);
    for what in ["0402", "list", "p", "staged"] {
        repo.az(&format!("build {what} -j1 --matrix A=z,a --matrix B=2,1")).code(0);
        assert_eq!(told(&repo), all, "{what}");
    }
    repo.az("orchestrate 0402 -j1 --matrix A=z,a --matrix B=2,1 --var C=c").code(0);
    assert_eq!(told(&repo)[3], "0402 [a][1][c]");
}

#[test]
fn f145_the_matrix_of_a_stage_is_one_like_any_other() {
    let repo = repo();
    for (variables, expected) in [
        (r#""MatrixDimensions": {"A": ["x", "y"]}"#, &["[A=x]", "[A=y]"][..]),
        (r#""matrixdimensions": {"A": ["x"], "B": [1, true]}"#, &["[A=x,B=1]", "[A=x,B=true]"]),
        (r#""EnableMatrix": true, "MatrixDimensions": {"A": ["x"]}"#, &["[A=x]"]),
        (r#""EnableMatrix": false, "MatrixDimensions": {"A": ["x", "y"]}"#, &[]),
        (r#""MatrixDimensions": {"A": "{{Some}}"}"#, &["[A=p]", "[A=q]"]),
        (
            r#""MatrixDimensions": {"A": ["x", "y"], "exclude": [{"A": "x"}], "include": [{"A": "z", "B": 1}]}"#,
            &["[A=y]", "[A=z,B=1]"],
        ),
    ] {
        stages(&repo, &format!(r#"{{"name": "T", "sequences": ["0402"], "variables": {{{variables}}}}}"#));
        let built = repo.az("build p -j1 --json --var Some:='[\"p\",\"q\"]'");
        built.code(0);
        let expected: Vec<String> = match expected {
            [] => vec!["T/0402_s ran".to_owned()],
            ids => ids.iter().map(|id| format!("T{id}/0402_s ran")).collect(),
        };
        assert_eq!(outcomes(&built), expected, "{variables}");
    }
    // Two ways to say it: that of the stage holds, and the other is told.
    stages(
        &repo,
        r#"{"name": "T", "sequences": ["0402"], "strategy": {"matrix": {"A": [1]}}, "variables": {"MatrixDimensions": {"A": [2, 3]}}}"#,
    );
    repo.az("check -v").code(0).says("the stage says its matrix with `strategy`");
    assert_eq!(expanded(&repo, "p"), ["[A=1]"]);
}

#[test]
fn f145_the_example_of_the_seeds_runs_four_times() {
    let Some(corpus) = Repo::shared("corpus/playbooks/v2/test-matrix-example.json") else { return };
    let repo = repo();
    let text = std::fs::read_to_string(corpus).unwrap();
    let text = text.replace("\"requiredModules\": [\"Pester\"]", "\"requiredModules\": []");
    repo.playbook("p.json", &text.replace("\"minimumPowerShellVersion\": \"7.0\",", ""));
    repo.az("build p").code(0).ran(["0402", "0402", "0402", "0402"]);
}

#[test]
fn f146_of_twelve_combinations_six_are_at_work_and_never_seven() {
    let repo = Repo::new();
    let (met, log) = (repo.unseen("met"), repo.unseen("log-of-work"));
    let (met, log) = (met.display(), log.display());
    // The first six end only once six have begun.
    let body = format!(
        "# Cache: never\necho +1 >> '{log}'; echo x >> '{met}'\n\
         until test $(wc -l < '{met}') -ge 6; do sleep 0.01; done\nsleep 0.05; echo -1 >> '{log}'"
    );
    repo.script("0402_test.sh", &body);
    let matrix = "--matrix profile=quick,standard,full --matrix platform=Windows,Linux --matrix mode=a,b";
    repo.az(&format!("build 0402 {matrix} -j 6 --parallel --no-trace --timeout 30s")).code(0);
    let lines = std::fs::read_to_string(repo.unseen("log-of-work")).unwrap();
    let mut at_work = 0;
    let most = lines.lines().map(|line| {
        at_work += line.parse::<i32>().unwrap();
        at_work
    });
    assert_eq!((most.max().unwrap(), lines.lines().count()), (6, 24));
}

#[test]
fn f147_values_keep_their_types_in_every_format() {
    let repo = repo();
    let ids = ["[V=\"true\"]", "[V=true]", "[V=\"1\"]", "[V=1]", "[V=1.5]", "[V=a]"];
    for (name, text) in [
        (
            "j.json",
            r#"{"orchestration": {"jobs": {"t": {"strategy": {"matrix": {"V": ["true", true, "1", 1, 1.5, "a"]}}, "steps": [{"run": "0402"}]}}}}"#,
        ),
        (
            "y.yaml",
            "orchestration:\n  jobs:\n    t:\n      strategy: { matrix: { V: ['true', true, '1', 1, 1.5, a] } }\n      steps: [{ run: '0402' }]\n",
        ),
        (
            "t.toml",
            "[orchestration.jobs.t]\nsteps = [{ run = \"0402\" }]\nstrategy.matrix.V = [\"true\", true, \"1\", 1, 1.5, \"a\"]\n",
        ),
        (
            "d.psd1",
            "@{ orchestration = @{ stages = @(@{ name = 't'; sequences = @('0402'); variables = @{ MatrixDimensions = @{ V = @('true', $true, '1', 1, 1.5, 'a') } } }) } }",
        ),
    ] {
        repo.playbook(name, text);
        assert_eq!(expanded(&repo, &format!("playbooks/{name}")), ids, "{name}");
    }
    let dimensions: Vec<String> = (0..9).map(|n| format!("--matrix D{n}=v")).collect();
    let found = expanded(&repo, &format!("{} --matrix E=1,2", dimensions.join(" ")));
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("[D0=v,D1=v,") && found[0].ends_with(",D8=v,E=1]"), "{found:?}");
}

#[test]
fn f149_the_first_failure_cancels_the_rest_unless_it_is_said() {
    let repo = Repo::new();
    repo.script("0402_t.sh", "# Cache: never\ntest \"$A\" != bad");
    let text = |fields: &str| {
        format!(
            "    t:\n      strategy: {{ matrix: {{ A: [good, bad, last] }}, maxParallel: 1{fields} }}\n      steps: [{{ run: '0402' }}]\n"
        )
    };
    let (good, bad, last) = ("t[A=good]/0402_t", "t[A=bad]/0402_t", "t[A=last]/0402_t");
    for (fields, ended) in [
        ("", "cancelled"),
        (", failFast: true", "cancelled"),
        (", failFast: false", "ran"),
        (", fail-fast: '{{Stop}}'", "ran"),
    ] {
        jobs(&repo, &text(fields));
        let built = repo.az("build p --continue-on-error --var Stop:=false --json");
        built.code(10);
        let expected = [format!("{good} ran"), format!("{bad} failed"), format!("{last} {ended}")];
        assert_eq!(outcomes(&built), expected, "{fields}");
    }
}

#[test]
fn f150_the_id_of_a_combination_names_it_everywhere() {
    let repo = Repo::new();
    repo.script("0402_t.sh", "echo \"seen $A\"");
    jobs(
        &repo,
        "    t:\n      strategy: { matrix: { A: [x, y], B: [1] } }\n      steps: [{ run: '0402' }]\n",
    );
    let id = "t[A=y,B=1]/0402_t";
    repo.az("plan p").code(0).says(id);
    repo.az("build p").code(0).says(id).ran(["0402", "0402"]);
    repo.az("plan p").code(0).says(id).says("[A=x,B=1]");
    let built = repo.az("build p --force --json").code(0).json();
    let node = built["nodes"].as_array().unwrap().iter().find(|node| node["id"] == id).unwrap().clone();
    let log =
        format!(".azcache/v1/runs/{}/{}", built["run"].as_str().unwrap(), node["log"].as_str().unwrap());
    assert_eq!(repo.read(&log), "seen y\n");
    repo.scripts_run();
    repo.az(&format!("why {id}")).code(0).says(id);
    let key = |id: &str| repo.az(&format!("cache key {id} p")).code(0).stdout().to_owned();
    assert_ne!(key(id), key("t[A=x,B=1]/0402_t"));
    let runs = repo.az("runs show --json").code(0).json().to_string();
    assert!(runs.contains("t[A=x,B=1]/0402_t"), "{runs}");
    // The id is made of names and values alone: what else is there changes nothing of it.
    jobs(
        &repo,
        "    t:\n      strategy: { matrix: { A: [w, x, y, z], B: [1] } }\n      steps: [{ run: '0402' }]\n",
    );
    repo.az("build p").code(0).ran(["0402", "0402"]);
}

#[test]
fn f151_values_of_a_combination_reach_whatever_asks_for_them() {
    let repo = repo();
    jobs(
        &repo,
        "    t:\n      env: { B: 'env-${{ matrix.A }}' }\n      strategy: { matrix: { A: [x, true] } }\n      steps:\n        \
         - { run: '0402', with: { C: '${{ matrix.A }}-{{A}}' } }\n        \
         - { if: matrix.A == true, script: 'echo \"${{ matrix.A }} $A of ${{ strategy.job-total }}\" >> told', shell: sh }\n",
    );
    repo.az("build p -j1").code(0);
    let mut given = told(&repo);
    given.sort();
    assert_eq!(given, ["0402 [true][env-true][true-true]", "0402 [x][env-x][x-x]", "true true of 2"]);
    // A parameter of PowerShell is given what it declares, and nothing else.
    let repo = Repo::new().file("scripts/0402_t.ps1", "param([string]$Profile, [switch]$Fast)\n");
    repo.executable("bin/pwsh", "#!/bin/sh\necho \"$@\" >> given\n");
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.path("bin").display()));
    repo.az("build 0402 -j1 --no-trace --matrix profile=quick --matrix fast:=[true,false] --matrix other=1")
        .code(0);
    let given = repo.read("given");
    let given: Vec<&str> = given.lines().map(|line| line.split_once("0402_t.ps1 ").unwrap().1).collect();
    assert_eq!(given, ["-Fast -Profile quick", "-Fast:$false -Profile quick"]);
}

#[test]
fn f152_what_is_no_list_of_values_is_told_with_what_to_write() {
    let repo = repo();
    let cases = [
        (r#"{"A": "quick"}"#, "matrix dimension `A` must be a list", r#"write `"A": ["quick"]`"#),
        (r#"{"A": 3}"#, "matrix dimension `A` must be a list, found a number", r#"write `"A": [3]`"#),
        (r#"{"A": {"B": 1}}"#, "must be a list, found an object", r#"write `"A": [{"B": 1}]`"#),
        (r#"{"A": null}"#, "must be a list, found null", r#"write `"A": [null]`"#),
        (r#"{"A": []}"#, "matrix dimension `A` is empty", "add a value, or remove the dimension"),
        ("{}", "has no dimension", "a name with a list of values"),
        (r#"["a"]"#, "wants an object, found a list", "write the dimensions, each with a list"),
        (r#""quick""#, "wants an object, found a text", "write the dimensions, each with a list"),
        (r#"{"A": [1, 1]}"#, "has the value `1` twice", "remove one of them"),
        (
            r#"{"A": [1], "exclude": [{"A": 1}]}"#,
            "leaves out the only combination",
            "remove an entry of `exclude`",
        ),
        (r#"{"A": [1], "exclude": [{"B": 1}]}"#, "the matrix has no dimension `B`", "did you mean `A`?"),
    ];
    for (matrix, message, help) in cases {
        stages(
            &repo,
            &format!(
                r#"{{"name": "T", "sequences": ["0402"], "variables": {{"MatrixDimensions": {matrix}}}}}"#
            ),
        );
        repo.az("build p").code(2).says(message).says("p.json:1:").ran([]);
        let told = repo.az("check").code(2).clone();
        assert!(told.stdout().contains(help), "{matrix} wants `{help}`: {told}");
        repo.playbook(
            "p.json",
            &format!(r#"{{"orchestration": {{"jobs": {{"t": {{"strategy": {{"matrix": {matrix}}}, "steps": [{{"run": "0402"}}]}}}}}}}}"#),
        );
        repo.az("matrix expand p").code(2).says(message);
        repo.az("build p").code(2).says(message).ran([]);
    }
}

#[test]
fn f155_dependencies_stay_inside_a_combination() {
    let repo = Repo::new();
    // Nine scripts in a chain of dependencies.
    for number in 1..=9 {
        let needs = if number == 1 { String::new() } else { format!("# Dependencies: 0{}00\n", number - 1) };
        let body = format!(
            "{needs}# Cache: never\n# Scratch: made-**\ntest {number} = 1 || test -e made-$A-{}; touch made-$A-{number}",
            number - 1
        );
        repo.script(&format!("0{number}00_s.sh"), &body);
    }
    let plan = repo.az("plan '*' --matrix A=x,y,z --json").code(0).json();
    let nodes = plan["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 27);
    for node in nodes {
        let id = node["id"].as_str().unwrap();
        let combination = id.find('[').map(|at| &id[at..at + 5]).unwrap();
        for need in node["needs"].as_array().unwrap() {
            assert!(need.as_str().unwrap().contains(combination), "{id} needs {need}");
        }
        assert_eq!(node["needs"].as_array().unwrap().len(), usize::from(!id.contains("0100")), "{id}");
    }
    let built = repo.az("build '*' --matrix A=x,y,z -j4 --json --no-trace --parallel");
    built.code(0);
    assert_eq!(built.json()["counts"]["ran"], json!(27));
    assert_eq!(repo.scripts_run().len(), 27);
}

#[test]
fn f157_a_converted_playbook_has_the_same_combinations() {
    let repo = repo();
    stages(
        &repo,
        r#"{"name": "T", "sequences": ["0402"], "variables": {"MatrixDimensions": {
            "A": ["x", "y"], "B": [1, 2], "exclude": [{"A": "x", "B": 2}], "include": [{"A": "y", "C": true}, {"A": "z"}]}}}"#,
    );
    let expected = ["[A=x,B=1]", "[A=y,B=1,C=true]", "[A=y,B=2,C=true]", "[A=z]"];
    assert_eq!(expanded(&repo, "p"), expected);
    for format in ["json", "yaml", "toml"] {
        let converted = repo.az(&format!("playbooks convert p --to {format}")).code(0).stdout().to_owned();
        repo.playbook(&format!("new.{format}"), &converted);
        assert_eq!(expanded(&repo, &format!("playbooks/new.{format}")), expected, "{format}");
    }
}
