//! A workspace that az builds, with what must hold after every build.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    measure::{Cost, cost},
    workload::{Declared, Shape, Workload},
};

/// How many steps run at once, and how many threads a floor has: what az's bounds are said for.
pub(crate) const THREADS: usize = 2;
/// Longer than the finest clock of a file system needs to tell two changes apart.
const SETTLES: Duration = Duration::from_millis(50);

/// What az is told of the environment.
const KEPT: [&str; 4] = ["PATH", "HOME", "TMPDIR", "LANG"];

/// A workspace and the folder it lies in.
pub(crate) struct World {
    folder: tempfile::TempDir,
    /// What is built.
    pub(crate) workload: Workload,
    declared: Declared,
}

impl World {
    /// Writes a workspace; nothing has been built there.
    pub(crate) fn new(shape: Shape, steps: usize, declared: Declared) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = fs::canonicalize(folder.path()).expect("it is there").join("workspace");
        fs::create_dir(&root).expect("a folder");
        let workload = Workload::write(&root, shape, steps, declared);
        Self { folder, workload, declared }
    }

    /// Returns a file beside the workspace.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a list beside the workspace.
    pub(crate) fn list(&self, name: &str, text: &str) -> PathBuf {
        let path = self.beside(name);
        fs::write(&path, text).expect("a list");
        path
    }

    /// Returns the command of a floor in the workspace.
    pub(crate) fn floor(&self, what: &str, threads: usize, list: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args(["floor", what, &threads.to_string()]).arg(list).current_dir(self.root());
        // Where cargo says that libraries lie, the loader would look for each.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// Returns the command that builds everything; `threads` is for what az asks of the file system.
    pub(crate) fn az(&self, threads: usize) -> Command {
        self.command("build", threads)
    }

    /// Returns the command that does so whenever something has changed.
    pub(crate) fn watch(&self) -> Command {
        self.command("watch", THREADS)
    }

    fn command(&self, verb: &str, threads: usize) -> Command {
        // Another binary can be measured than the one that was built with this program.
        let other = std::env::var_os("AZ_BENCH_AZ");
        let mut command = Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_az").into()));
        command.args([verb, "bench", "--quiet", "-j"]).arg(THREADS.to_string());
        if self.declared == Declared::All {
            command.arg("--no-trace");
        }
        // Of what cargo, or an az around this, adds to the environment, some would have to be looked at.
        for (name, _) in std::env::vars_os().filter(|(name, _)| !KEPT.iter().any(|kept| name == *kept)) {
            command.env_remove(name);
        }
        command.env("RAYON_NUM_THREADS", threads.to_string()).current_dir(self.root());
        command
    }

    /// Lets the file system's clock go on, builds everything, and returns what that took and how many steps ran.
    ///
    /// # Panics
    /// If an output is wrong then.
    pub(crate) fn build(&self) -> (Cost, usize) {
        std::thread::sleep(SETTLES);
        _ = self.ran();
        let cost = cost(&self.az(THREADS));
        self.must_be_right();
        (cost, self.ran())
    }

    /// Panics if an output is not what it must be.
    pub(crate) fn must_be_right(&self) {
        let wrong = self.workload.wrong();
        assert!(wrong.is_empty(), "{} outputs are wrong, such as that of step {}", wrong.len(), wrong[0]);
    }

    /// Builds until nothing is to be done, and once more, so that the next build only has to see that; returns whether
    /// that point is ever reached.
    pub(crate) fn settle(&self, threads: usize) -> bool {
        for _ in 0..5 {
            std::thread::sleep(SETTLES);
            _ = self.ran();
            _ = cost(&self.az(threads));
            if self.ran() == 0 {
                std::thread::sleep(SETTLES);
                _ = cost(&self.az(threads));
                return true;
            }
        }
        false
    }

    /// Removes all that builds left, so that the next one begins with nothing.
    pub(crate) fn forget(&self) {
        _ = fs::remove_dir_all(self.root().join(".azcache"));
        self.workload.remove_outputs();
        _ = self.ran();
    }

    /// Removes what says that nothing is to be done, so that the next build looks every step up.
    pub(crate) fn forget_gates(&self) {
        fs::remove_dir_all(self.root().join(".azcache/v1/gate")).expect("a build has left a gate");
    }

    /// Returns how many steps told that they ran since this was asked last.
    pub(crate) fn ran(&self) -> usize {
        let log = self.log();
        let ran = fs::read_to_string(&log).map_or(0, |text| text.lines().count());
        fs::write(log, "").expect("a log");
        ran
    }

    /// Returns where steps tell that they ran.
    pub(crate) fn log(&self) -> PathBuf {
        self.beside("log")
    }

    fn root(&self) -> PathBuf {
        self.beside("workspace")
    }
}
