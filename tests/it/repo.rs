//! A repository for one test, and az run in it with nothing from outside.
//!
//! Knows how to write files, start `az` and count the scripts that really ran. Does not know what az should answer.
//!
//! A [`Repo`] is a handle, and what az answered leads back to it, so that a test reads as one sentence:
//!
//! ```text
//! Repo::new().script("0100_a.sh", "echo hi").az("build 0100").ran(["0100"]).az("build 0100").ran([]);
//! ```

mod answer;
mod gate;
mod running;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    rc::Rc,
    time::{Duration, SystemTime},
};

pub(crate) use answer::{Checked, Output};
pub(crate) use gate::{Gate, is_alive, until};
pub(crate) use running::Running;
use tempfile::TempDir;

/// Longer than any test needs: what takes this long hangs.
const LIMIT: Duration = Duration::from_mins(2);

/// What lies in a folder of this name is git's own business, so that az does not look at it.
const UNSEEN: &str = ".git";

/// A handle on a repository in a temporary directory, which goes with the last handle.
#[derive(Clone)]
pub(crate) struct Repo(Rc<Inner>);

struct Inner {
    directory: TempDir,
    environment: RefCell<BTreeMap<String, String>>,
    /// How much of the log of scripts has been asked about.
    seen: Cell<usize>,
}

impl Repo {
    /// Makes an empty repository with a home directory of its own.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for folder in ["repo", "home", "tmp", UNSEEN] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let path = |folder: &str| root.join(folder).to_str().unwrap().to_owned();
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", path("home")),
            ("TMPDIR", path("tmp")),
            ("NO_COLOR", "1".to_owned()),
            ("TERM", "dumb".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        Self(Rc::new(Inner { directory, environment: RefCell::new(environment), seen: Cell::new(0) }))
    }

    /// Writes an executable shell script to `scripts/` that notes that it ran before it does anything else.
    ///
    /// The comments and empty lines that `body` starts with become the header of the script.
    pub(crate) fn script(&self, name: &str, body: &str) -> Self {
        let number: String = name.chars().take_while(char::is_ascii_digit).collect();
        let is_header = |line: &&str| line.trim().is_empty() || line.starts_with('#');
        let header: String = body.split_inclusive('\n').take_while(is_header).collect();
        let statements = &body[header.len()..];
        let end_of_header = if header.is_empty() || header.ends_with('\n') { "" } else { "\n" };
        let text = format!("#!/bin/sh\n{header}{end_of_header}{}\n{statements}\n", self.notes(&number));
        self.executable(&format!("scripts/{name}"), &text)
    }

    /// Returns a shell command that notes that `name` ran, for steps that are no scripts of [`Repo::script`].
    pub(crate) fn notes(&self, name: &str) -> String {
        format!("echo {name} >> '{}'", self.log().display())
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self.clone()
    }

    /// Writes an executable file.
    pub(crate) fn executable(&self, path: &str, text: &str) -> Self {
        self.file(path, text).mode(path, 0o755)
    }

    /// Writes a file to `playbooks/`.
    pub(crate) fn playbook(&self, name: &str, text: &str) -> Self {
        self.file(&format!("playbooks/{name}"), text)
    }

    /// Writes other content to a file that is there; a bare `NNNN_name.sh` means the script of that name.
    pub(crate) fn edit(&self, path: &str, text: &str) -> Self {
        assert!(self.path(path).exists(), "`{path}` is not there to be edited");
        if is_script(path) { self.script(path, text) } else { self.file(path, text) }
    }

    /// Sets the permission bits.
    pub(crate) fn mode(&self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
        self.clone()
    }

    /// Removes a file, or a folder with all that is in it.
    pub(crate) fn remove(&self, path: &str) -> Self {
        let path = self.path(path);
        let removed = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        removed.unwrap();
        self.clone()
    }

    /// Makes a symbolic link.
    pub(crate) fn link(&self, path: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
        self.clone()
    }

    /// Sets the modification time to now and changes nothing else.
    pub(crate) fn touch(&self, path: &str) -> Self {
        File::options().append(true).open(self.path(path)).unwrap().set_modified(SystemTime::now()).unwrap();
        self.clone()
    }

    /// Sets an environment variable for the commands that follow.
    pub(crate) fn env(&self, name: &str, value: &str) -> Self {
        self.0.environment.borrow_mut().insert(name.to_owned(), value.to_owned());
        self.clone()
    }

    /// Removes an environment variable for the commands that follow.
    pub(crate) fn without_env(&self, name: &str) -> Self {
        self.0.environment.borrow_mut().remove(name);
        self.clone()
    }

    /// Returns the value of an environment variable of the commands.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.0.environment.borrow().get(name).cloned()
    }

    /// Returns where a path of the repository lies; a bare `NNNN_name.sh` means the script of that name.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let root = self.0.directory.path().join("repo");
        if is_script(path) { root.join("scripts").join(path) } else { root.join(path) }
    }

    /// Returns where a file beside the repository lies.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.0.directory.path().join(name)
    }

    /// Returns the folder with what this machine has beside the project: corpus and benchmarks.
    ///
    /// Nothing, said aloud, if it is not there.
    pub(crate) fn shared(path: &str) -> Option<PathBuf> {
        let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
        let found = std::env::var_os("AZ_SHARED").map_or_else(beside, Into::into).join(path);
        if !found.exists() {
            eprintln!("skipped: there is no {}", found.display());
            return None;
        }
        Some(found)
    }

    /// Tells whether a program is on the path of the test itself, which the commands then get too.
    pub(crate) fn finds(&self, program: &str) -> bool {
        let is_there = self.env("PATH", &std::env::var("PATH").unwrap()).sh(&format!("{program} --version"));
        let is_there = is_there.is_success();
        if !is_there {
            eprintln!("skipped: there is no {program}");
        }
        is_there
    }

    /// Tells whether something is at a path.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Makes a gate at which a script stops until the test lets it on.
    pub(crate) fn gate(&self, name: &str) -> Gate {
        Gate::new(&self.unseen(name))
    }

    /// Returns the text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Runs az with the words of `line` in the repository; quotes as in a shell.
    pub(crate) fn az(&self, line: &str) -> Output {
        self.az_in("", line)
    }

    /// Runs az in a folder of the repository.
    pub(crate) fn az_in(&self, folder: &str, line: &str) -> Output {
        self.run(env!("CARGO_BIN_EXE_az"), &words(line), folder, &format!("az {line}"))
    }

    /// Runs a shell command in the repository, in the environment az would get.
    pub(crate) fn sh(&self, line: &str) -> Output {
        self.run("/bin/sh", &["-c".to_owned(), line.to_owned()], "", line)
    }

    /// Returns the names of the scripts that ran since this was last asked, in the order in which they started.
    pub(crate) fn scripts_run(&self) -> Vec<String> {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let seen = self.0.seen.replace(log.len());
        log[seen..].lines().map(str::to_owned).collect()
    }

    /// Builds until nothing but stats is needed: a full evaluation writes the cache's clock file, a gate does not.
    pub(crate) fn answered_by_gate(&self) {
        self.is_answered_by_gate("build '*'");
    }

    /// The same for another request.
    pub(crate) fn is_answered_by_gate(&self, line: &str) {
        until("a build is answered by its gate", || self.needs_but_stats(line));
    }

    /// Tells whether the very next build needs nothing but stats.
    pub(crate) fn needs_but_stats(&self, line: &str) -> bool {
        let clock = || fs::metadata(self.path(".azcache/v1/clock")).unwrap().modified().unwrap();
        let before = clock();
        self.az(line).code(0).ran([]);
        clock() == before
    }

    fn log(&self) -> PathBuf {
        self.unseen("log")
    }

    /// Returns a path by which tests and scripts talk behind az's back: nothing in it is input or output of a step.
    pub(crate) fn unseen(&self, name: &str) -> PathBuf {
        self.0.directory.path().join(UNSEEN).join(name)
    }

    /// Starts az and does not wait for it.
    pub(crate) fn start(&self, line: &str) -> Running {
        self.spawn(env!("CARGO_BIN_EXE_az"), &words(line), "", &format!("az {line}"))
    }

    /// Starts a shell command in the repository, in the environment az would get, and does not wait for it.
    pub(crate) fn start_sh(&self, line: &str) -> Running {
        self.spawn("/bin/sh", &["-c".to_owned(), line.to_owned()], "", line)
    }

    fn run(&self, program: &str, arguments: &[String], folder: &str, shown: &str) -> Output {
        self.spawn(program, arguments, folder, shown).wait()
    }

    fn spawn(&self, program: &str, arguments: &[String], folder: &str, shown: &str) -> Running {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path(folder))
            .env_clear()
            .envs(&*self.0.environment.borrow());
        Running::start(self.clone(), shown.to_owned(), command)
    }
}

/// Tells whether a path is the bare name of a numbered script.
fn is_script(path: &str) -> bool {
    path.split_once('_')
        .is_some_and(|(number, _)| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()))
        && !path.contains('/')
}

/// Splits a command line at blanks that are not in quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    assert!(quote.is_none(), "a quote is open in `{line}`");
    words.extend(word);
    words
}

#[cfg(test)]
mod tests;
