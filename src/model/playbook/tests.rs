//! Playbooks: what is read, every fault with its place and help, the corpus, and arbitrary texts.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    diag::Source,
    model::decode::{Reading, testing::told},
    text::document::Format,
};

fn reading(format: Format, text: &str) -> Reading<Playbook> {
    read(&Arc::new(Source::new("playbooks/ci.x", text)), format)
}

fn playbook(format: Format, text: &str) -> Playbook {
    let reading = reading(format, text);
    assert_eq!(told(&reading.diagnostics), "");
    reading.value.unwrap()
}

fn faults(format: Format, text: &str) -> String {
    told(&reading(format, text).diagnostics)
}

const V1: &str = r#"{
  "Name": "setup", "DESCRIPTION": "d", "Sequence": ["0000-0099", "stage:Core", 0207],
  "Variables": {"Profile": "Minimal", "Deep": {"a": [1, null]}}, "Tags": ["x"], "Version": "1.0"
}"#;

const V3: &str = "\u{feff}[metadata]\r
name = \"bench\"\r
tags = [\"t\"]\r
[orchestration.env]\r
LEVEL = 1\r
[orchestration.jobs.build]\r
name = \"Build é\"\r
env = { A = \"job\" }\r
timeout = \"1h\"\r
inputs = [\"src/**\"]\r
outputs = [\"out\"]\r
[[orchestration.jobs.build.steps]]\r
run = \"0402\"\r
[[orchestration.jobs.build.steps]]\r
id = \"sh-1\"\r
script = \"echo $A\"\r
shell = \"sh\"\r
timeout = 30\r
useEnv = [\"B\"]\r
[orchestration.jobs.test]\r
needs = \"build\"\r
steps = [{ run = 402, cache = \"never\", cwd = \"sub\" }]\r
";

fn run(text: &str, at: &str) -> Action {
    Action::Run(vec![Placed::new(text.to_owned(), at)])
}

#[test]
fn a_sequence_is_read_in_any_case() {
    let read = playbook(Format::Json, &V1.replace("0207", "\"0207\""));
    assert_eq!((read.name.as_str(), read.format), ("setup", PlaybookFormat::V1Sequence));
    assert_eq!(read.variables["Deep"], serde_json::json!({ "a": [1, null] }));
    assert_eq!((read.tags, read.description.as_deref()), (vec!["x".to_owned()], Some("d")));
    let Body::Sequence(items) = read.body else { panic!("a sequence") };
    let items: Vec<_> = items.iter().map(|item| (item.value.as_str(), item.at.as_str())).collect();
    assert_eq!(items, [("0000-0099", "/Sequence/0"), ("stage:Core", "/Sequence/1"), ("0207", "/Sequence/2")]);
    let named_by_file = playbook(Format::Toml, "sequence = \"04*\"");
    assert_eq!(named_by_file.name, "ci");
}

#[test]
fn jobs_are_read_with_their_settings_and_places() {
    let reading = reading(Format::Toml, V3);
    assert_eq!(told(&reading.diagnostics), "");
    let (read, tree) = (reading.value.unwrap(), reading.tree.unwrap());
    assert_eq!((read.name.as_str(), read.format.as_str(), read.env["LEVEL"].as_str()), ("bench", "v3", "1"));
    let Body::Jobs(jobs) = &read.body else { panic!("jobs") };
    let (build, test) = (&jobs[0], &jobs[1]);
    let need = Placed::new("build".to_owned(), "/orchestration/jobs/test/needs");
    assert_eq!((build.id.as_str(), test.needs.as_slice()), ("build", &[need][..]));
    assert_eq!((build.steps[0].id.as_str(), build.steps[1].id.as_str()), ("step_1", "sh-1"));
    assert_eq!(build.steps[0].action, run("0402", "/orchestration/jobs/build/steps/0/run"));
    let placed = |text: &str, field: &str| {
        Placed::new(text.to_owned(), format!("/orchestration/jobs/build/steps/1/{field}"))
    };
    let script = Action::Script { text: placed("echo $A", "script"), shell: Some(placed("sh", "shell")) };
    assert_eq!(build.steps[1].action, script);
    assert_eq!(test.steps[0].action, run("402", "/orchestration/jobs/test/steps/0/run"));
    assert_eq!(tree.at(&test.needs[0].at).of(V3), "\"build\"");
    assert_eq!(tree.at(&format!("{}/run", test.steps[0].at)).of(V3), "402");
}

#[test]
fn a_job_says_for_its_steps_all_but_its_timeout_and_early_outputs() {
    let read = playbook(Format::Toml, V3);
    let Body::Jobs(jobs) = &read.body else { panic!("jobs") };
    let (first, last) = (jobs[0].step_settings(0), jobs[0].step_settings(1));
    assert_eq!((first.timeout, last.timeout), (None, Some(Duration::from_secs(30))));
    assert_eq!((first.outputs, last.outputs), (None, Some(vec!["out".to_owned()])));
    assert_eq!((first.inputs.clone(), first.inputs), (last.inputs, Some(vec!["src/**".to_owned()])));
    assert_eq!(last.env["A"], "job");
    assert!(last.use_env.contains("B"));
}

#[test]
fn faults_of_a_sequence_are_told() {
    let text = r#"{"Nmae": "x", "Sequence": ["0402", {"Step": "0403"}, true], "Profile": "Full", "Tags": 1, "parallel": true, "Variables": []}"#;
    insta::assert_snapshot!(faults(Format::Json, text));
}

#[test]
fn stages_need_what_runs_before_them() {
    let text = r#"{"stages": [
        {"name": "Build", "sequence": ["0300"], "needs": ["Test"]},
        {"name": "Test", "sequence": ["0400"], "dependsOn": ["build", "Biuld", "nowhere", "test"]},
        {"name": "Ship", "sequence": ["0500"], "needs": "BUILD"}]}"#;
    insta::assert_snapshot!(faults(Format::Json, text));
    let ordered = r#"{"executionOrder": ["b", "a"], "stages": {
        "a": {"sequence": ["0300"], "needs": ["b"]}, "b": {"sequence": ["0400"]}}}"#;
    assert!(!faults(Format::Json, ordered).contains("error"), "{}", faults(Format::Json, ordered));
}

#[test]
fn faults_of_jobs_are_told() {
    let text = r#"{
  "metadata": {"name": "", "descriptoin": "x", "convertedAt": "2025"},
  "reporting": {}, "orchestraton": 1,
  "orchestration": {
    "defaults": {},
    "jobs": {
      "é": {"steps": [{"run": "0402"}]},
      "build": {"neeeds": ["lint"], "needs": ["lnit", "frobnicate", 1], "steps": []},
      "lint": {"if": "always()", "strategy": {"matrix": {}}, "outputs": {"k": "v"}},
      "test": {"timeout": "soon", "step": [], "needs": "Build"},
      "many": {"steps": [
        {"id": "a", "run": "0402"}, {"id": "a", "script": "x", "shell": ""}, {"id": "1x", "run": ["0402"]},
        {"run": "1", "script": "2"}, {"name": "nothing"}, {"uses": "playbook:x", "with": {}},
        {"rnu": "0402"}, {"run": "0402", "shell": "sh", "outputs": [{"name": "k", "value": "v"}]}]}
    }
  }
}"#;
    // More faults than are told at once; the second half is shown by itself.
    insta::assert_snapshot!("jobs_head", faults(Format::Json, text));
    let (head, tail) = text.split_at(text.find("\"many\"").unwrap());
    let head = &head[..head.find("\"é\"").unwrap()];
    let head = head.replace("\"descriptoin\": \"x\", ", "").replace("\"orchestraton\": 1,", "");
    insta::assert_snapshot!("jobs_tail", faults(Format::Json, &format!("{head}{tail}")));
}

#[test]
fn unknown_needs_are_told_with_the_nearest_job() {
    let text = r#"{"orchestration": {"jobs": {
        "lint": {"steps": [{"run": "1"}], "needs": "lnit"}, "test": {"needs": ["lnit", "frobnicate", "Lint"], "steps": [{"run": "1"}]}}}}"#;
    assert_eq!(
        faults(Format::Json, text),
        "AZ0502 error <\"lnit\"> job `lint` needs `lnit`, but the playbook has no such job => remove `lnit`, or add a job of this id\n\
         AZ0502 error <\"lnit\"> job `test` needs `lnit`, but the playbook has no such job => did you mean `lint`?\n\
         AZ0502 error <\"frobnicate\"> job `test` needs `frobnicate`, but the playbook has no such job => remove `frobnicate`, or add a job of this id\n\
         AZ0502 error <\"Lint\"> job `test` needs `Lint`, but the playbook has no such job => did you mean `lint`?"
    );
}

#[test]
fn numbers_that_would_lose_their_zeros_are_refused() {
    let expected = "AZ0201 error <0> a number cannot start with 0 => write it in quotes, as in \"0402\"";
    assert_eq!(faults(Format::Toml, "sequence = [0207]"), expected);
    assert_eq!(faults(Format::Json, "{\"sequence\": [0207]}"), expected);
}

#[test]
fn a_file_of_another_format_or_purpose_is_told() {
    for (text, expected) in [
        ("{\"Stages\": []}", "AZ0215 error <[> `Stages` is empty => add a stage with `name` and `sequences`"),
        (
            "{\"orchestration\": {\"stages\": []}}",
            "AZ0215 error <[> `stages` is empty => add a stage with `name` and `sequences`",
        ),
        ("{\"steps\": []}", "AZ0215 error <[> `steps` is empty => add a step with `run` or `script`"),
        (
            "{\"name\": \"x\", \"sequnce\": []}",
            "AZ0203 error <\"sequnce\"> unknown field `sequnce` in the playbook => did you mean `sequence`?",
        ),
        (
            "{\"notificatons\": {}, \"sequence\": [\"*\"]}",
            "AZ0203 error <\"notificatons\"> unknown field `notificatons` in the playbook => did you mean `notifications`?",
        ),
        (
            "{\"orchestration\": {\"job\": {}}}",
            "AZ0203 error <\"job\"> unknown field `job` in the playbook => did you mean `jobs`?",
        ),
        (
            "{\"version\": 1}",
            "AZ0208 error <{> this is no playbook: it has neither `sequence`, `stages`, `steps` nor jobs => add `sequence` (a list such as [\"0402\", \"0440-0449\"]), or `orchestration.jobs`",
        ),
        ("[]", "AZ0204 error <[> expected an object, found a list => write an object: { \"name\": value }"),
        (
            "{\"orchestration\": {\"jobs\": {}}}",
            "AZ0215 error <{> `jobs` has no job => add a job: its id with an object that has `steps`",
        ),
    ] {
        assert_eq!(faults(Format::Json, text), expected, "{text}");
    }
}

#[test]
fn applying_the_help_makes_the_file_pass() {
    let job = |step: &str| format!("[orchestration.jobs.a]\nsteps = [{step}]\n");
    let run = "{ run = \"0402\" }";
    for (broken, help, mended) in [
        ("sequence = [0402]".to_owned(), "write it in quotes", "sequence = [\"0402\"]".to_owned()),
        ("sequence = ".to_owned(), "write the value", "sequence = \"0402\"".to_owned()),
        ("sequence = 04*".to_owned(), "write \"...\" around", "sequence = \"04*\"".to_owned()),
        ("sequnce = [\"0402\"]".to_owned(), "did you mean `sequence`?", "sequence = [\"0402\"]".to_owned()),
        ("name = \"x\"".to_owned(), "add `sequence`", "sequence = [\"0402\", \"0440-0449\"]".to_owned()),
        ("name = 1\nsequence = \"1\"".to_owned(), "write \"1\"", "name = \"1\"\nsequence = \"1\"".to_owned()),
        (
            "name = \"a\"\nname = \"b\"\nsequence = \"1\"".to_owned(),
            "remove one of the two",
            "name = \"b\"\nsequence = \"1\"".to_owned(),
        ),
        (job("{ rnu = \"0402\" }"), "did you mean `run`?", job(run)),
        (job("{ name = \"x\" }"), "add `run = \"0402\"`", job(run)),
        (job("{ run = \"0402\", shell = \"sh\" }"), "remove `shell`", job(run)),
        (job("{ run = [] }"), "write the scripts' numbers", job(run)),
        (
            job("{ run = \"1\", timeout = \"5 m\" }"),
            "write 30s, 5m",
            job("{ run = \"1\", timeout = \"5m\" }"),
        ),
        (job("{ run = \"1\", id = \"a b\" }"), "write `a-b`", job("{ run = \"1\", id = \"a-b\" }")),
        (job("{ run = \"1\", retries = 11 }"), "write 10", job("{ run = \"1\", retries = 10 }")),
        (
            job("{ run = \"1\", cache = \"nver\" }"),
            "did you mean `never`?",
            job("{ run = \"1\", cache = \"never\" }"),
        ),
        (
            job("{ run = \"1\", inputs = [\"a[\"] }"),
            "close its brackets",
            job("{ run = \"1\", inputs = [\"a[b]\"] }"),
        ),
        (
            job("{ run = \"1\", env = [\"A\"] }"),
            "{ name = value }",
            job("{ run = \"1\", env = { A = \"\" } }"),
        ),
        (job("{ run = \"1\", outputs = [1] }"), "write \"1\"", job("{ run = \"1\", outputs = [\"1\"] }")),
        (job(""), "add a step with `run`", job(run)),
        (format!("{}needs = \"b\"\n", job(run)), "remove `b`", format!("{}needs = []\n", job(run))),
    ] {
        let told = faults(Format::Toml, &broken);
        assert!(told.contains(help) && told.lines().count() == 1, "{broken}\n{told}");
        assert_eq!(faults(Format::Toml, &mended), "", "{mended}");
    }
}

#[test]
fn a_fault_is_shown_in_its_lines() {
    let text = "{\r\n\t\"Sequence\": [\"é\"], \"Variables\": {\"Größe\": 1,\r\n\t\t\"größe\": 2, \"GRößE\": 3}, \"Taggs\": []\r\n}\r\n";
    let shown: Vec<String> = reading(Format::Json, text)
        .diagnostics
        .iter()
        .map(|fault| crate::diag::render(fault, crate::diag::Look::plain()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_script_block_is_the_text_of_a_script_or_condition_and_nothing_else() {
    let text = "@{ Stages = @(@{ Name = 'a'; Script = { Get-Date }; Condition = { $IsWindows } })\n PostExecution = { 'x' } }";
    let read = reading(Format::Psd1, text);
    let body = read.value.unwrap().body;
    let stage = &body.jobs()[0];
    assert_eq!(stage.condition.as_ref().unwrap().value, "$IsWindows");
    let Action::Script { text: script, .. } = &stage.steps[0].action else { panic!("a script") };
    assert_eq!(script.value, "Get-Date");
    let code: Vec<_> =
        read.diagnostics.iter().filter(|fault| fault.code == crate::diag::code::EXECUTABLE).collect();
    assert_eq!(code.len(), 3, "each is told where it stands: {}", told(&read.diagnostics));
    assert!(code.iter().all(|fault| !fault.is_error()));
    let refused =
        faults(Format::Psd1, "@{ Sequence = '0402'; Name = { 'x' }; Variables = @{ A = { Get-Date } } }");
    assert_eq!(
        refused,
        "AZ0217 error <{> a script block would have to be executed => write it as a text: a line that ends with @' before it, and a line that starts with '@ behind it\n\
         AZ0217 error <{> a script block would have to be executed => write it as a text: 'Get-Date'"
    );
}

#[test]
fn a_placeholder_that_nothing_fills_is_told_at_its_place() {
    let text = "{\"variables\": {\"Path\": 1}, \"sequence\": [{\"step\": \"0402\", \"parameters\":\r\n\t{\"A\": \"🚀 {{Pahth}}/{{Path}}/{{ Other }}\", \"B\": \"{{Other}} {{Given:=1}} ${{x}}\"}}]}";
    assert_eq!(
        faults(Format::Json, text),
        "AZ0603 warning <Pahth> nothing in the playbook sets `Pahth` => did you mean `Path`?\n\
         AZ0603 warning <Other> nothing in the playbook sets `Other` => add it to the variables, write `{{Other:=value}}`, or give it: --var Other=value"
    );
}

#[test]
fn limits_of_definitions_are_those_of_the_old_engine() {
    let text = "@{ Sequence = @(@{ Script = '0402'; Timeout = 0 }, @{ Script = '0404'; Timeout = 9000 }) }";
    let read = reading(Format::Psd1, text);
    let body = read.value.unwrap().body;
    let limits: Vec<_> = body.jobs()[0].steps.iter().map(|step| step.settings.timeout).collect();
    assert_eq!(limits, [None, Some(Duration::from_hours(2))]);
    assert_eq!(
        told(&read.diagnostics),
        "AZ0215 warning <9000> `Timeout` is more than the 7200 seconds a definition may take => az ends it after 7200; write `7200` or less, or make the script a step of a job"
    );
}

#[test]
fn circles_of_any_size_are_told_in_a_few_words() {
    let jobs = |count: usize, needs: &dyn Fn(usize) -> String| {
        let jobs: Vec<String> = (0..count)
            .map(|job| {
                format!("\"j{job}\": {{\"needs\": [{}], \"steps\": [{{\"run\": \"0402\"}}]}}", needs(job))
            })
            .collect();
        format!("{{\"orchestration\": {{\"jobs\": {{{}}}}}}}", jobs.join(","))
    };
    let ring = jobs(5000, &|job| format!("\"j{}\"", (job + 1) % 5000));
    let read = reading(Format::Json, &ring);
    assert_eq!((read.diagnostics.len(), read.diagnostics[0].labels.len()), (1, 12));
    assert!(read.diagnostics[0].message.starts_with("5000 jobs need each other in a circle: j0 → j1"));
    assert!(read.diagnostics[0].message.len() < 200, "{}", read.diagnostics[0].message);
    let all = (0..100).map(|job| format!("\"j{job}\"")).collect::<Vec<_>>().join(",");
    let dense = reading(Format::Json, &jobs(100, &|_| all.clone()));
    assert_eq!(dense.diagnostics.len(), 20, "as many as are told, and no more are looked for");
}

#[test]
fn a_text_of_any_length_makes_no_long_sentence() {
    let text = format!(
        "{{\"sequence\": [\"0402\"], \"name\": \"{}\", \"profile{}\": 1}}",
        "é".repeat(50_000),
        "x".repeat(50_000)
    );
    for fault in reading(Format::Json, &text).diagnostics {
        assert!(fault.message.len() < 2100 && fault.help.as_ref().is_none_or(|help| help.len() < 2100));
    }
}

#[test]
fn a_mode_beside_parallel_is_known() {
    let text = r#"{"options": {"parallel": false, "executionMode": "parallel"}, "sequence": ["0402"]}"#;
    let playbook = playbook(Format::Json, text);
    assert_eq!(playbook.options.parallel, Some(Given::Fixed(false)));
}

#[test]
fn a_field_of_another_kind_of_step_is_told_as_that() {
    let text = "steps:\n  - type: conditional\n    condition: x\n    in: [1]\n    then: [{ run: 0402 }]\n";
    let told = faults(Format::Yaml, text);
    assert!(
        told.contains("AZ0215 error <in> `in` has no use in a step of this kind => remove `in`"),
        "{told}"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_reading(text in "(?s).{0,80}") {
        for format in [Format::Json, Format::Toml] {
            let read = reading(format, &text);
            prop_assert!(read.value.is_some() || !read.diagnostics.is_empty());
        }
    }

    /// A good file with a piece cut out and another put in: the places of all faults lie in the text.
    #[test]
    fn a_mutated_playbook_is_a_reading(at in 0..1000_usize, cut in 0..12_usize, put in "[\\[\\]{}\",:=é\r\n a-z0-9]{0,6}") {
        for (format, text) in [(Format::Json, V1), (Format::Toml, V3)] {
            let from = text.floor_char_boundary(at % text.len());
            let to = text.ceil_char_boundary((from + cut).min(text.len()));
            let mutated = format!("{}{put}{}", &text[..from], &text[to..]);
            let read = reading(format, &mutated);
            prop_assert!(read.value.is_some() || !read.diagnostics.is_empty(), "{mutated}");
            for label in read.diagnostics.iter().flat_map(|fault| &fault.labels) {
                prop_assert!(mutated.get(label.span.start..label.span.end).is_some(), "{label:?} in {mutated}");
            }
            prop_assert!(read.diagnostics.iter().all(|fault| fault.help.is_some() || fault.code.to_string() == "AZ0201"));
        }
    }
}
