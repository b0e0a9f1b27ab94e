//! Which scripts a selection names: union of what is included minus union of what is excluded.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    base::{ScriptNumber, Span, nearest, quoted_list},
    diag::{Diagnostic, Source, code},
    model::script::Script,
    text::sequence::{Selector, Sequence},
};

/// The scripts a selection names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Places in the list of scripts, ascending; the list is sorted by number and path.
    pub scripts: Vec<usize>,
    /// Single numbers that no script has, included or excluded.
    pub missing: Vec<ScriptNumber>,
    /// Single numbers that several scripts share.
    pub ambiguous: Vec<ScriptNumber>,
    /// The same for people, with places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Faults of one selection that are told: nobody reads more, and each looks at all scripts.
const MOST_TOLD: usize = 100;

/// Selects from scripts sorted by number and path; `source` is the text the selection stands in.
///
/// O(items x scripts).
pub fn select(scripts: &[Arc<Script>], sequence: &Sequence, source: &Arc<Source>) -> Selection {
    let mut selection = Selection::default();
    let mut included = BTreeSet::new();
    for item in sequence.included() {
        let found = matching(scripts, item.value);
        selection.note(scripts, item.value, item.span, source, &found);
        included.extend(found);
    }
    let mut excluded = BTreeSet::new();
    for item in sequence.excluded() {
        let found = matching(scripts, item.value);
        if found.is_empty() {
            selection.note(scripts, item.value, item.span, source, &found);
        }
        excluded.extend(found);
    }
    selection.scripts = included.difference(&excluded).copied().collect();
    selection
}

/// Returns the places of the scripts a selector names.
pub(super) fn matching(scripts: &[Arc<Script>], selector: &Selector) -> Vec<usize> {
    (0..scripts.len()).filter(|index| names(selector, &scripts[*index])).collect()
}

fn names(selector: &Selector, script: &Script) -> bool {
    match selector {
        Selector::Stage(name) => script.stage.eq_ignore_ascii_case(name),
        Selector::Tag(name) => script.tags.iter().any(|tag| tag.eq_ignore_ascii_case(name)),
        Selector::Name(name) => name.matches_path(script.path.as_str()),
        Selector::Path(path) => *path == script.path,
        Selector::Number(_) | Selector::Range(..) | Selector::Prefix(_) | Selector::All => {
            selector.matches_number(script.number)
        }
    }
}

/// Tells whether a selection takes a script.
pub(super) fn takes(sequence: &Sequence, script: &Script) -> bool {
    sequence.included().any(|item| names(item.value, script))
        && !sequence.excluded().any(|item| names(item.value, script))
}

impl Selection {
    fn note(
        &mut self,
        scripts: &[Arc<Script>],
        selector: &Selector,
        span: Span,
        source: &Arc<Source>,
        found: &[usize],
    ) {
        match (selector, found) {
            (Selector::Number(number), []) if self.diagnostics.len() >= MOST_TOLD => {
                self.missing.push(*number);
            }
            (Selector::Number(number), []) => {
                self.missing.push(*number);
                self.diagnostics.push(no_such_number(scripts, *number, span, source));
            }
            (Selector::Number(number), [_, _, ..]) => {
                self.ambiguous.push(*number);
                let message = format!("{} scripts share the number {number}", found.len());
                self.diagnostics.push(ambiguous(scripts, message, span, source, found));
            }
            _ if self.diagnostics.len() >= MOST_TOLD => {}
            (Selector::Name(name), [_, _, ..]) => {
                let message = format!("{} scripts are called `{name}`", found.len());
                self.diagnostics.push(ambiguous(scripts, message, span, source, found));
            }
            (Selector::Name(name), []) => {
                let stems = scripts.iter().map(|script| script.stem.as_str());
                let wanted = format!("{}_{}", name.number, name.stem);
                let guess = nearest(&wanted, stems).map(|near| format!("did you mean `{near}`?"));
                let fault =
                    Diagnostic::warning(code::NO_SUCH_SCRIPT, format!("no script is called `{name}`"));
                let same = scripts.iter().find(|script| script.number == name.number);
                let same = same.map(|script| format!("the number {} is `{}`", name.number, script.stem));
                let help =
                    guess.or(same).unwrap_or_else(|| "`az list` shows the scripts there are".to_owned());
                self.diagnostics.push(fault.source(source).label(span, "no such script").help(help));
            }
            (_, []) => self.diagnostics.push(matches_nothing(scripts, selector, span, source)),
            _ => {}
        }
    }
}

fn no_such_number(
    scripts: &[Arc<Script>],
    number: ScriptNumber,
    span: Span,
    source: &Arc<Source>,
) -> Diagnostic {
    let distance = |script: &&Arc<Script>| script.number.value().abs_diff(number.value());
    let closest = scripts.iter().min_by_key(distance);
    let help = closest.map_or_else(
        || "`az list` shows the scripts there are".to_owned(),
        |script| format!("the closest is {}", script.stem),
    );
    Diagnostic::warning(code::NO_SUCH_NUMBER, format!("no script has the number {number}"))
        .source(source)
        .label(span, "selects nothing")
        .help(help)
}

fn ambiguous(
    scripts: &[Arc<Script>],
    message: String,
    span: Span,
    source: &Arc<Source>,
    found: &[usize],
) -> Diagnostic {
    // Only a name that no other has means one of them.
    let name = |index: &usize| {
        let Script { stem, path, .. } = &*scripts[*index];
        let is_shared = found.iter().any(|other| other != index && scripts[*other].stem == *stem);
        if is_shared { path.to_string() } else { stem.clone() }
    };
    Diagnostic::warning(code::AMBIGUOUS_NUMBER, message)
        .source(source)
        .label(span, format!("selects {}", quoted_list(found.iter().map(name))))
        .help(format!("to mean one of them, write its name: `{}`", name(&found[0])))
}

fn matches_nothing(
    scripts: &[Arc<Script>],
    selector: &Selector,
    span: Span,
    source: &Arc<Source>,
) -> Diagnostic {
    let fault = Diagnostic::warning(code::MATCHES_NOTHING, format!("`{selector}` matches no script"));
    let known: BTreeSet<&str> = match selector {
        Selector::Stage(_) => scripts.iter().map(|script| script.stage.as_str()).collect(),
        Selector::Tag(_) => scripts.iter().flat_map(|script| &script.tags).map(String::as_str).collect(),
        _ => BTreeSet::new(),
    };
    let guess = match selector {
        Selector::Stage(name) | Selector::Tag(name) => nearest(name, known.iter().copied()),
        _ => None,
    };
    let help = match (guess, known.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("there are {}", quoted_list(known.iter().take(12))),
        (None, true) => "`az list` shows the scripts there are".to_owned(),
    };
    fault.source(source).label(span, "matches nothing").help(help)
}
