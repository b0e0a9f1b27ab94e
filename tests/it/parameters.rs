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
    let output = repo.az(line);
    output.code(0);
    output.stdout().replace(['<', '>'], "").lines().skip(4).collect::<Vec<_>>().join("|")
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
fn a_list_or_a_table_is_refused_before_anything_runs() {
    let repo = world("[string[]]$Tags, [hashtable]$Configuration, [string]$Text");
    for (given, help) in [
        ("Tags:='[\"x\",\"y\"]'", "--var Tags=x,y, and split it in the script: $Tags -split ','"),
        ("Configuration:='{\"a\":1}'", "declare it as [string]$Configuration"),
    ] {
        let output = repo.az(&format!("0100 --var {given}"));
        output.code(2).says("AZ0311").says(help).not("<-File>");
        repo.az(&format!("build 0100 --var {given}")).code(2).says("AZ0311");
    }
    // What the help says to do.
    assert_eq!(arguments(&repo, "0100 --var Tags=x,y"), "-Tags|x,y");
    assert_eq!(arguments(&repo, "0100 --var Text:='{\"a\":1}'"), "-Text|{\"a\":1}");
}
