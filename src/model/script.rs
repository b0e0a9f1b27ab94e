//! Scripts: what a numbered file means, from its name, its kind and its header.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    kind::Kinds,
    scratch::takes_everything,
    settings::{
        CachePolicy, ExitMeaning, HIGHEST_PRIORITY, Leftovers, MAX_RETRIES, SCRATCH_HELP, SWITCH_WORDS,
        Settings, Undeclared, declare_exit_code, resource,
    },
};
use crate::{
    base::{Digest, ScriptNumber, Span, Spanned, WsPath, quoted_list},
    diag::{Diagnostic, Source, code},
    text::{
        duration,
        pattern::{BadPattern, Pattern},
        script::{self, CommentStyle, Dependency, Header, Language, ModuleBase, ParameterType},
    },
};

/// The stage of a script that names none.
pub const DEFAULT_STAGE: &str = "Default";

/// A numbered script, without places: white space and comments change no plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Script {
    /// Where it is.
    pub path: WsPath,
    /// Its number.
    pub number: ScriptNumber,
    /// Its file name without extension: `0402_Run-UnitTests`.
    pub stem: String,
    /// The name of its kind; nothing if no kind covers it.
    pub kind: Option<String>,
    /// Its logical group.
    pub stage: String,
    /// Its labels.
    pub tags: Vec<String>,
    /// One line for people.
    pub description: Option<String>,
    /// What must come first.
    pub dependencies: Vec<Dependency>,
    /// When it runs, as written.
    pub condition: Option<String>,
    /// It may overlap other scripts.
    pub allow_parallel: bool,
    /// It wants the rights of an administrator.
    pub requires_elevation: bool,
    /// What its header says of how it behaves.
    pub settings: Settings,
    /// The parameters it declares.
    pub parameters: Vec<Parameter>,
    /// Files it loads by a literal path, and what that is relative to.
    pub modules: Vec<(ModuleBase, String)>,
    /// Environment names its text mentions.
    pub mentioned: BTreeSet<String>,
    /// A program its text starts that cannot be watched.
    pub privileged: Option<&'static str>,
    /// The command of its first line, if that starts with `#!`.
    pub shebang: Option<Vec<String>>,
}

/// A parameter a script declares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub value_type: ParameterType,
    /// The values it allows; empty if any.
    pub choices: Vec<String>,
}

/// What reading a script gave: the value, the header with its places, all faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptReading {
    /// What the script means.
    pub script: Script,
    /// The same with places, for later diagnostics.
    pub header: Header,
    /// The text the places lie in.
    pub source: Arc<Source>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

impl ScriptReading {
    /// Returns what tells whether planning would take anything else from the script, whatever else its text says; nothing
    /// if something is wrong with it.
    pub fn gist(&self) -> Option<Digest> {
        // The places in the header are in it, too: they only make a difference where none is.
        let taken = || Digest::of_value("az gist v1", &(&self.script, &self.header));
        self.diagnostics.is_empty().then(taken)
    }
}

/// Returns the number and the stem of a script's file name, or nothing if it is none: `NNNN_Name.ext`.
pub fn script_name(file_name: &str) -> Option<(ScriptNumber, &str)> {
    let number = ScriptNumber::from_digits(file_name.get(..4)?)?;
    let rest = file_name.get(4..)?.strip_prefix('_')?;
    let (stem, extension) = rest.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty() && !is_left_over(extension))
        .then(|| (number, &file_name[..5 + stem.len()]))
}

/// Tells whether files of this extension are no scripts whatever their name is: `0402_x.ps1.old`, editors' copies.
pub fn is_left_over(extension: &str) -> bool {
    matches!(extension, "old" | "bak" | "orig" | "tmp" | "swp" | "md") || extension.ends_with('~')
}

/// Reads a script whose name is one.
pub fn read_script(path: &WsPath, source: Arc<Source>, kinds: &Kinds) -> Option<ScriptReading> {
    let (number, stem) = script_name(path.file_name())?;
    let kind = kinds.of_path(path);
    let language = kind.map_or(Language::Other, |kind| Language::from_name(&kind.name));
    let style = kind.map_or_else(CommentStyle::hash, |kind| kind.comments.clone());
    let (header, mut diagnostics) = script::read(&source, &style, language);
    if kind.is_none() {
        diagnostics.push(no_kind(path));
    }
    if language == Language::Shell {
        diagnostics.extend(carriage_return(path, &source));
    }
    let script = Script {
        path: path.clone(),
        number,
        stem: stem.to_owned(),
        kind: kind.map(|kind| kind.name.clone()),
        stage: text(header.stage.as_ref()).unwrap_or_else(|| DEFAULT_STAGE.to_owned()),
        tags: header.tags.iter().map(|tag| tag.value.clone()).collect(),
        description: text(header.description.as_ref()),
        dependencies: header.dependencies.iter().map(|entry| entry.value.clone()).collect(),
        condition: text(header.condition.as_ref()),
        allow_parallel: header.allow_parallel.as_ref().is_none_or(|allowed| allowed.value),
        requires_elevation: header.requires_elevation.as_ref().is_some_and(|wanted| wanted.value),
        settings: settings(&source, &header, &mut diagnostics),
        parameters: header.parameters.iter().map(parameter).collect(),
        modules: header.modules.iter().map(|module| (module.base, module.path.value.clone())).collect(),
        mentioned: script::mentioned_names(&source.text).into_iter().map(str::to_owned).collect(),
        privileged: script::privileged_program(&source.text),
        shebang: header.shebang.as_ref().map(|line| shebang(&line.value)),
    };
    Some(ScriptReading { script, header, source, diagnostics })
}

fn text(field: Option<&Spanned<String>>) -> Option<String> {
    field.map(|field| field.value.clone())
}

fn parameter(parameter: &script::Parameter) -> Parameter {
    Parameter {
        name: parameter.name.value.clone(),
        value_type: parameter.value_type.clone(),
        choices: parameter.choices.clone(),
    }
}

/// Splits `#!/usr/bin/env -S bash -eu` into the command that is started: `bash -eu`.
fn shebang(line: &str) -> Vec<String> {
    let mut words: Vec<&str> = line.trim_start_matches("#!").split_whitespace().collect();
    if words.first().is_some_and(|program| program.rsplit('/').next() == Some("env")) {
        words.remove(0);
        if words.first() == Some(&"-S") {
            words.remove(0);
        }
    }
    words.into_iter().map(str::to_owned).collect()
}

fn no_kind(path: &WsPath) -> Diagnostic {
    let extension = path.extension().unwrap_or_default();
    Diagnostic::warning(code::NO_KIND, format!("no kind says how to run `{path}`"))
        .help(format!("add a [[kind]] with extensions = [\"{extension}\"] to a file in rules/"))
}

/// A shell takes the `\r` of a Windows line end for a part of the line's last word.
fn carriage_return(path: &WsPath, source: &Arc<Source>) -> Option<Diagnostic> {
    let at = source.text.find("\r\n")?;
    let fault =
        Diagnostic::warning(code::LINE_ENDS, format!("`{path}` has Windows line ends, which no shell reads"));
    let help = format!("convert it: sed -i 's/\\r$//' '{path}'");
    Some(fault.source(source).label(Span::new(at, at + 1), "a carriage return").help(help))
}

/// Reads what a header says of how the script behaves.
fn settings(source: &Arc<Source>, header: &Header, diagnostics: &mut Vec<Diagnostic>) -> Settings {
    for item in header.inputs.iter().chain(&header.outputs).chain(&header.scratch).flatten() {
        if let Err(error) = Pattern::check(&item.value) {
            let fault = Diagnostic::error(code::BAD_GLOB, format!("`{}` is no pattern: {error}", item.value));
            diagnostics.push(fault.source(source).label(item.span, "cannot be read").help(BadPattern::HELP));
        }
    }
    let mut bad = |key: &str, span: Span, found: &str, help: &str| {
        let fault = Diagnostic::warning(code::BAD_METADATA, format!("`{key}` cannot be `{found}`"));
        diagnostics.push(fault.source(source).label(span, "not a value of this key").help(help));
    };
    for item in header.scratch.iter().flatten().filter(|item| takes_everything(&item.value)) {
        bad("Scratch", item.span, &item.value, SCRATCH_HELP);
    }
    let list = |field: &Option<Vec<Spanned<String>>>| {
        field.as_ref().map(|items| items.iter().map(|item| item.value.clone()).collect::<Vec<_>>())
    };
    let set = |field: &Option<Vec<Spanned<String>>>| list(field).unwrap_or_default().into_iter().collect();
    Settings {
        inputs: list(&header.inputs),
        outputs: list(&header.outputs),
        use_env: set(&header.env),
        pass_env: set(&header.pass_env),
        scratch: set(&header.scratch).into_iter().filter(|pattern| !takes_everything(pattern)).collect(),
        cwd: text(header.cwd.as_ref()),
        cache: header.cache.as_ref().and_then(|field| cache_policy(field, &mut bad)),
        timeout: header.timeout.as_ref().and_then(|field| {
            let parsed = duration::parse(&field.value).ok();
            parsed.or_else(|| {
                bad("Timeout", field.span, &field.value, "write a duration such as 30s, 5m or 1h30m");
                None
            })
        }),
        retries: header.retries.as_ref().and_then(|field| {
            let parsed = field.value.parse().ok().filter(|retries| *retries <= MAX_RETRIES);
            parsed.or_else(|| {
                bad("Retries", field.span, &field.value, "write a number from 0 to 10");
                None
            })
        }),
        trace: header.trace.as_ref().and_then(|field| switch("Trace", field, &mut bad)),
        sandbox: header.sandbox.as_ref().and_then(|field| switch("Sandbox", field, &mut bad)),
        network: header.network.as_ref().and_then(|field| switch("Network", field, &mut bad)),
        undeclared: header
            .undeclared
            .as_ref()
            .and_then(|field| choice("Undeclared", field, &Undeclared::WORDS, &mut bad)),
        service: header.service.as_ref().map(|field| field.value),
        leftovers: header
            .leftovers
            .as_ref()
            .and_then(|field| choice("Leftovers", field, &Leftovers::WORDS, &mut bad)),
        resources: resources(header, &mut bad),
        priority: header.priority.as_ref().and_then(|field| priority(field, &mut bad)),
        exit_codes: exit_codes(header, &mut bad),
        ..Settings::default()
    }
}

type Bad<'a> = dyn FnMut(&str, Span, &str, &str) + 'a;

/// Reads whether something holds: on or off, or a truth.
fn switch(key: &str, field: &Spanned<String>, bad: &mut Bad<'_>) -> Option<bool> {
    let words = SWITCH_WORDS.iter().chain(&[("true", true), ("false", false)]);
    let word = words.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(&field.value));
    if word.is_none() {
        bad(key, field.span, &field.value, "write on or off");
    }
    word.map(|(_, is_on)| *is_on)
}

/// Reads one of a few words; letters match in any case.
fn choice<T: Copy>(key: &str, field: &Spanned<String>, words: &[(&str, T)], bad: &mut Bad<'_>) -> Option<T> {
    let word = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&field.value));
    if word.is_none() {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (last, others) = words.split_last().expect("there are words");
        bad(key, field.span, &field.value, &format!("write {} or {last}", others.join(", ")));
    }
    word.map(|(_, meaning)| *meaning)
}

fn cache_policy(field: &Spanned<String>, bad: &mut Bad<'_>) -> Option<CachePolicy> {
    let word = CachePolicy::WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(&field.value));
    let policy =
        word.map(|(_, policy)| *policy).or_else(|| duration::parse(&field.value).ok().map(CachePolicy::For));
    if policy.is_none() {
        bad("Cache", field.span, &field.value, "write auto, always, never, or a duration such as 24h");
    }
    policy
}

/// Reads what goes first. Many scripts have words here that other programs read, such as `High`.
fn priority(field: &Spanned<String>, bad: &mut Bad<'_>) -> Option<i32> {
    let number = field.value.parse::<f64>().ok()?;
    let bounds = -HIGHEST_PRIORITY..=HIGHEST_PRIORITY;
    let priority = field.value.parse().ok().filter(|priority| bounds.contains(priority));
    if priority.is_none() && number.is_finite() {
        let help = format!("write a whole number from {} to {}", bounds.start(), bounds.end());
        bad("Priority", field.span, &field.value, &help);
    }
    priority
}

fn resources(header: &Header, bad: &mut Bad<'_>) -> BTreeMap<String, u64> {
    let mut resources = BTreeMap::new();
    for entry in header.resources.iter().flatten() {
        match resource(&entry.value) {
            Ok((name, amount)) => _ = resources.insert(name, amount),
            Err(help) => bad("Resources", entry.span, &entry.value, &help),
        }
    }
    resources
}

fn exit_codes(header: &Header, bad: &mut Bad<'_>) -> BTreeMap<i32, ExitMeaning> {
    let mut codes = BTreeMap::new();
    for entry in header.exit_codes.iter().flatten() {
        let parsed = entry
            .value
            .split_once('=')
            .and_then(|(code, meaning)| Some((code.trim().parse().ok()?, ExitMeaning::parse(meaning)?)));
        if let Some((code, meaning)) = parsed {
            declare_exit_code(&mut codes, code, meaning);
        } else {
            let words = quoted_list(ExitMeaning::WORDS.iter().map(|(word, _)| word));
            let help = format!("write CODE=MEANING, as in 3=skipped; meanings are {words}");
            bad("ExitCodes", entry.span, &entry.value, &help);
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbered_files_with_an_extension_are_scripts() {
        let stem = |name| script_name(name).map(|(number, stem)| (number.value(), stem.to_owned()));
        assert_eq!(stem("0402_Run-UnitTests.ps1"), Some((402, "0402_Run-UnitTests".to_owned())));
        assert_eq!(stem("0402_v1.2.sh"), Some((402, "0402_v1.2".to_owned())));
        for name in [
            "README.md",
            "0402.ps1",
            "0402_x",
            "402_x.sh",
            "0402_x.ps1.old",
            "0402_.sh",
            "0402_Notes.md",
            "é402_x.sh",
        ] {
            assert_eq!(stem(name), None, "{name}");
        }
    }

    #[test]
    fn a_shebang_is_what_is_started() {
        assert_eq!(shebang("#!/usr/bin/env pwsh"), ["pwsh"]);
        assert_eq!(shebang("#!/usr/bin/env -S bash -eu"), ["bash", "-eu"]);
        assert_eq!(shebang("#!/bin/sh -e"), ["/bin/sh", "-e"]);
    }
}
