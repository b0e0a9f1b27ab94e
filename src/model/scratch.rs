//! `[[scratch]]`: private state of tools, which is neither read nor made by a step as far as others are concerned.
//!
//! Knows what such an entry says. Does not know paths of any machine: its patterns may start with `~/`.

use super::{decode::Value, settings::scratch_patterns};

/// Private state of one tool.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scratch {
    /// What it is called where it is a reason.
    pub name: String,
    /// Programs whose processes, with all they start, keep it; empty for everybody.
    pub programs: Vec<String>,
    /// Where it lies: relative to the workspace, absolute, below the home folder (`~/`), or anywhere (`**/`).
    pub paths: Vec<String>,
    /// It only makes things faster: nobody's result depends on what is in it.
    pub is_cache: bool,
    /// It is never missed: a step is up to date without it.
    pub is_optional: bool,
}

impl Scratch {
    /// Returns the names of folders that are nothing but a cache, wherever they lie and whoever looks at them: in no
    /// listing they are news.
    pub fn private_names(&self) -> impl Iterator<Item = String> {
        let is_anybodys = self.is_cache && self.programs.is_empty();
        self.paths.iter().filter(move |_| is_anybodys).filter_map(|pattern| {
            let name = pattern.strip_prefix("**/")?.strip_suffix("/**")?;
            let is_plain = !name.contains(['/', '*', '?', '[', '{', '\\']);
            is_plain.then(|| name.to_owned())
        })
    }
}

/// Tells whether a pattern leaves nothing that could be input or output: no part of it is a name.
pub fn takes_everything(pattern: &str) -> bool {
    let mut names: Vec<&str> = Vec::new();
    for name in pattern.trim_start_matches("~/").split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    names.iter().all(|name| name.chars().all(|c| c == '*'))
}

/// Reads one entry.
pub fn decode(value: Value<'_>) -> Option<Scratch> {
    let mut table = value.table("the scratch")?;
    let name = table.required("name", "the name of the tool", Value::nonempty_text);
    let programs = table.optional("programs", |value| value.one_or_list(Value::nonempty_text));
    let paths = table.required("paths", "where it lies, such as [\"**/target/**\"]", scratch_patterns);
    let is_cache = table.optional("cache", Value::boolean).unwrap_or(false);
    let is_optional = table.optional("optional", Value::boolean).unwrap_or(is_cache);
    table.finish();
    Some(Scratch {
        name: name?,
        programs: programs.unwrap_or_default(),
        paths: paths?,
        is_cache,
        is_optional,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_are_a_cache_for_anybody_are_known_by_their_name() {
        let names = |programs: &[&str], is_cache, path: &str| {
            let programs = programs.iter().map(|program| (*program).to_owned()).collect();
            let paths = vec![path.to_owned()];
            let scratch = Scratch { name: "x".to_owned(), programs, paths, is_cache, is_optional: is_cache };
            scratch.private_names().collect::<Vec<_>>()
        };
        assert_eq!(names(&[], true, "**/__pycache__/**"), ["__pycache__"]);
        for (programs, is_cache, path) in [
            (&["cargo"][..], true, "**/target/**"),
            (&[], false, "**/target/**"),
            (&[], true, "logs/**"),
            (&[], true, "**/*.tmp/**"),
            (&[], true, "**/a/b/**"),
            (&[], true, "**/file"),
        ] {
            assert_eq!(names(programs, is_cache, path), [""; 0], "{path}");
        }
    }

    #[test]
    fn a_pattern_without_a_name_takes_everything() {
        for all in
            ["/", "/**", ".", "./", "**", "*/**", "**/*", "~/", "~/**", "..", "../**", "a/..", "a/../**"]
        {
            assert!(takes_everything(all), "{all}");
        }
        for some in ["logs/**", "**/target/**", "~/.npm/**", "*.log", "/tmp/x", "**/*.o", "../x/**"] {
            assert!(!takes_everything(some), "{some}");
        }
    }
}
