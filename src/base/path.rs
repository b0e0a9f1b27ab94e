//! Paths as az names them: relative to the workspace, with `/`, in one normal form.

use std::{
    borrow::Borrow,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A path in normal form: relative to the workspace root if it lies inside, else absolute.
///
/// Normal form has no `.`, no empty and no `..` component and no trailing `/`; the root itself is `.`.
/// Two equal paths are equal strings, so that a path can be an identity. Symlinks are not resolved.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WsPath(Arc<str>);

impl Serialize for WsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_normal(&text).ok_or_else(|| D::Error::custom("a path that is not in normal form"))
    }
}

impl WsPath {
    /// The workspace root.
    pub fn root() -> Self {
        Self(Arc::from("."))
    }

    /// Returns the normal form of `path` as seen from the workspace directory `cwd`.
    ///
    /// `path` may be relative or absolute; one that leaves the workspace becomes absolute, for which `root`, the
    /// absolute path of the workspace, is needed. A path that is not UTF-8 is written with replacement characters.
    pub fn new(root: &Path, cwd: &WsPath, path: impl AsRef<Path>) -> Self {
        // Most are in normal form already, and need none of the work below.
        let texts = path.as_ref().to_str().zip(root.to_str());
        let of_texts = |(path, root): (&str, &str)| {
            Self::of_absolute(root, path).or_else(|| Self::of_relative(root, cwd, path))
        };
        if let Some(found) = texts.and_then(of_texts) {
            return found;
        }
        let absolute = normalize(&cwd.to_absolute(root).join(path));
        match absolute.strip_prefix(root) {
            Ok(inside) if inside.as_os_str().is_empty() => Self::root(),
            Ok(inside) => Self(inside.to_string_lossy().into()),
            Err(_) => Self(absolute.to_string_lossy().into()),
        }
    }

    /// Takes a text that already is in normal form, such as one az wrote itself.
    ///
    /// Returns nothing if it is not in normal form.
    pub fn from_normal(text: &str) -> Option<Self> {
        is_normal(text).then(|| Self(Arc::from(text)))
    }

    /// Takes an absolute path in normal form; nothing if it or `root` is not that.
    fn of_absolute(root: &str, path: &str) -> Option<Self> {
        if !is_absolute(path) || !is_absolute(root) {
            return None;
        }
        let inside = if root == "/" { path.strip_prefix('/') } else { path.strip_prefix(root) };
        Some(match inside {
            Some("") => Self::root(),
            Some(inside) if root == "/" => Self(Arc::from(inside)),
            Some(inside) => Self(Arc::from(inside.strip_prefix('/').unwrap_or(path))),
            None => Self(Arc::from(path)),
        })
    }

    /// Takes a path in normal form as seen from a folder, with or without a `/` at its end; nothing if it is absolute, or
    /// it or `root` is not that.
    fn of_relative(root: &str, cwd: &Self, path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.starts_with('/') || path == "." || !is_normal(path) || !is_absolute(root) {
            return None;
        }
        let joined = cwd.join(path);
        if cwd.is_inside() { Some(joined) } else { Self::of_absolute(root, &joined.0) }
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the path lies in the workspace.
    pub fn is_inside(&self) -> bool {
        !self.0.starts_with('/')
    }

    /// Returns the absolute path for the workspace at `root`.
    pub fn to_absolute(&self, root: &Path) -> PathBuf {
        if &*self.0 == "." { root.to_path_buf() } else { root.join(&*self.0) }
    }

    /// Returns the path of the entry `name` below this directory.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        match &*self.0 {
            "." => Self(Arc::from(name)),
            "/" => Self(["/", name].concat().into()),
            folder => Self([folder, "/", name].concat().into()),
        }
    }

    /// Returns the directory that holds this path, or nothing for a root.
    pub fn parent(&self) -> Option<Self> {
        if &*self.0 == "." || &*self.0 == "/" {
            return None;
        }
        match self.0.rsplit_once('/') {
            None => Some(Self::root()),
            Some(("", _)) => Some(Self(Arc::from("/"))),
            Some((parent, _)) => Some(Self(Arc::from(parent))),
        }
    }

    /// Returns the last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the last component without its extension.
    pub fn stem(&self) -> &str {
        let name = self.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Returns what stands behind the last dot of the last component, if there is one.
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').map(|(_, extension)| extension)
    }

    /// Returns the path as it is written in the directory `folder`, where both lie in the workspace; else as it is.
    pub fn seen_from(&self, folder: &Self) -> String {
        let names = |path: &Self| -> Vec<String> {
            path.0.split('/').filter(|name| *name != ".").map(str::to_owned).collect()
        };
        if !self.is_inside() || !folder.is_inside() {
            return self.to_string();
        }
        let (own, above) = (names(self), names(folder));
        let shared = own.iter().zip(&above).take_while(|(one, other)| one == other).count();
        let up = above[shared..].iter().map(|_| "..");
        let words: Vec<&str> = up.chain(own[shared..].iter().map(String::as_str)).collect();
        if words.is_empty() { ".".to_owned() } else { words.join("/") }
    }

    /// Tells whether this path is `directory` or lies below it.
    pub fn is_below(&self, directory: &Self) -> bool {
        match &*directory.0 {
            "." => self.is_inside(),
            "/" => !self.is_inside(),
            above => self.0.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// Tells whether a text is a path in normal form, relative to the workspace or absolute.
fn is_normal(text: &str) -> bool {
    let names = text.strip_prefix('/').unwrap_or(text);
    matches!(text, "." | "/") || names.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn is_absolute(text: &str) -> bool {
    text.starts_with('/') && is_normal(text)
}

/// Removes `.`, `..` and repeated separators from an absolute path without asking the disk.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => out.push(name),
            std::path::Component::ParentDir => {
                out.pop();
            }
            _ => {}
        }
    }
    out
}

/// Sound because order and equality of a path are those of its text.
impl Borrow<str> for WsPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(cwd: &str, path: &str) -> String {
        WsPath::new(Path::new("/w/s"), &WsPath::from_normal(cwd).unwrap(), path).to_string()
    }

    #[test]
    fn one_place_has_one_name() {
        assert_eq!(normal(".", "./a//b/../c/"), "a/c");
        assert_eq!(normal("sub", "../a"), "a");
        assert_eq!(normal("sub", "/w/s/a"), "a");
        assert_eq!(normal(".", ".."), "/w");
        assert_eq!(normal("sub", ".."), ".");
        assert_eq!(normal(".", "/etc/hosts"), "/etc/hosts");
        assert_eq!(WsPath::from_normal("a/../b"), None);
        assert_eq!(WsPath::from_normal("a/"), None);
        assert_eq!(WsPath::from_normal("//a"), None);
    }

    #[test]
    fn what_is_in_normal_form_already_is_what_it_would_become() {
        let slow = |root: &str, path: &str| {
            let absolute = normalize(&Path::new(root).join(path));
            match absolute.strip_prefix(root) {
                Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
                Ok(inside) => inside.display().to_string(),
                Err(_) => absolute.display().to_string(),
            }
        };
        for root in ["/", "/w", "/w/s", "/w/s.d"] {
            for path in [
                "/",
                "/w",
                "/w/s",
                "/w/s/a",
                "/w/s.d",
                "/w/s.d/b",
                "/w/sa",
                "/ww",
                "/w/s/../s.d/b",
                "/w//s/./a",
            ] {
                let fast = WsPath::new(Path::new(root), &WsPath::root(), path).to_string();
                assert_eq!(fast, slow(root, path), "{path} in {root}");
            }
        }
    }

    #[test]
    fn what_is_in_normal_form_already_is_what_it_would_become_in_any_folder() {
        for root in ["/", "/w", "/w/s"] {
            for cwd in [".", "a", "a/b", "/", "/w", "/v"] {
                for path in
                    ["", ".", "a", "s/a", "w/s/a", "a/../b", "./a", "a/", "./", "a//", "..", "a//b", "w", "s"]
                {
                    let cwd = WsPath::from_normal(cwd).unwrap();
                    let absolute = normalize(&cwd.to_absolute(Path::new(root)).join(path));
                    let wanted = WsPath::new(Path::new(root), &WsPath::root(), absolute);
                    assert_eq!(WsPath::new(Path::new(root), &cwd, path), wanted, "{path} in {cwd} of {root}");
                }
            }
        }
    }

    #[test]
    fn a_path_is_seen_from_any_folder() {
        let seen = |path: &str, folder: &str| {
            WsPath::from_normal(path).unwrap().seen_from(&WsPath::from_normal(folder).unwrap())
        };
        assert_eq!(seen("scripts/a.sh", "."), "scripts/a.sh");
        assert_eq!(seen("scripts/a.sh", "scripts"), "a.sh");
        assert_eq!(seen("scripts/a.sh", "scripts-2/x"), "../../scripts/a.sh");
        assert_eq!(seen("scripts/a.sh", "scripts/x/y"), "../../a.sh");
        assert_eq!((seen(".", "a/b"), seen("a", "a")), ("../..".to_owned(), ".".to_owned()));
        assert_eq!((seen("/x/a.sh", "sub"), seen("a.sh", "/x")), ("/x/a.sh".to_owned(), "a.sh".to_owned()));
    }

    #[test]
    fn a_name_has_a_stem_and_may_have_an_extension() {
        let parts = |path: &str| {
            let path = WsPath::from_normal(path).unwrap();
            (path.stem().to_owned(), path.extension().map(str::to_owned))
        };
        assert_eq!(parts("a.b/c.tar.gz"), ("c.tar".to_owned(), Some("gz".to_owned())));
        assert_eq!(parts("a.b/c"), ("c".to_owned(), None));
    }

    #[test]
    fn parents_end_at_a_root() {
        let path = |text| WsPath::from_normal(text).unwrap();
        assert_eq!(path("a/b").parent(), Some(path("a")));
        assert_eq!(path("a").parent(), Some(WsPath::root()));
        assert_eq!(WsPath::root().parent(), None);
        assert_eq!(path("/etc").parent().unwrap().as_str(), "/");
        assert!(path("a/b").is_below(&path("a")) && !path("ab").is_below(&path("a")));
        assert!(path("a").is_below(&WsPath::root()) && !path("/a").is_below(&WsPath::root()));
        assert!(
            path("/a").is_below(&path("/"))
                && path("/").is_below(&path("/"))
                && !path("a").is_below(&path("/"))
        );
        assert_eq!((path("/").join("a"), path("/").parent()), (path("/a"), None));
    }
}
