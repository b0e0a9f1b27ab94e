//! The node of a step that is a text for a shell, a command, a function of a module, or a text that is shown.
//!
//! Knows shells, and how values reach their texts without becoming a part of them. Does not know scripts.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use super::{
    Node,
    expand::Frame,
    flow::Names,
    formula::Formula,
    late::Late,
    node::{ITSELF, PlaybookContext, StepContext, bare},
    powershell::quoted,
    secrets::in_word,
    variables::Receiver,
    world::Known,
};
use crate::{
    base::{Span, Spanned, nearest, quoted_list},
    diag::{Diagnostic, code},
    model::playbook::{Placed, PlaybookFormat},
    text::{
        expression::{
            Expr, Syntax,
            embed::{Shell, embed},
            is_no_shells_name, to_text,
        },
        script::{mentioned_names, privileged_program},
    },
};

/// When the run began, in the language of steps.
const TIMESTAMP: &str = "timestamp";

/// Makes the node of a step that gives a text to a shell; nothing if there is no such shell.
pub(super) fn text_node(
    step: StepContext<'_>,
    text: &Placed<String>,
    shell: Option<&Placed<String>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let of = step.of();
    let shell = shell.or(step.frame.job.defaults.shell.as_ref()).or(of.playbook.defaults.shell.as_ref());
    let name = shell.map_or("pwsh", |shell| shell.value.as_str());
    let Some(found) = SHELLS.iter().find(|known| known.0.eq_ignore_ascii_case(name)) else {
        diagnostics.extend(shell.map(|shell| no_such_shell(shell, of)));
        return None;
    };
    Some(shell_node(step, text, found, Vec::new(), diagnostics))
}

/// Makes the node of a text for a shell; its values reach it through its environment, never as a part of its code.
fn shell_node(
    step: StepContext<'_>,
    text: &Placed<String>,
    (_, kind, words, shell): &(&str, &str, &[&str], Shell),
    extra: Vec<(String, Formula)>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Node {
    let of = step.of();
    let course = &step.frame.course;
    let ground = course.ground;
    // Only where a value stands there is anything to say of it.
    let span = if text.value.contains("${") || text.value.contains("{{") {
        of.span(&text.at)
    } else {
        Span::default()
    };
    let embedded = embed(
        of.source,
        Spanned::new(text.value.as_str(), span),
        *shell,
        syntaxes_in(&text.value, step.names(), of.playbook.format),
    );
    diagnostics.extend(embedded.diagnostics);
    let settings = step.settings().layered_over(ground.defaults.of_any());
    let mut node = bare(ground, settings, ground.kinds.named(kind));
    node.invocation.argv = words.iter().copied().chain([embedded.text.as_str()]).map(str::to_owned).collect();
    (*kind).clone_into(&mut node.invocation.runner);
    node.invocation.text = Some(embedded.text.clone());
    node.mentioned = mentioned_names(&embedded.text).into_iter().map(str::to_owned).collect();
    node.privileged = privileged_program(&embedded.text).map(str::to_owned);
    let mut late = Vec::new();
    let values = embedded.values.into_iter().map(|(name, expr)| (name, Formula::of(expr))).chain(extra);
    for (name, formula) in values {
        if formula.asks_for(&|path| step.names().is_secret(path)) {
            node.secret.insert(name.to_ascii_lowercase());
        }
        let filled = course.layer((&text.at, step.scope), diagnostics, |over| {
            over.fill(step.names(), &formula, &BTreeSet::new())
        });
        match filled {
            Known::Now(value) => _ = node.invocation.env.insert(name, to_text(&value)),
            Known::Late => late.push((name, formula)),
        }
    }
    let asks_when = of.playbook.format == PlaybookFormat::V0 && node.mentioned.contains(TIMESTAMP);
    if asks_when && !step.names().has(TIMESTAMP) {
        late.push((TIMESTAMP.to_owned(), Formula::of(Expr::Variable(TIMESTAMP.to_owned()))));
    }
    let receiver = Receiver::Environment(node.mentioned.clone());
    node = step.with_late(node, receiver.clone(), late);
    receiver.hand_over(&mut node.invocation, &step.names().variables, &mut |_, _, _| {});
    named(step, node)
}

/// Returns the ways to write a value that count in a script's text. Other tools have `{{name}}` too, so that of a name
/// that is no variable here stays as it is.
/// So does `${name}`, which shells read themselves, but for names of the language of steps that they would misread.
fn syntaxes_in(text: &str, names: &Names, format: PlaybookFormat) -> &'static [Syntax] {
    let is_ours = |rest: &str| {
        let end = rest.find("}}").unwrap_or(0);
        let name = rest[..end].split(":=").next().unwrap_or_default().trim();
        rest[..end].contains(":=") || names.has(name)
    };
    let would_be_misread = |rest: &str| {
        let Some((name, _)) = rest.split_once('}') else { return false };
        let root = name.split('.').next().unwrap_or_default();
        is_no_shells_name(name) && (names.has(root) || names.is_step(root))
    };
    let is_named = format == PlaybookFormat::V0 && text.split("${").skip(1).any(would_be_misread);
    match (text.split("{{").skip(1).any(is_ours), is_named) {
        (false, false) => &[Syntax::GitHub],
        (false, true) => &[Syntax::GitHub, Syntax::DollarNames],
        (true, false) => &[Syntax::GitHub, Syntax::Braces],
        (true, true) => &[Syntax::GitHub, Syntax::Braces, Syntax::DollarNames],
    }
}

/// Gives the only node of a step its names.
fn named(step: StepContext<'_>, node: Node) -> Node {
    let id = step.id();
    let Frame { job, suffix, .. } = step.frame;
    let place = if step.frame.is_inner {
        format!("{}{}", step.frame.prefix, step.step.id)
    } else {
        format!("{}/{}", job.id, step.step.id)
    };
    step.placed(Node {
        name: step.step.name.clone().unwrap_or_else(|| id.clone()),
        id,
        identity: format!("{}#{place}{suffix}", step.of().path),
        stage: step.stage().unwrap_or_default(),
        ..node
    })
}

/// Makes the node of a function of a PowerShell module, which is given the step's parameters.
pub(super) fn module_node(
    step: StepContext<'_>,
    module: Option<&Placed<String>>,
    function: &Placed<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Node {
    let import = module.map(|module| format!("Import-Module {}; ", quoted(&module.value)));
    let text = format!(
        "$ErrorActionPreference = 'Stop'; {}$given = ConvertFrom-Json -AsHashtable $env:AZ_PARAMETERS; \
         & {} @given",
        import.unwrap_or_default(),
        quoted(&function.value)
    );
    let entries = step.step.with.clone().into_iter().collect();
    let given = step
        .frame
        .course
        .layer((&step.step.at, step.scope), diagnostics, |over| over.read(&Value::Object(entries)));
    let text = Placed::new(text, &*function.at);
    let pwsh = SHELLS.iter().find(|shell| shell.0 == "pwsh").unwrap_or(&SHELLS[0]);
    shell_node(step, &text, pwsh, vec![("AZ_PARAMETERS".to_owned(), given)], diagnostics)
}

/// Makes the node of a text that is shown.
pub(super) fn show_node(step: StepContext<'_>, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Node {
    let course = &step.frame.course;
    let formula = course
        .layer((&step.step.at, step.scope), diagnostics, |over| over.read(&Value::String(text.to_owned())));
    let shown = Placed::new("printf '%s\\n' \"$AZ_TEXT\"".to_owned(), &*step.step.at);
    shell_node(step, &shown, &SHELLS[0], vec![("AZ_TEXT".to_owned(), formula)], diagnostics)
}

/// Makes the node of a command line; what begins with `/` is a command of the configuration.
pub(super) fn command_node(
    step: StepContext<'_>,
    line: &Placed<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let course = &step.frame.course;
    let ground = course.ground;
    let Some(word) = line.value.trim().strip_prefix('/').and_then(|rest| rest.split_whitespace().next())
    else {
        let sh = SHELLS.iter().find(|shell| shell.0 == "sh").unwrap_or(&SHELLS[0]);
        return Some(shell_node(step, line, sh, Vec::new(), diagnostics));
    };
    let known = ground.config.commands.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    let Some((_, command)) = known else {
        diagnostics.push(no_such_command(word, step, line));
        return None;
    };
    let mut argv: Vec<Formula> = command.iter().map(|word| Formula::Fixed(word.clone().into())).collect();
    let given = course.layer((&line.at, step.scope), diagnostics, |over| {
        words(line.value.trim())
            .into_iter()
            .skip(1)
            .map(|word| over.read(&Value::String(word)))
            .collect::<Vec<_>>()
    });
    argv.extend(given);
    let mut node = bare(ground, step.settings().layered_over(ground.defaults.of_any()), None);
    ITSELF.clone_into(&mut node.invocation.runner);
    let mut late = Vec::new();
    for (index, word) in argv.into_iter().enumerate() {
        if word.asks_for(&|path| step.names().is_secret(path)) {
            node.secret_words.insert(index);
        }
        if word.asks_for(&|path| step.names().is_fetched(path)) {
            diagnostics.push(in_word(step.of(), &line.at));
        }
        let filled = course.layer((&line.at, step.scope), diagnostics, |over| {
            over.fill(step.names(), &word, &BTreeSet::new())
        });
        match filled {
            Known::Now(value) => node.invocation.argv.push(to_text(&value)),
            Known::Late => {
                node.invocation.argv.push(String::new());
                late.push((index, word));
            }
        }
    }
    if !late.is_empty() {
        let (argv, names) = (node.invocation.argv.clone(), Arc::clone(step.names()));
        let env = Vec::new();
        node.late = Some(Arc::new(Late { argv, receiver: Receiver::Nobody, names, env, words: late }));
    }
    node.invocation.text = Some(line.value.clone());
    Some(named(step, node))
}

/// Parts a command line into words as a shell does; quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn no_such_command(word: &str, step: StepContext<'_>, line: &Placed<String>) -> Diagnostic {
    let commands = &step.frame.course.ground.config.commands;
    let message = format!("nothing says what the command `/{word}` is");
    let fault = Diagnostic::error(code::UNKNOWN_COMMAND, message).source(step.of().source);
    let fault = fault.label(step.of().span(&line.at), "no such command");
    fault.help(match nearest(word, commands.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `/{near}`?"),
        None => format!("say in az.toml what it runs: [commands] {word} = [\"program\", \"argument\"]"),
    })
}

/// How a text is run by a shell: its kind, and program and options; the text follows. A command that fails ends the
/// text.
const SHELLS: [(&str, &str, &[&str], Shell); 6] = [
    ("sh", "sh", &["sh", "-e", "-c"], Shell::Sh),
    ("bash", "bash", &["bash", "-e", "-o", "pipefail", "-c"], Shell::Bash),
    ("pwsh", "pwsh", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"], Shell::PowerShell),
    ("powershell", "pwsh", &["pwsh", "-NoProfile", "-NonInteractive", "-Command"], Shell::PowerShell),
    ("python", "python", &["python3", "-c"], Shell::Python),
    ("node", "node", &["node", "-e"], Shell::Node),
];

fn no_such_shell(shell: &Placed<String>, of: PlaybookContext<'_>) -> Diagnostic {
    let Placed { value: shell, at } = shell;
    let names = || SHELLS.iter().map(|(name, ..)| *name);
    let help = match nearest(shell, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("shells are {}", quoted_list(names())),
    };
    let fault = Diagnostic::error(code::BAD_VALUE, format!("there is no shell `{shell}`"));
    fault.source(of.source).label(of.span(at), "not a shell").help(help)
}
