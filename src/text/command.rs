//! Command lines that need no shell.
//!
//! Knows what the shells of POSIX would read into a text. Does not know which programs there are.

/// Words that a shell does not take for the name of a program, or that it may have an answer to of its own.
const OWN: &str = "\
    ! . : [ [[ ]] alias autoload bg bind break builtin caller case cd chdir command compgen complete \
    compopt continue coproc declare dirs disown do done echo elif else enable end esac eval exec exit \
    export false fc fg fi float for foreach function getln getopts hash help history if in integer jobs \
    kill let local logout mapfile namespace newgrp nocorrect noglob popd print printf pushd pwd read \
    readarray readonly rehash repeat return select set shift shopt sleep source stop suspend test then \
    time times trap true type typeset ulimit umask unalias unfunction unhash unlimit unset until vared \
    wait whence where which while";

/// Returns the words of a text with which a shell would do nothing but start the program that the first one names.
///
/// What is returned is beyond doubt: letters, digits and a few signs that mean nothing to a shell, on one line.
pub fn bare_words(text: &str) -> Option<Vec<&str>> {
    let text = text.trim_end_matches(['\n', ' ', '\t']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./,:+@%-=".contains(c);
    if !text.chars().all(|c| is_plain(c) || matches!(c, ' ' | '\t')) {
        return None;
    }
    let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
    let program = words.first()?;
    // What looks like an assignment is none of a program's business.
    let is_named = program.chars().all(|c| c.is_ascii_alphanumeric() || "_./+-".contains(c));
    (is_named && !OWN.split(' ').any(|own| own == *program)).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_taken() {
        let words = |text| bare_words(text).map(|words| words.join("|"));
        assert_eq!(words("sh a/b.sh\n").as_deref(), Some("sh|a/b.sh"));
        assert_eq!(
            words(" cargo  test --lib -- a::b\t--x=1 ").as_deref(),
            Some("cargo|test|--lib|--|a::b|--x=1")
        );
        assert_eq!(words("./run").as_deref(), Some("./run"));
        for text in [
            "", "\n", " ", "A=1 x", "A=1", "cd x", "echo a", "exit", "a; b", "a\nb", "a & b", "a | b",
            "a > b", "a < b", "a $x", "a `b`", "a 'b'", "a \"b\"", "a *", "a ?", "a [b]", "a ~", "a ~/b",
            "# a", "a # b", "! a", "( a )", "{ a", "a\\ b", "a\r", "while", "a\u{a0}b", "é", "a é", "a{b,c}",
            "a^b", "a\0",
        ] {
            assert_eq!(words(text), None, "{text:?}");
        }
    }

    /// What a shell makes of such a text is what it is parted into.
    #[test]
    fn a_shell_parts_it_likewise() {
        use proptest::prelude::*;
        let shell = std::path::Path::new("/bin/sh");
        if !shell.exists() {
            eprintln!("skipped: there is no /bin/sh");
            return;
        }
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
        let texts = "[a-zA-Z0-9_./,:+@%=~#$*' \t-]{0,24}";
        let checked = runner.run(&texts.prop_map(|rest| format!("_n_ {rest}")), |text| {
            let Some(words) = bare_words(&text) else { return Ok(()) };
            let script = format!("_n_() {{ printf '%s\\n' _n_ \"$@\"; }}\n{text}\n");
            #[expect(clippy::disallowed_methods, reason = "a test asks a real shell")]
            let output = std::process::Command::new(shell).arg("-c").arg(script).output().expect("it starts");
            let printed = String::from_utf8_lossy(&output.stdout);
            prop_assert_eq!(printed.lines().collect::<Vec<_>>(), words);
            Ok(())
        });
        checked.expect("no counterexample");
    }
}
