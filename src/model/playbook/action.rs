//! What a step runs: exactly one thing, however it is spelled.

use super::{
    Action, Branch, Dialect, Items, Step,
    fields::{expression, flag, placed_list},
    step::{approval, later, some_steps, steps},
};
use crate::{
    diag::code,
    model::{
        decode::{Key, Placed, Table, Value},
        script::script_name,
    },
    text::document::NodeValue,
};

const RUN: Key = Key::new("run", &["step", "number", "sequence", "sequences"]);
const REFERENCE: Key = Key::new("script", &["scriptPath", "script_path", "path", "scriptNumber", "file"]);
const INLINE: Key = Key::new("script", &["inline", "customScript", "scriptBlock", "inlineScript"]);
const INLINE_ONLY: Key = Key::new("inline", &["customScript", "scriptBlock", "inlineScript"]);
const BRANCHES: Key = Key::new("branches", &["parallel"]);
const ITEMS: Key = Key::new("items", &["in", "foreach"]);
const VARIABLE: Key = Key::new("as", &["variable", "item"]);

/// Reads what a step runs, and its label.
pub(super) fn action(table: &mut Table<'_>, dialect: Dialect, step: &mut Step) -> Option<Action> {
    let kind = table.optional("type", Value::nonempty_text);
    let word = kind.as_deref().unwrap_or_default().to_ascii_lowercase();
    let has_list = |table: &mut Table<'_>, name: &'static str| {
        matches!(table.peek(name).map(|node| &node.value), Some(NodeValue::List(_)))
    };
    match word.as_str() {
        "parallel" | "parallel-group" => return structured(table, |table| parallel(table, dialect)),
        "conditional" | "condition" | "if" => {
            return structured(table, |table| choose(table, dialect));
        }
        "foreach" | "for-each" | "loop" => {
            return structured(table, |table| foreach(table, dialect, step));
        }
        "approval" | "manual" => {
            later(table, &"type".into());
            step.approval = Some(table.optional("approval", approval).unwrap_or_default());
            return structured(table, |_| Some(Action::Approve));
        }
        _ if table.has("branches") || has_list(table, "parallel") => {
            return structured(table, |table| parallel(table, dialect));
        }
        _ if table.has("then") || table.has("else") || table.has("action") => {
            return structured(table, |table| choose(table, dialect));
        }
        _ if table.has(ITEMS) => return structured(table, |table| foreach(table, dialect, step)),
        _ => {}
    }
    // Words that say how a text is read, not what the step is for.
    let is_technical = [
        "script",
        "powershell",
        "pwsh",
        "bash",
        "sh",
        "python",
        "command",
        "module",
        "display",
        "message",
        "playbook",
    ];
    step.label = kind.filter(|_| !is_technical.contains(&word.as_str()));
    single(table, dialect, &word)
}

/// Reads an action made of other steps.
fn structured<'a>(
    table: &mut Table<'a>,
    read: impl FnOnce(&mut Table<'a>) -> Option<Action>,
) -> Option<Action> {
    let found = read(table);
    for other in [ITEMS, VARIABLE, "branches".into()] {
        if let Some((name, at)) = table.take(other) {
            let message = format!("`{name}` has no use in a step of this kind");
            let fault = table.context().error(code::BAD_VALUE, message).at(at);
            table.context().report(fault.help(format!("remove `{name}`, or make it a step of its own")));
        }
    }
    found
}

fn parallel(table: &mut Table<'_>, dialect: Dialect) -> Option<Action> {
    let meaning = "a list of what runs at once, each with `steps`";
    let branches = table.required(BRANCHES, meaning, |value| {
        let mut index = 0;
        value.list(|item| {
            index += 1;
            branch(item, index, dialect)
        })
    })?;
    Some(Action::Parallel(branches))
}

/// A branch with its steps, or a step that is a branch by itself.
fn branch(value: Value<'_>, index: usize, dialect: Dialect) -> Option<Branch> {
    let has_steps = match &value.node().value {
        NodeValue::Table(entries) => {
            entries.iter().any(|entry| entry.key.value.eq_ignore_ascii_case("steps"))
        }
        NodeValue::List(_) => return Some(Branch { name: None, steps: steps(value, dialect.inside())? }),
        _ => false,
    };
    if !has_steps {
        let step = super::step::some_steps(value, dialect.inside())?;
        let name = step.first().and_then(|step| step.name.clone());
        return Some(Branch { name, steps: step });
    }
    let mut table = value.table(format!("branch {index}"))?;
    let name = table.optional("name", Value::text);
    let found =
        table.required("steps", "a list of what the branch does", |value| steps(value, dialect.inside()));
    table.informative(&["description"]);
    table.finish();
    Some(Branch { name, steps: found? })
}

fn choose(table: &mut Table<'_>, dialect: Dialect) -> Option<Action> {
    let condition = table.required(super::fields::IF, "what decides between `then` and `else`", expression);
    let then =
        table.optional(Key::new("then", &["action", "actions"]), |value| some_steps(value, dialect.inside()));
    let otherwise = table.optional("else", |value| some_steps(value, dialect.inside()));
    let (then, otherwise) = (then.unwrap_or_default(), otherwise.unwrap_or_default());
    Some(Action::Choose { condition: condition?, then, otherwise })
}

fn foreach(table: &mut Table<'_>, dialect: Dialect, step: &mut Step) -> Option<Action> {
    let items = table.required(ITEMS, "a list of the values", items);
    let variable = table.optional(VARIABLE, Value::nonempty_text).unwrap_or_else(|| "item".to_owned());
    let found =
        table.required("steps", "a list of what is done for each", |value| steps(value, dialect.inside()));
    step.parallel = table.optional("parallel", flag);
    Some(Action::Foreach { items: items?, variable, steps: found? })
}

fn items(value: Value<'_>) -> Option<Items> {
    match &value.node().value {
        NodeValue::Text(_) | NodeValue::Reference(_) => value.placed_text().map(Items::Expression),
        _ => value.list(|item| Some(item.json())).map(Items::List),
    }
}

/// Fields of which a step has one.
struct Single<'a> {
    run: Option<Value<'a>>,
    script: Option<Value<'a>>,
    command: Option<Value<'a>>,
    uses: Option<Value<'a>>,
    shell: Option<Value<'a>>,
}

/// Reads an action that is one thing.
fn single(table: &mut Table<'_>, dialect: Dialect, kind: &str) -> Option<Action> {
    if kind == "module" || table.has("module") {
        return module(table);
    }
    let scripts_are_references = dialect.script_is_reference() && !has_text_of_script(table);
    let mut run = table.raw(RUN);
    if scripts_are_references {
        run = run.or(table.raw(REFERENCE));
        if dialect.id_is_number() {
            let id = table.raw("id");
            if run.is_some() {
                id.inspect(|id| id.leave_out());
            }
            run = run.or(id);
        }
    }
    let inline = if scripts_are_references { INLINE_ONLY } else { INLINE };
    let found = Single {
        run,
        script: table.raw(inline),
        command: table.raw("command"),
        uses: table.raw(Key::new("uses", &["playbook"])),
        shell: table.raw("shell"),
    };
    match found {
        Single { run: Some(run), script: None, command: None, uses: None, shell } => {
            shell.inspect(|shell| useless_shell(*shell));
            run_action(run)
        }
        Single { script: Some(script), run: None, command: None, uses, shell } => {
            // Converted workflows keep what a step used beside the script that stands for it.
            uses.inspect(|uses| {
                uses.note_unused("the step's script runs in its place");
                uses.leave_out();
            });
            let shell = shell.and_then(Value::placed_text).or_else(|| shell_of(kind, script));
            Some(Action::Script { text: script_text(script)?, shell })
        }
        Single { command: Some(command), run: None, script: None, uses: None, shell } => {
            command_action(command, kind, shell)
        }
        Single { uses: Some(uses), run: None, script: None, command: None, .. } => {
            let name = uses.placed_text()?;
            // An action of GitHub's is no playbook.
            if name.value.contains('@') {
                uses.note_later();
            }
            Some(Action::Uses(name))
        }
        Single { run: None, script: None, command: None, uses: None, .. } => nothing(table, kind),
        Single { run, script, command, uses, .. } => {
            let all = [("run", run), ("script", script), ("command", command), ("uses", uses)];
            several(table, &all)
        }
    }
}

/// Tells whether `script` holds a text for a shell although it could name a script: `{ script: "Write-Host ..." }`.
fn has_text_of_script(table: &mut Table<'_>) -> bool {
    match table.peek("script").map(|node| &node.value) {
        Some(NodeValue::Text(text)) => {
            let first = text.trim().rsplit(['/', '\\']).next().unwrap_or_default();
            let is_name = !text.trim().contains([' ', '\n', ';', '(']);
            !is_name && !first.starts_with(|first: char| first.is_ascii_digit())
        }
        Some(NodeValue::Table(_) | NodeValue::Code(_)) => true,
        _ => false,
    }
}

fn run_action(run: Value<'_>) -> Option<Action> {
    let items = placed_list(run)?;
    if items.is_empty() {
        let example = run.context().format().texts(&["0402", "0440-0449"]);
        return run.bad_value("is empty", &format!("write the scripts' numbers, such as {example}"));
    }
    let items = items.into_iter().map(|item| Placed { value: reference(&item.value), at: item.at });
    Some(Action::Run(items.collect()))
}

/// Reads a text for a shell, or a table around one.
fn script_text(script: Value<'_>) -> Option<Placed<String>> {
    if !matches!(script.node().value, NodeValue::Table(_)) {
        return script.placed_code();
    }
    let mut table = script.table(format!("`{}`", script.field()))?;
    let text = table.required(INLINE, "the text that is run", Value::placed_code);
    table.informative(&["description", "type"]);
    table.finish();
    text
}

/// The shell that a step's type names.
fn shell_of(kind: &str, script: Value<'_>) -> Option<Placed<String>> {
    let shell = match kind {
        "powershell" | "pwsh" => "pwsh",
        "bash" | "sh" | "python" => kind,
        _ => return None,
    };
    Some(script.placed(shell.to_owned()))
}

fn command_action(command: Value<'_>, kind: &str, shell: Option<Value<'_>>) -> Option<Action> {
    let text = command.placed_text()?;
    let number = text.value.trim();
    if number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Action::Run(vec![Placed::new(number.to_owned(), text.at)]));
    }
    // The first format of all had `command` for a text of PowerShell.
    if kind == "script" || shell.is_some() {
        let shell = shell.and_then(Value::placed_text);
        return Some(Action::Script { text, shell });
    }
    Some(Action::Command(text))
}

fn module(table: &mut Table<'_>) -> Option<Action> {
    let module = table.optional("module", Value::placed_text);
    let function = Key::new("function", &["command", "cmdlet"]);
    let function = table.required(function, "the function of the module", Value::placed_text);
    Some(Action::Module { module, function: function? })
}

fn useless_shell(shell: Value<'_>) {
    let context = shell.context();
    let fault = context.error(code::BAD_VALUE, "`shell` has no use beside `run`");
    let help = "remove `shell`; numbered scripts run by their own kind";
    context.report(fault.label(shell.span(), "only for `script`").help(help));
}

fn several(table: &Table<'_>, all: &[(&str, Option<Value<'_>>)]) -> Option<Action> {
    let context = table.context();
    let there: Vec<_> = all.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    let names: Vec<&str> = there.iter().map(|(name, _)| *name).collect();
    let (first, second) =
        (names.first().copied().unwrap_or_default(), names.get(1).copied().unwrap_or_default());
    let message = format!("{} has both `{first}` and `{second}`", table.what());
    let mut fault = context.error(code::STEP_WITHOUT_ACTION, message);
    for (name, value) in &there {
        let what = match *name {
            "run" => "runs numbered scripts",
            "script" => "runs a text",
            "command" => "runs a command line",
            _ => "runs something else",
        };
        fault = fault.label(context.opening(value.span()), what);
    }
    context.report(fault.help("keep one of the two, and make the other a step of its own"));
    None
}

/// A step without anything to run; a message alone is shown.
fn nothing(table: &mut Table<'_>, kind: &str) -> Option<Action> {
    if let Some(message) = table.optional("message", Value::text) {
        return Some(Action::Show(message));
    }
    if kind == "openfile" {
        return table.optional(REFERENCE, |value| {
            value.note_unused("az shows where the file is and opens nothing");
            value.text().map(Action::Show)
        });
    }
    if [RUN, INLINE, REFERENCE].iter().any(|key| table.has_mistyped(*key)) {
        return None;
    }
    let (context, message) = (table.context(), format!("{} has nothing to run", table.what()));
    let fault = context.error(code::STEP_WITHOUT_ACTION, message).at(table.opening());
    let run = context.format().field("run", &context.format().text("0402"));
    context.report(fault.help(format!("add `{run}` for numbered scripts, or `script`: a text for a shell")));
    None
}

/// Folders that old files name in front of a script.
const OLD_ROOT: &str = "automation-scripts/";

/// Returns a reference to a script without the folder and extension that old files give it.
///
/// `./automation-scripts/0404_Run.ps1` and `library/automation-scripts/0404_Run` are `0404_Run`; a folder below such a
/// root stays, as does every other text.
pub(super) fn reference(text: &str) -> String {
    let path = text.trim().replace('\\', "/");
    let path = path.trim_start_matches("./");
    let below = path.rfind(OLD_ROOT).map_or(path, |at| &path[at + OLD_ROOT.len()..]);
    let file = below.rsplit('/').next().unwrap_or(below);
    let extension = [".ps1", ".sh", ".py"].iter().find(|extension| file.ends_with(**extension));
    match extension {
        Some(extension) if script_name(file).is_some() => below[..below.len() - extension.len()].to_owned(),
        _ if below.len() < path.len() => below.to_owned(),
        _ => text.to_owned(),
    }
}
