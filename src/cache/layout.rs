//! Where things lie under `.azcache/v1/`.

use std::path::{Path, PathBuf};

use crate::sys;

/// The paths of the cache of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    top: PathBuf,
}

impl Layout {
    /// The folder's name in a workspace.
    pub const FOLDER: &'static str = sys::OWN_FOLDER;

    /// Returns the layout for the workspace at `root`.
    pub fn new(root: &Path) -> Self {
        Self { top: root.join(Self::FOLDER) }
    }

    /// The whole cache; removing it is always safe.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// What this version of az reads and writes; other versions are left alone.
    pub fn version(&self) -> PathBuf {
        self.top.join("v1")
    }

    /// Append-only begin and commit entries.
    pub fn entries(&self) -> PathBuf {
        self.version().join("journal")
    }

    /// Where in the entries what stands; made of them.
    pub fn index(&self) -> PathBuf {
        self.version().join("index")
    }

    /// Which records were of use since the index was written.
    pub fn used(&self) -> PathBuf {
        self.version().join("used")
    }

    /// When the cache was last gone through for what can go, and how much it held.
    pub fn collected(&self) -> PathBuf {
        self.version().join("collected")
    }

    /// Settled digests of files.
    pub fn files(&self) -> PathBuf {
        self.version().join("files")
    }

    /// What the digests of secrets depend on, where the user has no folder for such things.
    pub fn secret_key(&self) -> PathBuf {
        self.version().join("secret-key")
    }

    /// Written to read the file system's clock.
    pub fn clock(&self) -> PathBuf {
        self.version().join("clock")
    }

    /// Held while a run changes the workspace; `depth` counts the steps of this workspace that az runs in.
    ///
    /// Each depth has a lock of its own: az waits for its like, and never for an az that waits for it.
    pub fn lock(&self, depth: usize) -> PathBuf {
        self.version().join(if depth == 0 { "lock".to_owned() } else { format!("lock-{depth}") })
    }

    /// Where a watch listens that answers for the gates.
    pub fn socket(&self) -> PathBuf {
        self.version().join("watch.socket")
    }

    /// Held by the watch that listens.
    pub fn watch_lock(&self) -> PathBuf {
        self.version().join("watch.lock")
    }

    /// Blobs by digest.
    pub fn blobs(&self) -> PathBuf {
        self.version().join("cas")
    }

    /// Contents on their way to their places, and back.
    pub fn staged(&self) -> PathBuf {
        self.version().join("staged")
    }

    /// Run folders.
    pub fn runs(&self) -> PathBuf {
        self.version().join("runs")
    }

    /// What was set aside in a run; never removed by az.
    pub fn kept(&self, run: &str) -> PathBuf {
        self.version().join("kept").join(run)
    }
}
