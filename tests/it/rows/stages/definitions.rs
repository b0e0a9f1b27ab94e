//! Playbooks that are PowerShell tables: definitions of scripts, options, what is code and what is not.

use super::{DECLARED, outcomes, repo, told};
use crate::repo::Repo;

/// Writes a psd1 playbook with these fields under the name `p`.
fn table(repo: &Repo, fields: &str) -> Repo {
    repo.playbook("p.psd1", &format!("@{{\n    Name = 'p'\n    {fields}\n}}\n"))
}

#[test]
fn f389_each_definition_is_a_step_with_fields_in_any_spelling() {
    let repo = repo();
    table(
        &repo,
        "Sequence = @(
        @{ Script = '0402'; Parameters = @{ A = 'one' }; Description = 'first'; Timeout = 60 }
        @{ script = 'library/automation-scripts/0900_bad.ps1'; ContinueOnError = $true }
        @{ ScriptPath = './0402_s.ps1'; Params = @{ A = 'two'; B = 2 }; TimeoutSeconds = '90' }
        @{ Script = '0900'; continue_on_error = 'yes' }
        @{ Script = '0900'; ContinueOnError = 1 }
        @{ Script = 0402; Parameters = @{ A = 'three' } }
        '0100'
    )",
    );
    let built = repo.az("build p -j1 --json");
    built.code(0).ran_in_order(["0402", "0900", "0402", "0900", "0900", "0402", "0100"]);
    assert_eq!(outcomes(&built).iter().filter(|outcome| outcome.ends_with("failed")).count(), 3);
    assert_eq!(told(&repo), ["0402 [one][][]", "0402 [two][2][]", "0402 [three][][]", "0100 [][][]"]);
    for (value, code) in [("$false", 1), ("'false'", 1), ("0", 1), ("'no'", 1), ("'true'", 0)] {
        table(
            &repo,
            &format!(
                "Sequence = @(@{{ Script = '0900'; ContinueOnError = {value} }}, @{{ Script = '0100' }})"
            ),
        );
        repo.az("build p").code(code);
    }
}

#[test]
fn f390_extra_keys_of_definitions_do_what_they_say_or_are_told() {
    let repo = repo();
    for (fields, code, ran) in [
        ("", 1, &["0900"][..]),
        ("; Required = $false", 0, &["0900", "0100"]),
        ("; Required = $true", 1, &["0900"]),
        ("; Optional = $true", 0, &["0900", "0100"]),
        ("; Required = $true; ContinueOnError = $true", 0, &["0900", "0100"]),
        ("; RetryCount = 2; RetryDelay = '10ms'", 1, &["0900", "0900", "0900"]),
        ("; MaxRetries = 1; RetryDelaySeconds = '10ms'", 1, &["0900", "0900"]),
        ("; Condition = '$Deep -eq $true'", 0, &["0100"]),
        ("; Condition = '-not $Deep'", 1, &["0900"]),
        ("; Phase = 'build'", 1, &["0900"]),
    ] {
        table(
            &repo,
            &format!(
                "Variables = @{{ Deep = $false }}\n    Sequence = @(@{{ Script = '0900'{fields} }}, @{{ Script = '0100' }})"
            ),
        );
        repo.az("check").code(0).says("all is well");
        let built = repo.az("build p -j1");
        assert_eq!(
            (built.exit(), repo.scripts_run()),
            (code, ran.iter().map(ToString::to_string).collect()),
            "{fields}: {built}"
        );
    }
    table(&repo, "Sequence = @(@{ Script = '0100'; Frobnicate = 1 })");
    repo.az("check").code(0).says("unknown field `Frobnicate`").says("p.psd1:3:");
    // Neighbours of one group, and neighbours that both say so, run at once; others one after the other.
    let both = "echo x >> met; until test $(wc -l < met) -ge 2; do sleep 0.01; done";
    let alone = "mkdir busy || exit 9; sleep 0.05; rmdir busy";
    for (first, second, body) in [
        ("; Group = 'g'", "; Group = 'g'", both),
        ("; Parallel = $true", "; Parallel = $true", both),
        ("; Group = 'g'", "; Group = 'h'", alone),
        ("; Parallel = $true", "", alone),
        ("; Parallel = $false", "; Parallel = $true", alone),
        ("", "", alone),
    ] {
        let repo = Repo::new();
        ["0100_a.sh", "0200_b.sh"]
            .iter()
            .for_each(|name| _ = repo.script(name, &format!("{DECLARED}{body}")));
        table(&repo, &format!("Sequence = @(@{{ Script = '0100'{first} }}, @{{ Script = '0200'{second} }})"));
        let built = repo.az("build p -j4 --no-trace --timeout 20s");
        assert_eq!(built.exit(), 0, "{first} {second}: {built}");
    }
}

#[test]
fn f391_options_stand_above_defaults_and_below_the_command_line() {
    let both = "echo x >> met; until test $(wc -l < met) -ge 2; do sleep 0.01; done";
    let alone = "mkdir busy || exit 9; sleep 0.05; rmdir busy";
    for (options, flags, body) in [
        ("", "-j4", both),
        ("Parallel = $true; MaxConcurrency = 2", "-j4", both),
        ("Parallel = $false", "-j4", alone),
        ("MaxConcurrency = 1", "", alone),
        ("MaxConcurrency = 1", "-j4", both),
        ("Parallel = $false", "-j4 --parallel", both),
        ("Parallel = $true", "-j1", alone),
        ("Parallel = $true; MaxConcurrency = 4", "--max-concurrency 1", alone),
        ("Parallel = $true", "-j4 --parallel=false", alone),
    ] {
        let repo = Repo::new();
        ["0100_a.sh", "0200_b.sh"]
            .iter()
            .for_each(|name| _ = repo.script(name, &format!("{DECLARED}{body}")));
        table(&repo, &format!("Sequence = @('0100', '0200')\n    Options = @{{ {options} }}"));
        let built = repo.az(&format!("build p {flags} --no-trace --timeout 20s"));
        assert_eq!(built.exit(), 0, "{options} {flags}: {built}");
    }
    for (options, flags, code, ran) in [
        ("", "", 1, &["0050"][..]),
        ("StopOnError = $true", "", 1, &["0050"]),
        ("StopOnError = $true", "--continue-on-error", 10, &["0050", "0100"]),
        ("StopOnError = $false", "", 10, &["0050", "0100"]),
    ] {
        let repo = repo().script("0050_bad.sh", "# Cache: never\nexit 3");
        table(&repo, &format!("Sequence = @('0050', '0100')\n    Options = @{{ {options} }}"));
        let built = repo.az(&format!("build p -j1 {flags}"));
        assert_eq!(
            (built.exit(), repo.scripts_run()),
            (code, ran.iter().map(ToString::to_string).collect()),
            "{options} {flags}: {built}"
        );
    }
}

#[test]
fn f392_a_limit_is_kept_or_told() {
    let repo = Repo::new().script("0100_a.sh", &format!("{DECLARED}sleep 60"));
    table(&repo, "Sequence = @(@{ Script = '0100'; Timeout = 1 })");
    repo.file("az.toml", "[defaults]\ntimeout = \"300ms\"\n");
    repo.script("0100_a.sh", &format!("{DECLARED}sleep 0.6"));
    repo.az("build p").code(0);
    // Nothing and less than nothing are the default.
    for limit in ["0", "-5"] {
        table(&repo, &format!("Sequence = @(@{{ Script = '0100'; Timeout = {limit} }})"));
        repo.az("build p --force").code(1).says("timed out after 300 ms");
    }
    table(&repo, "Sequence = @(@{ Script = '0100'; Timeout = 9000 })");
    repo.az("check").code(0).says("`Timeout` is more than the 7200 seconds").says("az ends it after 7200");
    repo.az("build p --strict").code(4).ran(["0100", "0100", "0100"]);
}

#[test]
fn f393_a_text_that_is_a_variable_of_powershell_is_that_variable() {
    let repo = repo();
    for (written, flags, expected) in [
        ("'$Token'", "", "0402 [own][][]"),
        ("'$token'", "--var Token=given", "0402 [given][][]"),
        ("$Token", "", "0402 [own][][]"),
        ("'$Variables.Token'", "", "0402 [own][][]"),
        ("'$Variables:Token'", "", "0402 [own][][]"),
        ("$env:MODE", "", "0402 [fast][][]"),
        // What is more than a name is a text, and so is a name that nobody sets.
        ("'$Token!'", "", "0402 [$Token!][][]"),
        ("'a $Token'", "", "0402 [a $Token][][]"),
        ("'$5'", "", "0402 [$5][][]"),
        ("'$Nobody'", "", "0402 [$Nobody][][]"),
        ("'$true'", "", "0402 [$true][][]"),
        ("'$Variables.Nobody'", "", "0402 [][][]"),
    ] {
        repo.env("MODE", "fast");
        table(
            &repo,
            &format!(
                "Parameters = @{{ Token = 'own' }}\n    Sequence = @(@{{ Script = '0402'; Parameters = @{{ A = {written} }} }})"
            ),
        );
        repo.az(&format!("build p {flags}")).code(0);
        assert_eq!(told(&repo), [expected], "{written} {flags}");
        table(
            &repo,
            &format!(
                "Variables = @{{ Token = 'own' }}\n    Stages = @(@{{ Name = 's'; Sequence = '0402'; Parameters = @{{ A = {written} }} }})"
            ),
        );
        repo.az(&format!("build p {flags}")).code(0);
        assert_eq!(told(&repo), [expected], "of a stage: {written} {flags}");
    }
    for (written, name) in [("'$Variables.Tokne'", "Tokne"), ("$Tokne", "Tokne")] {
        table(
            &repo,
            &format!(
                "Variables = @{{ Token = 'own' }}\n    Sequence = @(@{{ Script = '0402'; Parameters = @{{ A = {written} }} }})"
            ),
        );
        repo.az("check")
            .code(0)
            .says(&format!("nothing in the playbook sets `{name}`"))
            .says("did you mean `Token`?");
    }
    // Code is told with its place, and never run.
    repo.scripts_run();
    for code in
        ["if ($env:CI) { 1 } else { 2 }", "(Get-Date)", "\"$(touch made)\"", "$Token + 1", "[int]'1' + 2"]
    {
        table(&repo, &format!("Sequence = @(@{{ Script = '0402'; Parameters = @{{ A = {code} }} }})"));
        repo.az("build p").code(2).says("AZ0217").says("p.psd1:3:").ran([]);
    }
}
