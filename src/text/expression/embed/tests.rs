//! Values in scripts that are really run, and the texts the interpreters get.

mod commands;

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

use super::{
    super::{Lookup, evaluate, to_text},
    *,
};
use crate::base::Span;

/// What would do harm, or arrive changed, if it were pasted.
const PAYLOADS: [&str; 42] = [
    "plain",
    "",
    " ",
    "  two  blanks  ",
    "\n",
    "line\nline\n",
    "\ttab",
    "\r\n",
    "*",
    "?[a-z]*",
    "~",
    "-n",
    "--help",
    "'",
    "''",
    "\"",
    "\"\"\"",
    "'''",
    "`",
    "\\",
    "\\\\n",
    "$",
    "$HOME",
    "${HOME}",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "\n touch pwned\n",
    "&& touch pwned #",
    "| tee pwned",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "\"); __import__('os').system('touch pwned') #",
    "'); require('fs').writeFileSync('pwned', ''); //",
    "${require('fs').writeFileSync('pwned', '')}",
    "{__import__('os').system('touch pwned')}",
    "\nEOF\ntouch pwned\n",
    "a[$(touch pwned)]",
    "$env:HOME; New-Item pwned",
    "%s%d%n {0} {{x}} ${{ y }}",
    "é 漢字 😀 \u{202e}rtl",
    "<(touch pwned) >pwned #!",
];

struct Payloads;

impl Lookup for Payloads {
    fn variable(&self, name: &str) -> Option<Value> {
        let number: usize = name.strip_prefix('p')?.parse().ok()?;
        PAYLOADS.get(number).map(|payload| Value::String((*payload).to_owned()))
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
    fn platform(&self) -> &'static str {
        "linux"
    }
}

fn embedded(text: &str, shell: Shell) -> Embedded {
    let source = Arc::new(Source::new("playbooks/x.yml", text));
    embed(&source, Spanned::new(text, Span::new(0, text.len())), shell, &[Syntax::GitHub])
}

/// Runs a script for each of whose lines every payload is put in the place of `@`, and checks what arrives.
fn check(program: &str, shell: Shell, head: &str, lines: &[(&str, &str)], comment: &str) {
    let mut script = head.to_owned();
    let mut expected = Vec::new();
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let value = format!("${{{{ p{number} }}}}");
        for (line, arrives) in lines {
            script.push_str(&line.replace('@', &value));
            script.push('\n');
            expected.push(arrives.replace('@', payload));
        }
        script.extend([comment, " ", &value, "\n"]);
    }
    let embedded = embedded(&script, shell);
    assert_eq!(embedded.diagnostics, []);
    assert_eq!(embedded.values.len(), PAYLOADS.len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, &embedded.text).unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let Some(output) = run(program, &path, &work, &embedded) else { return };
    let arrived: Vec<&str> = output.split_terminator('\0').collect();
    for ((arrived, expected), index) in arrived.iter().zip(&expected).zip(0..) {
        assert_eq!(arrived, expected, "{program}: line {}", index % lines.len());
    }
    assert_eq!(arrived.len(), expected.len(), "{program}");
    assert_eq!(std::fs::read_dir(&work).unwrap().count(), 0, "{program} did more than it should");
}

fn run(program: &str, script: &Path, work: &Path, embedded: &Embedded) -> Option<String> {
    let values: BTreeMap<&String, String> = embedded
        .values
        .iter()
        .map(|(name, expr)| (name, to_text(&evaluate(expr, &Payloads).value)))
        .collect();
    #[expect(clippy::disallowed_methods, reason = "what arrives is a fact about real shells")]
    let mut command = Command::new(program);
    if let Ok(output) = command.arg(script).current_dir(work).envs(values).output() {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program}");
        Some(String::from_utf8(output.stdout).unwrap())
    } else {
        eprintln!("skipped: there is no {program}");
        None
    }
}

const POSIX: [(&str, &str); 9] = [
    ("printf '%s\\0' @", "@"),
    ("printf '%s\\0' x@y", "x@y"),
    ("printf '%s\\0' \"x@y\"", "x@y"),
    ("printf '%s\\0' 'x@y'", "x@y"),
    ("printf '%s\\0' \"$(printf '%s.' @)\"", "@."),
    ("printf '%s\\0' \"$(printf '%s.' \"<@>\")\"", "<@>."),
    ("v=@; printf '%s\\0' \"$v\"", "@"),
    ("printf '%s\\0' \"$(cat <<END\n[@]\nEND\n)\"", "[@]"),
    ("printf '%s\\0' \"`printf '%s.' \"x@\"`\"", "x@."),
];

#[test]
fn every_payload_arrives_unchanged_in_sh() {
    check("sh", Shell::Sh, "", &POSIX, "#");
    check("dash", Shell::Sh, "", &POSIX, "#");
}

#[test]
fn every_payload_arrives_unchanged_in_bash() {
    let own = [
        ("printf '%s\\0' $'\\x41@'", "A@"),
        ("[[ @ == x ]] || printf '%s\\0' @", "@"),
        ("cat <<< x > /dev/null; printf '%s\\0' @", "@"),
    ];
    let lines: Vec<_> = POSIX.iter().chain(&own).copied().collect();
    check("bash", Shell::Bash, "", &lines, "#");
}

#[test]
fn every_payload_arrives_unchanged_in_python() {
    let head = "import os, sys\ndef w(s): sys.stdout.buffer.write(os.fsencode(s) + b'\\0')\n";
    let lines = [
        ("w(@)", "@"),
        ("w('x@y')", "x@y"),
        ("w(\"x@y\".strip('x'))", "@y"),
        ("w('''x\n@'y''')", "x\n@'y"),
        ("w(r\"\\d@y\")", "\\d@y"),
        ("w(f'{1}@{{}}')", "1@{}"),
        ("w('-'.join(['@', 'it\\'s @']))", "@-it's @"),
    ];
    check("python3", Shell::Python, head, &lines, "#");
}

#[test]
fn every_payload_arrives_unchanged_in_node() {
    let head = "const w = (s) => process.stdout.write(s + '\\0');\n";
    let lines = [
        ("w(@);", "@"),
        ("w('x@y');", "x@y"),
        ("w(\"x@y\".concat('!'));", "x@y!"),
        ("w(`x@y${1 + 1}${`@`}`);", "x@y2@"),
        ("w(String(4 / 2) + '@' + /[/'\"]/.source);", "2@[/'\"]"),
        ("/* @ */ w({ a: '@' }.a);", "@"),
    ];
    check("node", Shell::Node, head, &lines, "//");
}

#[test]
fn every_payload_arrives_unchanged_in_powershell() {
    let head = "function w($s) { [Console]::Out.Write(\"$s`0\") }\n";
    let lines = [
        ("w @", "@"),
        ("w \"x@y\"", "x@y"),
        ("w 'x@y$'", "x@y$"),
        ("w 'it''s \"@\"'", "it's \"@\""),
        ("w @'\n$x @\n'@", "$x @"),
    ];
    check("pwsh", Shell::PowerShell, head, &lines, "#");
}

#[test]
fn scripts_refer_to_the_environment_as_each_quote_wants_it() {
    for (shell, text, expected) in [
        (
            Shell::Sh,
            "echo ${{ a }} \"${{ a }}\" '${{ b }}'",
            "echo \"${AZ_EXPR_1}\" \"${AZ_EXPR_1}\" ''\"${AZ_EXPR_2}\"''",
        ),
        (Shell::Sh, "echo ${HOME} $x '$y' # ${{ a }}", "echo ${HOME} $x '$y' # AZ_EXPR_1"),
        (Shell::Bash, "echo $'a\\'${{ a }}'", "echo $'a\\''\"${AZ_EXPR_1}\"$''"),
        (
            Shell::Bash,
            "cat <<-EOF\n\t${{ a }}\n\tEOF\necho '${{ a }}'",
            "cat <<-EOF\n\t${AZ_EXPR_1}\n\tEOF\necho ''\"${AZ_EXPR_1}\"''",
        ),
        (Shell::PowerShell, "w ${{ a }} \"${{ a }}\"", "w ${env:AZ_EXPR_1} \"${env:AZ_EXPR_1}\""),
        (Shell::PowerShell, "w 'it''s `$5 ${{ a }} \"\"'", "w \"it's ```$5 ${env:AZ_EXPR_1} `\"`\"\""),
        (
            Shell::PowerShell,
            "@'\n$x\n${{ a }}\n'@; 'b' # ${{ a }}",
            "@\"\n`$x\n${env:AZ_EXPR_1}\n\"@; 'b' # AZ_EXPR_1",
        ),
        (
            Shell::PowerShell,
            "<# ${{ a }} #> \"$(w 'x${{ a }}')\"",
            "<# AZ_EXPR_1 #> \"$(w \"x${env:AZ_EXPR_1}\")\"",
        ),
        (
            Shell::Python,
            "print('a${{ a }}')",
            "print(('a' + __import__(\"os\").environ[\"AZ_EXPR_1\"] + ''))",
        ),
        (Shell::Node, "f(\"${{ a }}\", 1)", "f((\"\" + process.env.AZ_EXPR_1 + \"\"), 1)"),
    ] {
        let embedded = embedded(text, shell);
        assert_eq!(embedded.diagnostics, [], "{text}");
        assert_eq!(embedded.text, expected, "{text}");
    }
}

#[test]
fn a_value_is_refused_where_it_would_be_evaluated_or_lost() {
    for (shell, text, place) in [
        (Shell::Bash, "echo $(( ${{ a }} + 1 ))", "${{ a }}"),
        (Shell::Bash, "(( x = ${{ a }} ))", "${{ a }}"),
        (Shell::Bash, "echo ${x[${{ a }}]}", "${{ a }}"),
        (Shell::Bash, "echo ${x:-${{ a }}}", "${{ a }}"),
        (Shell::Bash, "x[${{ a }}]=1", "${{ a }}"),
        (Shell::Bash, "[[ ${{ a }} -eq 1 ]]", "${{ a }}"),
        (Shell::Bash, "[[ 1 -lt ${{ a }}", "${{ a }}"),
        (Shell::Sh, "cat <<'EOF'\n${{ a }}\nEOF", "${{ a }}"),
        (Shell::Sh, "echo \\${{ a }}", "${{ a }}"),
        (Shell::Sh, "echo \"$${{ a }}\"", "${{ a }}"),
        (Shell::PowerShell, "w \"`${{ a }}\"", "${{ a }}"),
        (Shell::Python, "b'${{ a }}'", "${{ a }}"),
        (Shell::Python, "f'{x[${{ a }}]}'", "${{ a }}"),
        (Shell::Python, "'\\${{ a }}'", "${{ a }}"),
        (Shell::Node, "/${{ a }}/.test(x)", "${{ a }}"),
    ] {
        let found = embedded(text, shell).diagnostics;
        let places: Vec<_> = found.iter().map(|fault| (fault.code, fault.labels[0].span.of(text))).collect();
        assert_eq!(places, [(codes::UNSAFE_VALUE, place)], "{text}");
        assert!(found[0].help.is_some());
    }
    let too_deep = [
        format!("{} $(( ${{{{ a }}}} ))", "echo $(".repeat(64)),
        format!("cat <<'{}'\n${{{{ a }}}}\n", "E".repeat(300)),
    ];
    for text in too_deep {
        let found = embedded(&text, Shell::Bash).diagnostics;
        assert_eq!(found[0].code, codes::UNSAFE_VALUE, "{text}");
    }
    let endless = embedded("echo ${{ a", Shell::Sh).diagnostics;
    assert_eq!(endless[0].code, codes::BAD_CONDITION);
}

proptest::proptest! {
    #[test]
    fn any_script_is_written_whole(
        text in "('|\"|`|\\\\|\\$|\\$\\(|\\)|\\$\\{|\\}|\\(\\(|\\[\\[|<<E|\n|E\n|#|/|@'|@\"|'@|f'|\\$\\{\\{ a \\}\\}|[a-z é]){0,24}"
    ) {
        for shell in [Shell::Sh, Shell::Bash, Shell::PowerShell, Shell::Python, Shell::Node] {
            let embedded = embedded(&text, shell);
            if !text.contains("${{") {
                proptest::prop_assert_eq!(&embedded.text, &text, "{:?}", shell);
            }
            proptest::prop_assert!(!embedded.text.contains("${{ a }}") || !embedded.diagnostics.is_empty());
        }
    }
}
