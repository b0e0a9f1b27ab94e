//! `Dependencies` of scripts: edges between selected ones, tools that must be there.

use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    base::{ScriptNumber, Span, Spanned, WsPath, quoted_list},
    diag::{Diagnostic, Source, code},
    model::script::{Script, script_name},
    text::script::Dependency,
};

/// Faults of one script that are told.
const MOST_TOLD: usize = 100;

/// A program that scripts depend on, to be looked up before they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolWish {
    /// The name as it is written.
    pub name: String,
    /// Programs any of which will do.
    pub candidates: Vec<String>,
    /// The script that wants it.
    pub script: WsPath,
    /// A script of the repository that brings it, not selected.
    pub brought_by: Option<String>,
    /// Where it is written.
    pub place: (Arc<Source>, Span),
}

impl ToolWish {
    /// Returns the warning that none of the candidates is on PATH.
    pub fn missing(&self) -> Diagnostic {
        let help = match &self.brought_by {
            Some(script) => format!("select {script} too, or add --with-deps"),
            None => format!("install it, or mark it as (optional) in `Dependencies` of {}", self.script),
        };
        Diagnostic::warning(code::MISSING_TOOL, format!("`{}` is not installed", self.name))
            .source(&self.place.0)
            .label(self.place.1, format!("looked for {} on PATH", quoted_list(&self.candidates)))
            .help(help)
    }
}

/// All scripts, sorted by number and path.
pub(super) struct Scripts {
    all: Vec<Arc<Script>>,
    /// Scripts whose text is not known, by path, each with what is wrong.
    pub(super) unreadable: Vec<(WsPath, Diagnostic)>,
    /// The scripts that bring a tool, by its name; made when the first tool is looked for.
    installers: OnceCell<HashMap<String, usize>>,
}

impl Scripts {
    pub(super) fn new(all: Vec<Arc<Script>>, unreadable: Vec<(WsPath, Diagnostic)>) -> Self {
        Self { all, unreadable, installers: OnceCell::new() }
    }

    pub(super) fn all(&self) -> &[Arc<Script>] {
        &self.all
    }

    /// Returns what is wrong with the scripts of a number that cannot be read.
    fn faults_of(&self, number: ScriptNumber) -> impl Iterator<Item = &Diagnostic> {
        let is_meant =
            move |path: &WsPath| script_name(path.file_name()).is_some_and(|(its, _)| its == number);
        self.unreadable.iter().filter(move |(path, _)| is_meant(path)).map(|(_, fault)| fault)
    }

    /// Returns the script that is called `NNNN_Install-<tool>`; never one whose name merely contains the tool's.
    fn installer(&self, tool: &str) -> Option<usize> {
        let plain = |text: &str| {
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
        };
        let by_tool = || {
            let mut first = HashMap::new();
            for (index, script) in self.all.iter().enumerate() {
                if let Some(tool) = plain(&script.stem[5..]).strip_prefix("install") {
                    first.entry(tool.to_owned()).or_insert(index);
                }
            }
            first
        };
        self.installers.get_or_init(by_tool).get(&plain(tool)).copied()
    }
}

/// What the entries of one script's `Dependencies` come to.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Places in the catalog of scripts that come first, selected or not.
    pub(super) scripts: BTreeSet<usize>,
    /// Every earlier selected script comes first.
    pub(super) all: bool,
    /// Programs that must be there, each with the place of the script that brings it.
    pub(super) tools: Vec<(ToolWish, Option<usize>)>,
    /// Entries that are neither.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What is wrong with scripts that come first and cannot be read.
    pub(super) unreadable: Vec<Diagnostic>,
}

/// Resolves the dependencies of the script at `place`; `entries` are the same with their places in its text.
pub(super) fn resolve(
    scripts: &Scripts,
    place: usize,
    entries: &[Spanned<Dependency>],
    source: &Arc<Source>,
) -> Resolved {
    let mut resolved = Resolved::default();
    let all = scripts.all();
    for entry in entries {
        match &entry.value {
            Dependency::None => {}
            Dependency::All => resolved.all = true,
            Dependency::Number(number) => {
                // The scripts are sorted by number, so those of one number stand together.
                let first = all.partition_point(|script| script.number < *number);
                let same = (first..all.len())
                    .take_while(|index| all[*index].number == *number)
                    .filter(|index| *index != place);
                let before = (resolved.scripts.len(), resolved.unreadable.len());
                resolved.scripts.extend(same);
                resolved.unreadable.extend(scripts.faults_of(*number).cloned());
                let is_known = (resolved.scripts.len(), resolved.unreadable.len()) != before;
                if !is_known && all[place].number != *number {
                    // Each looks at all scripts, and nobody reads more of them.
                    if resolved.diagnostics.len() < MOST_TOLD {
                        resolved.diagnostics.push(unknown_number(all, *number, entry, source));
                    }
                }
            }
            Dependency::Tool { name, optional } => {
                let installer = scripts.installer(name).filter(|index| *index != place);
                if let Some(index) = installer {
                    resolved.scripts.insert(index);
                }
                if !optional {
                    let wish = ToolWish {
                        name: name.clone(),
                        candidates: tool_candidates(name),
                        script: all[place].path.clone(),
                        brought_by: installer.map(|index| all[index].stem.clone()),
                        place: (Arc::clone(source), entry.span),
                    };
                    resolved.tools.push((wish, installer));
                }
            }
        }
    }
    resolved
}

/// Returns the tools a script depends on, optional ones too, each with the programs it may be.
pub(super) fn tools_of(script: &Script) -> Vec<(String, Vec<String>)> {
    let tool = |dependency: &Dependency| match dependency {
        Dependency::Tool { name, .. } => Some((name.clone(), tool_candidates(name))),
        _ => None,
    };
    script.dependencies.iter().filter_map(tool).collect()
}

/// Returns the programs that a tool's name stands for, the likeliest first.
pub fn tool_candidates(tool: &str) -> Vec<String> {
    let lower = tool.to_ascii_lowercase();
    let known: &[&str] = match lower.as_str() {
        "python" => &["python3", "python"],
        "node" | "node.js" | "nodejs" => &["node", "nodejs"],
        "github cli" | "gh cli" => &["gh"],
        "powershell" | "powershell7" | "powershell core" => &["pwsh"],
        "opentofu" => &["tofu"],
        "azure cli" | "azurecli" => &["az"],
        "aws cli" | "awscli" => &["aws"],
        "docker desktop" => &["docker"],
        "vs code" | "vscode" => &["code"],
        "claude code" | "claudecode" => &["claude"],
        "hyper-v" | "hyperv" => &["vmms.exe"],
        "ripgrep" => &["rg"],
        _ => return vec![lower.replace(' ', "-")],
    };
    known.iter().map(|&name| name.to_owned()).collect()
}

fn unknown_number(
    scripts: &[Arc<Script>],
    number: ScriptNumber,
    entry: &Spanned<Dependency>,
    source: &Arc<Source>,
) -> Diagnostic {
    let distance = |script: &&Arc<Script>| script.number.value().abs_diff(number.value());
    let closest = scripts.iter().min_by_key(distance).map(|script| script.stem.clone()).unwrap_or_default();
    Diagnostic::warning(code::UNKNOWN_DEPENDENCY, format!("no script has the number {number}"))
        .source(source)
        .label(entry.span, "orders nothing")
        .help(format!("remove it, or name a script there is; the closest is {closest}"))
}
