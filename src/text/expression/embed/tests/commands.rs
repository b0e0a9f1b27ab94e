//! Commands that run or evaluate what they are given, and those that do not.

use std::process::Command;

use super::*;

/// Where a value would be a piece of code; `@` is the value.
const REFUSED: &[&str] = &[
    "let \"y=@\"",
    "let y=@",
    "declare \"@=1\"",
    "declare -i n=\"@\"",
    "declare -a list=\"@\"",
    "declare -n other=\"@\"",
    "typeset @",
    "f() { local \"@\"; }",
    "f() { local -i n=@; }",
    "export @",
    "export \"@=1\"",
    "readonly \"@=1\"",
    "printf -v \"@\" 1",
    "printf -v@ 1",
    "read \"@\" <<< 1",
    "read -r a @ < file",
    "unset \"@\"",
    "unset -v 'a@'",
    "test -v \"@\"",
    "[ -v \"@\" ]",
    "[[ -v @ ]]",
    "[[ -n a && -v @ ]]",
    "wait -n -p x; wait -p @",
    "eval \"echo @\"",
    "eval echo '@'",
    "true; eval @",
    "true && eval @",
    "true || eval @",
    "true | eval @",
    "if eval @; then true; fi",
    "while eval @; do true; done",
    "! eval @",
    "A=1 B[1]=2 eval @",
    "\\eval @",
    "'eval' @",
    "ev'a'l @",
    "command eval @",
    "builtin eval @",
    "> out eval @",
    "eval > out 2>&1 @",
    "eval \\\n  @",
    "(eval @)",
    "{ eval @; }",
    "f() { eval @; }",
    "function f { eval @; }",
    "echo \"$(eval @)\"",
    "echo `eval @`",
    "case x in x) eval @;; esac",
    "eval \"$(echo x)\" @",
    "eval ${x} $((1)) @",
    "trap \"echo @\" EXIT",
    "trap -- '@' INT",
    "alias x='@'",
    "mapfile -C @ -c 1 lines",
    "bash -c \"echo @\"",
    "sh -c @",
    "sh -c 'echo @'",
    "/bin/sh -ec 'echo @'",
    "bash -e -o pipefail -c \"@\"",
    "sudo -u root bash -c \"@\"",
    "env -i A=b sh -c \"@\"",
    "timeout -s 9 5 sh -c \"@\"",
    "nice -n 5 nohup zsh -c @",
    "exec dash -c @",
    "time ksh -c @",
    "echo x | xargs -I{} sh -c 'echo {} @'",
    "find . -exec sh -c 'echo @' \\;",
    "docker run --rm image bash -c \"@\"",
    "su - user -c \"@\"",
    "su -c @",
    "sh <<EOF\necho @\nEOF",
    "bash -s <<-EOF\n\techo @\n\tEOF",
    "bash -s a <<EOF\necho @\nEOF",
    "cat <<EOF | bash\necho @\nEOF",
    "cat <<EOF | sudo tee x | sh -x\necho @\nEOF",
    "docker exec -i c sh <<EOF\necho @\nEOF",
    "x=$(sh <<EOF\necho @\nEOF\n)",
    "sh <<'EOF'\necho @\nEOF",
    "python3 - <<EOF\nprint('@')\nEOF",
    "bash <<< \"echo @\"",
    "bash -x <<<@",
    "awk 'BEGIN{x=\"@\"}'",
    "gawk -F: -v a=b '/@/ { print }' file",
    "awk -e '@'",
    "awk \"/@/\" file",
    "sed 's/a/@/' file",
    "sed -i 's/a/@/' file",
    "sed -n -e p -e 's/a/@/' file",
    "sed -ne 's/a/@/p' file",
    "sed --expression='@' file",
    "perl -e 'print \"@\"'",
    "perl -i -pe 's/a/@/' file",
    "perl -ne'@' file",
    "python -c 'print(\"@\")'",
    "python3.12 -uc \"print('@')\"",
    "node -e 'f(\"@\")'",
    "node --eval='f(\"@\")'",
    "ruby -e 'puts \"@\"'",
    "php -r '@;'",
    "jq '.a = \"@\"' file",
    "jq -r --arg a b '.[\"@\"]' file",
    "pwsh -NoProfile -Command 'Write-Host @'",
    "pwsh -c \"@\"",
];

/// Where it is none.
const ALLOWED: &[&str] = &[
    "echo @",
    "echo \"@\"",
    "echo 'a @ b'",
    "echo eval @",
    "echo \"eval @\"",
    "echo let bash trap @",
    "printf '%s\\n' @",
    "printf \"%s\" -v @",
    "x=@",
    "x=@ y=\"@\" true",
    "export A=@",
    "export A=\"@\" B='@'",
    "export A=1; export B=\"a@b\"",
    "readonly A=\"@\"",
    "declare A=\"@\"",
    "declare -r A=\"@\"",
    "declare -x A=x@",
    "f() { local a=\"@\"; echo \"$a\"; }; f",
    "list=(@ \"@\"); echo \"${list[@]}\"",
    "list+=(eval @)",
    "declare -a list=(@)",
    "if [ \"@\" = y ]; then echo yes; fi",
    "if test \"@\" = y; then echo yes; fi",
    "[ -n \"@\" ] || true",
    "[ \"@\" -gt 3 ] || true",
    "[[ @ == a* ]] || true",
    "[[ -n @ && @ =~ x ]] || true",
    "case \"@\" in y) echo yes;; *) echo no;; esac",
    "case x in @) echo;; esac",
    "for i in @ \"@\"; do echo \"$i\"; done",
    "while read -r line; do echo \"$line\"; done <<< \"@\"",
    "read -r a b <<< \"@\"",
    "read -p \"@\" answer < /dev/null || true",
    "read -r a <<EOF\n@\nEOF",
    "cat <<EOF\n@\nEOF",
    "cat <<EOF | tr a b\nsh @\nEOF",
    "cat <<EOF > x; bash -n x\n# eval @\nEOF",
    "cat <<< @",
    "true > /dev/null 2>&1; echo @ >&2",
    "echo @ &> out",
    "echo x > \"./@\" || true",
    "time echo @",
    "! echo @",
    "env A=b echo @",
    "nice -n 5 echo \"@\"",
    "timeout 5 echo \"@\"",
    "command echo @",
    "command -v \"@\" || true",
    "true && echo @ || echo \"@\"",
    "(echo @)",
    "{ echo @; }",
    "echo \"$(echo @)\"",
    "echo `echo @`",
    "git commit -m \"@\" || true",
    "git commit -m \"let us eval @\" || true",
    "set -- @ \"@\"; echo \"$1\"",
    "bash -c 'echo \"$1\"' name \"@\"",
    "sh -c 'echo \"$V\"'; V=@ sh -c 'echo \"$V\"'",
    "export V=\"@\"; eval 'echo \"$V\"'",
    "bash ./no-script \"@\" || true",
    "sh ./no-script -c \"@\" || true",
    "bash -n /dev/null @",
    "bash -s -- \"@\" < /dev/null",
    "awk -v v=\"@\" 'BEGIN { print v }'",
    "awk 'BEGIN { print ARGV[1] }' \"@\"",
    "awk -F \"@\" '{ print }' /dev/null || true",
    "echo x | sed -n '1p' - \"@\" || true",
    "sed -n -e p -- \"@\" || true",
    "perl -e 'print $ARGV[0]' -- \"@\" || true",
    "python3 -c 'import sys; print(len(sys.argv))' \"@\"",
    "python3 ./no-script -c \"@\" || true",
    "jq -n --arg v \"@\" '$v' || true",
    "jq -n '$ENV.V' --arg v \"@\" || true",
    "pwsh -File no-script -c \"@\" || true",
    "true # eval @",
    "trap 'echo bye' EXIT; echo @",
    "unset A; echo @",
    "let y=1; echo @",
    "eval 'true'; echo @",
    "eval 'true'\necho @",
    "read -r a < /dev/null || echo @",
    "grep -F -- \"@\" /dev/null || true",
    "find . -name \"@\"",
    "curl --version \"@\" || true",
    "mkdir -p \"./d/@\" || true",
];

/// Payloads that do something where they are a piece of code.
const HARM: [&str; 8] = [
    "a[$(touch pwned)]",
    "([$(touch pwned)]=1)",
    "; touch pwned #",
    "$(touch pwned)",
    "\"; touch pwned; \"",
    "'; touch pwned; '",
    "/;e touch pwned\n#",
    "\"; system(\"touch pwned\"); \"",
];

#[test]
fn a_value_is_refused_where_a_command_would_run_or_evaluate_it() {
    for line in REFUSED {
        let text = line.replace('@', "${{ a }}");
        for whole in [text.clone(), format!("echo before\n{text}\n"), format!("if true; then\n  {text}\nfi")]
        {
            let found = embedded(&whole, Shell::Bash).diagnostics;
            let codes: Vec<_> = found.iter().map(|fault| fault.code).collect();
            assert_eq!(codes, [codes::UNSAFE_VALUE], "{whole}");
            assert_eq!(found[0].labels[0].span.of(&whole), "${{ a }}", "{whole}");
            assert!(found[0].help.is_some());
        }
    }
}

#[test]
fn a_value_is_allowed_where_it_is_no_code_and_does_no_harm_there() {
    for line in ALLOWED {
        let mut script = String::new();
        for (number, _) in HARM.iter().enumerate() {
            let value = format!("${{{{ h{number} }}}}");
            let line = line.replace("[@]", "[AT]").replace('@', &value).replace("[AT]", "[@]");
            script.extend(["(\n", &line, "\n)\n"]);
        }
        let embedded = embedded(&script, Shell::Bash);
        assert_eq!(embedded.diagnostics, [], "{line}");
        harmless(line, &embedded);
    }
}

#[test]
fn a_value_is_refused_in_a_text_that_python_or_node_runs() {
    for (shell, text, is_refused) in [
        (Shell::Python, "eval('1 + @')", true),
        (Shell::Python, "x = eval(@)", true),
        (Shell::Python, "exec (f\"\"\"a = '@'\"\"\")", true),
        (Shell::Python, "import os; os.system('echo @')", true),
        (Shell::Python, "model.eval('@')", false),
        (Shell::Python, "retrieval('@')", false),
        (Shell::Python, "f(eval('1'), '@')", false),
        (Shell::Python, "# eval('@')", false),
        (Shell::Node, "eval(`f(@)`)", true),
        (Shell::Node, "new Function('return @')()", true),
        (Shell::Node, "require('child_process').execSync('echo @')", true),
        (Shell::Node, "/x/.exec('@')", false),
    ] {
        let text = text.replace('@', "${{ a }}");
        let found = embedded(&text, shell).diagnostics;
        let codes: Vec<_> = found.iter().map(|fault| fault.code).collect();
        assert_eq!(codes, if is_refused { vec![codes::UNSAFE_VALUE] } else { vec![] }, "{text}");
    }
}

/// Runs a script, whose commands may fail, and claims that no payload did anything.
fn harmless(line: &str, embedded: &Embedded) {
    let work = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "what a shell evaluates is a fact about real shells")]
    let mut command = Command::new("bash");
    let values = embedded.values.iter().map(|(name, expr)| (name, to_text(&evaluate(expr, &Harm).value)));
    command.arg("-c").arg(&embedded.text).current_dir(work.path()).envs(values);
    let Ok(output) = command.stdin(std::process::Stdio::null()).output() else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!error.contains("syntax error"), "{line}: {error}");
    assert!(!work.path().join("pwned").exists(), "{line}\n{}", embedded.text);
}

struct Harm;

impl Lookup for Harm {
    fn variable(&self, name: &str) -> Option<Value> {
        let number: usize = name.strip_prefix('h')?.parse().ok()?;
        HARM.get(number).map(|payload| Value::String((*payload).to_owned()))
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
    fn platform(&self) -> &'static str {
        "linux"
    }
}

proptest::proptest! {
    #[test]
    fn what_stands_in_front_of_a_command_or_around_it_changes_nothing(
        before in "(true; |true && |! |A=b |env A=b |sudo |time |if |\\( |\\{ |x | |\n|f\\(\\) \\{ |echo \"\\$\\( |> out |2>&1 ){0,4}"
    ) {
        // What another command is given is its argument; and `|` needs a command in front of it.
        proptest::prop_assume!(!before.contains("x "));
        let text = format!("{before}eval ${{{{ a }}}}");
        let found = embedded(&text, Shell::Bash).diagnostics;
        proptest::prop_assert_eq!(found.len(), 1, "{}", text);
        let text = format!("{before}echo ${{{{ a }}}}");
        proptest::prop_assert_eq!(embedded(&text, Shell::Bash).diagnostics, [], "{}", text);
    }
}
