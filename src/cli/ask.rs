//! From the words of a request to what is asked for, with what the environment says where they say nothing.
//!
//! Knows the command line and the environment variables that stand in for it. Does not know what playbooks mean.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    arguments::{self, Output, Request},
    build::start_folder,
    matrix::dimensions,
    printer::Printer,
    usage, variables,
};
use crate::{
    diag::{Diagnostic, Source, code},
    engine::{Ask, CacheLimits},
    sys::System,
    text::sequence::could_be_name,
};

/// Turns the words of a request into what is asked for.
pub(super) fn ask(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    words: &Request,
) -> Result<Ask, Box<Diagnostic>> {
    let mut ask = Ask {
        arguments: words.sequence.clone(),
        variables: variables::of_request(system, output, words)?,
        gives_to_powershell: words.unsafe_pwsh_conditions,
        conditions: variables::assigned(&words.conditions)?,
        matrix: dimensions(&words.matrix)?,
        profile: words.profile.clone().or_else(|| said(system, "AZ_PROFILE")),
        with_dependencies: words.with_deps,
        overlap: words.parallel == Some(true),
        strict: words.strict,
        no_trace: words.no_trace,
        sandbox: words.sandbox,
        configuration: configuration(system, output, words.configuration.as_deref()),
        environment: environment(system, words.environment.as_deref())?,
        ..Ask::default()
    };
    for word in &words.selection {
        match word.strip_prefix('@') {
            Some(path) => ask.lists.push(read_list(system, &start_folder(system, output), path)?),
            None if word == "-" => ask.lists.push(read_standard_input()?),
            None => ask.arguments.push(word.clone()),
        }
    }
    if let Some(name) = &words.load_playbook {
        // Any other word would be read as a selection of scripts, and run them.
        if !could_be_name(name) {
            let help = "write its path, such as playbooks/ci.json, or rename it: a name begins with a letter and goes on with letters, digits, `_`, `-` and `.`";
            return Err(usage(format!("no playbook can be called `{name}` on the command line"), help));
        }
        ask.arguments.push(name.clone());
    }
    if ask.arguments.is_empty() && ask.lists.is_empty() && ask.profile.is_none() {
        ask_by_default(system, printer, output, &mut ask)?;
    }
    Ok(ask)
}

/// Asks for what the environment says, where nothing else is asked for.
fn ask_by_default(
    system: &Arc<dyn System>,
    printer: &Printer,
    output: &Output,
    ask: &mut Ask,
) -> Result<(), Box<Diagnostic>> {
    let tell = |text: &str| {
        if !output.quiet {
            printer.say(text);
        }
    };
    if let Some(sequence) = said(system, "AITHERZERO_SEQUENCE") {
        tell(&format!("AITHERZERO_SEQUENCE asks for `{sequence}`"));
        ask.arguments.push(sequence);
    } else if let Some(profile) = said(system, "AITHERZERO_PROFILE") {
        tell(&format!("AITHERZERO_PROFILE asks for the profile `{profile}`"));
        ask.profile = Some(profile);
    } else {
        return Err(usage(
            "nothing is asked for",
            "name a playbook or a selection, such as `az build ci` or `az build '04*'`; `az list` shows what there is",
        ));
    }
    Ok(())
}

/// Returns what an environment variable says, if it says something.
fn said(system: &Arc<dyn System>, name: &str) -> Option<String> {
    let text = system.env().get(OsStr::new(name)).cloned()?.into_string().ok()?;
    if text.trim().is_empty() { None } else { Some(text.trim().to_owned()) }
}

/// Returns the environment that az is to run for: as it is given, else as the system's environment says.
pub(super) fn environment(
    system: &Arc<dyn System>,
    given: Option<&str>,
) -> Result<Option<String>, Box<Diagnostic>> {
    if let Some(given) = given {
        return Ok(Some(given.to_owned()));
    }
    let names = ["AZ_ENVIRONMENT", "AITHERZERO_ENVIRONMENT"];
    let found = names.iter().find_map(|name| Some((name, said(system, name)?)));
    let Some((name, text)) = found else { return Ok(None) };
    let read = arguments::environment(&text);
    read.map(Some).map_err(|help| usage(format!("the environment variable {name} cannot be `{text}`"), help))
}

/// Returns the path of the configuration above `az.toml`: as it is given, else as `AZ_CONFIGURATION` says.
pub(super) fn configuration(
    system: &Arc<dyn System>,
    output: &Output,
    given: Option<&Path>,
) -> Option<PathBuf> {
    let path =
        given.map(Path::to_path_buf).or_else(|| said(system, "AZ_CONFIGURATION").map(PathBuf::from))?;
    Some(start_folder(system, output).join(path))
}

/// Returns how many steps may be at work at once, if `AZ_JOBS` says so.
pub(super) fn jobs(system: &Arc<dyn System>) -> Result<Option<usize>, Box<Diagnostic>> {
    let Some(text) = said(system, "AZ_JOBS") else { return Ok(None) };
    let read = arguments::at_least_one(&text);
    read.map(Some).map_err(|help| usage(format!("the environment variable AZ_JOBS cannot be `{text}`"), help))
}

/// Returns how much the cache keeps, and for how long, as far as `AZ_CACHE_MAX_SIZE` and `AZ_CACHE_MAX_AGE` say.
pub(super) fn cache_limits(system: &Arc<dyn System>) -> Result<CacheLimits, Box<Diagnostic>> {
    let bad = |name: &str, text: &str, help: String| {
        usage(format!("the environment variable {name} cannot be `{text}`"), help)
    };
    let size = said(system, MAX_SIZE)
        .map(|text| arguments::size_limit(&text).map_err(|help| bad(MAX_SIZE, &text, help)));
    let age = said(system, MAX_AGE)
        .map(|text| arguments::age_limit(&text).map_err(|help| bad(MAX_AGE, &text, help)));
    Ok(CacheLimits { max_size: size.transpose()?, max_age: age.transpose()? })
}

const MAX_SIZE: &str = "AZ_CACHE_MAX_SIZE";
const MAX_AGE: &str = "AZ_CACHE_MAX_AGE";

fn read_list(system: &Arc<dyn System>, folder: &Path, path: &str) -> Result<Arc<Source>, Box<Diagnostic>> {
    let unreadable = |why: String| {
        let fault = Diagnostic::error(code::UNREADABLE_SOURCE, format!("`{path}` cannot be read: {why}"));
        Box::new(fault.help("name a text file with selections, one or more a line"))
    };
    let bytes = system.read(&folder.join(path)).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    Ok(Arc::new(Source::new(path, text)))
}

fn read_standard_input() -> Result<Arc<Source>, Box<Diagnostic>> {
    std::io::read_to_string(std::io::stdin())
        .map(|text| Arc::new(Source::new("standard input", text)))
        .map_err(|error| {
            let fault =
                Diagnostic::error(code::UNREADABLE_SOURCE, format!("standard input cannot be read: {error}"));
            Box::new(fault.help("send UTF-8 text with selections, one or more a line"))
        })
}
