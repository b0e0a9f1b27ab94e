//! What reaches a PowerShell script on its command line, seen by a program that stands in for `pwsh`.

use crate::repo::Repo;

/// A repository whose `pwsh` prints its arguments, one a line.
fn world(parameters: &str) -> Repo {
    let repo = Repo::new().file("scripts/0100_a.ps1", format!("param({parameters})\n"));
    repo.executable("bin/pwsh", "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n");
    let path = format!("{}:/usr/bin:/bin", repo.path("bin").display());
    repo.env("PATH", &path)
}

fn arguments(repo: &Repo, line: &str) -> String {
    arguments_from(repo, line, 4)
}

/// Returns what is behind so many arguments.
fn arguments_from(repo: &Repo, line: &str, first: usize) -> String {
    let output = repo.az(line);
    output.code(0);
    output.stdout().replace(['<', '>'], "").lines().skip(first).collect::<Vec<_>>().join("|")
}

#[test]
fn values_are_handed_over_as_words_of_their_own() {
    let repo = world("[string]$Name, [switch]$Fast, [bool]$Deep, [int]$Count, [string[]]$Tags");
    let given = "--var name='a b' --var Fast:=true --var Deep:=false --var Count=3 --var Tags:='[\"x\"]'";
    let words = "-Count|3|-Deep:$false|-Fast|-Tags|x|-Name|a b";
    assert_eq!(arguments(&repo, &format!("0100 {given}")), words);
    assert_eq!(arguments(&repo, "0100 -- -Name 'c d'"), "-Name|c d");
}

#[test]
fn lists_and_tables_come_as_literals_of_a_command_that_ends_as_file_does() {
    let repo = world("[string[]]$Tags, [hashtable]$Configuration, [string]$Text, [switch]$Fast, [int]$Count");
    let ending = "; if ($?) { exit 0 }; if ($LASTEXITCODE) { exit $LASTEXITCODE }; exit 1";
    let given = "--var Tags:='[\"x\",\"it is\"]' --var Configuration:='{\"a\":{\"b\":[1]}}' --var Text='$(rm) `n' \
        --var Fast=true --var Count=3";
    let all = arguments_from(&repo, &format!("0100 {given}"), 0);
    let words = "-Configuration @{'a'=@{'b'=@(,1)}} -Count 3 -Fast -Tags @('x','it is') -Text '$(rm) `n'";
    let words = words.replace("-Count 3", "-Count '3'");
    assert_eq!(all, format!("-NoProfile|-NonInteractive|-Command|& 'scripts/0100_a.ps1' {words}{ending}"));
    // Texts alone go the way they always went; of one item PowerShell makes a list by itself.
    assert_eq!(arguments(&repo, "0100 --var Tags=x,y"), "-Tags|x,y");
    assert_eq!(arguments(&repo, "0100 --var Text:='{\"a\":1}'"), "-Text|{\"a\":1}");
}

#[test]
fn a_list_is_refused_before_anything_runs_where_it_cannot_be_given() {
    let repo = world("[string[]]$Tags, [hashtable]$Configuration");
    let list = "--var Tags:='[\"x\",\"y\"]'";
    let help = "--var Tags=x,y, and split it in the script: $Tags -split ','";
    repo.az(&format!("0100 {list} -- -Other 1")).code(2).says("AZ0311").says(help).not("<-");
    repo.file("rules/own.toml", "[[rule]]\nmatch = \"0100\"\ncommand = [\"pwsh\", \"{script}\"]\n");
    repo.az(&format!("build 0100 {list}")).code(2).says("AZ0311").says(help);
    let table = "--var Configuration:='{\"a\":1}'";
    repo.az(&format!("build 0100 {table}")).code(2).says("AZ0311").says("[string]$Configuration");
}

#[test]
fn a_value_that_does_not_fit_stops_all_before_anything_runs() {
    let repo = world("\n    [ValidateSet('dev', 'prod')][string]$Place,\n    [int]$Count, [string[]]$Tags");
    repo.script("0050_first.sh", "true");
    for (given, wanted, place) in [
        ("Place=test", "`Place` of 0100_a wants one of `dev`, `prod`, found `test`", "0100_a.ps1:2:"),
        ("Count=many", "`Count` of 0100_a wants a whole number, found `many`", "0100_a.ps1:3:"),
        ("Count:='[1]'", "`Count` of 0100_a wants a whole number", "0100_a.ps1:3:"),
    ] {
        for verb in ["build 0050 0100", "plan 0050 0100"] {
            let output = repo.az(&format!("{verb} --var {given}"));
            output.code(2).says("AZ0305").says(wanted).says(place).says("is declared here").ran([]);
        }
    }
    repo.az("build 0050 0100 --var Place=DEV --var Count=3").code(0).ran(["0050"]);
}

#[test]
fn a_parameter_that_must_be_given_and_is_not_is_told() {
    let repo =
        world("[Parameter(Mandatory)][string]$Name, [Parameter(Mandatory, ParameterSetName = 'b')]$Other");
    repo.az("plan 0100").code(0).says("AZ0314").says("give it: --var Name=VALUE").not("Other=");
    repo.az("plan 0100 --strict").code(4);
    repo.az("plan 0100 --var name=x").code(0).not("AZ0314");
    repo.az("0100 -- -Name x").code(0).not("AZ0314");
    repo.az("check").code(0).not("AZ0314");
}

/// What other scripts print of the variables they are given, as bytes of a file.
const GIVEN: &str = "[variables]\n\
    Text = \"a  b 'c' \\\"d\\\" $HOME `x` \\\\ \\u00fc\\U0001F680\\n*;|&\\tend\"\nCount = 3\nShare = 1.5\nFast = true\n\
    Tags = [\"a b\", 2, false]\nTable = { k = { n = [1] } }\n";

#[test]
fn shells_python_and_node_get_texts_as_they_are_and_all_else_as_json() {
    let expected =
        "a  b 'c' \"d\" $HOME `x` \\ ü🚀\n*;|&\tend|3|1.5|true|[\"a b\",2,false]|{\"k\":{\"n\":[1]}}";
    let shell =
        "printf '%s|%s|%s|%s|%s|%s' \"$Text\" \"$Count\" \"$Share\" \"$Fast\" \"$Tags\" \"$Table\" > got\n";
    let python = "import os, json\n\
        json.loads(os.environ['Tags'])[1] + json.loads(os.environ['Table'])['k']['n'][0]\n\
        names = [os.environ['Text'], os.environ['Count'], os.environ['Share'], os.environ['Fast']]\n\
        names += [os.environ['Tags'], os.environ['Table']]\n\
        open('got', 'wb').write('|'.join(names).encode())\n";
    let node = "const { Text, Count, Share, Fast } = process.env;\n\
        // process.env.Text process.env.Count process.env.Share process.env.Fast\n\
        const all = [Text, Count, Share, Fast, process.env.Tags, process.env.Table];\n\
        if (JSON.parse(process.env.Table).k.n[0] !== 1) process.exit(3);\n\
        require('fs').writeFileSync('got', all.join('|'));\n";
    for (program, name, text) in [
        ("sh", "0100_a.sh", shell),
        ("bash", "0100_a.bash", shell),
        ("python3", "0100_a.py", python),
        ("node", "0100_a.js", node),
    ] {
        let repo = Repo::new().file("az.toml", GIVEN).file(&format!("scripts/{name}"), text);
        if !repo.finds(program) {
            eprintln!("skipped: no {program}");
            continue;
        }
        repo.az("build 0100").code(0);
        assert_eq!(repo.read("got"), expected, "{program}");
        // Only what it mentions is part of its key.
        repo.az("plan 0100 --var Unknown=1").code(0).says("reuse");
        repo.az("plan 0100 --var Count=4").code(0).says("run ");
    }
}
