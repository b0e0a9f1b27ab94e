//! The places on `PATH` where programs are looked for, put together once for all steps that look in the same ones.
//!
//! Knows texts. Does not know what is there.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rustc_hash::FxHashMap;

use crate::base::WsPath;

/// For so many values of `PATH`, with the names looked for, the places are remembered.
const REMEMBERED: usize = 64;

/// A value of `PATH`, and the names that are looked for.
type Wanted = (String, Vec<String>);

/// Where the steps of a run look for programs.
#[derive(Debug, Default)]
pub(super) struct Candidates(Mutex<FxHashMap<Wanted, Arc<BTreeSet<WsPath>>>>);

impl Candidates {
    /// Returns the places at which programs of these names may be found, if `path` is the value of `PATH`; none for a name
    /// with a slash in it, which is a place by itself.
    pub(super) fn of<'n>(
        &self,
        root: &Path,
        path: Option<&str>,
        names: impl Iterator<Item = &'n str>,
    ) -> Arc<BTreeSet<WsPath>> {
        let Some(path) = path else { return Arc::default() };
        let names: Vec<String> = names.filter(|name| !name.contains('/')).map(str::to_owned).collect();
        let key = (path.to_owned(), names);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = known.get(&key) {
            return Arc::clone(places);
        }
        let place =
            |folder: &str, name: &String| WsPath::new(root, &WsPath::root(), Path::new(folder).join(name));
        let in_folder = |folder| key.1.iter().map(move |name| place(folder, name));
        let places: Arc<BTreeSet<WsPath>> = Arc::new(path.split(':').flat_map(in_folder).collect());
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Arc::clone(&places));
        places
    }
}

/// The programs of a step, which are in its key by themselves.
#[derive(Debug)]
pub(super) struct OwnPrograms {
    /// Where they are, its script too, with the links that lead there.
    pub(super) found: BTreeSet<WsPath>,
    /// Where they are looked for.
    pub(super) candidates: Arc<BTreeSet<WsPath>>,
}

impl OwnPrograms {
    /// Tells whether a path is one of these places.
    pub(super) fn contains(&self, path: &WsPath) -> bool {
        self.found.contains(path) || self.candidates.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_put_together_once_for_each_path_and_names() {
        let candidates = Candidates::default();
        let of = |path, names: &[&str]| candidates.of(Path::new("/w"), path, names.iter().copied());
        let texts = |places: &BTreeSet<WsPath>| places.iter().map(ToString::to_string).collect::<Vec<_>>();
        let first = of(Some("/bin:/w/tools"), &["sh", "awk", "./own"]);
        assert_eq!(texts(&first), ["/bin/awk", "/bin/sh", "tools/awk", "tools/sh"]);
        assert!(Arc::ptr_eq(&first, &of(Some("/bin:/w/tools"), &["sh", "awk"])));
        assert_eq!(texts(&of(Some("/bin"), &["sh", "awk"])), ["/bin/awk", "/bin/sh"]);
        assert_eq!(texts(&of(Some("/bin"), &["sh"])), ["/bin/sh"]);
        assert!(of(None, &["sh"]).is_empty());
    }
}
