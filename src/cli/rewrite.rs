//! Words as people write them, made into those that clap reads.
//!
//! Knows verbs and options by name, also those that older commands had. Does not know what they do.

use std::ffi::OsString;

use crate::base::ScriptNumber;

/// The verbs that run playbooks as `/orchestrate` did.
const ORCHESTRATE: [&str; 3] = ["orchestrate", "orch", "o"];
/// What `/orchestrate` did that other verbs do here, each with options that no playbook of its name is run with.
const BESIDE_RUN: [(&str, &[&str]); 2] = [
    ("validate", &["--playbook", "--dependencies", "--simulate", "--fix"]),
    ("library", &["--list", "--category", "--search", "--export", "--import"]),
];
/// The commands that `seq` was short for.
const LONG_NAMES: [&str; 2] = ["Invoke-OrchestrationSequence", "Invoke-Sequence"];
/// Options as the old commands spelled them.
pub(super) const OLD_OPTIONS: [(&str, &str); 22] = [
    ("-CaptureOutputs", "--capture-outputs"),
    ("-Conditions", "--conditions"),
    ("-Configuration", "--configuration"),
    ("-ContinueOnError", "--continue-on-error"),
    ("-DryRun", "--dry-run"),
    ("-Environment", "--environment"),
    ("-LoadPlaybook", "--load-playbook"),
    ("-Matrix", "--matrix"),
    ("-MaxConcurrency", "--max-concurrency"),
    ("-NonInteractive", "--non-interactive"),
    ("-Parallel", "--parallel"),
    ("-PassThru", "--json"),
    ("-Playbook", "--playbook"),
    ("-PlaybookProfile", "--playbook-profile"),
    ("-Profile", "--profile"),
    ("-Quiet", "--quiet"),
    ("-SavePlaybook", "--save-playbook"),
    ("-Sequence", "--sequence"),
    ("-UseCache", "--use-cache"),
    ("-Variables", "--variables"),
    ("-Verbose", "--verbose"),
    ("-WhatIf", "--what-if"),
];

/// Makes of words that are written as people write them those that clap reads: `az 0402 ...` is `az script 0402 ...`,
/// a number in a verb's place being a script; `--parallel false` is `--parallel=false`, while any other word after
/// `--parallel` is a selection.
pub(super) fn rewrite(mut words: Vec<OsString>) -> Vec<OsString> {
    let mut place = 1;
    while let Some(word) = words.get(place).and_then(|word| word.to_str()) {
        match word {
            "-C" | "--directory" | "--format" | "--color" => place += 2,
            _ if word.starts_with('-') => place += 1,
            _ if ScriptNumber::is_called(word) => {
                words.insert(place, "script".into());
                return words;
            }
            _ => break,
        }
    }
    if let Some(verb) = words.get_mut(place)
        && LONG_NAMES.iter().any(|name| verb.eq_ignore_ascii_case(name))
    {
        *verb = "seq".into();
    }
    name_old_options(&mut words, place);
    if words.get(place).is_some_and(|verb| ORCHESTRATE.iter().any(|known| verb == known)) {
        orchestrate(&mut words, place);
    }
    join_truths(&mut words, place);
    if words.get(place).is_some_and(|word| word == "library") {
        name_export_format(&mut words, place);
    }
    words
}

/// Makes `--to` of a `--format` that names the format of a file, which is no form of az's own output.
fn name_export_format(words: &mut [OsString], verb: usize) {
    let is_of_files = |word: &str| ["yaml", "toml"].contains(&word);
    let is_export = words.iter().any(|word| word.to_str().is_some_and(|word| word.starts_with("--export")));
    for place in verb..words.len() {
        let next = words.get(place + 1).and_then(|next| next.to_str()).unwrap_or_default();
        let is_named = is_of_files(next) || (is_export && next == "json");
        let joined = words[place].to_str().and_then(|word| word.strip_prefix("--format=")).map(str::to_owned);
        match joined {
            Some(name) if is_of_files(&name) || (is_export && name == "json") => {
                words[place] = format!("--to={name}").into();
            }
            _ if words[place] == "--format" && is_named => words[place] = "--to".into(),
            _ => {}
        }
    }
}

/// Makes `--configuration` of `-Configuration`, which would else be a folder to act in, and so on, up to a `--`.
fn name_old_options(words: &mut [OsString], verb: usize) {
    for word in words.iter_mut().skip(verb).take_while(|word| *word != "--") {
        let known = OLD_OPTIONS.iter().find(|(old, _)| word.eq_ignore_ascii_case(old));
        if let Some((_, new)) = known {
            *word = (*new).into();
        }
    }
}

/// Leaves out the `run` of `az orchestrate run`, and makes minutes of a `--timeout` without a unit, up to a `--`;
/// `az orchestrate validate --playbook NAME` is `az validate --playbook NAME`.
fn orchestrate(words: &mut Vec<OsString>, verb: usize) {
    if is_beside_run(&words[verb + 1..]) {
        words.remove(verb);
        return;
    }
    if words.get(verb + 1).is_some_and(|word| word == "run") {
        words.remove(verb + 1);
    }
    // Nothing is no time in any unit, and is told as it was written.
    let is_number = |text: &str| text.parse().is_ok_and(|minutes: u64| minutes > 0);
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    for place in verb..end {
        let follows = place > 0 && words[place - 1] == "--timeout";
        let Some(word) = words[place].to_str() else { continue };
        if word.strip_prefix("--timeout=").is_some_and(is_number) || (follows && is_number(word)) {
            words[place] = format!("{word}m").into();
        }
    }
}

/// Tells whether words behind `orchestrate` are those of a verb beside `run`, and not a playbook of its name.
fn is_beside_run(words: &[OsString]) -> bool {
    let Some((verb, others)) = words.split_first() else { return false };
    let Some((_, options)) = BESIDE_RUN.iter().find(|(known, _)| verb == known) else { return false };
    let names = others.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str());
    names.map(|word| word.split('=').next().unwrap_or_default()).any(|name| options.contains(&name))
}

/// Joins `--parallel` and a truth that follows it, up to a `--`; `$true` is one, too.
fn join_truths(words: &mut Vec<OsString>, verb: usize) {
    let mut place = verb;
    while let Some(word) = words.get(place).filter(|word| *word != "--") {
        let next = words.get(place + 1).and_then(|next| next.to_str()).unwrap_or_default();
        let truth = next.trim_start_matches('$').to_ascii_lowercase();
        if word == "--parallel" && ["true", "false"].contains(&truth.as_str()) {
            words[place] = format!("--parallel={truth}").into();
            words.remove(place + 1);
        }
        place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let words = std::iter::once("az").chain(line.split(' ')).map(OsString::from).collect();
        let words = rewrite(words);
        words[1..].iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_of_older_commands_are_understood() {
        for (old, new) in [
            ("0402 -Verbose", "script 0402 -Verbose"),
            ("-q 0402", "-q script 0402"),
            ("seq 0000-0099 -DryRun", "seq 0000-0099 --dry-run"),
            ("seq 0201 -Parallel $false -MaxConcurrency 4", "seq 0201 --parallel=false --max-concurrency 4"),
            ("seq -profile Dev -NONINTERACTIVE", "seq --profile Dev --non-interactive"),
            ("seq 0201 -- -DryRun", "seq 0201 -- -DryRun"),
            ("build x --parallel 0200", "build x --parallel 0200"),
            ("orchestrate run x --timeout 30", "orchestrate x --timeout 30m"),
            ("o x --timeout=5", "o x --timeout=5m"),
            ("o x --timeout 0", "o x --timeout 0"),
            ("invoke-orchestrationsequence -Sequence 0100", "seq --sequence 0100"),
            ("seq 0201 -Matrix os=a,b -Quiet", "seq 0201 --matrix os=a,b --quiet"),
            ("orchestrate validate --playbook x --simulate", "validate --playbook x --simulate"),
            ("o library --export x --format json", "library --export x --to json"),
            ("o validate --dry-run", "o validate --dry-run"),
            ("o validate -- --fix", "o validate -- --fix"),
            ("orch run run --timeout 90s", "orch run --timeout 90s"),
            ("build run --timeout 30", "build run --timeout 30"),
            ("o x --timeout 5 -- --timeout 6", "o x --timeout 5m -- --timeout 6"),
        ] {
            assert_eq!(rewritten(old), new);
        }
    }
}
