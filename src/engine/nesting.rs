//! az inside a step of az: which steps it runs in, and how it waits for others without a circle.
//!
//! `AZ_PARENT` carries the chain of steps, the outermost first, one a line: workspace, tab, identity. The az of each
//! of them holds a lock until its step ends, and the step ends only after this az. So an az that runs inside others
//! leaves a note beside the lock it waits for: which locks are not freed before it goes on. Whoever comes last finds
//! the circle he would close in these notes, and gives up instead.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use super::{Engine, EngineError};
use crate::{
    base::{Digest, Env, quoted_list},
    cache::Layout,
    diag::{Diagnostic, code},
    plan::Plan,
    sys::{Lock, LockMode, System, Wait},
};

/// The variable that carries the chain.
pub(super) const PARENT: &str = "AZ_PARENT";

/// The steps az runs inside.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain(String);

impl Chain {
    /// Reads the chain from the environment az was started with.
    pub(super) fn of(env: &Env) -> Self {
        Self(env.get(PARENT).cloned().unwrap_or_default())
    }

    /// Returns the chain, as [`PARENT`] carries it, for what a step of the workspace at `root` starts.
    pub(super) fn with(&self, root: &Path, identity: &str) -> String {
        let line = format!("{}\t{identity}", root.display());
        if self.0.is_empty() { line } else { format!("{}\n{line}", self.0) }
    }

    /// Returns workspace and identity of each step.
    fn steps(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.lines().filter_map(|line| line.rsplit_once('\t'))
    }

    fn holds(&self, root: &Path, identity: &str) -> bool {
        let root = root.display().to_string();
        self.steps().any(|step| step == (&root, identity))
    }

    /// Returns how many of the steps are of the workspace at `root`.
    fn depth(&self, root: &Path) -> usize {
        let root = root.display().to_string();
        self.steps().filter(|(workspace, _)| *workspace == root).count()
    }

    /// Returns the locks that are held until az ends.
    fn locks(&self) -> Vec<PathBuf> {
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        let lock = |(root, _)| {
            let depth = depths.entry(root).or_default();
            *depth += 1;
            Layout::new(Path::new(root)).lock(*depth - 1)
        };
        self.steps().map(lock).collect()
    }
}

impl Engine {
    /// Tells whether az was started by a step that az runs here.
    pub(super) fn is_nested(&self) -> bool {
        self.chain.depth(&self.root) > 0
    }

    /// Refuses a plan with a step that az is running in.
    pub(super) fn refuse_loop(&self, plan: &Plan) -> Result<(), EngineError> {
        let is_outer = |identity: &str| self.chain.holds(&self.root, identity);
        let Some(node) = plan.nodes.iter().find(|node| is_outer(&node.identity)) else { return Ok(()) };
        let steps = self.chain.steps().map(|(_, identity)| identity);
        let steps = quoted_list(steps.chain([node.identity.as_str()]));
        let message = format!("{} would run inside itself: {steps}", node.id);
        let help = format!("leave {} out of what it runs, or let it call something else", node.id);
        Err(Diagnostic::error(code::LOOP_OF_AZ, message).help(help).into())
    }

    /// Waits until no other az runs here; one that runs inside another's step waits only for those that run inside
    /// as many.
    ///
    /// # Errors
    /// If those it would wait for wait for this one, or if it is not to wait.
    pub(super) fn lock_workspace(
        &self,
        may_wait: bool,
        on_wait: &mut dyn FnMut(),
    ) -> Result<Option<Box<dyn Lock>>, EngineError> {
        _ = self.system.create_dir_all(&self.layout.version());
        let lock = self.layout.lock(self.chain.depth(&self.root));
        // A cache that cannot be written cannot be locked, nor damaged.
        let Ok(free) = self.system.lock(&lock, LockMode::Exclusive, Wait::Try) else { return Ok(None) };
        if free.is_some() {
            return Ok(free);
        }
        if !may_wait {
            let message = format!("another az is at work in `{}`", self.root.display());
            let help = "leave out `--no-wait` to wait for it";
            return Err(Diagnostic::error(code::LOCKED, message).help(help).into());
        }
        on_wait();
        let held = self.chain.locks();
        let _note = Note::write(&*self.system, &lock, &held).ok();
        if is_circle(&*self.system, &lock, held) {
            let message =
                format!("another az is at work in `{}`, and waits for this one", self.root.display());
            let help =
                "run them one after the other; what each of them starts in the other's folder is at fault";
            return Err(Diagnostic::error(code::LOCKED, message).help(help).into());
        }
        Ok(self.system.lock(&lock, LockMode::Exclusive, Wait::Block).ok().flatten())
    }
}

/// What stands beside a lock while somebody waits for it: the locks that are not freed before. Held by its writer.
struct Note<'a> {
    system: &'a dyn System,
    path: PathBuf,
    _lock: Option<Box<dyn Lock>>,
}

impl<'a> Note<'a> {
    fn write(system: &'a dyn System, lock: &Path, held: &[PathBuf]) -> io::Result<Self> {
        let folder = notes(lock);
        system.create_dir_all(&folder)?;
        let path = folder.join(&Digest::of(&system.random()).to_hex()[..16]);
        let lock = system.lock(&path, LockMode::Exclusive, Wait::Block)?;
        let held: Vec<String> = held.iter().map(|lock| lock.display().to_string()).collect();
        system.write(&path, held.join("\n").as_bytes(), 0o600)?;
        Ok(Self { system, path, _lock: lock })
    }
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        // What is left of it is not held, and so says nothing.
        _ = self.system.remove_file(&self.path);
    }
}

/// Returns the folder of the notes of who waits for a lock.
fn notes(lock: &Path) -> PathBuf {
    lock.with_extension("waiting")
}

/// Tells whether who holds `wanted` waits, itself or through others, for one of the locks in `held`.
fn is_circle(system: &dyn System, wanted: &Path, held: Vec<PathBuf>) -> bool {
    let mut open = held;
    let mut seen = BTreeSet::new();
    while let Some(lock) = open.pop() {
        if lock == *wanted {
            return true;
        }
        let folder = notes(&lock);
        if !seen.insert(lock) {
            continue;
        }
        for entry in system.list(&folder).unwrap_or_default() {
            let path = folder.join(&entry.name);
            let is_held = matches!(system.lock(&path, LockMode::Shared, Wait::Try), Ok(None));
            if is_held && let Ok(text) = system.read(&path) {
                open.extend(String::from_utf8_lossy(&text).lines().map(PathBuf::from));
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Memory;

    fn chain(steps: &[(&str, &str)]) -> Chain {
        steps
            .iter()
            .fold(Chain::default(), |chain, (root, identity)| Chain(chain.with(Path::new(root), identity)))
    }

    #[test]
    fn a_chain_tells_its_steps_and_the_locks_held_for_them() {
        let chain = chain(&[("/a", "x"), ("/b", "y"), ("/a", "z")]);
        assert!(chain.holds(Path::new("/a"), "z") && !chain.holds(Path::new("/b"), "z"));
        assert_eq!(
            [("/a", 2), ("/b", 1), ("/c", 0)].map(|(root, _)| chain.depth(Path::new(root))),
            [2, 1, 0]
        );
        let lock = |root: &str, depth| Layout::new(Path::new(root)).lock(depth);
        assert_eq!(chain.locks(), [lock("/a", 0), lock("/b", 0), lock("/a", 1)]);
    }

    #[test]
    fn a_circle_is_found_over_several_waits_and_only_as_long_as_all_wait() {
        let system = Memory::new();
        let [a, b, c] = ["/a/lock", "/b/lock", "/c/lock"].map(PathBuf::from);
        let _waits_for_b = Note::write(&system, &b, std::slice::from_ref(&a)).unwrap();
        let waits_for_c = Note::write(&system, &c, std::slice::from_ref(&b)).unwrap();
        assert!(is_circle(&system, &a, vec![c.clone()]));
        assert!(!is_circle(&system, &c, vec![a.clone()]), "nobody waits for a");
        drop(waits_for_c);
        assert!(!is_circle(&system, &a, vec![c]));
    }
}
