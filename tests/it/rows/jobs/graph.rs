//! Jobs: their ids, what they need, how many run at once, what they are shown as.

use serde_json::Value;

use super::{ended, jobs, repo};

#[test]
fn f108_a_job_is_called_by_a_letter_and_then_letters_digits_and_dashes() {
    for (id, is_one) in
        [("a", true), ("Build-2_x", true), ("1st", false), ("_x", false), ("'a b'", false), ("é", false)]
    {
        let repo = jobs(&repo(), &format!("    {id}: {{ steps: [{{ run: '0100' }}] }}\n"));
        let checked = repo.az("check");
        if is_one {
            checked.code(0);
        } else {
            checked.code(2).says("cannot be the id of a job");
        }
    }
    let twice = jobs(
        &repo(),
        "    a: { steps: [{ run: '0100' }] }\n    A: { steps: [{ run: '0100' }] }\n    b: { steps: [{ run: '0100' }] }\n",
    );
    twice.az("build p").code(2).says("is the same id").ran([]);
}

#[test]
fn f109_needs_is_a_text_or_a_list_and_what_cannot_be_is_told_with_its_place() {
    let four = |b: &str, d: &str| {
        let job = |id: &str, number: &str, needs: &str| {
            format!("    {id}: {{ {needs}steps: [{{ run: '{number}' }}] }}\n")
        };
        let needs = |needs: &str| if needs.is_empty() { String::new() } else { format!("needs: {needs}, ") };
        [job("d", "0200", &needs(d)), job("b", "0100", &needs(b)), job("c", "0300", "")].concat()
    };
    for (b, d, order) in [("c", "[b, c]", ["0300", "0100", "0200"]), ("[d]", "c", ["0300", "0200", "0100"])] {
        let repo = repo();
        repo.script("0300_third.sh", "true");
        jobs(&repo, &four(b, d)).az("build p -j 4 --parallel").code(0).ran_in_order(order);
    }
    for (b, d, told, place) in [
        ("d", "b", "jobs need each other in a circle: d → b → d", "p.yaml:4:17"),
        ("b", "c", "job `b` needs itself", "p.yaml:5:17"),
        ("[c, e]", "b", "needs `e`, but the playbook has no such job", "p.yaml:5:21"),
    ] {
        jobs(&repo(), &four(b, d)).az("build p").code(2).ran([]).says(told).says(place);
    }
}

/// A text that ends only when `count` steps are at work.
fn meeting(log: &str, count: usize) -> String {
    format!(
        "echo x >> '{log}'; n=0; until test $(wc -l < '{log}') -ge {count}; do sleep 0.01; n=$((n+1)); test $n -lt 2000; done"
    )
}

#[test]
fn f110_all_jobs_that_are_ready_run_at_once() {
    let repo = repo();
    let text = meeting(&repo.unseen("met").display().to_string(), 3);
    let job = |id: &str| format!("    {id}: {{ steps: [{{ script: \"{text}\", shell: sh }}] }}\n");
    let repo = jobs(&repo, &["a", "b", "c"].map(job).concat());
    repo.az("build p -j 3").code(0).says("ran 3 steps");
}

/// Notes when it begins and ends, behind az's back.
fn noting(repo: &crate::repo::Repo, id: &str) -> String {
    let log = repo.unseen("at-work");
    let log = log.display();
    format!(
        "    {id}: {{ steps: [{{ script: \"echo + >> '{log}'; sleep 0.1; echo - >> '{log}'\", shell: sh }}] }}\n"
    )
}

/// Returns how many steps of [`noting`] were at work at once.
fn most(repo: &crate::repo::Repo) -> i32 {
    let text = std::fs::read_to_string(repo.unseen("at-work")).unwrap();
    let steps = text.lines().map(|line| if line == "+" { 1 } else { -1 });
    let sums = steps.scan(0, |sum, step| {
        *sum += step;
        Some(*sum)
    });
    sums.max().unwrap()
}

#[test]
fn f111_and_f129_how_many_jobs_run_at_once_is_said_by_playbook_configuration_and_command_line() {
    for (config, root, line, expected) in [
        ("", "  concurrency: { maxConcurrency: 1 }\n", "-j 4", 1),
        ("", "  concurrency: { max-concurrency: 2 }\n", "-j 4", 2),
        ("jobs = 1\n", "", "", 1),
        ("jobs = 3\n", "", "-j 1", 1),
        ("jobs = 1\n", "", "-j 2", 2),
    ] {
        let repo = repo();
        repo.file("az.toml", config);
        let all = ["a", "b", "c"].map(|id| noting(&repo, id)).concat();
        let text = format!("metadata: {{ name: p }}\norchestration:\n{root}  jobs:\n{all}");
        repo.playbook("p.yaml", &text).az(&format!("build p {line}")).code(0);
        assert!(most(&repo) <= expected, "{config}{root}{line}: {} at once", most(&repo));
    }
}

#[test]
fn f113_the_steps_of_a_job_run_in_the_order_they_are_written_in() {
    let repo = repo();
    repo.script("0300_third.sh", "true");
    let repo = jobs(
        &repo,
        "    a: { steps: [{ run: '0300' }, { run: '0100' }, { run: '0200' }, { run: '0300' }] }\n",
    );
    let built = repo.az("build p -j 4 --parallel --force");
    built.code(0).ran_in_order(["0300", "0100", "0200", "0300"]);
}

#[test]
fn f127_and_f128_of_a_group_one_job_runs_at_a_time_and_what_reaches_beyond_the_run_is_told() {
    let group = |id: &str, group: &str| {
        let job = noting(&repo(), id);
        job.replace("{ steps", &format!("{{ concurrency: {group}, steps"))
    };
    let repo = repo();
    for (first, second) in [
        ("db", "db"),
        ("{ group: db }", "db"),
        ("{ group: 'db-${{ vars.k }}' }", "{ group: db-1, cancel-in-progress: false }"),
    ] {
        let text = [("a", first), ("b", second)]
            .map(|(id, name)| noting(&repo, id).replace("{ steps", &format!("{{ concurrency: {name}, steps")))
            .concat();
        jobs(&repo, &text).az("build p -j 4 --force --var k=1").code(0);
        assert_eq!(most(&repo), 1, "{first} and {second}");
    }
    let told = jobs(&repo, &group("a", "{ group: g, cancelInProgress: true }")).az("check -v");
    told.code(0).says("`cancelInProgress` changes nothing");
    let outer = "metadata: { name: p }\norchestration:\n  concurrency: { group: g }\n  jobs:\n    a: { steps: [{ run: '0100' }] }\n";
    repo.playbook("p.yaml", outer).az("build p").code(2).ran([]).says("AZ0207");
}

#[test]
fn f137_a_plan_shows_each_job_step_need_and_combination_and_runs_nothing() {
    let repo = jobs(
        &repo(),
        "    a: { steps: [{ run: '0100' }, { name: Say it, script: echo, shell: sh }] }\n    \
         m: { needs: a, strategy: { matrix: { os: [x, y] } }, steps: [{ run: '0200' }] }\n    \
         no: { if: \"vars.env == 'prod'\", steps: [{ run: '0100' }] }\n    \
         end: { needs: [m, no], if: always(), steps: [{ run: '0900' }] }\n",
    );
    for line in ["plan p --json", "build p --dry-run --json", "seq p -DryRun --json"] {
        let planned = repo.az(line);
        planned.code(0).ran([]);
        let plan = planned.json();
        let nodes = plan["nodes"].as_array().unwrap();
        let node = |id: &str| nodes.iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(nodes.len(), 6, "{planned}");
        assert_eq!(node("a/step_2")["name"], "Say it");
        for combination in ["m[os=x]/0200_second", "m[os=y]/0200_second"] {
            assert_eq!(node(combination)["needs"], serde_json::json!(["a/step_2"]), "{planned}");
        }
        let no = node("no/0100_first");
        assert_eq!(no["verdict"], "skip");
        assert!(no["reasons"].to_string().contains("vars.env == 'prod'"), "{no}");
        let end = node("end/0900_bad");
        assert_eq!(end["verdict"], "maybe");
        assert!(end["conditions"].to_string().contains("always()"), "{end}");
        assert!(end["needs"].as_array().is_some_and(|needs| needs.len() >= 2), "{end}");
    }
    repo.az("plan p").code(0).ran([]).says("m[os=y]/0200_second").says("its condition is false");
}

#[test]
fn f140_the_playbooks_that_are_shipped_can_be_planned() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/examples");
    let mut formats = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        formats.insert(path.extension().unwrap().to_str().unwrap().to_owned());
        let repo = repo();
        repo.playbook(&name, &std::fs::read_to_string(&path).unwrap());
        let checked = repo.az("check --json");
        let told: Value = checked.json();
        let files = told["files"].as_array().unwrap();
        let own = files.iter().find(|file| file["path"].as_str().unwrap().ends_with(&name)).unwrap();
        let errors = own["diagnostics"].as_array().unwrap().iter();
        // The scripts they name are in other repositories.
        let errors = errors.filter(|fault| fault["severity"] == "error" && fault["code"] != "AZ0510");
        assert_eq!(errors.count(), 0, "{checked}");
    }
    assert!(formats.len() >= 4, "{formats:?}");
}

#[test]
fn f421_githubs_spellings_are_taken_beside_those_with_capitals() {
    let text = |fast: &str, most: &str| {
        format!(
            "    t:\n      strategy:\n        {fast}: false\n        {most}: 1\n        matrix: {{ r: [a, b], exclude: [{{ r: b }}], include: [{{ r: c }}] }}\n      \
             steps:\n        - {{ script: 'echo ${{{{ matrix.r }}}} >> seen; test ${{{{ matrix.r }}}} != a', shell: sh }}\n"
        )
    };
    for (fast, most) in
        [("fail-fast", "max-parallel"), ("failFast", "maxParallel"), ("fail_fast", "max_parallel")]
    {
        let repo = jobs(&repo(), &text(fast, most));
        let built = repo.az("build p --continue-on-error --json");
        built.code(10);
        ended(&built, "t[r=a] failed, t[r=c] ran");
        assert_eq!(repo.read("seen"), "a\nc\n");
    }
    let repo = jobs(
        &repo(),
        "    a:\n      timeout-minutes: 1\n      runs-on: ubuntu-latest\n      defaults: { run: { shell: sh, working-directory: sub } }\n      \
         steps:\n        - { script: 'echo 1 > one', continue-on-error: true }\n        \
         - { script: 'echo 2 > two', timeout-minutes: 1, working-directory: other }\n",
    );
    repo.file("sub/x", "").file("other/x", "").az("build p").code(0);
    assert!(repo.has_path("sub/one") && repo.has_path("other/two"));
}
