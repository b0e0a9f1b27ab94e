//! What PowerShell would execute.

use super::{faults, read_text};
use crate::text::document::NodeValue;

/// The faults of `@{ a = CODE` newline `b = 'after' }`, and that the entry behind is still read.
fn faults_of_value(value: &str) -> Vec<String> {
    let text = format!("\u{feff}# é\r\n@{{ a = {value}\r\n\tb = 'after' }}");
    let node = read_text(&text).0.unwrap_or_else(|| panic!("{:?}", faults(&text)));
    assert_eq!(node.at("/b").of(&text), "'after'", "{text}");
    faults(&text)
}

const INSTEAD: &str =
    "write the value itself, or a variable such as $env:NAME, which gets its value when the playbook runs";

/// Asserts that each value has just this fault, at all of it.
fn assert_each(faults: &[(&str, &str)]) {
    for (value, expected) in faults {
        let expected = format!("AZ0217 {value:?}: {}", expected.replace("INSTEAD", INSTEAD));
        assert_eq!(faults_of_value(value), [expected], "{value}");
    }
}

#[test]
fn words_and_commands_are_told_as_a_whole_with_what_to_write() {
    assert_each(&[
        ("Full", "`Full` without quotes is a command and would have to be executed; write 'Full' for a text"),
        ("True", "`True` without quotes is a command and would have to be executed; write $true"),
        (
            "5minutes",
            "`5minutes` without quotes is a command and would have to be executed; write '5minutes' for a text",
        ),
        (
            "1.2.3",
            "`1.2.3` without quotes is a command and would have to be executed; write '1.2.3' for a text",
        ),
        (
            "2025-01-01",
            "the operator `-` would have to be executed; write '2025-01-01' for a text, or the result itself",
        ),
        ("Get-Date -Format 'x y'", "the command `Get-Date` would have to be executed; INSTEAD"),
        ("& 'x' a", "the command `&` would have to be executed; INSTEAD"),
        (". ./x.ps1", "the command `.` would have to be executed; INSTEAD"),
        ("Get-Item x |\r\n Sort-Object", "the command `Get-Item` would have to be executed; INSTEAD"),
        ("if ($env:CI) { 'a' } else { 'b' }", "`if` would have to be executed; INSTEAD"),
        (
            "if ($env:CI)\r\n{\r\n'a'\r\n}\r\nelseif (1)\r\n{ }\r\nelse\r\n{ 'b' }",
            "`if` would have to be executed; INSTEAD",
        ),
    ]);
}

#[test]
fn what_would_be_computed_is_told_as_a_whole_with_what_to_write() {
    assert_each(&[
        ("$(Get-Date)", "`$(Get-Date)` would have to be executed; INSTEAD"),
        ("[int]'5'", "the cast `[int]` would have to be executed; write the value without `[int]`"),
        (
            "[pscustomobject]@{ x = 1 }",
            "the cast `[pscustomobject]` would have to be executed; write the value without `[pscustomobject]`",
        ),
        ("[Environment]::NewLine", "`[Environment]::NewLine` would have to be executed; INSTEAD"),
        ("[IO.Path]::Combine('a', 'b')", "`[IO.Path]::Combine('a', 'b')` would have to be executed; INSTEAD"),
        ("'a' + 'b'", "the operator `+` would have to be executed; write the result itself"),
        ("'{0}' -f $x", "the operator `-f` would have to be executed; write the result itself"),
        ("@('a', 'b') -join ','", "the operator `-join` would have to be executed; write the result itself"),
        ("'a', 'b' +\r\n 'c'", "the operator `+` would have to be executed; write the result itself"),
        ("-not $x", "the operator `-not` would have to be executed; write the result itself"),
        ("!$x", "the operator `!` would have to be executed; write the result itself"),
        ("$x ? 1 : 2", "the operator `?` would have to be executed; write the result itself"),
        ("1..5", "the operator `..` would have to be executed; write all numbers: 1, 2, 3, 4, 5"),
        ("1..500", "the operator `..` would have to be executed; write all values, as in 1, 2, 3"),
        ("1 + 2", "the operator `+` would have to be executed; write the result itself"),
        ("1+2", "the operator `+` would have to be executed; write '1+2' for a text, or the result itself"),
        ("'a'.Length", "`'a'.Length` would have to be executed; INSTEAD"),
        ("@('a').Count", "`@('a').Count` would have to be executed; INSTEAD"),
        ("$x.Trim()", "`$x.Trim()` would have to be executed; INSTEAD"),
        ("$x[0]", "`$x[0]` would have to be executed; INSTEAD"),
        ("$x | Sort-Object", "the pipeline would have to be executed; INSTEAD"),
        ("$x\r\n | Sort-Object", "the pipeline would have to be executed; INSTEAD"),
        (
            "$x = 5",
            "the assignment to `$x` would have to be executed; remove it, and write the value where it is used",
        ),
        (
            "@args",
            "`@args` without quotes is a command and would have to be executed; write '@args' for a text",
        ),
    ]);
}

#[test]
fn code_in_texts_is_told_where_it_stands() {
    let expected = |at: &str| {
        let help = "write what it says, or a variable such as $Name; '...' around the whole text keeps it as it stands";
        format!("AZ0217 {at:?}: `{at}` would have to be executed; {help}")
    };
    for (value, at) in [
        ("\"😀$(a)\"", vec!["$(a)"]),
        ("\"$($x.y) and $(z \")\" ')' (1))\"", vec!["$($x.y)", "$(z \")\" ')' (1))"]),
        ("@\"\r\n\"quoted\" $(é)\r\n\"@", vec!["$(é)"]),
    ] {
        let expected: Vec<String> = at.into_iter().map(expected).collect();
        assert_eq!(faults_of_value(value), expected, "{value}");
    }
    let alone = "AZ0217 \"$($env:CI)\": `$($env:CI)` would have to be executed; write `${env:CI}`, which says the same";
    assert_eq!(faults_of_value("\"😀$($env:CI)\""), [alone]);
    assert_eq!(faults_of_value("$($env:CI)"), [alone]);
    for value in ["'$(a)'", "\"`$(a)\"", "@'\r\n$(a)\r\n'@", "\"$ (a)\""] {
        assert_eq!(faults_of_value(value), Vec::<String>::new(), "{value}");
    }
}

#[test]
fn bare_words_in_a_list_are_told_one_by_one() {
    let text = "@{ Tags = setup, 'x', quality; All = @(a\r\nb) }";
    let places: Vec<String> =
        read_text(text).1.iter().map(|fault| fault.labels[0].span.of(text).to_owned()).collect();
    assert_eq!(places, ["setup", "quality", "a", "b"]);
}

#[test]
fn code_around_the_table_is_told_and_the_table_read() {
    let text = "param(\n [string]$a\n)\n$x = @{ a = 1 }\n$x.b += 2\nfunction f {\n 1\n}\n@{ c = 3 }\nWrite-Host hi\n";
    let (node, found) = read_text(text);
    assert_eq!(super::shown(&node.unwrap()), "{c: 3}");
    let places: Vec<&str> = found.iter().map(|fault| fault.labels[0].span.of(text)).collect();
    let expected =
        ["param(\n [string]$a\n)", "$x = @{ a = 1 }", "$x.b += 2", "function f {\n 1\n}", "Write-Host hi"];
    assert_eq!(places, expected);
    assert_eq!(read_text("Write-Host hi").0, None);
}

#[test]
fn code_in_a_table_is_told_and_the_entries_around_it_read() {
    let text =
        "@{ a = 1\n$x = 2\n\"b$(c)\" = 3\n(1 + 2) = 4\nif ($y) { d = 5 }\nforeach ($z in 1) { }\ne = 6 }";
    let (node, found) = read_text(text);
    assert_eq!(super::shown(&node.unwrap()), "{a: 1 b$(c): 3 e: 6}");
    let places: Vec<&str> = found.iter().map(|fault| fault.labels[0].span.of(text)).collect();
    assert_eq!(places, ["$x", "$(c)", "(1 + 2)", "if ($y) { d = 5 }", "foreach ($z in 1) { }"]);
}

#[test]
fn the_tree_is_the_same_however_many_faults_there_are() {
    let (node, found) = read_text(&("Get-Date\n".repeat(1_100) + "@{ a = 1 }\nGet-Date"));
    assert_eq!(found.len(), 1_000, "more are not kept");
    assert_eq!(super::shown(&node.unwrap()), "{a: 1}");
    let (node, found) = read_text(&("@{ a = 1 }\n".to_owned() + &"Get-Date\n".repeat(1_100) + "@{ b = 1 }"));
    assert_eq!((node, found.len()), (None, 1_000), "the mistake that was not kept counts");
}

#[test]
fn a_script_block_is_only_the_text_it_holds() {
    for (value, code) in [
        ("{ $IsWindows }", "$IsWindows"),
        ("{}", ""),
        ("{\r\n if ($x) { 'é }' } # }\r\n}", "if ($x) { 'é }' } # }"),
    ] {
        assert_eq!(faults_of_value(value), [""; 0], "{value}");
        let text = format!("@{{ a = {value} }}");
        let node = read_text(&text).0.unwrap();
        let block = node.find("/a").unwrap();
        assert_eq!((&block.value, block.span.of(&text)), (&NodeValue::Code(code.to_owned()), value));
    }
}
