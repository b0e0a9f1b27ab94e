//! Everything a script says about itself, as one value.

use std::sync::Arc;

use super::{
    CommentStyle, Dependency, Language, Module, Parameter,
    comments::{Comments, comments},
    keys::Key,
    metadata::Metadata,
    modules, parameters, powershell,
};
use crate::{
    base::Spanned,
    diag::{Diagnostic, Source},
};

/// What a script says about itself. A field is absent if no line gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Header {
    /// The first line if it starts with `#!`, whole.
    pub shebang: Option<Spanned<String>>,
    /// `Stage`.
    pub stage: Option<Spanned<String>>,
    /// `Dependencies`; an entry's written form is the text at its place.
    pub dependencies: Vec<Spanned<Dependency>>,
    /// `Description`, else the first paragraph of `.SYNOPSIS`.
    pub description: Option<Spanned<String>>,
    /// `Tags`.
    pub tags: Vec<Spanned<String>>,
    /// `Condition`, as written.
    pub condition: Option<Spanned<String>>,
    /// `AllowParallel`.
    pub allow_parallel: Option<Spanned<bool>>,
    /// `RequiresElevation`.
    pub requires_elevation: Option<Spanned<bool>>,
    /// `Inputs`; empty if declared to be none.
    pub inputs: Option<Vec<Spanned<String>>>,
    /// `Outputs`; empty if declared to be none.
    pub outputs: Option<Vec<Spanned<String>>>,
    /// `Env`: names that are passed and keyed.
    pub env: Option<Vec<Spanned<String>>>,
    /// `PassEnv`: names that are passed and not keyed.
    pub pass_env: Option<Vec<Spanned<String>>>,
    /// `Scratch`.
    pub scratch: Option<Vec<Spanned<String>>>,
    /// `Resources`.
    pub resources: Option<Vec<Spanned<String>>>,
    /// `Priority`, as written.
    pub priority: Option<Spanned<String>>,
    /// `ExitCodes`: entries as written, such as `3=skipped`.
    pub exit_codes: Option<Vec<Spanned<String>>>,
    /// `Cache`, as written.
    pub cache: Option<Spanned<String>>,
    /// `Timeout`, as written.
    pub timeout: Option<Spanned<String>>,
    /// `Retries`, as written.
    pub retries: Option<Spanned<String>>,
    /// `Trace`, as written.
    pub trace: Option<Spanned<String>>,
    /// `Sandbox`, as written.
    pub sandbox: Option<Spanned<String>>,
    /// `Network`, as written.
    pub network: Option<Spanned<String>>,
    /// `Undeclared`, as written.
    pub undeclared: Option<Spanned<String>>,
    /// `Service`.
    pub service: Option<Spanned<bool>>,
    /// `Leftovers`, as written.
    pub leftovers: Option<Spanned<String>>,
    /// `Cwd`, as written.
    pub cwd: Option<Spanned<String>>,
    /// The parameters of the `param()` block, in its order.
    pub parameters: Vec<Parameter>,
    /// The modules and files the text loads by a literal path, in its order.
    pub modules: Vec<Module>,
}

/// Reads a script; total: any text gives a header.
pub fn read(source: &Arc<Source>, style: &CommentStyle, language: Language) -> (Header, Vec<Diagnostic>) {
    let text = &*source.text;
    let comments = comments(text, style);
    let mut metadata = Metadata::new(source, &comments.lines);
    let mut header = Header {
        shebang: comments.shebang.map(|line| line.map(str::to_owned)),
        ..header_of(&mut metadata, &comments)
    };
    match language {
        Language::PowerShell => {
            let tokens = powershell::tokens(text);
            header.parameters = parameters::parameters(text, &tokens);
            header.modules = modules::of_powershell(text, &tokens);
        }
        Language::Shell => header.modules = modules::of_shell(text),
        Language::Other => {}
    }
    let mut diagnostics = metadata.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
    (header, diagnostics)
}

fn header_of(metadata: &mut Metadata<'_>, comments: &Comments<'_>) -> Header {
    let dependencies = metadata.list(Key::Dependencies).unwrap_or_default();
    Header {
        stage: metadata.single(Key::Stage),
        dependencies: dependencies
            .into_iter()
            .map(|entry| entry.map(|text| Dependency::from_text(&text)))
            .collect(),
        description: metadata.single(Key::Description).or_else(|| comments.synopsis.clone()),
        tags: metadata.list(Key::Tags).unwrap_or_default(),
        condition: metadata.single(Key::Condition),
        allow_parallel: metadata.truth(Key::AllowParallel),
        requires_elevation: metadata.truth(Key::RequiresElevation),
        inputs: metadata.list_or_none(Key::Inputs),
        outputs: metadata.list_or_none(Key::Outputs),
        env: metadata.list_or_none(Key::Env),
        pass_env: metadata.list_or_none(Key::PassEnv),
        scratch: metadata.list_or_none(Key::Scratch),
        resources: metadata.list_or_none(Key::Resources),
        priority: metadata.single(Key::Priority),
        exit_codes: metadata.list_or_none(Key::ExitCodes),
        cache: metadata.single(Key::Cache),
        timeout: metadata.single(Key::Timeout),
        retries: metadata.single(Key::Retries),
        trace: metadata.single(Key::Trace),
        sandbox: metadata.single(Key::Sandbox),
        network: metadata.single(Key::Network),
        undeclared: metadata.single(Key::Undeclared),
        service: metadata.truth(Key::Service),
        leftovers: metadata.single(Key::Leftovers),
        cwd: metadata.single(Key::Cwd),
        ..Header::default()
    }
}
