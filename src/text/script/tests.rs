//! Headers as tables: a text, and what it says.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    base::{ScriptNumber, Spanned},
    diag::{Diagnostic, Look, Source, render},
};

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source::new("scripts/0400_x", text))
}

fn powershell(text: &str) -> (Header, Vec<Diagnostic>) {
    let (header, diagnostics) = read(&source(text), &CommentStyle::power_shell(), Language::PowerShell);
    assert_places(text, &header);
    (header, diagnostics)
}

fn shell(text: &str) -> (Header, Vec<Diagnostic>) {
    let (header, diagnostics) = read(&source(text), &CommentStyle::hash(), Language::Shell);
    assert_places(text, &header);
    (header, diagnostics)
}

/// Every value must stand in the text where its span says.
fn assert_places(text: &str, header: &Header) {
    let singles = [&header.shebang, &header.stage, &header.condition, &header.cache];
    for value in singles.into_iter().flatten().chain(&header.tags).chain(header.inputs.iter().flatten()) {
        assert_eq!(value.span.of(text), value.value);
    }
    for parameter in &header.parameters {
        assert_eq!(parameter.name.span.of(text), parameter.name.value);
    }
}

fn text_of(value: Option<&Spanned<String>>) -> &str {
    value.map_or("-", |value| value.value.as_str())
}

fn texts(values: Option<&Vec<Spanned<String>>>) -> Vec<&str> {
    values.map_or_else(|| vec!["-"], |values| values.iter().map(|value| value.value.as_str()).collect())
}

#[test]
fn a_header_is_read_whatever_its_bytes() {
    let text = "\u{feff}#!/usr/bin/env pwsh\r\n#Requires -Version 7.0\r\n# Stage: Prüfung 🚀\r\n\
                #\tTags:\ta , b-c,, d\r\n#Condition: IsWindows -eq $true\r\n# Cache:24h\r\n\r\n\
                # Inputs: src/**/*.{rs,toml}, a[1,2].txt\r\nWrite-Output 1\r\n";
    let (header, diagnostics) = powershell(text);
    assert_eq!(diagnostics, []);
    assert_eq!(text_of(header.shebang.as_ref()), "#!/usr/bin/env pwsh");
    assert_eq!(text_of(header.stage.as_ref()), "Prüfung 🚀");
    assert_eq!(texts(Some(&header.tags)), ["a", "b-c", "d"]);
    assert_eq!(text_of(header.condition.as_ref()), "IsWindows -eq $true");
    assert_eq!(text_of(header.cache.as_ref()), "24h");
    assert_eq!(texts(header.inputs.as_ref()), ["src/**/*.{rs,toml}", "a[1,2].txt"]);
    assert_eq!(header.outputs, None);
}

#[test]
fn comments_win_over_late_comments_and_those_over_notes() {
    let notes = "<#\n.SYNOPSIS\n    Does a\n    thing.\n\n    Not this.\n.DESCRIPTION\n    Stage: prose\n\
                 .NOTES\n    Stage: Notes\n    Tags: a, b\n#>\n";
    let (header, _) = powershell(&format!("{notes}param()\n"));
    assert_eq!(text_of(header.stage.as_ref()), "Notes");
    assert_eq!(text_of(header.description.as_ref()), "Does a thing.");
    assert_eq!(header.tags.len(), 2);

    let (header, _) = powershell(&format!("{notes}param()\n# Stage: Late\n# Description: Said.\n"));
    assert_eq!(text_of(header.stage.as_ref()), "Late");
    assert_eq!(text_of(header.description.as_ref()), "Said.");

    let (header, diagnostics) = powershell(&format!("# Stage: First\n{notes}param()\n# Stage: Late\n"));
    assert_eq!(text_of(header.stage.as_ref()), "First");
    assert_eq!(diagnostics, []);
}

#[test]
fn late_comments_stand_at_the_start_of_the_first_sixty_lines() {
    let at_line = |line: usize, comment: &str| format!("exit 0\n{}{comment}\n", "\n".repeat(line - 2));
    let stage = |text: &str| text_of(shell(text).0.stage.as_ref()).to_owned();
    assert_eq!(stage(&at_line(60, "# Stage: X")), "X");
    assert_eq!(stage(&at_line(61, "# Stage: X")), "-");
    assert_eq!(stage(&at_line(10, "  # Stage: X")), "-");
    assert_eq!(stage(&format!("{}# Stage: X\n", "\n".repeat(100))), "X");
    assert_eq!(stage("exit 0 # Stage: X"), "-");
}

#[test]
fn several_keys_on_one_line_are_cut() {
    let (header, _) = powershell("# Stage: Reporting, Order: 0512, Dependencies: 0510, 0511\n");
    assert_eq!(text_of(header.stage.as_ref()), "Reporting");
    assert_eq!(header.dependencies.len(), 2);
    let (header, _) = powershell("# Condition: X -eq 'a, Stage: b'\n# Stage: a, b\n");
    assert_eq!(text_of(header.condition.as_ref()), "X -eq 'a, Stage: b'");
    assert_eq!(text_of(header.stage.as_ref()), "a, b");
}

#[test]
fn dependencies_keep_remarks_together() {
    let text = "# Dependencies: 0400 (Testing, tools), gh CLI (optional, for issues), None\n";
    let (header, _) = shell(text);
    let written: Vec<&str> = header.dependencies.iter().map(|entry| entry.span.of(text)).collect();
    assert_eq!(written, ["0400 (Testing, tools)", "gh CLI (optional, for issues)", "None"]);
    let number = ScriptNumber::from_digits("0400").unwrap();
    assert_eq!(header.dependencies[0].value, Dependency::Number(number));
    assert_eq!(header.dependencies[1].value, Dependency::Tool { name: "gh CLI".into(), optional: true });
    assert_eq!(shell("# Dependencies:\n").0.dependencies, []);
}

#[test]
fn our_keys_are_read_and_lists_add_up() {
    let (header, diagnostics) = shell(
        "# inputs: a\n# Inputs: b, c\n# Outputs: None\n# Env: CI,HOME\n# PassEnv: TERM\n# Timeout: 5m\n\
         # Retries: 2\n# Resources: db, gpu=2\n# Priority: 10, Tags: x\n# Cwd: sub\n# Scratch: tmp/**\n# ExitCodes: 3=skipped, 4=warning\n\
         # AllowParallel: $false (Pester)\n# RequiresElevation: YES\n",
    );
    assert_eq!(diagnostics, []);
    assert_eq!(texts(header.inputs.as_ref()), ["a", "b", "c"]);
    assert_eq!(header.outputs, Some(vec![]));
    assert_eq!(texts(header.env.as_ref()), ["CI", "HOME"]);
    assert_eq!(texts(header.pass_env.as_ref()), ["TERM"]);
    assert_eq!(text_of(header.timeout.as_ref()), "5m");
    assert_eq!(text_of(header.retries.as_ref()), "2");
    assert_eq!(texts(header.resources.as_ref()), ["db", "gpu=2"]);
    assert_eq!(header.priority.map(|field| field.value).as_deref(), Some("10"));
    assert_eq!(text_of(header.cwd.as_ref()), "sub");
    assert_eq!(texts(header.scratch.as_ref()), ["tmp/**"]);
    assert_eq!(texts(header.exit_codes.as_ref()), ["3=skipped", "4=warning"]);
    assert_eq!(header.allow_parallel.map(|value| value.value), Some(false));
    assert_eq!(header.requires_elevation.map(|value| value.value), Some(true));
}

#[test]
fn slashes_and_stars_are_comments_too() {
    let text = "#!/usr/bin/env node\n/**\n * Stage: Build\n */\n// Tags: a\nlet x;\n";
    let (header, _) = read(&source(text), &CommentStyle::slashes(), Language::Other);
    assert_eq!(text_of(header.stage.as_ref()), "Build");
    assert_eq!(texts(Some(&header.tags)), ["a"]);
}

#[test]
fn only_what_is_nearly_a_key_is_warned_of() {
    let prose = [
        "Note: x",
        "Usage: y",
        "State: z",
        "Case: 1",
        "End: x",
        "Cmd: x",
        "Author: me",
        "Returns: 1",
        "TODO: x",
        "Example: x",
        "Warning: x",
        "Exit Codes: 0",
        "Input:",
        "see Inputs: x",
        "https://x",
        "Requires: x",
        "Steps: x",
    ];
    for line in prose {
        assert_eq!(shell(&format!("# {line}\n")).1, [], "{line}");
    }
    for (line, meant) in [
        ("Input: a", "Inputs"),
        ("Ouputs: a", "Outputs"),
        ("Satge: a", "Stage"),
        ("Tag: a", "Tags"),
        ("pass_env: a", "PassEnv"),
        ("Allow-Parallel: a", "AllowParallel"),
        ("Dependency: a", "Dependencies"),
    ] {
        let text = format!("# {line}\n");
        let (_, diagnostics) = shell(&text);
        assert_eq!(diagnostics.len(), 1, "{line}");
        assert_eq!(
            diagnostics[0].help.as_deref(),
            Some(format!("did you mean `{meant}`?").as_str()),
            "{line}"
        );
        assert!(line.starts_with(diagnostics[0].labels[0].span.of(&text)));
    }
    for late in ["# Input: a", "# Cache:"] {
        assert_eq!(shell(&format!("exit 0\n{late}\n")).1, [], "late prose is left alone");
    }
}

#[test]
fn what_does_nothing_is_told() {
    let text = "# Stage: A\n# Stage: B\n# Stage: A\n# Timeout:\n# AllowParallel: maybe\n# Ouputs: x\n";
    let shown: String = shell(text).1.iter().map(|diagnostic| render(diagnostic, Look::plain())).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn parameters_have_names_types_choices_and_defaults() {
    let (header, _) = powershell(
        "<# Help (with an open parenthesis\n#>\nusing namespace System\n[Diagnostics.CodeAnalysis.Suppress('a', 'b)')]\n\
         [CmdletBinding(SupportsShouldProcess)]\nparam(\n    # a comment, with ) and (\n\
             [Parameter(Mandatory)]\n    [string]$Name,\n    [Parameter(Mandatory = $false)][switch] $Fast,\n\
             [ValidateSet('a', \"b,c\", 'it''s')]\n    [string[]]$Parts = @('a', 'b'),\n    [int]$Count = 1 + (2),\n\
             [System.Collections.Hashtable]$Configuration = @{},\n    $Any = \"x $(Get-X \"),\") y\",\n    [bool]$On = $true\n)\n\
         function f { param([string]$NotMine) }\n",
    );
    insta::assert_snapshot!(header.parameters.iter().map(shown_parameter).collect::<Vec<_>>().join("\n"), @r#"
    Name: Text choices=[] mandatory=true default=-
    Fast: Switch choices=[] mandatory=false default=-
    Parts: List(Text) choices=["a", "b,c", "it's"] mandatory=false default=@('a', 'b')
    Count: Integer choices=[] mandatory=false default=1 + (2)
    Configuration: Table choices=[] mandatory=false default=@{}
    Any: Any choices=[] mandatory=false default="x $(Get-X "),") y"
    On: Bool choices=[] mandatory=false default=$true
    "#);
}

fn shown_parameter(parameter: &Parameter) -> String {
    let Parameter { name, value_type, choices, mandatory, default } = parameter;
    let default = text_of(default.as_ref());
    format!("{}: {value_type:?} choices={choices:?} mandatory={mandatory} default={default}", name.value)
}

#[test]
fn a_script_without_its_own_param_block_has_no_parameters() {
    for text in [
        "",
        "param",
        "param(",
        "Write-Output 1\nparam($x)",
        "function f { param($x) }",
        "# param($x)",
        "'param($x)'",
    ] {
        assert_eq!(powershell(text).0.parameters, [], "{text}");
    }
    assert_eq!(powershell("PARAM ( $x , )").0.parameters.len(), 1);
}

#[test]
fn types_are_known_by_all_their_names() {
    for (name, expected) in [
        ("System.String", ParameterType::Text),
        ("SwitchParameter", ParameterType::Switch),
        ("INT", ParameterType::Integer),
        ("double", ParameterType::Number),
        ("object[]", ParameterType::List(Box::new(ParameterType::Any))),
        ("int[][]", ParameterType::List(Box::new(ParameterType::Other("int[]".into())))),
        ("PSCredential", ParameterType::Other("PSCredential".into())),
    ] {
        assert_eq!(ParameterType::from_name(name), expected, "{name}");
    }
}

fn module_list(header: &Header) -> Vec<(&str, ModuleBase)> {
    header.modules.iter().map(|module| (module.path.value.as_str(), module.base)).collect()
}

#[test]
fn powershell_modules_are_found_where_their_path_is_literal() {
    use ModuleBase::{ModulePath, ScriptDirectory, WorkingDirectory};
    let (header, _) = powershell(
        "using module ./lib/A.psm1\nImport-Module Pester -MinimumVersion 5\n\
         Import-Module `\r\n  -MinimumVersion 5 -Name Az\n\
         Import-Module \"$PSScriptRoot/../domains/B.psm1\" -Force\nImport-Module -Name $psscriptroot\\C.psm1\n\
         Import-Module (Join-Path $PSScriptRoot '../D.psm1')\nImport-Module (Join-Path $root 'E.psm1')\n\
         Import-Module $module\n. ./f.ps1\n. \"${PSScriptRoot}/g.ps1\"\n  if ($x) { . ./h.ps1 }\n. $file\n\
         Import-Module '$PSScriptRoot/not.psm1'\n# Import-Module Commented\n$a = 'Import-Module Quoted'\nfoo . bar\n",
    );
    assert_eq!(
        module_list(&header),
        [
            ("./lib/A.psm1", WorkingDirectory),
            ("Pester", ModulePath),
            ("Az", ModulePath),
            ("../domains/B.psm1", ScriptDirectory),
            ("C.psm1", ScriptDirectory),
            ("../D.psm1", ScriptDirectory),
            ("./f.ps1", WorkingDirectory),
            ("g.ps1", ScriptDirectory),
            ("./h.ps1", WorkingDirectory),
        ]
    );
}

#[test]
fn sourced_files_are_found_where_their_path_is_literal() {
    use ModuleBase::{ScriptDirectory, WorkingDirectory};
    let text = "source lib/a.sh\n  . ./b.sh arg\n. \"$(dirname \"$0\")/c d.sh\"; source \"${BASH_SOURCE%/*}\"/e.sh\n\
                [ -f f.sh ] && . f.sh || exit\nsource \"$(dirname \"${BASH_SOURCE[0]}\")/../g.sh\"\nsource \"$DIR/h.sh\"\n\
                # source i.sh\necho . j\n. 'k.sh'\nsourced l.sh\n.\n";
    let (header, _) = shell(text);
    assert_eq!(
        module_list(&header),
        [
            ("lib/a.sh", WorkingDirectory),
            ("./b.sh", WorkingDirectory),
            ("c d.sh", ScriptDirectory),
            ("e.sh", ScriptDirectory),
            ("f.sh", WorkingDirectory),
            ("../g.sh", ScriptDirectory),
            ("k.sh", WorkingDirectory),
        ]
    );
    assert_eq!(header.modules[2].path.span.of(text), "\"$(dirname \"$0\")/c d.sh\"");
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(
        text in "(?s)(\u{feff})?(#!|# |<#|#>|\\.NOTES|Stage: |, Tags: |param\\(|\\[|\\]|\"|'|@\"|\\$\\(|`|\\)|\n|\r\n|,|\\$x|=|\\. |source |Import-Module |[a-zé🚀 ]){0,40}"
    ) {
        let styles = [CommentStyle::power_shell(), CommentStyle::hash(), CommentStyle::slashes()];
        for (style, language) in styles.iter().zip([Language::PowerShell, Language::Shell, Language::Other]) {
            let (header, diagnostics) = read(&source(&text), style, language);
            assert_places(&text, &header);
            for diagnostic in &diagnostics {
                render(diagnostic, Look::plain());
            }
        }
        mentioned_names(&text);
    }
}
