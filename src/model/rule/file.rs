//! One file under `rules/`.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    base::Span,
    diag::{Diagnostic, Source, code},
    model::{
        decode::{self, Reading, Table, Value},
        kind::{self, Kind},
        scratch::{self, Scratch},
        settings::{self, Settings},
    },
    text::document::{Format, Node, NodeValue},
};

/// What a file under `rules/` says, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RuleFile {
    /// `[[kind]]`; the place of the nth is `/kind/n`.
    pub kinds: Vec<Kind>,
    /// `[[rule]]`.
    pub rules: Vec<Rule>,
    /// `[[scratch]]`.
    pub scratch: Vec<Scratch>,
}

/// What selected steps depend on and how they behave.
///
/// Of several rules that match a step, a later one wins over an earlier one, and the repository's over az's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What the rule is called where it is a reason: its `name`, else its `match`.
    pub name: String,
    /// The sequence expression that selects the steps, as written.
    pub matches: String,
    /// What the rule says of them.
    pub settings: Settings,
    /// Where in its file the rule stands, as a JSON pointer: `/rule/0`.
    pub pointer: String,
}

/// The fields that only a kind has, and the metadata that `match` itself may ask for.
const NOT_IN_A_RULE: [&str; 9] =
    ["extensions", "paths", "interpreter", "shebang", "comments", "parameters", "stage", "tags", "number"];

impl RuleFile {
    /// Appends the kinds and rules of a further file.
    pub fn extend(&mut self, other: Self) {
        self.kinds.extend(other.kinds);
        self.rules.extend(other.rules);
        self.scratch.extend(other.scratch);
    }
}

/// Reads a file under `rules/`.
pub fn read(source: &Arc<Source>) -> Reading<RuleFile> {
    decode::read(source, Format::Toml, |root| {
        let mut table = root.table("the rule file")?;
        let kinds = table.optional("kind", |value| numbered(value, "kind", kind::decode));
        let rules = table.optional("rule", |value| numbered(value, "rule", rule));
        let scratch = table.optional("scratch", |value| value.list(scratch::decode));
        table.finish();
        Some(RuleFile {
            kinds: kinds.unwrap_or_default(),
            rules: rules.unwrap_or_default(),
            scratch: scratch.unwrap_or_default(),
        })
    })
}

/// Reads a list whose items know the pointer they stand at.
fn numbered<T>(
    value: Value<'_>,
    list: &str,
    mut item: impl FnMut(Value<'_>, String) -> Option<T>,
) -> Option<Vec<T>> {
    let mut index = 0;
    value.list(|value| {
        let pointer = format!("/{list}/{index}");
        index += 1;
        item(value, pointer)
    })
}

fn rule(value: Value<'_>, pointer: String) -> Option<Rule> {
    let mut table = value.table("the rule")?;
    let matches =
        table.required("match", "the scripts it is for, such as \"0400-0499\" or \"tag:test\"", |value| {
            value.nonempty_text()
        });
    let name = table.optional("name", Value::nonempty_text);
    let mut settings = settings::decode(&mut table);
    settings.command = table.optional("command", settings::argv);
    refuse_kind_fields(&mut table);
    table.finish();
    let matches = matches?;
    Some(Rule { name: name.unwrap_or_else(|| matches.clone()), matches, settings, pointer })
}

fn refuse_kind_fields(table: &mut Table<'_>) {
    for key in NOT_IN_A_RULE {
        while let Some((name, at)) = table.take(key) {
            let context = table.context();
            let fault = context.error(code::KIND_FIELD_IN_RULE, format!("a rule cannot set `{name}`"));
            let help = match key {
                "stage" | "tags" | "number" => format!("remove `{name}`; scripts say it in their own header"),
                _ => format!("remove `{name}`, or move it to a [[kind]]"),
            };
            context.report(fault.label(at, "said before rules are matched").help(help));
        }
    }
}

/// Finds extensions and names that two kinds of one rank claim; `files` are a repository's rule files in order.
pub fn duplicate_kinds(files: &[(Arc<Source>, Reading<RuleFile>)]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<Claim<'_>, Owner<'_>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (source, reading) in files {
        let (Some(file), Some(tree)) = (&reading.value, &reading.tree) else { continue };
        for kind in &file.kinds {
            let extensions = kind.extensions.iter().map(|extension| ("extension", extension.as_str()));
            for claim in extensions.chain([("name", kind.name.as_str())]) {
                let owner = Owner { kind: &kind.name, source, span: place_of(tree, kind, claim) };
                match owners.entry(claim) {
                    Entry::Vacant(free) => {
                        free.insert(owner);
                    }
                    Entry::Occupied(first) => faults.push(duplicate_kind(claim, &owner, first.get())),
                }
            }
        }
    }
    faults
}

/// What a kind claims: the word for it (`extension`, `name`) and its value.
type Claim<'a> = (&'static str, &'a str);

struct Owner<'a> {
    kind: &'a str,
    source: &'a Arc<Source>,
    span: Span,
}

fn place_of(tree: &Node, kind: &Kind, (what, claimed): Claim<'_>) -> Span {
    let field = if what == "name" { "name" } else { "extensions" };
    let field = format!("{}/{field}", kind.pointer);
    let item = match tree.find(&field).map(|node| &node.value) {
        Some(NodeValue::List(items)) => items
            .iter()
            .find(|item| matches!(&item.value, NodeValue::Text(text) if text.eq_ignore_ascii_case(claimed))),
        _ => None,
    };
    item.map_or_else(|| tree.at(&field), |item| item.span)
}

fn duplicate_kind((what, claimed): Claim<'_>, second: &Owner<'_>, first: &Owner<'_>) -> Diagnostic {
    let is_same_file = first.source == second.source;
    let place = if is_same_file { String::new() } else { format!(" in {}", first.source.name) };
    let message = if what == "name" {
        format!("a kind `{claimed}` is already declared{place}")
    } else {
        format!("kinds `{}`{place} and `{}` both claim the extension `{claimed}`", first.kind, second.kind)
    };
    let fault = Diagnostic::error(code::DUPLICATE_KIND, message)
        .source(second.source)
        .label(second.span, "claimed here again")
        .help(format!("remove the {what} `{claimed}` from one of the two, or one of the kinds"));
    if is_same_file { fault.label(first.span, "claimed here first") } else { fault }
}
