//! The strict environment of a step: what it is given, and what of that enters its key.
//!
//! | given | in the key |
//! |---|---|
//! | base set: PATH, HOME, USER, TZ, `LC_CTYPE=C.UTF-8`, TERM | its values |
//! | `AITHERZERO_NONINTERACTIVE`, `AITHERZERO_ORCHESTRATED_PARALLEL`, `AITHERZERO_ROOT`, and `AITHERZERO_CI` where CI is set | no; CI itself is |
//! | TMPDIR, the step's own | no: always empty at its start |
//! | `AZ_OUTPUT`, `GITHUB_OUTPUT` and their like: files in TMPDIR | no, and not what az itself was given |
//! | the built-in list, where set | its values |
//! | what header, rule or playbook declare, and what the text mentions | the value, unset being one |
//! | values the playbook sets | yes |
//! | `passEnv` | no |
//! | everything else | withheld |

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    base::Env,
    fingerprint::{Component, ComponentKind},
    plan::Node,
    text::handed::is_handing_variable,
};

/// Handed over whenever they are set.
const WHERE_SET: [&str; 19] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "JAVA_HOME",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CI",
    "TZ",
    "HOME",
    "USER",
];
/// What the old engine told every script about itself.
const PREFIX: &str = "AITHERZERO_";
/// Where the workspace is.
const ROOT: &str = "AITHERZERO_ROOT";
/// Names a shell sets by itself, or that are az's own: mentioning them asks for nothing.
const NOT_ASKED_FOR: [&str; 9] =
    ["PWD", "OLDPWD", "SHLVL", "_", "TMPDIR", "PATH", "LC_CTYPE", "TERM", "AZ_STEP"];

/// Says `off` where no step is to be traced.
pub(super) const TRACE: &str = "AZ_TRACE";
/// Stands in the environment of steps that are traced, for an az that one of them starts.
pub(super) const WATCHED: &str = "AZ_WATCHED";

/// What az was started in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outer<'a> {
    /// The environment.
    pub(super) env: &'a Env,
    /// The absolute path of the workspace.
    pub(super) root: &'a Path,
    /// What the digests of secrets depend on, so that they tell nothing.
    pub(super) secret_key: &'a [u8; 32],
    /// What was last put together of these three; nothing where they are not those of the others.
    pub(super) last: Option<&'a LastEnvironment>,
}

/// The environment that was last put together, with what it was made of: most steps of a plan are given the same, and
/// share it.
#[derive(Debug, Default)]
pub(super) struct LastEnvironment(Mutex<Option<Last>>);

#[derive(Debug)]
struct Last {
    node: Arc<Node>,
    learned: BTreeSet<String>,
    environment: Arc<Environment>,
}

impl Last {
    /// Tells whether a node has the same environment: all of a node is compared that has a part in it.
    fn is_of(&self, node: &Node, learned: &BTreeSet<String>) -> bool {
        let (own, other) = (&self.node, node);
        let (settings, others) = (&own.settings, &other.settings);
        self.learned == *learned
            && own.mentioned == other.mentioned
            && own.secret == other.secret
            && own.invocation.env == other.invocation.env
            && (&settings.use_env, &settings.pass_env, &settings.env)
                == (&others.use_env, &others.pass_env, &others.env)
    }
}

/// What a step is given, and its part of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    /// Names and values, without TMPDIR, the files in it, and `AZ_PARENT`.
    pub(super) values: BTreeMap<String, String>,
    /// What of it enters the key.
    pub(super) components: Vec<Component>,
}

impl Environment {
    /// Tells whether the value of a name, unset being one, is in the key.
    pub(super) fn is_keyed(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name == name)
    }
}

/// Returns the environment of a node; `learned` are names that other text than its own mentions, `outer` is the
/// environment az was started with.
pub(super) fn environment_of(
    node: &Arc<Node>,
    learned: &BTreeSet<String>,
    outer: &Outer<'_>,
) -> Arc<Environment> {
    let Some(LastEnvironment(last)) = outer.last else { return Arc::new(made(node, learned, outer)) };
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = last.as_ref().filter(|last| last.is_of(node, learned)) {
        return Arc::clone(&last.environment);
    }
    let environment = Arc::new(made(node, learned, outer));
    *last = Some(Last {
        node: Arc::clone(node),
        learned: learned.clone(),
        environment: Arc::clone(&environment),
    });
    environment
}

fn made(node: &Node, learned: &BTreeSet<String>, outer: &Outer<'_>) -> Environment {
    let Outer { env: outer, root, secret_key, last: _ } = outer;
    let mut values = BTreeMap::from([
        ("LC_CTYPE".to_owned(), "C.UTF-8".to_owned()),
        ("TERM".to_owned(), "dumb".to_owned()),
        ("AITHERZERO_NONINTERACTIVE".to_owned(), "true".to_owned()),
        // Another step may be at work beside it, whatever the options of this run say: they are no part of a key.
        ("AITHERZERO_ORCHESTRATED_PARALLEL".to_owned(), "true".to_owned()),
        (ROOT.to_owned(), root.display().to_string()),
    ]);
    // CI itself is in the key.
    if outer.get("CI").is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("false")) {
        values.insert("AITHERZERO_CI".to_owned(), "true".to_owned());
    }
    // Inside a step of another az these are that az's; they are no news, and its workspace may be another one.
    let own = values.clone();
    let is_own = |name: &str, value: &String| name == ROOT || own.get(name) == Some(value);
    let mut keyed: BTreeSet<&str> = BTreeSet::from(["LC_CTYPE", "PATH"]);
    let mut give = |name: &str| {
        if let Some(value) = outer.get(name).filter(|value| !is_own(name, value)) {
            values.insert(name.to_owned(), value.clone());
        }
    };
    give("PATH");
    for name in WHERE_SET.into_iter().chain(outer.beginning(PREFIX).map(|(name, _)| name)) {
        give(name);
        if outer.get(name).is_some_and(|value| !is_own(name, value)) {
            keyed.insert(name);
        }
    }
    let mentioned = node.mentioned.union(learned).filter(|name| is_asked_for(name));
    for name in node.settings.use_env.iter().chain(mentioned) {
        give(name);
        keyed.insert(name);
    }
    for name in &node.settings.pass_env {
        give(name);
        keyed.remove(name.as_str());
    }
    let set = node.settings.env.iter().chain(&node.invocation.env);
    for (name, value) in set {
        values.insert(name.clone(), value.clone());
        keyed.insert(name);
    }
    values.retain(|name, _| !is_handing_variable(name));
    keyed.retain(|name| !is_handing_variable(name));
    let components = keyed.into_iter().map(|name| component(node, name, values.get(name), secret_key));
    let components = components.collect();
    Environment { values, components }
}

/// Tells whether to mention a name is to ask for its value.
pub(super) fn is_asked_for(name: &str) -> bool {
    !NOT_ASKED_FOR.contains(&name) && !is_handing_variable(name)
}

fn component(node: &Node, name: &str, value: Option<&String>, secret_key: &[u8; 32]) -> Component {
    let component = match value {
        Some(value) => Component::of_text(ComponentKind::Environment, name, value),
        None => return Component::unset(ComponentKind::Environment, name),
    };
    if node.is_secret(name) { component.hidden(secret_key) } else { component }
}
