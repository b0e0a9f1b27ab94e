//! Points in a script where a test can wait for it and hold it, so that no test depends on time.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::LIMIT;

/// A gate: the script says that it is there, and goes on when it is opened.
pub(crate) struct Gate {
    /// The script writes its process id here.
    reached: PathBuf,
    /// The script reads a line from here. Held open at both ends, so that neither side waits for the other to open it.
    pipe: PathBuf,
    held: File,
}

impl Gate {
    pub(super) fn new(path: &Path) -> Self {
        let pipe = path.with_extension("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let held = File::options().read(true).write(true).open(&pipe).unwrap();
        Self { reached: path.with_extension("reached"), pipe, held }
    }

    /// Returns the shell commands that stop at the gate.
    pub(crate) fn stop(&self) -> String {
        format!("echo $$ > '{}'; read -r _ < '{}'", self.reached.display(), self.pipe.display())
    }

    /// Waits until a script stands at the gate, and returns its process id; the next call waits for the next script.
    pub(crate) fn reached(&self) -> u32 {
        until("a script reaches the gate", || {
            fs::read_to_string(&self.reached).is_ok_and(|text| text.ends_with('\n'))
        });
        let text = fs::read_to_string(&self.reached).unwrap();
        fs::remove_file(&self.reached).unwrap();
        text.trim().parse().unwrap()
    }

    /// Lets one script on, whether it stands there already or not.
    pub(crate) fn open(&self) {
        (&self.held).write_all(b"\n").unwrap();
    }
}

/// Tells whether a process is there and has not ended.
pub(crate) fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

/// Waits for something that happens soon.
pub(crate) fn until(what: &str, mut has_happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !has_happened() {
        assert!(started.elapsed() < LIMIT, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
