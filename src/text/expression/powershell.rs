//! Conditions that only PowerShell itself can evaluate, for who says that it may.
//!
//! Knows the script that PowerShell is given: values arrive in its environment, never as a piece of it. Does not know how
//! it is run.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    Expr, Kind, Syntax,
    embed::{Shell, embed},
    evaluate::Evaluator,
};
use crate::{
    base::Spanned,
    diag::{Source, has_errors},
};

/// The variable of the environment that holds all variables, as JSON.
const VARIABLES: &str = "AZ_VARIABLES";

/// A condition for PowerShell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Script {
    /// Prints `true` or `false`.
    pub text: String,
    /// Values it asks its environment for.
    values: Vec<(String, Expr)>,
}

impl Script {
    /// Returns what gives the values it asks its environment for.
    pub(super) fn values(&self) -> impl Iterator<Item = &Expr> {
        self.values.iter().map(|(_, expr)| expr)
    }
}

/// Makes a condition of a text that PowerShell is to evaluate; nothing if a value cannot safely arrive in it.
///
/// Variables are there under their names, placeholders are texts.
pub fn powershell(source: &Arc<Source>, text: Spanned<&str>) -> Option<Expr> {
    let embedded = embed(source, text, Shell::PowerShell, &[Syntax::GitHub, Syntax::Braces]);
    let condition = embedded.text;
    let text = format!(
        "$Variables = $env:{VARIABLES} | ConvertFrom-Json -AsHashtable\n\
         $Variables.Keys | ForEach-Object {{ Set-Variable $_ $Variables[$_] -ErrorAction Ignore }}\n\
         if ({condition}\n) {{ 'true' }} else {{ 'false' }}\n"
    );
    let script = Script { text, values: embedded.values };
    (!has_errors(&embedded.diagnostics)).then(|| Expr::PowerShell(Box::new(script)))
}

impl Evaluator<'_> {
    pub(super) fn powershell(&mut self, script: &Script) -> Value {
        let values = script.values.iter().map(|(name, expr)| {
            let value = self.value(expr);
            (name.clone(), self.text(&value))
        });
        let mut env: BTreeMap<String, String> = values.collect();
        let variables = self.lookup.context("vars").unwrap_or_default();
        env.insert(VARIABLES.to_owned(), variables.to_string());
        let answer = match self.lookup.powershell(&script.text, &env) {
            Some(Err(why)) => {
                self.problem(format!("PowerShell cannot tell: {why}"), "try the condition in pwsh by hand");
                return Value::Null;
            }
            answer => answer.and_then(Result::ok).map(Value::Bool),
        };
        self.known(Kind::PowerShell, "PowerShell", answer)
    }
}
