//! Finds a step by what a person calls it.
//!
//! Knows names only: of planned steps, and of the steps that records belong to.

use crate::{
    base::{ScriptNumber, nearest, quoted_list},
    diag::{Diagnostic, code},
    event::PlannedNode,
};

/// A step and what it may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// What it is shown as.
    pub(super) id: String,
    /// Number, path, file name, name, last part of the id.
    names: Vec<String>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The step at this place.
    One(usize),
    /// The steps at these places.
    Several(Vec<usize>),
    /// No step.
    Nothing,
}

impl Called {
    /// Returns the names of a step of a plan.
    pub(super) fn planned(node: &PlannedNode) -> Self {
        let mut names = vec![node.name.clone()];
        names.extend(node.number.clone());
        names.extend(node.script.iter().flat_map(|path| path_names(path)));
        names.extend(node.id.rsplit_once('/').map(|(_, last)| last.to_owned()));
        Self { id: node.id.clone(), names }
    }

    /// Returns the names of the step that records with this identity belong to.
    pub(super) fn recorded(identity: &str) -> Self {
        let names = match identity.split_once('#') {
            Some((_, step)) => step.split('/').chain([step]).map(str::to_owned).collect(),
            None => path_names(identity),
        };
        Self { id: identity.to_owned(), names }
    }

    fn answers_to(&self, wanted: &str) -> bool {
        self.names.iter().any(|name| {
            name.eq_ignore_ascii_case(wanted)
                || ScriptNumber::from_digits(name).is_some_and(|number| number.answers_to(wanted))
        })
    }
}

/// Returns path, file name, stem and number of a script.
fn path_names(path: &str) -> Vec<String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let number = stem.get(..4).filter(|digits| ScriptNumber::from_digits(digits).is_some());
    [path, file, stem].into_iter().chain(number).map(str::to_owned).collect()
}

/// Looks for the steps that answer to `wanted`; a whole id comes before all other names.
pub(super) fn find(steps: &[Called], wanted: &str) -> Found {
    if let Some(index) = steps.iter().position(|step| step.id.eq_ignore_ascii_case(wanted)) {
        return Found::One(index);
    }
    let found: Vec<usize> = (0..steps.len()).filter(|&index| steps[index].answers_to(wanted)).collect();
    match found.as_slice() {
        [] => Found::Nothing,
        [only] => Found::One(*only),
        _ => Found::Several(found),
    }
}

/// Looks for the one step that answers to `wanted`; where none does, the nearest name or else `help` is told.
pub(super) fn find_one(steps: &[Called], wanted: &str, help: &str) -> Result<usize, Box<Diagnostic>> {
    match find(steps, wanted) {
        Found::One(index) => Ok(index),
        Found::Several(found) => Err(Box::new(ambiguous(steps, &found, wanted))),
        Found::Nothing => Err(Box::new(unknown(steps, wanted, help))),
    }
}

/// Says that several steps answer to `wanted`.
pub(super) fn ambiguous(steps: &[Called], found: &[usize], wanted: &str) -> Diagnostic {
    let message = format!("{} steps are called `{wanted}`", found.len());
    let ids = quoted_list(found.iter().take(12).map(|&index| &steps[index].id));
    Diagnostic::error(code::NO_SUCH_NODE, message).help(format!("say which: {ids}"))
}

/// Says that no step answers to `wanted`, with the nearest name or else `help`.
pub(super) fn unknown(steps: &[Called], wanted: &str, help: &str) -> Diagnostic {
    let names = || steps.iter().flat_map(|step| step.names.iter().chain([&step.id]).map(String::as_str));
    let fault = Diagnostic::error(code::NO_SUCH_NODE, format!("there is no step `{wanted}`"));
    match nearest(wanted, names()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help(help),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, script: Option<&str>) -> Called {
        let number = script.and_then(|path| path_names(path).get(3).cloned());
        Called::planned(&PlannedNode {
            id: id.to_owned(),
            name: format!("name of {id}"),
            script: script.map(str::to_owned),
            number,
            stage: String::new(),
            needs: Vec::new(),
        })
    }

    #[test]
    fn a_step_is_found_by_each_of_its_names_and_by_no_other() {
        let steps = [step("lint/0410_lint", Some("scripts/0410_lint.sh")), step("docs", None)];
        for name in
            ["0410", "041", "0410_LINT", "0410_lint.sh", "scripts/0410_lint.sh", "name of lint/0410_lint"]
        {
            assert_eq!(find(&steps, name), Found::One(0), "{name}");
        }
        assert_eq!(find(&steps, "docs"), Found::One(1));
        for name in ["", "04", "041x", "lint", "doc"] {
            assert_eq!(find(&steps, name), Found::Nothing, "{name}");
        }
    }

    #[test]
    fn a_whole_id_beats_a_name_and_two_equal_names_are_told() {
        let steps = [
            step("a/0400_x", Some("scripts/0400_x.sh")),
            step("b/0400_x", Some("scripts/0400_x.sh")),
            step("0400_x", None),
        ];
        assert_eq!(find(&steps, "0400_x"), Found::One(2));
        assert_eq!(find(&steps, "0400"), Found::Several(vec![0, 1]));
        let fault = ambiguous(&steps, &[0, 1], "0400");
        assert_eq!(fault.help.as_deref(), Some("say which: `a/0400_x`, `b/0400_x`"));
    }

    #[test]
    fn records_answer_to_the_names_of_their_steps() {
        let steps = [Called::recorded("scripts/0100_a.sh"), Called::recorded("playbooks/ci.toml#docs/build")];
        assert_eq!(find(&steps, "0100"), Found::One(0));
        assert_eq!(find(&steps, "docs/build"), Found::One(1));
        assert_eq!(find(&steps, "docs"), Found::One(1));
        assert_eq!(unknown(&steps, "0101", "x").help.as_deref(), Some("did you mean `0100`?"));
        assert_eq!(unknown(&steps, "quux", "do this").help.as_deref(), Some("do this"));
    }
}
