//! Tables of what each dialect adds to the language.

use super::*;

const WORLD: &str = r#"{
    "Name": "Build", "count": 3, "flag": "false", "on": true, "list": ["a", "B", "c"], "empty": [],
    "version": "1.10", "result": {"Failed": 0, "Names": [{"n": 1}, {"n": 2}], "has-x": true, "Count": 9},
    "env:CI": "true", "env:Path With": "p",
    "context:github": {"event_name": "push", "ref": "refs/heads/main"},
    "context:steps": {"run-tests": {"outputs": {"has-workflows": "true"}}},
    "context:matrix": {"os": "linux"},
    "path:./x": true, "path:Build/x": true, "path:none": false, "command:git": true,
    "files:logs/*": ["a", "b"], "files:logs/*.txt": [], "hash:**/*.rs, Cargo.lock": "abc",
    "status:success()": true, "status:failure()": false, "status:cancelled()": false,
    "machine:$PSVersionTable.PSVersion": "7.4.1-preview.2"
}"#;

fn check(rows: &[(&str, Value)]) {
    let world = Table::of(WORLD);
    for (text, expected) in rows {
        let evaluation = evaluate(&expr(text), &world);
        assert_eq!(evaluation.problems, [], "{text}");
        assert_eq!(&evaluation.value, expected, "{text}");
    }
}

#[test]
fn powershell() {
    check(&[
        ("$Name -ceq 'Build'", json!(true)),
        ("$Name -ceq 'build'", json!(false)),
        ("$Name -cne 'build'", json!(true)),
        ("'b' -cgt 'B'", json!(true)),
        ("$list -ccontains 'b'", json!(false)),
        ("$list -icontains 'b'", json!(true)),
        ("'b' -cin $list", json!(false)),
        ("'b' -cnotin $list", json!(true)),
        ("$Name -clike 'b*'", json!(false)),
        ("$Name -match '^b.i'", json!(true)),
        ("$Name -cmatch '^b'", json!(false)),
        ("$Name -notmatch 'x$'", json!(true)),
        ("$list -match '[ab]'", json!(["a", "B"])),
        ("$list.Count", json!(3)),
        ("$list.Length -gt 2", json!(true)),
        ("$empty.Count -eq 0", json!(true)),
        ("$nothing.Count", json!(0)),
        ("$Name.Length", json!(5)),
        ("$Name.Count", json!(1)),
        ("$result.Count", json!(9)),
        ("@($Name).Count", json!(1)),
        ("(1, 2, 3).Count", json!(3)),
        ("$list[0]", json!("a")),
        ("$list[-1]", json!("c")),
        ("$list[7]", json!(null)),
        ("$result['Failed']", json!(0)),
        ("$result.Names.n", json!([1, 2])),
        ("$result.Names[1].n", json!(2)),
        ("$result.nothing.at.all", json!(null)),
        ("$result.has-x -eq $true", json!(true)),
        ("\"$Name-$count\"", json!("Build-3")),
        ("\"${Name}s $($result.Failed) $(Name) $env:CI $on\"", json!("Builds 0 Build true True")),
        ("\"cost: $5 `$Name\"", json!("cost: $5 $Name")),
        ("\"$list\"", json!("a B c")),
        ("'$Name'", json!("$Name")),
        ("${env:Path With}", json!("p")),
        ("Test-Path './x'", json!(true)),
        ("Test-Path ./x -and -not (Test-Path none)", json!(true)),
        ("Test-Path -Path \"$Name/x\" -ErrorAction SilentlyContinue", json!(true)),
        ("Test-Path '{{Name}}/x'", json!(true)),
        ("fileExists('./x')", json!(true)),
        ("Get-Command git -ErrorAction SilentlyContinue", json!(true)),
        ("Get-Command -Name git -and $true", json!(true)),
        ("(Get-ChildItem logs).Count -eq 2", json!(true)),
        ("(Get-ChildItem 'logs' -Filter '*.txt').Count", json!(0)),
        ("$PSVersionTable.PSVersion.Minor", json!(4)),
        ("$PSVersionTable.PSVersion.Patch", json!(1)),
        ("$PSVersionTable.PSVersion -lt '7.10'", json!(true)),
        ("[version]$version -gt [version]'1.9'", json!(true)),
        ("$version -gt '1.9'", json!(false)),
        ("$Variables.Name", json!("Build")),
        ("$params.count -eq 3", json!(true)),
    ]);
}

#[test]
fn placeholders() {
    check(&[
        ("{{Name}}", json!("Build")),
        ("{{ name }}", json!("Build")),
        ("{{.Name}}", json!("Build")),
        ("{{flag}}", json!(false)),
        ("!{{flag}}", json!(true)),
        ("{{version}}", json!(1.1)),
        ("'{{version}}'", json!("1.10")),
        ("'v{{version}}-{{count}}' -eq 'v1.10-3'", json!(true)),
        ("{{other:=true}}", json!(true)),
        ("{{other:=7}} -gt 6", json!(true)),
        ("{{other:=some words}}", json!("some words")),
        ("{{other:='it''s'}}", json!("it's")),
        ("{{other:=it's}}", json!("it's")),
        ("{{other:=@('a', 'b')}}", json!(["a", "b"])),
        ("{{other:={{Name}}}}", json!("Build")),
        ("{{other:={{another:=9}}}}", json!(9)),
        ("{{other:={{Name}}/x}}", json!("Build/x")),
        ("{{other:=}}", json!("")),
        ("{{Name:=x}}", json!("Build")),
        ("{{Name == 'build'}}", json!(true)),
        ("{{count -gt 2}}", json!(true)),
        ("{{on}} == true", json!(true)),
        ("$(Name) -eq 'build'", json!(true)),
        ("$(on) -eq $true -and ${count} -eq 3", json!(true)),
        ("${result.Failed} -eq 0", json!(true)),
        ("${steps.run-tests.outputs.has-workflows}", json!("true")),
        ("'{{'", json!("{{")),
        ("'{{a' -eq '{{a'", json!(true)),
    ]);
}

#[test]
fn github_beside_the_others() {
    check(&[
        ("${{ github.event_name == 'PUSH' }}", json!(true)),
        ("${{ '' == 0 }}", json!(true)),
        ("${{ {{other:=a}} == '}}' }}", json!(false)),
        ("'' -eq 0", json!(false)),
        ("${{ on && 'yes' || 'no' }}", json!("yes")),
        ("$on && 'yes'", json!(true)),
        ("${{ github.ref }} -like '*/main'", json!(true)),
        ("\"on ${{ matrix.os }}\"", json!("on linux")),
        ("steps.run-tests.outputs.has-workflows == 'true'", json!(true)),
        ("$steps.run-tests.outputs.has-workflows", json!("true")),
        ("env.CI -eq 'true'", json!(true)),
        ("env['CI']", json!("true")),
        ("always()", json!(true)),
        ("success() && !failure() && !cancelled()", json!(true)),
        ("success", json!(true)),
        ("$success", json!(null)),
        ("${{ $Name -like 'b*' && count -in @(1, 3) }}", json!(true)),
        ("hashFiles('**/*.rs', 'Cargo.lock')", json!("abc")),
        ("contains($list, 'A')", json!(true)),
        ("format('{0}-{1}', $Name, $count)", json!("Build-3")),
        ("join($list, '+')", json!("a+B+c")),
        ("startsWith($Name, 'bu') -and endsWith($Name, 'LD')", json!(true)),
        ("fromJSON('[1, 2]')[1]", json!(2)),
        ("toJSON($count)", json!("3")),
    ]);
    let world = Table::of(WORLD);
    let holds = |text| evaluate(&expr(text), &world).holds;
    assert!(holds("${{ fromJSON('[]') }}") && !holds("fromJSON('[]')"));
}

#[test]
fn what_was_asked_is_told_once_with_its_answer() {
    let world = Table::of(WORLD);
    let evaluation = evaluate(
        &expr(
            "$result.Failed -eq 0 -and ($Name -or $never) -and $env:CI -and github.ref -and Test-Path ./x -and \
             Get-Command git -and (Get-ChildItem logs).Count -and success() -and $IsLinux -and $result.Failed -eq {{other:=0}}",
        ),
        &world,
    );
    assert!(evaluation.holds);
    let told: Vec<String> = evaluation
        .asked
        .iter()
        .map(|asked| format!("{:?} {} = {}", asked.kind, asked.name, json!(asked.answer)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_the_world_does_not_know_is_a_problem_and_no_guess() {
    for (text, name) in [
        ("Test-Path y", "y"),
        ("Get-Command y", "y"),
        ("(Get-ChildItem y).Count", "y/*"),
        ("hashFiles('y')", "y"),
        ("[System.Environment]::OSVersion.Version.Build", "[System.Environment]::OSVersion.Version"),
    ] {
        let evaluation = evaluate(&expr(text), &Table::of(WORLD));
        assert_eq!(evaluation.problems.len(), 1, "{text}");
        assert!(evaluation.problems[0].message.contains(name), "{text}: {:?}", evaluation.problems);
    }
    for text in ["fromJSON('{')", "format('{1}', 1)", "'a' -match '('", "'a' -match '(?=a)'", "[version]'x'"]
    {
        let evaluation = evaluate(&expr(text), &Table::of(WORLD));
        assert_eq!(evaluation.problems.len(), 1, "{text}");
    }
}

#[test]
fn slips_of_every_dialect_have_their_places() {
    for (text, place, help) in [
        ("contains(a)", "contains(", "write 2 values between the parentheses, with commas between them"),
        ("contians(a, b)", "contians(a, b)", "did you mean `contains()`?"),
        ("{{a", "{{a", "write `}}` at its end"),
        ("${{ a", "${{ a", "write `}}` at its end"),
        ("a[1", "[", "write `]` at the end"),
        ("Test-Path", "Test-Path", "write what it is to look for behind it: `Test-Path 'name'`"),
        ("Test-Path ($a, ä", "(", "write `)` at the end"),
        ("Test-Path a b", "Test-Path a b", "write one path or name"),
        (
            "git status",
            "status",
            "write an operator such as `-eq` or `-and` between the two; put a text of several words between single quotes",
        ),
        ("$a.StartsWith('x')", ".StartsWith('x')", "write `startsWith(text, 'start')`"),
        (
            "{{a:={{b:={{c:={{d:={{e:={{f}}}}}}}}}}}}",
            "{{f}}",
            "set a variable to the inner value, and write that here",
        ),
    ] {
        let found = faults(text);
        assert_eq!(found[0].labels[0].span.of(text), place, "{text}");
        assert_eq!(found[0].help.as_deref(), Some(help), "{text}");
    }
}
