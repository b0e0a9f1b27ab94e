//! Runs a command under a rung, in a folder that is prepared for it.

use std::{
    collections::BTreeMap,
    os::{fd::AsFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
};

use rustix::{
    fs::Mode,
    pipe::{PipeFlags, pipe_with},
};
use tempfile::TempDir;

use crate::trace::{Entry, Offer, Rung, Trace, Witness};

pub(super) const NOTIFY: Rung = Rung::Notify { is_synchronous: true };

/// Keeps what is to be changed.
#[derive(Debug, Default)]
pub(super) struct Kept(pub(super) BTreeMap<PathBuf, Option<String>>);

impl Witness for Kept {
    fn before_change(&mut self, path: &Path) {
        let content = std::fs::read_to_string(path).ok();
        assert!(self.0.insert(path.to_owned(), content).is_none(), "{} changed first twice", path.display());
    }

    fn may_change(&mut self, path: &Path, _makes_folder: bool) -> bool {
        !path.to_str().unwrap().contains("forbidden")
    }
}

/// A folder with some files, links and folders in it.
pub(super) struct Folder {
    _temporary: TempDir,
    pub(super) root: PathBuf,
}

impl Folder {
    pub(super) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        for name in ["d", "empty"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        for (name, content) in [("a", "content of a"), ("b", "content of b"), ("d/x", "x"), ("d/y", "y")] {
            std::fs::write(root.join(name), content).unwrap();
        }
        std::os::unix::fs::symlink("a", root.join("to-a")).unwrap();
        std::os::unix::fs::symlink("d", root.join("to-d")).unwrap();
        Self { _temporary: temporary, root }
    }

    pub(super) fn write(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.root.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Folder {
    /// Lets other users in.
    pub(super) fn open_to_all(&self) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&self.root, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// What came of a traced command.
pub(super) struct Ran {
    pub(super) trace: Trace,
    pub(super) kept: Kept,
    pub(super) status: ExitStatus,
    pub(super) root: PathBuf,
}

impl Ran {
    /// What was done to the paths in the folder, one line each.
    pub(super) fn touches(&self) -> Vec<String> {
        let inside = self.trace.paths.iter().filter_map(|(path, touch)| {
            let name = path.strip_prefix(&self.root).ok()?.to_str().unwrap();
            (!name.is_empty()).then(|| format!("{name}: {:?} / {:?}", touch.asked, touch.changed))
        });
        inside.collect()
    }

    pub(super) fn asked(&self, path: impl AsRef<Path>) -> String {
        let touch = self.trace.paths.get(path.as_ref());
        touch.map_or_else(String::new, |touch| format!("{:?}", touch.asked))
    }

    pub(super) fn succeeds(self) -> Self {
        assert!(self.status.success(), "{:?}", self.status);
        self
    }
}

/// Runs a command in a folder under a rung.
pub(super) fn run(rung: Rung, folder: &Folder, program: &Path, arguments: &[&str]) -> Ran {
    run_with(rung, folder, program, arguments, &[])
}

/// Runs a command with some variables under a rung, or the best.
pub(super) fn run_with(
    rung: impl Into<Option<Rung>>,
    folder: &Folder,
    program: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Ran {
    let (offer, socket) = Offer::new(rung.into()).unwrap();
    let (done, end) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap());
    parent
        .args(["--exact", "trace::linux::tests::harness::be_the_parent"])
        .env(COMMAND, [&[program.to_str().unwrap()], arguments].concat().join(BETWEEN))
        .env("LC_CTYPE", "C.UTF-8")
        .envs(variables.iter().copied())
        .env_remove("LANG")
        .env_remove("LC_ALL")
        .current_dir(&folder.root)
        .stdin(socket)
        .stdout(Stdio::null());
    let mut kept = Kept::default();
    let (trace, status) = thread::scope(|scope| {
        let status = scope.spawn(move || {
            let mut child = parent.spawn().unwrap();
            drop(parent);
            let status = child.wait().unwrap();
            drop(end);
            status
        });
        let trace = offer.serve(done.as_fd(), &mut kept);
        (trace, status.join().unwrap())
    });
    Ran { trace, kept, status, root: folder.root.clone() }
}

/// By this variable the test binary knows what to start.
const COMMAND: &str = "AZ_TEST_TRACE_COMMAND";
/// If this variable is set, the command has no rights but those of nobody.
pub(super) const AS_NOBODY: &str = "AZ_TEST_TRACE_AS_NOBODY";
/// Stands between the words of a command.
const BETWEEN: &str = "\u{1f}";
/// How it ends if it could not.
pub(super) const NOT_STARTED: i32 = 254;

/// Stands in for the guard: a process of its own that starts the traced one, without which ptrace could not be tried.
#[test]
#[expect(clippy::exit, reason = "this is no test but the parent of a traced process")]
fn be_the_parent() {
    let Some(command) = std::env::var_os(COMMAND) else { return };
    let mut words = command.to_str().unwrap().split(BETWEEN);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).env_remove(COMMAND).stdin(Stdio::null());
    if std::env::var_os(AS_NOBODY).is_some() {
        command.uid(65534).gid(65534);
    }
    Entry::new(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).attach(&mut command);
    let Ok(mut child) = command.spawn() else { std::process::exit(NOT_STARTED) };
    drop(command);
    rustix::stdio::dup2_stdin(
        rustix::fs::open("/dev/null", rustix::fs::OFlags::RDONLY, Mode::empty()).unwrap(),
    )
    .unwrap();
    std::process::exit(child.wait().unwrap().code().unwrap_or(255));
}

/// Compiles a C program of the fixtures, once for each set of options; nothing where that is not possible.
pub(super) fn compiled(name: &'static str, options: &[&str]) -> Option<PathBuf> {
    compiled_by("gcc", name, options)
}

/// Compiles a C program of the fixtures with this compiler.
pub(super) fn compiled_by(compiler: &str, name: &'static str, options: &[&str]) -> Option<PathBuf> {
    let source = fixture(&format!("{name}.c"));
    built(&format!("{name}-{compiler}{}", options.concat()), |program| {
        let mut command = Command::new(compiler);
        command.args(["-O1", "-w"]).args(options).arg("-o").arg(program).arg(source);
        command
    })
}

/// Builds a program of this name once; nothing, said aloud, where that is not possible.
pub(super) fn built(name: &str, how: impl FnOnce(&Path) -> Command) -> Option<PathBuf> {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = FOLDER.get_or_init(shared_folder).path().join(name);
    if program.exists() {
        return Some(program);
    }
    match how(&program).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Some(program),
        _ => {
            eprintln!("skipped: {name} cannot be built here");
            None
        }
    }
}

/// A folder that other users can look into.
fn shared_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Returns where a program's source is.
pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trace").join(name)
}

/// Finds a program on this machine.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: no {name}");
    }
    found
}
