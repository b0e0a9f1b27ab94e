//! Patterns of declared inputs and outputs: a path, a folder, or a glob.
//!
//! Knows the syntax and whether a path matches. Does not look at any disk.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::base::WsPath;

/// A pattern in normal form, relative to the workspace root or absolute.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// A component as it is kept; a literal may look like a wildcard.
#[derive(Serialize, Deserialize)]
enum KeptPart {
    Literal(String),
    Wild(String),
    AnyDepth,
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = |part: &Part| match part {
            Part::Literal(name) => KeptPart::Literal(name.clone()),
            Part::Wild(_) => KeptPart::Wild(part.as_str().to_owned()),
            Part::AnyDepth => KeptPart::AnyDepth,
        };
        (&self.text, self.parts.iter().map(kept).collect::<Vec<_>>()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, kept): (String, Vec<KeptPart>) = Deserialize::deserialize(deserializer)?;
        let part = |kept| match kept {
            KeptPart::Literal(name) => Ok(Part::Literal(name)),
            KeptPart::Wild(name) => part(&name).map_err(D::Error::custom),
            KeptPart::AnyDepth => Ok(Part::AnyDepth),
        };
        Ok(Self { text, parts: kept.into_iter().map(part).collect::<Result<_, _>>()? })
    }
}

/// One component of a pattern.
#[derive(Clone)]
pub enum Part {
    /// This name.
    Literal(String),
    /// Any name that matches. Shared: a copy of a matcher starts without the states that it has worked out.
    Wild(Arc<GlobMatcher>),
    /// Any number of folders, none included: `**`.
    AnyDepth,
}

/// The pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadPattern(String);

impl BadPattern {
    /// What to do about it.
    pub const HELP: &str = "close its brackets and braces, write `\\[` and `\\{` for the characters themselves, and `..` only at its start";
}

/// No system takes a longer path.
const MOST_BYTES: usize = 4096;
/// Braces of one name; what reads them goes down for each.
const MOST_BRACES: usize = 32;

/// Folders that no wildcard enters: they are the tools' own, and change without anybody's doing.
pub const PRIVATE_FOLDERS: [&str; 2] = [".git", ".azcache"];

impl Pattern {
    /// Reads a pattern as seen from the workspace directory `cwd`.
    ///
    /// A trailing `/` means the folder with all below it, as `/**` does.
    ///
    /// # Errors
    /// [`BadPattern`] if a bracket or brace is not closed, a brace holds a `/`, or `..` follows a wildcard.
    pub fn parse(text: &str, root: &Path, cwd: &WsPath) -> Result<Self, BadPattern> {
        if text.trim().is_empty() {
            return Err(BadPattern("a pattern cannot be empty".to_owned()));
        }
        if text.len() > MOST_BYTES {
            return Err(BadPattern(format!("a pattern cannot have more than {MOST_BYTES} bytes")));
        }
        let wild_at = text.find(['*', '?', '[', '{']);
        // Only the part before the first wildcard is a path that can be normalised.
        let (fixed, wild) = match wild_at {
            None => (text, ""),
            Some(at) => text.split_at(text[..at].rfind('/').map_or(0, |slash| slash + 1)),
        };
        let mut parts = literals(&WsPath::new(root, cwd, fixed));
        for name in wild.split('/').filter(|name| !matches!(*name, "" | ".")) {
            parts.push(part(name)?);
        }
        if text.ends_with('/') {
            parts.push(Part::AnyDepth);
        }
        // Any depth below any depth is any depth.
        parts.dedup_by(|later, earlier| matches!((earlier, later), (Part::AnyDepth, Part::AnyDepth)));
        let normal = match parts.as_slice() {
            [] => ".".to_owned(),
            [Part::Literal(root)] if root.is_empty() => "/".to_owned(),
            parts => parts.iter().map(Part::as_str).collect::<Vec<_>>().join("/"),
        };
        Ok(Self { text: normal, parts })
    }

    /// Tells whether a text can be read as a pattern, wherever the workspace lies.
    ///
    /// # Errors
    /// As [`Pattern::parse`].
    pub fn check(text: &str) -> Result<(), BadPattern> {
        Self::parse(text, Path::new("/"), &WsPath::root()).map(drop)
    }

    /// Returns the pattern that names one path, whatever characters are in it.
    pub fn of_path(path: &WsPath) -> Self {
        Self { text: path.to_string(), parts: literals(path) }
    }

    /// Returns the pattern in normal form; two equal patterns are equal texts.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the components; an absolute pattern starts with an empty literal.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the path, if the pattern has no wildcard.
    pub fn as_path(&self) -> Option<WsPath> {
        let is_literal = self.parts.iter().all(|part| matches!(part, Part::Literal(_)));
        if is_literal { WsPath::from_normal(&self.text) } else { None }
    }

    /// Returns the folder above the first wildcard, which all that matches lies below; the path itself if there is
    /// none.
    pub fn fixed_part(&self) -> WsPath {
        let literals = self.parts.iter().take_while(|part| matches!(part, Part::Literal(_)));
        literals.fold(WsPath::root(), |path, name| match name.as_str() {
            "" => WsPath::from_normal("/").expect("the root of the file system is normal"),
            name => path.join(name),
        })
    }

    /// Tells whether the pattern names `path` itself; a folder does not name what is in it.
    pub fn matches(&self, path: &WsPath) -> bool {
        matches_parts(&self.parts, &names(path).collect::<Vec<_>>())
    }
}

impl Part {
    /// Returns the component as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Literal(name) => name,
            Self::Wild(matcher) => matcher.glob().glob(),
            Self::AnyDepth => "**",
        }
    }

    /// Tells whether a wildcard component takes a name; a literal one takes itself.
    pub fn takes(&self, name: &str) -> bool {
        // The empty name is what an absolute path starts with: no wildcard leads out of the workspace.
        let is_open = !name.is_empty() && !PRIVATE_FOLDERS.contains(&name);
        match self {
            Self::Literal(literal) => literal == name,
            Self::Wild(matcher) => is_open && matcher.is_match(name),
            Self::AnyDepth => is_open,
        }
    }
}

/// Returns the components of a path; an absolute one starts with an empty name.
fn names(path: &WsPath) -> impl Iterator<Item = &str> {
    let text = match path.as_str() {
        "." => None,
        "/" => Some(""),
        text => Some(text),
    };
    text.into_iter().flat_map(|text| text.split('/'))
}

fn literals(path: &WsPath) -> Vec<Part> {
    names(path).map(|name| Part::Literal(name.to_owned())).collect()
}

/// Compiling a matcher costs more than matching a folder, and thousands of steps say `*.txt`.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<GlobMatcher>>>> = LazyLock::new(Mutex::default);

fn part(name: &str) -> Result<Part, BadPattern> {
    match name {
        "**" => return Ok(Part::AnyDepth),
        ".." => return Err(BadPattern("`..` cannot follow a wildcard".to_owned())),
        _ => {}
    }
    if !name.contains(['*', '?', '[', '{', '}', '\\']) {
        return Ok(Part::Literal(name.to_owned()));
    }
    if name.bytes().filter(|byte| *byte == b'{').count() > MOST_BRACES {
        return Err(BadPattern(format!("a name cannot have more than {MOST_BRACES} braces")));
    }
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(matcher) = compiled.get(name) {
        return Ok(Part::Wild(Arc::clone(matcher)));
    }
    let glob = GlobBuilder::new(name).literal_separator(true).backslash_escape(true).build();
    let matcher = Arc::new(glob.map_err(|error| BadPattern(error.kind().to_string()))?.compile_matcher());
    compiled.insert(name.to_owned(), Arc::clone(&matcher));
    Ok(Part::Wild(matcher))
}

fn matches_parts(parts: &[Part], names: &[&str]) -> bool {
    // Iterative with one point to come back to, so that `**/**/**/x` stays linear.
    let (mut part, mut name) = (0, 0);
    let mut retry = None;
    while name < names.len() {
        match parts.get(part) {
            Some(Part::AnyDepth) => {
                retry = Some((part, name));
                part += 1;
                continue;
            }
            Some(other) if other.takes(names[name]) => {
                (part, name) = (part + 1, name + 1);
                continue;
            }
            _ => {}
        }
        match retry {
            Some((any, from)) if parts[any].takes(names[from]) => {
                retry = Some((any, from + 1));
                (part, name) = (any + 1, from + 1);
            }
            _ => return false,
        }
    }
    parts[part..].iter().all(|part| matches!(part, Part::AnyDepth))
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text, Path::new("/w/s"), &WsPath::root()).unwrap()
    }

    fn matches(text: &str, path: &str) -> bool {
        pattern(text).matches(&WsPath::from_normal(path).unwrap())
    }

    #[test]
    fn patterns_have_one_form() {
        assert_eq!(pattern("./src//*.rs").as_str(), "src/*.rs");
        assert_eq!(pattern("/w/s/src").as_str(), "src");
        assert_eq!(pattern("../x/**").as_str(), "/w/x/**");
        assert_eq!(pattern("src/").as_str(), "src/**");
        assert_eq!(pattern(".").as_path(), Some(WsPath::root()));
        assert_eq!(pattern("src/a.rs").as_path().unwrap().as_str(), "src/a.rs");
        assert_eq!(pattern("src/*").as_path(), None);
        assert_eq!((pattern("/").as_str(), pattern("/*").as_str()), ("/**", "/*"));
        let odd = WsPath::from_normal("a/[b]{c").unwrap();
        assert_eq!(Pattern::of_path(&odd).as_path(), Some(odd));
    }

    #[test]
    fn the_fixed_part_ends_before_the_first_wildcard() {
        for (text, fixed) in [
            ("a/b/*.x", "a/b"),
            ("a/b", "a/b"),
            ("**/a", "."),
            (".", "."),
            ("/etc/*", "/etc"),
            ("/*", "/"),
            ("/", "/"),
        ] {
            assert_eq!(pattern(text).fixed_part().as_str(), fixed, "{text}");
        }
    }

    #[test]
    fn globs_match_as_in_git() {
        assert!(matches("src/**/*.rs", "src/a.rs") && matches("src/**/*.rs", "src/b/c/a.rs"));
        assert!(!matches("src/*.rs", "src/b/a.rs"));
        assert!(matches("src/**", "src/a/b") && matches("**", "a"));
        assert!(matches("*.{ps1,sh}", "x.sh") && matches("[ab].x", "a.x") && !matches("[ab].x", "c.x"));
        assert!(matches("**/a/**/b", "x/a/y/a/z/b") && !matches("**/a/b", "a/c/b"));
        assert!(!matches("**", "/etc") && !matches("*/x", "/x") && matches("**/x", "x"));
        assert!(matches("/*", "/etc") && !matches("/*", "etc") && !matches("/*", "/etc/x"));
    }

    #[test]
    fn no_wildcard_enters_private_folders() {
        assert!(
            !matches("**", ".git/HEAD")
                && !matches("*/x", ".azcache/x")
                && !matches("a/**/HEAD", "a/.git/HEAD")
        );
        assert!(matches(".git/HEAD", ".git/HEAD") && matches(".git/*", ".git/HEAD"));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let deep = vec!["a"; 60].join("/");
        assert!(!matches(&format!("{}/b", vec!["**/a"; 20].join("/")), &deep));
    }

    #[test]
    fn any_depth_below_any_depth_is_any_depth() {
        assert_eq!(pattern("a/**/**/./**/b").as_str(), "a/**/b");
        assert_eq!(pattern("a/**/**/").as_str(), "a/**");
    }

    #[test]
    fn bad_patterns_are_refused() {
        let (long, deep) = ("a/".repeat(MOST_BYTES), format!("{}{}", "{a,".repeat(33), "}".repeat(33)));
        for text in ["a[", "a{b", "", "{a/b}", "a/*/../b", &long, &deep] {
            assert!(Pattern::parse(text, Path::new("/w"), &WsPath::root()).is_err(), "{text}");
        }
    }
}
