//! The words of a shell's command so far, and whether a value in the word that comes may be run or evaluated.
//!
//! Knows commands by their names. Does not know quotes: it is given each word without them. Commands it does not know
//! take their arguments as they are; what a script hands to another machine (`ssh`) or to a database is its own matter.

use super::Refusal;

const NAME: Refusal = Refusal {
    message: "a value cannot be the name of a variable here, where the shell evaluates what is in it",
    help: "write the name itself; to choose between some, use `case \"${{ ... }}\" in`",
};
const EVALUATED: Refusal = Refusal {
    message: "a value cannot stand here, where the shell evaluates what is in it",
    help: "set it plainly, `V=\"${{ ... }}\"`, check that it is what is expected, and use the variable",
};
const CODE: Refusal = Refusal {
    message: "a value cannot stand in a text that a shell runs, where it would be a piece of code",
    help: "export it before, `export V=\"${{ ... }}\"`, and use it in that text: `sh -c 'echo \"$V\"'`",
};
const PROGRAM: Refusal = Refusal {
    message: "a value cannot stand in a program of another language, where it would be a piece of code",
    help: "hand it over: `awk -v v=\"${{ ... }}\"`, `jq --arg v \"${{ ... }}\"`; or export it before, \
           `export V=\"${{ ... }}\"`, and read that: `os.environ[\"V\"]` in Python, `process.env.V` in Node, \
           `$ENV{V}` in Perl, also for what sed does",
};
/// Of a here-document that is run.
pub(super) const DOCUMENT_OF_CODE: Refusal = Refusal {
    message: "a value cannot stand in a here-document that is run, where it would be a piece of code",
    help: "export it before, `export V=\"${{ ... }}\"`, write the end in quotes, `<<'EOF'`, and use the variable",
};

/// Words in front of a command, which say when it runs.
const RESERVED: [&str; 10] = ["if", "then", "elif", "else", "while", "until", "do", "{", "!", "coproc"];

/// Commands that run another one: options that take the next word, and how many words stand before the command.
const RUNNERS: [(&str, &str, usize); 15] = [
    ("builtin", "", 0),
    ("busybox", "", 0),
    ("chroot", "", 1),
    ("command", "", 0),
    ("doas", "uC", 0),
    ("env", "uCS", 0),
    ("exec", "a", 0),
    ("ionice", "cnp", 0),
    ("nice", "n", 0),
    ("nohup", "", 0),
    ("setsid", "", 0),
    ("stdbuf", "ioe", 0),
    ("sudo", "ugpCrtUhRD", 0),
    ("time", "of", 0),
    ("timeout", "sk", 1),
];
const XARGS: (&str, &str, usize) = ("xargs", "InPLdaEs", 0);

const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "ash", "mksh"];

/// Options of shells and interpreters that take the next word.
const TAKE_NEXT: [&str; 13] = [
    "-o",
    "+o",
    "-O",
    "+O",
    "--rcfile",
    "--init-file",
    "-W",
    "-X",
    "-r",
    "--require",
    "--import",
    "-I",
    "-C",
];

/// Commands that take a program behind an option of one letter; a cluster of options may end in it.
const PROGRAMS: [(&str, &str, &[&str]); 9] = [
    ("python", "c", &[]),
    ("node", "ep", &["--eval", "--print"]),
    ("nodejs", "ep", &["--eval", "--print"]),
    ("perl", "eE", &[]),
    ("ruby", "e", &[]),
    ("php", "r", &["--run"]),
    ("lua", "e", &[]),
    ("su", "c", &["--command", "--session-command"]),
    ("runuser", "c", &["--command", "--session-command"]),
];

/// Commands whose first word is a program, unless an option gives it: options that take a program, a file of it, or other
/// words, one each and two each.
struct Filter {
    names: &'static [&'static str],
    program: &'static [&'static str],
    file: &'static [&'static str],
    one: &'static [&'static str],
    two: &'static [&'static str],
}

const FILTERS: [Filter; 3] = [
    Filter {
        names: &["awk", "gawk", "mawk", "nawk"],
        program: &["-e", "--source"],
        file: &["-f", "--file"],
        one: &["-v", "-F", "-i", "-l", "--assign", "--field-separator", "--include"],
        two: &[],
    },
    Filter {
        names: &["sed", "gsed"],
        program: &["-e", "--expression"],
        file: &["-f", "--file"],
        one: &["-l", "--line-length"],
        two: &[],
    },
    Filter {
        names: &["jq", "gojq"],
        program: &[],
        file: &["-f", "--from-file"],
        one: &["-L", "--indent"],
        two: &["--arg", "--argjson", "--slurpfile", "--rawfile", "--argfile"],
    },
];

/// A word of a command, without its quotes; what is not known of it stands as `$`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Word {
    text: String,
    /// It begins with `<` or `>`, which no quotes enclose.
    is_redirection: bool,
}

/// A command so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Command {
    words: Vec<Word>,
    word: Option<Word>,
    /// It is the list of an array, which holds no commands.
    is_list: bool,
}

impl Command {
    /// Begins what stands in parentheses.
    pub(super) fn group(&mut self) -> Self {
        let is_list = self.word.as_ref().is_some_and(|word| word.text.ends_with('='));
        let is_process = self.word.as_ref().is_some_and(|word| word.is_redirection);
        if is_list || is_process {
            self.add("$");
        } else {
            self.end();
        }
        Self { is_list, ..Self::default() }
    }

    /// Adds to the word that is being written, or begins one.
    pub(super) fn add(&mut self, text: &str) {
        self.word.get_or_insert_default().text.push_str(text);
    }

    /// Begins a word that says where input comes from or output goes to, or adds to one.
    pub(super) fn redirect(&mut self, text: &str) {
        let is_number = |word: &Word| word.text.chars().all(|c| c.is_ascii_digit() || c == '&');
        if !self
            .word
            .as_ref()
            .is_some_and(|word| word.is_redirection && is_operator(&word.text) || is_number(word))
        {
            self.end_word();
        }
        let word = self.word.get_or_insert_default();
        word.is_redirection = true;
        word.text.push_str(text);
    }

    /// Tells whether `&` belongs to a redirection: `2>&1`, `&>`.
    pub(super) fn is_in_redirection(&self) -> bool {
        self.word.as_ref().is_some_and(|word| word.is_redirection && is_operator(&word.text))
    }

    pub(super) fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    /// Ends the command; what comes is another one.
    pub(super) fn end(&mut self) {
        self.end_word();
        self.words.clear();
    }

    /// Returns its words without redirections, the one that is being written too; and whether that one is an argument.
    fn arguments(&self) -> (Vec<&str>, bool) {
        let mut found = Vec::new();
        let mut is_target = false;
        for word in &self.words {
            if word.is_redirection {
                is_target = is_operator(&word.text);
            } else if !std::mem::take(&mut is_target) {
                found.push(word.text.as_str());
            }
        }
        let is_argument = !is_target && !self.word.as_ref().is_some_and(|word| word.is_redirection);
        (found, is_argument)
    }

    /// Tells whether what it reads is run: it is a shell, or an interpreter, without a script.
    pub(super) fn runs_input(&self) -> bool {
        let mut whole = self.clone();
        whole.end_word();
        let (words, _) = whole.arguments();
        let mut started = started(&words);
        started.any(|Started { code, long, rest, refusal: _ }| {
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                match *word {
                    "-s" if code == "c" => return true,
                    word if is_cluster(word, code) || long.contains(&word) => return false,
                    word if TAKE_NEXT.contains(&word) => _ = rest.next(),
                    word if word.starts_with(['-', '+']) => {}
                    _ => return false,
                }
            }
            true
        }) || command(&words)
            .is_some_and(|(name, rest)| is_powershell(name) && rest.iter().all(|word| word.starts_with('-')))
    }

    /// Returns why a value cannot stand in the word that is being written.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        if self.is_list {
            return None;
        }
        let (words, is_argument) = self.arguments();
        if !is_argument {
            return (self.is_here_string() && self.runs_input()).then_some(CODE);
        }
        let word = self.word.as_ref().map_or("", |word| word.text.as_str());
        if let Some(refusal) = started(&words).find_map(|started| started.refuses(word)) {
            return Some(refusal);
        }
        let (name, arguments) = command(&words)?;
        let before = arguments.last().copied().unwrap_or_default();
        match name {
            "let" => Some(EVALUATED),
            "eval" | "trap" | "alias" | "compgen" => Some(CODE),
            "declare" | "typeset" | "local" | "export" | "readonly" => declared(arguments, word),
            "read" => {
                let is_text = |word: &str| ["-p", "-d", "-i", "-t", "-n", "-N", "-u"].contains(&word);
                let is_joined = word.get(..2).is_some_and(is_text);
                (!is_text(before) && !is_joined).then_some(NAME)
            }
            "mapfile" | "readarray" => (before == "-C" || word.starts_with("-C")).then_some(CODE),
            "unset" => Some(NAME),
            "printf" | "wait" => {
                let option = if name == "printf" { "-v" } else { "-p" };
                let is_name = (before == option && arguments.len() == 1)
                    || (arguments.is_empty() && word.starts_with(option));
                is_name.then_some(NAME)
            }
            "test" | "[" | "[[" => ["-v", "-R"].contains(&before).then_some(NAME),
            _ if is_powershell(name) => {
                let is = |word: &str, option: &str| {
                    word.len() >= 2 && option.starts_with(&word.to_ascii_lowercase())
                };
                let says = arguments.iter().find(|word| is(word, "-command") || is(word, "-file"));
                says.is_some_and(|word| is(word, "-command")).then_some(PROGRAM)
            }
            _ => filtered(name, arguments, word),
        }
    }

    /// Tells whether what comes reaches it as input: `<<< word`.
    fn is_here_string(&self) -> bool {
        let last = self.word.as_ref().filter(|word| word.is_redirection).or(self.words.last());
        last.is_some_and(|word| word.text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("<<<"))
    }
}

/// Tells whether a redirection does not say yet where from or to.
fn is_operator(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_matches(['<', '>', '&', '|']).is_empty()
}

/// Returns the name of a program without its folder.
fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Tells whether a word is an option of one letter, or several that end in one: `-c`, `-ec`.
fn is_cluster(word: &str, letters: &str) -> bool {
    let Some(cluster) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else { return false };
    cluster.ends_with(|last| letters.contains(last))
}

fn is_powershell(name: &str) -> bool {
    ["pwsh", "powershell"].contains(&name)
}

/// A shell or an interpreter that a command starts, which takes code.
struct Started<'a, 'w> {
    /// Letters of options behind which its code stands.
    code: &'static str,
    /// The same, written out.
    long: &'static [&'static str],
    /// What follows its name.
    rest: &'a [&'w str],
    /// Why a value cannot stand in its code.
    refusal: Refusal,
}

/// Returns the shells and interpreters that a command starts; shells and Python also where others start them:
/// `find -exec sh -c`, `docker run image python -c`.
fn started<'a, 'w>(words: &'a [&'w str]) -> impl Iterator<Item = Started<'a, 'w>> {
    let at = command(words).map_or(words.len(), |(_, behind)| words.len() - behind.len() - 1);
    words.iter().enumerate().filter_map(move |(place, word)| {
        let name = base_name(word);
        let rest = &words[place + 1..];
        if SHELLS.contains(&name) {
            return Some(Started { code: "c", long: &[], rest, refusal: CODE });
        }
        // Which may have a version: `python3.12`.
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let (name, code, long) = PROGRAMS.into_iter().find(|(known, ..)| *known == name)?;
        let refusal = if takes_user(name) { CODE } else { PROGRAM };
        (place == at || name == "python").then_some(Started { code, long, rest, refusal })
    })
}

fn takes_user(name: &str) -> bool {
    ["su", "runuser"].contains(&name)
}

impl Started<'_, '_> {
    /// Returns why a value cannot stand in the word that follows.
    fn refuses(self, word: &str) -> Option<Refusal> {
        let Self { code, long, rest, refusal } = self;
        let is_code = |word: &str| is_cluster(word, code) || long.contains(&word);
        // These take a user, and the code behind it.
        let has_script = !long.contains(&"--session-command");
        let mut rest = rest.iter();
        while let Some(first) = rest.next() {
            if is_code(first) {
                return rest.next().is_none().then_some(refusal);
            }
            if TAKE_NEXT.contains(first) {
                rest.next()?;
            } else if has_script && !first.starts_with(['-', '+']) {
                return None;
            }
        }
        // What is written onto the option: `-e'...'`.
        let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
        let letters = cluster.chars().take_while(char::is_ascii_alphanumeric);
        let is_joined = letters.into_iter().any(|letter| code.contains(letter)) || has_joined(long, word);
        is_joined.then_some(refusal)
    }
}

/// Returns the name of a command and its arguments, without what only says when and how it runs.
fn command<'a, 'w>(words: &'a [&'w str]) -> Option<(&'w str, &'a [&'w str])> {
    let mut rest = words;
    loop {
        let (first, behind) = rest.split_first()?;
        let name = base_name(first);
        if RESERVED.contains(first) || is_assignment(first) {
            rest = behind;
        } else if *first == "function" {
            rest = behind.get(1..)?;
        } else if let Some((_, options, count)) =
            RUNNERS.iter().chain([&XARGS]).find(|(runner, ..)| *runner == name)
        {
            rest = run_by(behind, options, *count)?;
        } else {
            return Some((name, behind));
        }
    }
}

/// Returns the command that another one runs.
fn run_by<'a, 'w>(mut rest: &'a [&'w str], options: &str, count: usize) -> Option<&'a [&'w str]> {
    while let Some((option, behind)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        let takes_next = option.len() == 2 && option.ends_with(|letter| options.contains(letter));
        rest = if takes_next { behind.get(1..)? } else { behind };
    }
    rest.get(count..)
}

/// Tells whether a word sets a variable: `a=1`, `a+=1`, `a[1]=1`.
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split('[').next().unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns why a value cannot stand in a declaration: in a name, or where the shell evaluates what is set.
fn declared(arguments: &[&str], word: &str) -> Option<Refusal> {
    if !is_assignment(word) {
        return Some(NAME);
    }
    let is_evaluated = |option: &&str| option.starts_with('-') && option.contains(['i', 'n', 'a', 'A']);
    arguments.iter().any(is_evaluated).then_some(EVALUATED)
}

/// Returns why a value cannot stand in the program of awk, sed or jq.
fn filtered(name: &str, arguments: &[&str], word: &str) -> Option<Refusal> {
    let filter = FILTERS.iter().find(|filter| filter.names.contains(&name))?;
    let mut is_given = false;
    let mut rest = arguments.iter();
    while let Some(first) = rest.next() {
        let is = |options: &[&str]| options.contains(first);
        // `-ne` of sed.
        let gives = is(filter.program) || (is_cluster(first, "e") && filter.program.contains(&"-e"));
        let takes = if is(filter.two) { 2 } else { usize::from(gives || is(filter.file) || is(filter.one)) };
        is_given |= gives || is(filter.file) || !first.starts_with('-');
        is_given |= has_joined(filter.program, first) || has_joined(filter.file, first);
        for _ in 0..takes {
            if rest.next().is_none() {
                // The option takes the word that is being written.
                return gives.then_some(PROGRAM);
            }
        }
    }
    let is_program = if word.starts_with('-') { has_joined(filter.program, word) } else { !is_given };
    is_program.then_some(PROGRAM)
}

/// Tells whether a word is one of these options with its value: `-e...`, `--expression=...`.
fn has_joined(options: &[&str], word: &str) -> bool {
    options.iter().any(|option| {
        let rest = word.strip_prefix(option);
        rest.is_some_and(
            |rest| if option.starts_with("--") { rest.starts_with('=') } else { !rest.is_empty() },
        )
    })
}
