//! The modules and files a script loads.
//!
//! Reads literal paths only, also behind the usual words for the script's own folder. A path that must be computed
//! is left out: what is really read is found by tracing.

use super::{
    parameters::unquoted,
    powershell::{Token, TokenKind},
};
use crate::base::{Span, Spanned};

/// A file or module a script loads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Module {
    /// The path with `/` between its parts, without what names the base; the place is the whole argument.
    pub path: Spanned<String>,
    /// What the path is relative to.
    pub base: ModuleBase,
}

/// What a module's path is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleBase {
    /// The folder the script lies in.
    ScriptDirectory,
    /// The folder the step runs in.
    WorkingDirectory,
    /// The interpreter's module path: the text is a name, not a path.
    ModulePath,
}

/// Returns what `Import-Module`, `using module` and dot-sourcing load.
pub(super) fn of_powershell(text: &str, tokens: &[Token]) -> Vec<Module> {
    let starts_statement =
        |at: usize| at == 0 || matches!(tokens[at - 1].kind, TokenKind::End | TokenKind::Open);
    let mut modules = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let behind = &tokens[at + 1..];
        let is_using = token.is_word(text, "using")
            && behind.first().is_some_and(|next| next.is_word(text, "module"))
            && starts_statement(at);
        if token.is_word(text, "Import-Module") {
            modules.extend(powershell_module(text, without_options(text, behind), true));
        } else if is_using {
            modules.extend(powershell_module(text, &behind[1..], true));
        } else if token.is_word(text, ".") && starts_statement(at) {
            modules.extend(powershell_module(text, behind, false));
        }
    }
    modules
}

/// Returns the tokens from the module on: what follows `-Name`, else what follows switches such as `-Force`.
fn without_options<'a>(text: &str, tokens: &'a [Token]) -> &'a [Token] {
    let statement = tokens.iter().take_while(|token| !matches!(token.kind, TokenKind::End | TokenKind::Pipe));
    let is_option = |token: &&Token| token.kind == TokenKind::Word && token.span.of(text).starts_with('-');
    let named = statement.clone().position(|token| token.is_word(text, "-Name"));
    let before = named.map_or_else(|| statement.take_while(is_option).count(), |at| at + 1);
    &tokens[before..]
}

fn powershell_module(text: &str, tokens: &[Token], may_be_name: bool) -> Option<Module> {
    let first = tokens.first()?;
    let (written, span) =
        if first.opens(text, '(') { joined(text, tokens)? } else { argument(text, tokens)? };
    let written = written.replace('\\', "/");
    let (path, base) = match strip_prefix_ignoring_case(&written, &["$PSScriptRoot", "${PSScriptRoot}"]) {
        Some(path) => (path.trim_start_matches('/'), ModuleBase::ScriptDirectory),
        None if may_be_name && is_module_name(&written) => (written.as_str(), ModuleBase::ModulePath),
        None => (written.as_str(), ModuleBase::WorkingDirectory),
    };
    module(path, span, base)
}

/// Reads `(Join-Path $PSScriptRoot 'path')`.
fn joined(text: &str, tokens: &[Token]) -> Option<(String, Span)> {
    let end = tokens.iter().position(|token| token.kind == TokenKind::Close)?;
    let inside = &tokens[1..end];
    let parts: Vec<&Token> = inside
        .iter()
        .filter(|token| !(token.kind == TokenKind::Word && token.span.of(text).starts_with('-')))
        .collect();
    let [command, parts @ ..] = parts.as_slice() else { return None };
    if !command.is_word(text, "Join-Path") || parts.len() < 2 {
        return None;
    }
    let parts: Vec<String> = parts.iter().map(|part| unquoted(part.span.of(text))).collect();
    Some((parts.join("/"), Span::new(tokens[0].span.start, tokens[end].span.end)))
}

/// Reads one argument: the tokens up to the next blank. A single-quoted text is literal, so `$` in it stays unknown.
fn argument(text: &str, tokens: &[Token]) -> Option<(String, Span)> {
    let first = tokens.first()?;
    let is_part =
        |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::Variable | TokenKind::Text);
    let mut end = first.span.start;
    let mut written = String::new();
    for token in tokens.iter().take_while(|token| is_part(token)) {
        if token.span.start != end {
            break;
        }
        let part = token.span.of(text);
        if part.starts_with('\'') && part.contains('$') {
            return None;
        }
        written.push_str(&unquoted(part));
        end = token.span.end;
    }
    (!written.is_empty()).then(|| (written, Span::new(first.span.start, end)))
}

fn is_module_name(written: &str) -> bool {
    let extension = written.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    !written.contains('/') && !matches!(extension.as_str(), "psm1" | "psd1" | "ps1" | "dll")
}

/// The ways of shell scripts to name their own folder, without quotes.
const SHELL_DIRECTORIES: [&str; 10] = [
    "$(dirname $0)",
    "$(dirname -- $0)",
    "$(dirname $BASH_SOURCE)",
    "$(dirname ${BASH_SOURCE})",
    "$(dirname ${BASH_SOURCE[0]})",
    "$(dirname -- ${BASH_SOURCE[0]})",
    "${BASH_SOURCE%/*}",
    "${BASH_SOURCE[0]%/*}",
    "${0%/*}",
    "`dirname $0`",
];

/// Returns what `source FILE` and `. FILE` load.
pub(super) fn of_shell(text: &str) -> Vec<Module> {
    let mut modules = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') {
            modules.extend(commands(line).filter_map(|command| sourced(line, command, start)));
        }
        start += line.len();
    }
    modules
}

/// Returns the places in a line at which a command may start.
fn commands(line: &str) -> impl Iterator<Item = usize> {
    let behind = ["&&", "||", ";", "then ", "do ", "else ", "{ "];
    let places =
        behind.into_iter().flat_map(|mark| line.match_indices(mark).map(move |(at, _)| at + mark.len()));
    let mut places: Vec<usize> = std::iter::once(0).chain(places).map(|at| skip_blanks(line, at)).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter()
}

fn skip_blanks(line: &str, at: usize) -> usize {
    at + (line[at..].len() - line[at..].trim_start().len())
}

fn sourced(line: &str, command: usize, line_start: usize) -> Option<Module> {
    let word = ["source", "."].into_iter().find(|word| {
        line[command..].strip_prefix(word).is_some_and(|behind| behind.starts_with([' ', '\t']))
    })?;
    let start = skip_blanks(line, command + word.len());
    let end = start + shell_argument_length(&line[start..]);
    let raw = &line[start..end];
    let span = Span::new(line_start + start, line_start + end);
    if let Some(literal) = raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return module(literal, span, ModuleBase::WorkingDirectory);
    }
    let written = raw.replace('"', "");
    match SHELL_DIRECTORIES.iter().find_map(|directory| written.strip_prefix(directory)) {
        Some(path) => module(path.trim_start_matches('/'), span, ModuleBase::ScriptDirectory),
        None => module(&written, span, ModuleBase::WorkingDirectory),
    }
}

/// Returns where the first argument ends: at a blank or operator outside quotes and `$( )`.
fn shell_argument_length(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (offset, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '"' | '\'' | '`' if depth == 0 => match quote {
                None => quote = Some(c),
                Some(open) if open == c => quote = None,
                Some(_) => {}
            },
            _ if depth == 0 && quote.is_none() && (c.is_whitespace() || ";&|".contains(c)) => return offset,
            _ => {}
        }
    }
    text.len()
}

/// Makes a module of a path in which nothing is left to be computed.
fn module(path: &str, span: Span, base: ModuleBase) -> Option<Module> {
    let is_literal = !path.is_empty() && !path.contains(['$', '`', '*', '?', '(', ')', '\'', '"', '~', '\n']);
    is_literal.then(|| Module { path: Spanned::new(path.to_owned(), span), base })
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| {
        let (start, rest) = text.split_at_checked(prefix.len())?;
        (start.eq_ignore_ascii_case(prefix) && rest.starts_with('/')).then_some(rest)
    })
}
