//! Hears when the first step tells that it runs.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Instant,
};

/// A pipe in the place of the log that steps write to.
pub(crate) struct Ear {
    log: PathBuf,
    pipe: fs::File,
    listener: JoinHandle<(Instant, Vec<u8>)>,
}

impl Ear {
    /// Begins to listen.
    pub(crate) fn open(log: &Path) -> Self {
        fs::remove_file(log).expect("a log");
        rustix::fs::mknodat(rustix::fs::CWD, log, rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .expect("a pipe");
        // Open for both, so that neither end waits for the other.
        let pipe = fs::File::options().read(true).write(true).open(log).expect("a pipe");
        let mut ear = pipe.try_clone().expect("a second descriptor");
        let listener = thread::spawn(move || {
            let mut bytes = [0; 64];
            let told = ear.read(&mut bytes).expect("a line");
            (Instant::now(), bytes[..told].to_vec())
        });
        Self { log: log.to_path_buf(), pipe, listener }
    }

    /// Returns when a step told that it runs; nothing if these words come first.
    pub(crate) fn told(mut self, end: Option<&str>) -> Option<Instant> {
        if let Some(end) = end {
            self.pipe.write_all(end.as_bytes()).expect("the pipe is open");
        }
        let (told, said) = self.listener.join().expect("the listener ends");
        fs::remove_file(&self.log).expect("a pipe");
        fs::write(&self.log, "").expect("a log");
        (Some(&*said) != end.map(str::as_bytes)).then_some(told)
    }
}
