//! Where a sandboxed step may write.
//!
//! Knows what the step declares and where its temporary files and private state are. Does not know how a write is
//! refused.
//!
//! Two hands keep a sandbox. The kernel (Landlock) keeps all that is outside the workspace, but it can only bound whole
//! folders: who may make one new file in a folder may write everything below. So inside the workspace it is the tracer
//! that refuses, path by path. A program that races against the tracer could get around it there, which is no worry:
//! a sandbox holds mistakes, not attackers. A step that is not traced has the kernel's bounds alone; these are then
//! drawn so narrow that az's own folder stays out of reach: in the workspace's top folder nothing is made or removed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    ending::Meaning,
    inputs::Programs,
    job::Attempt,
    zones::{Zone, Zones},
};
use crate::{
    base::WsPath,
    cache::Layout,
    diag::{Code, code},
    execute::{
        runner::{Bounds, Ended, StartError},
        scheduler::Ending,
    },
    plan::Node,
    sys::System,
    text::pattern::{Part, Pattern},
};

/// Devices that keep nothing, and memory that processes share.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
];

/// Where one step may write.
#[derive(Debug)]
pub(super) struct Sandbox {
    root: PathBuf,
    /// az's own folder in the workspace.
    own: PathBuf,
    /// What it declares to make, and what it is permitted beside; nothing for the whole workspace.
    patterns: Option<Vec<Pattern>>,
    /// Its temporary files, its log and devices.
    always: Vec<PathBuf>,
    zones: Arc<Zones>,
}

impl Sandbox {
    /// Makes the sandbox of a step; nothing if it asks for none.
    pub(super) fn of(
        node: &Node,
        root: &Path,
        zones: &Arc<Zones>,
        temporary: &Path,
        log: &Path,
    ) -> Option<Self> {
        if !node.settings.is_sandboxed() {
            return None;
        }
        let (outputs, permitted) = (&node.outputs, &node.settings.writable);
        // What is no pattern was told where it was read.
        let parse = |text: &String| Pattern::parse(text, root, &WsPath::root()).ok();
        let patterns = (outputs.is_some() || permitted.is_some()).then(|| {
            let permitted = permitted.iter().flatten().filter_map(parse);
            outputs.iter().flatten().cloned().chain(permitted).collect()
        });
        let always = DEVICES.iter().map(PathBuf::from).chain([temporary.to_owned(), log.to_owned()]);
        Some(Self {
            root: root.to_owned(),
            own: Layout::new(root).top().to_owned(),
            patterns,
            always: always.collect(),
            zones: Arc::clone(zones),
        })
    }

    /// Tells whether the step may change a path; `makes_folder` if it is about to make a folder of it.
    pub(super) fn allows(&self, path: &Path, makes_folder: bool, system: &dyn System) -> bool {
        if self.always.iter().any(|place| path.starts_with(place)) {
            return true;
        }
        if path.starts_with(&self.own) {
            return false;
        }
        if self.is_scratch(path) {
            return true;
        }
        let Some(patterns) = &self.patterns else { return path.starts_with(&self.root) };
        let path_there = WsPath::new(&self.root, &WsPath::root(), path);
        let is_named = |pattern: &Pattern| {
            pattern.matches(&path_there)
                || pattern.as_path().is_some_and(|folder| path_there.is_below(&folder))
        };
        let is_folder = || {
            makes_folder || system.stat(path).is_ok_and(|stat| stat.kind == crate::sys::FileKind::Directory)
        };
        patterns.iter().any(is_named)
            || (patterns.iter().any(|pattern| is_on_the_way(&path_there, pattern)) && is_folder())
    }

    fn is_scratch(&self, path: &Path) -> bool {
        // Its temporary files are told apart before.
        let zone = self.zones.of(path, Path::new("/dev"), |_| true);
        matches!(zone, Zone::Scratch { .. })
    }

    /// Returns the bounds that the kernel keeps.
    pub(super) fn writable(&self, is_watched: bool, system: &dyn System) -> Vec<PathBuf> {
        let mut writable = self.always.clone();
        let is_outside = |path: &PathBuf| !path.starts_with(&self.root);
        let tops = self.zones.fixed_tops().into_iter();
        if is_watched {
            writable.push(self.root.clone());
            writable.extend(tops.filter(is_outside));
            let places =
                self.patterns.iter().flatten().filter_map(|pattern| nearest(&self.place(pattern), system));
            writable.extend(places.filter(is_outside));
            return writable;
        }
        writable.extend(tops);
        if let Some(patterns) = &self.patterns {
            let places = patterns.iter().filter_map(|pattern| nearest(&self.place(pattern), system));
            // Whose folder holds az's own cannot be given.
            writable.extend(places.filter(|place| !self.own.starts_with(place)));
        } else {
            let entries = system.list(&self.root).unwrap_or_default().into_iter();
            let entries = entries.map(|entry| self.root.join(entry.name));
            writable.extend(entries.filter(|path| *path != self.own));
        }
        writable
    }

    fn place(&self, pattern: &Pattern) -> PathBuf {
        pattern.fixed_part().to_absolute(&self.root)
    }
}

/// Returns a path, or the nearest folder above it that is there.
fn nearest(path: &Path, system: &dyn System) -> Option<PathBuf> {
    path.ancestors().find(|path| system.stat(path).is_ok()).map(Path::to_owned)
}

/// Tells whether what matches a pattern may lie below a path.
fn is_on_the_way(path: &WsPath, pattern: &Pattern) -> bool {
    let mut parts = pattern.parts().iter();
    for name in path.as_str().split('/') {
        match parts.next() {
            Some(Part::AnyDepth) => return true,
            Some(part) if part.takes(name) => {}
            _ => return false,
        }
    }
    true
}

impl Attempt {
    /// Returns what the kernel is to keep the step from.
    pub(super) fn bounds(&self, sandbox: Option<&Sandbox>) -> Option<Bounds> {
        let is_watched = self.prepared().unwatched.is_none();
        let is_offline = self.prepared().node.settings.is_offline();
        let system = &**self.shared.cache.disk.system();
        let bounds = Bounds {
            writable: sandbox.map(|sandbox| sandbox.writable(is_watched, system)),
            is_offline,
            is_trace_needed: sandbox.is_some() && is_watched,
        };
        (bounds != Bounds::default()).then_some(bounds)
    }
}

impl Attempt {
    /// Says what bounds had to do with how a step ended. One whose sandbox had a hole has failed.
    pub(super) fn tell_of_bounds(
        &self,
        ended: &Result<Ended, StartError>,
        meaning: &mut Meaning,
        warnings: &mut Vec<(Code, String)>,
    ) {
        let node = &self.prepared().node;
        let Ok(Ended { trace, .. }) = ended else { return };
        if node.settings.is_sandboxed()
            && let Some(gap) = trace.iter().flat_map(|trace| &trace.gaps).find(|gap| gap.hides_changes())
        {
            let text = format!("{} got around its sandbox: {gap}; run it without", node.id);
            warnings.push((code::UNCONFINED, text));
            if meaning.error.is_none() {
                meaning.ending = Ending::Failed;
                meaning.error = Some("its sandbox had a hole".to_owned());
            }
            return;
        }
        let Some(error) = meaning.error.as_mut().filter(|_| meaning.ending == Ending::Failed) else { return };
        if let Some(trace) = trace
            && let Some((path, by)) = trace.refused.first_key_value()
        {
            let path = WsPath::new(&self.shared.root, &WsPath::root(), path);
            let more = trace.refused.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let chain = Programs::of(trace, Some(&self.shared.hidden(self.index))).chain(*by);
            let text = format!(
                "the sandbox of {} did not let it write `{path}`{more} ({chain}); add it to `# Outputs:`",
                node.id
            );
            warnings.push((code::SANDBOX_REFUSED, text));
            *error = format!("{error} after its sandbox refused `{path}`");
        } else if let Some(text) = self.perhaps_refused() {
            warnings.push((code::SANDBOX_REFUSED, text));
        }
    }

    /// Returns what a step that failed may have been refused, where nobody saw it.
    fn perhaps_refused(&self) -> Option<String> {
        let node = &self.prepared().node;
        let unseen = "what its sandbox refused is not known, since it is not traced; in the workspace's top \
                      folder it may make and remove nothing";
        let offline = "had no network; say `# Network: on` if it needs one";
        let is_unseen = node.settings.is_sandboxed() && self.prepared().unwatched.is_some();
        let said = [(is_unseen, unseen), (node.settings.is_offline(), offline)];
        let said: Vec<&str> = said.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect();
        (!said.is_empty()).then(|| format!("{} failed, and {}", node.id, said.join("; it ")))
    }
}
