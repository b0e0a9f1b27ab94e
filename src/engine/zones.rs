//! What kind of ground a path lies on: whether it can be input or output of a step at all.
//!
//! Knows the places of the kernel, of az, of git and of tools. Does not know what a step did there.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashMap;

use super::{Engine, Partly};
use crate::{
    base::{Env, WsPath},
    model::{self, scratch::Scratch},
    plan::Plan,
};

/// The ground a path lies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// Nobody's business: the kernel's, az's own, what git keeps for itself, the step's folder for temporary files.
    Ignored,
    /// A tool's private state.
    Scratch {
        /// The folder that holds all of it, or the file it is.
        top: WsPath,
        /// It only makes things faster.
        is_cache: bool,
        /// A step is up to date without it.
        is_optional: bool,
    },
    /// What a repository of git says: input, but nothing that az brings back.
    Repository,
    /// The index of a repository: input by what it lists; git writes it anew whenever it looks at files.
    Index,
    /// All else.
    Tracked,
}

/// The grounds as one workspace has them.
#[derive(Debug)]
pub(super) struct Zones {
    root: PathBuf,
    ignored: Vec<PathBuf>,
    grounds: Vec<Ground>,
    /// All patterns of all grounds in one automaton: every step may name private state, and every path that any step
    /// touches is held against it.
    patterns: GlobSet,
    /// By pattern, in the order of the grounds.
    kinds: Vec<Kind>,
    /// What is known of folders by their texts alone: most paths of a step lie in the folders of others.
    folders: Mutex<FxHashMap<OsString, Inherited>>,
}

/// The grounds that all below a folder lies on, each with how long the part of the path is that holds all of it.
type Inherited = Arc<[(usize, usize)]>;

/// Of so many folders it is remembered what lies below them.
const REMEMBERED_FOLDERS: usize = 4096;

/// Private state that one entry names.
#[derive(Debug)]
struct Ground {
    programs: Vec<String>,
    is_cache: bool,
    is_optional: bool,
}

/// What a pattern stands for.
#[derive(Debug)]
struct Kind {
    ground: usize,
    /// All that is below a folder of that name is scratch, else only the path itself.
    is_folder: bool,
    glob: Glob,
}

/// Folders that belong to the kernel, or hold what no other run can find again.
const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

impl Zones {
    /// Takes the workspace, az's own folder in it, and the private state of tools; a `~/` in patterns means `home`.
    pub(super) fn new<'a>(
        root: &Path,
        own: &Path,
        env: &Env,
        scratch: impl IntoIterator<Item = &'a Scratch>,
    ) -> Self {
        let ignored = KERNEL.iter().map(PathBuf::from).chain([own.components().collect()]).collect();
        let mut zones = Self {
            root: root.to_path_buf(),
            ignored,
            grounds: Vec::new(),
            patterns: GlobSet::empty(),
            kinds: Vec::new(),
            folders: Mutex::default(),
        };
        let mut seen = BTreeSet::new();
        scratch.into_iter().for_each(|entry| zones.add(entry, env, &mut seen));
        let mut patterns = GlobSetBuilder::new();
        zones.kinds.iter().for_each(|kind| _ = patterns.add(kind.glob.clone()));
        // What each pattern is, was looked at when it was read.
        zones.patterns = patterns.build().unwrap_or_default();
        zones
    }

    /// Adds the patterns of an entry, but for those that an entry before it names to the same effect.
    fn add(&mut self, entry: &Scratch, env: &Env, seen: &mut BTreeSet<String>) {
        let Scratch { programs, is_cache, is_optional, .. } = entry;
        let ground = Ground { programs: programs.clone(), is_cache: *is_cache, is_optional: *is_optional };
        let is_anybodys = programs.is_empty();
        let before = self.kinds.len();
        for pattern in entry.paths.iter().filter_map(|pattern| absolute(pattern, &self.root, env)) {
            // Of two grounds the first one counts, so one that is anybody's hides the same pattern behind it.
            if seen.contains(&pattern) || (is_anybodys && !seen.insert(pattern.clone())) {
                continue;
            }
            let folder = pattern.strip_suffix("/**");
            let glob = GlobBuilder::new(folder.unwrap_or(&pattern)).literal_separator(true).build();
            let is_folder = folder.is_some();
            let ground = self.grounds.len();
            self.kinds.extend(glob.ok().map(|glob| Kind { ground, is_folder, glob }));
        }
        if self.kinds.len() > before {
            self.grounds.push(ground);
        }
    }

    /// Returns the ground of an absolute path; `is_by` tells whether one of the named programs had to do with it.
    ///
    /// `temporary` is the folder for the step's temporary files.
    pub(super) fn of(&self, path: &Path, temporary: &Path, is_by: impl Fn(&[String]) -> bool) -> Zone {
        if self.ignored.iter().any(|folder| is_at_or_below(path, folder)) || path.starts_with(temporary) {
            return Zone::Ignored;
        }
        if let Some(zone) = git_zone(path) {
            return zone;
        }
        for (ground, top) in self.tops(path) {
            let Ground { programs, is_cache, is_optional } = &self.grounds[ground];
            if programs.is_empty() || is_by(programs) {
                let top = WsPath::new(&self.root, &WsPath::root(), top);
                return Zone::Scratch { top, is_cache: *is_cache, is_optional: *is_optional };
            }
        }
        Zone::Tracked
    }

    /// Returns the grounds that a path lies on, with the folder that holds all of it, or the path if it is scratch by
    /// itself; O(1) where its folder is known.
    fn tops<'p>(&self, path: &'p Path) -> BTreeMap<usize, &'p Path> {
        let mut tops: BTreeMap<usize, &Path> = BTreeMap::new();
        for index in self.patterns.matches(path) {
            tops.insert(self.kinds[index].ground, path);
        }
        // The folder farthest up is the one to be there.
        let above = path.parent().map(|folder| self.inherited(folder));
        for (ground, length) in above.iter().flat_map(|above| &**above) {
            let above = path.ancestors().find(|above| above.as_os_str().len() == *length);
            tops.insert(*ground, above.unwrap_or(path));
        }
        tops
    }

    /// Returns the grounds that all below a folder lies on.
    fn inherited(&self, folder: &Path) -> Inherited {
        let known = self.folders().get(folder.as_os_str()).map(Arc::clone);
        known.unwrap_or_else(|| {
            let above = folder.parent().map(|above| self.inherited(above)).unwrap_or_default();
            let mut grounds: BTreeMap<usize, usize> = above.iter().copied().collect();
            for Kind { ground, .. } in self
                .patterns
                .matches(folder)
                .into_iter()
                .map(|index| &self.kinds[index])
                .filter(|kind| kind.is_folder)
            {
                grounds.entry(*ground).or_insert(folder.as_os_str().len());
            }
            let inherited: Inherited =
                if grounds.len() == above.len() { above } else { grounds.into_iter().collect() };
            let mut folders = self.folders();
            if folders.len() >= REMEMBERED_FOLDERS {
                folders.clear();
            }
            folders.insert(folder.as_os_str().to_owned(), Arc::clone(&inherited));
            inherited
        })
    }

    fn folders(&self) -> MutexGuard<'_, FxHashMap<OsString, Inherited>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the places of scratch that no wildcard stands before: folders with all below them, and files.
    pub(super) fn fixed_tops(&self) -> Vec<PathBuf> {
        let is_fixed = |text: &&str| !text.contains(['*', '?', '[', '{', '\\']);
        let globs = self.kinds.iter().map(|kind| kind.glob.glob());
        globs.filter(is_fixed).map(PathBuf::from).collect()
    }
}

/// Returns the pattern from the root of the file system; nothing for one below a folder that a variable names which is
/// not set.
fn absolute(pattern: &str, root: &Path, env: &Env) -> Option<String> {
    if pattern.starts_with("**/") {
        return Some(format!("/{pattern}"));
    }
    let named = match pattern.strip_prefix("~/") {
        Some(rest) => Some(("HOME", rest)),
        None => pattern.strip_prefix('$').and_then(|named| named.split_once('/')),
    };
    let (folder, rest) = match (pattern.strip_prefix('/'), named) {
        (Some(rest), _) => (String::new(), rest),
        // A relative folder lies in the workspace.
        (None, Some((name, rest))) => (root.join(env.get(name)?).to_string_lossy().into_owned(), rest),
        (None, None) => (root.to_string_lossy().into_owned(), pattern),
    };
    let mut names: Vec<String> =
        folder.split('/').filter(|name| !name.is_empty()).map(globset::escape).collect();
    for name in rest.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name.to_owned()),
        }
    }
    Some(format!("/{}", names.join("/")))
}

/// Names right below `.git` that say what the repository holds.
const SAYS: [&str; 7] = ["HEAD", "packed-refs", "config", "refs", "info", "shallow", "worktrees"];

/// Tells whether an absolute path is a folder or lies below it; both in normal form.
fn is_at_or_below(path: &Path, folder: &Path) -> bool {
    let [path, folder] = [path, folder].map(|path| path.as_os_str().as_encoded_bytes());
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Returns the ground of what lies in a repository's own folder; nothing for anything else.
fn git_zone(path: &Path) -> Option<Zone> {
    memchr::memmem::find(path.as_os_str().as_encoded_bytes(), b"/.git/")?;
    let mut names = path.components().map(std::path::Component::as_os_str).skip_while(|name| *name != ".git");
    names.next()?;
    let name = names.next()?.to_string_lossy();
    let is_lock = path.extension().is_some_and(|extension| extension == "lock");
    Some(match &*name {
        _ if is_lock => Zone::Ignored,
        "index" => Zone::Index,
        name if SAYS.contains(&name) => Zone::Repository,
        _ => Zone::Ignored,
    })
}

/// Returns the kinds of ground in a workspace, with the scratch that it, its rules and the steps name; with those of a
/// whole plan of which only some steps are due.
pub(super) fn zones_of(engine: &Engine, plan: &Plan, partly: Option<&Partly>) -> Zones {
    let rules = model::query::rules(&engine.db, engine.workspace);
    let config = model::query::config(&engine.db, engine.workspace);
    let named = |name: &str, paths: Vec<String>| Scratch {
        name: name.to_owned(),
        programs: vec![],
        paths,
        is_cache: false,
        is_optional: false,
    };
    let own = config.value.iter().map(|config| named("az.toml", config.scratch.clone()));
    let steps =
        plan.nodes.iter().map(|node| named(&node.id, node.settings.scratch.iter().cloned().collect()));
    let others = partly.into_iter().flat_map(Partly::scratch);
    let others = others.map(|(step, paths)| named(step, paths.iter().cloned().collect()));
    let scratch: Vec<Scratch> = own.chain(steps).chain(others).chain(rules.scratch.iter().cloned()).collect();
    Zones::new(&engine.root, engine.layout.top(), &engine.env, &scratch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones() -> Zones {
        let scratch = |name: &str, programs: &[&str], paths: &[&str], is_cache| Scratch {
            name: name.to_owned(),
            programs: programs.iter().map(|program| (*program).to_owned()).collect(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            is_cache,
            is_optional: is_cache,
        };
        let scratch = [
            scratch("cargo", &["cargo"], &["**/target/**"], false),
            scratch("home", &[], &["~/.npm/**", "~/x-*"], true),
            scratch("own", &[], &["a[b]/**", "/opt/s/**", "../log"], false),
            scratch("named", &[], &["$ELSE/**", "$UNSET/**", "$INSIDE/**"], false),
        ];
        let env = [("HOME", "/home/me"), ("ELSE", "/else/[x]"), ("INSIDE", "in")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        Zones::new(Path::new("/w"), Path::new("/w/.azcache"), &env, &scratch)
    }

    fn zone(path: &str, program: &str) -> Zone {
        zones()
            .of(Path::new(path), Path::new("/tmp/private"), |programs| programs.contains(&program.to_owned()))
    }

    fn scratch(top: &str) -> Zone {
        let is_cache = top.starts_with("/home");
        Zone::Scratch { top: WsPath::from_normal(top).unwrap(), is_cache, is_optional: is_cache }
    }

    #[test]
    fn grounds_are_told_apart() {
        for ignored in [
            "/proc/1/x",
            "/dev/null",
            "/w/.azcache/v1",
            "/tmp/private/x",
            "/w/.git/objects/ab/c",
            "/w/.git/HEAD.lock",
        ] {
            assert_eq!(zone(ignored, "sh"), Zone::Ignored, "{ignored}");
        }
        for tracked in
            ["/w/a", "/process", "/tmp/other", "/w/.gitignore", "/w/.git", "/w/target/x", "/home/me/.npmrc"]
        {
            assert_eq!(zone(tracked, "sh"), Zone::Tracked, "{tracked}");
        }
        assert_eq!(zone("/w/.git/refs/heads/main", "git"), Zone::Repository);
        assert_eq!(zone("/w/.git/index", "git"), Zone::Index);
    }

    #[test]
    fn what_is_known_of_folders_changes_no_answer() {
        let zones = zones();
        let paths = [
            "/w/target/a/target/x",
            "/w/target",
            "/log",
            "/log/x",
            "/w/ab/x/y",
            "/w/a/ab/x",
            "/home/me/x-1/y",
        ];
        // Whatever was asked before, and how often.
        for path in paths.iter().chain(paths.iter().rev()) {
            for folder in Path::new(path).ancestors() {
                let of = |zones: &Zones| zones.of(folder, Path::new("/tmp/private"), |_| true);
                assert_eq!(of(&zones), of(&self::zones()), "{}", folder.display());
            }
        }
    }

    #[test]
    fn scratch_is_whose_programs_keep_it() {
        assert_eq!(zone("/w/target/debug/target/x", "cargo"), scratch("target"));
        assert_eq!(zone("/w/sub/target", "cargo"), scratch("sub/target"));
        assert_eq!(zone("/home/me/.npm/x", "any"), scratch("/home/me/.npm"));
        assert_eq!(zone("/home/me/x-1", "any"), scratch("/home/me/x-1"));
        assert_eq!(zone("/w/ab/x", "any"), scratch("ab"));
        assert_eq!(zone("/opt/s/deep/x", "any"), scratch("/opt/s"));
        assert_eq!(zone("/log", "any"), scratch("/log"));
        assert_eq!(zone("/else/[x]/y", "any"), scratch("/else/[x]"));
        assert_eq!(zone("/w/in/y", "any"), scratch("in"));
        assert_eq!((zone("/else/x/y", "any"), zone("/w/$UNSET/y", "any")), (Zone::Tracked, Zone::Tracked));
    }
}
