//! One kind.

use std::collections::BTreeMap;

use crate::{model::settings::ExitMeaning, text::script::CommentStyle};

/// How the files of some extensions are read and run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    /// What the kind is called; a repository's kind of the same name replaces az's own.
    pub name: String,
    /// Extensions without dot, in lower case.
    pub extensions: Vec<String>,
    /// Patterns of whole paths, which win over extensions.
    pub paths: Vec<String>,
    /// The argv; `{script}` is the file, `{args}` all arguments.
    pub interpreter: Vec<String>,
    /// Whether an interpreter in the file's first line (`#!`) is used instead.
    pub shebang: bool,
    /// How comments are written, in which metadata stands.
    pub comments: CommentStyle,
    /// How variables reach the script.
    pub parameters: Parameters,
    /// What exit codes mean; of others, 0 is success and the rest failure.
    pub exit_codes: BTreeMap<i32, ExitMeaning>,
    /// Where in its file the kind stands, as a JSON pointer: `/kind/0`.
    pub pointer: String,
}

/// How variables reach a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Parameters {
    /// Not at all.
    #[default]
    None,
    /// As `-Name value` arguments, for the parameters the script declares.
    Named,
    /// As environment variables.
    Env,
}

impl Kind {
    /// Returns the argv that runs `script` with `args`, starting with the interpreter's name; see [`expand_argv`].
    pub fn argv(&self, script: &str, args: &[String]) -> Vec<String> {
        expand_argv(&self.interpreter, script, args)
    }
}

/// Puts a script and its arguments into an argv with placeholders: of a kind, or of a rule's `command`.
///
/// `{script}` may be part of a word. A word that is `{args}` becomes all arguments, each its own word; without such a
/// word they follow at the end.
pub fn expand_argv(template: &[String], script: &str, args: &[String]) -> Vec<String> {
    let mut argv = Vec::with_capacity(template.len() + args.len());
    for word in template {
        if word == "{args}" {
            argv.extend_from_slice(args);
        } else {
            argv.push(word.replace("{script}", script));
        }
    }
    if !template.iter().any(|word| word == "{args}") {
        argv.extend_from_slice(args);
    }
    argv
}
