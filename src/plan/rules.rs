//! Which rules have a say in which script.

use std::sync::Arc;

use super::select::select;
use crate::{
    base::Spanned,
    db::{Db, SourceFile, Workspace},
    diag::{Diagnostic, Source, code},
    model::{
        query::{catalog, rule_file, rules, text},
        rule::Rule,
        script::Script,
    },
    text::sequence,
};

/// The rules of a workspace and the scripts each is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleMatches {
    /// In rising order of rank, each with the places of its scripts in the catalog.
    pub rules: Vec<(Rule, Vec<usize>)>,
    /// What is wrong with their `match`.
    pub diagnostics: Vec<Diagnostic>,
}

impl RuleMatches {
    /// Returns the rules of the script at a place of the catalog, in falling order of rank.
    pub fn of(&self, script: usize) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .rev()
            .filter(move |(_, scripts)| scripts.binary_search(&script).is_ok())
            .map(|(rule, _)| rule)
    }
}

/// Matches all rules against all scripts.
#[salsa::tracked]
pub fn rule_matches(db: &dyn Db, workspace: Workspace) -> RuleMatches {
    let scripts: Vec<Arc<Script>> =
        catalog(db, workspace).scripts.iter().map(|(_, script)| Arc::clone(script)).collect();
    let mut matches = RuleMatches::default();
    for (file, rule) in &rules(db, workspace).rules {
        let (source, span) = place_of(db, *file, rule);
        let parsed = sequence::parse_in(&source, &[Spanned::new(rule.matches.as_str(), span)]);
        let (sequence, faults) = parsed.without_words();
        matches.diagnostics.extend(faults);
        let selection = select(&scripts, &sequence, &source);
        if selection.scripts.is_empty() && file.is_some() && !sequence.items.is_empty() {
            let fault = Diagnostic::warning(
                code::RULE_MATCHES_NOTHING,
                format!("`{}` matches no script", rule.matches),
            );
            let help = "`az list` shows the scripts there are; remove the rule if its scripts are gone";
            matches.diagnostics.push(fault.source(&source).label(span, "selects nothing").help(help));
        }
        matches.rules.push((rule.clone(), selection.scripts));
    }
    matches
}

fn place_of(db: &dyn Db, file: Option<SourceFile>, rule: &Rule) -> (Arc<Source>, crate::base::Span) {
    let Some(file) = file else {
        let source = Source::new("az's own rules", rule.matches.as_str());
        return (Arc::new(source), crate::base::Span::new(0, rule.matches.len()));
    };
    let tree = rule_file(db, file).tree.as_ref();
    let span = tree.map(|tree| tree.at(&format!("{}/match", rule.pointer))).unwrap_or_default();
    (Arc::clone(&text(db, file).source), span)
}
