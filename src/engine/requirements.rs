//! What playbooks require of the machine, looked up before anything runs. Nothing is started for that.
//!
//! Knows files, the environment and the rights az has. Does not know what runs.

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
};

use super::{Engine, tools::Tools};
use crate::{
    base::quoted_list,
    diag::{Diagnostic, Severity, code},
    model::query::catalog,
    plan::{Needs, Planned, tool_candidates},
};

/// Something that is not there, or of which az cannot know.
struct Lack {
    severity: Severity,
    message: String,
    help: String,
}

impl Lack {
    fn new(message: String, help: impl Into<String>) -> Option<Self> {
        Some(Self { severity: Severity::Error, message, help: help.into() })
    }
}

impl Engine {
    /// Returns what of the requirements of playbooks this machine does not meet, each once: errors; and in notes of which
    /// nobody can know.
    pub(super) fn unmet(&self, planned: &Planned) -> Vec<Diagnostic> {
        let mut unmet = Vec::new();
        // Where nothing can be planned, what stands in the way is to be mended first.
        let Some(plan) = &planned.plan else { return unmet };
        for around in planned.around.iter().filter(|around| !around.requirements.is_empty()) {
            let own = &plan.scopes[around.scope].names.env;
            let env = |name: &str| {
                own.get(name).or_else(|| self.env.get(name)).filter(|value| !value.is_empty()).cloned()
            };
            let path = env("PATH").unwrap_or_default();
            let mut machine = Machine { engine: self, env: &env, tools: Tools::new(&*self.system, &path) };
            for requirement in &around.requirements {
                let Some(lack) = machine.lack(&requirement.needs) else { continue };
                let fault = Diagnostic::error(code::UNMET, lack.message).source(&around.source);
                let fault = fault.label(requirement.at, "required here").help(lack.help);
                unmet.push(Diagnostic { severity: lack.severity, ..fault });
            }
        }
        unmet
    }
}

/// The machine as a playbook finds it.
struct Machine<'a> {
    engine: &'a Engine,
    /// The environment, with what the playbook itself sets.
    env: &'a dyn Fn(&str) -> Option<String>,
    tools: Tools<'a>,
}

impl Machine<'_> {
    /// Returns what is wrong if something is not there.
    fn lack(&mut self, needs: &Needs) -> Option<Lack> {
        match needs {
            Needs::PowerShell(least) => self.lack_of_powershell(least),
            Needs::Module(name) => self.lack_of_module(name),
            Needs::Tool(name) => self.lack_of_tool(name),
            Needs::Script(name) => self.lack_of_script(name),
            Needs::Platforms(platforms) => lack_of_platform(platforms, std::env::consts::OS),
            Needs::Env(name) if (self.env)(name).is_some() => None,
            Needs::Env(name) => Lack::new(
                format!("the playbook needs the variable `{name}` of the environment, which is not set"),
                format!("set it where az is started: export {name}=VALUE"),
            ),
            Needs::Elevation if self.engine.system.is_administrator() => None,
            Needs::Elevation => Lack::new(
                "the playbook needs the rights of an administrator".to_owned(),
                "start az as an administrator",
            ),
        }
    }

    fn lack_of_powershell(&mut self, least: &str) -> Option<Lack> {
        let wanted = least.trim_start_matches(['>', '=', ' ', 'v']);
        let needs = format!("the playbook needs PowerShell {wanted} or higher");
        let Some(found) = self.tools.powershell(&self.engine.root) else {
            let help = "install PowerShell, or remove the requirement if nothing here runs in it";
            return Lack::new(format!("{needs}, and there is no `pwsh` on PATH"), help);
        };
        let Some(version) = found.version else {
            let message = format!("{needs}; which version `pwsh` has cannot be told without starting it");
            let help = "see `pwsh --version`".to_owned();
            return Some(Lack { severity: Severity::Note, message, help });
        };
        if compare(&version, wanted) == Ordering::Less {
            return Lack::new(
                format!("{needs}, and `pwsh` has the version {version}"),
                "install a newer one",
            );
        }
        None
    }

    /// Modules lie in folders of their name. Where there is no PowerShell, what needs it says so.
    fn lack_of_module(&mut self, written: &str) -> Option<Lack> {
        let system = &*self.engine.system;
        if written.contains(['/', '\\']) {
            let is_there = system.stat_target(&self.engine.root.join(written.replace('\\', "/"))).is_ok();
            let message = format!("the playbook needs the module `{written}`, which is not there");
            return if is_there { None } else { Lack::new(message, "write the path of a module") };
        }
        let name = written.split([' ', '@', ':', '>', '=']).next().unwrap_or(written);
        let powershell = self.tools.powershell(&self.engine.root)?;
        let own = (self.env)("PSModulePath").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&own).collect();
        if let Some(home) = (self.env)("HOME") {
            folders.push(Path::new(&home).join(".local/share/powershell/Modules"));
        }
        folders.extend([
            PathBuf::from("/usr/local/share/powershell/Modules"),
            powershell.folder.join("Modules"),
        ]);
        folders.retain(|folder| folder.is_absolute());
        let is_in = |folder: &PathBuf| {
            let entries = system.list(folder).unwrap_or_default();
            entries
                .iter()
                .any(|entry| entry.name.to_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
        };
        if folders.iter().any(is_in) {
            return None;
        }
        let message = format!("the playbook needs the module `{name}` of PowerShell, which is not installed");
        Lack::new(message, format!("install it: pwsh -Command \"Install-Module {name} -Scope CurrentUser\""))
    }

    fn lack_of_tool(&mut self, written: &str) -> Option<Lack> {
        let candidates =
            tool_candidates(written.split(['@', '>', '=', '(']).next().unwrap_or(written).trim());
        if candidates.iter().any(|candidate| self.tools.find(candidate, &self.engine.root).is_some()) {
            return None;
        }
        let message = format!("the playbook needs the tool `{written}`, which is not installed");
        Lack::new(message, format!("install it, so that {} is on PATH", quoted_list(&candidates)))
    }

    fn lack_of_script(&self, written: &str) -> Option<Lack> {
        let scripts = &catalog(&self.engine.db, self.engine.workspace).scripts;
        let is_meant = |script: &crate::model::script::Script| {
            script.number.to_string() == written
                || script.stem.eq_ignore_ascii_case(written)
                || script.path.as_str().ends_with(written)
        };
        let is_there = scripts.iter().any(|(_, script)| is_meant(script))
            || self.engine.system.stat_target(&self.engine.root.join(written)).is_ok();
        let message = format!("the playbook needs the script `{written}`, which is not there");
        if is_there { None } else { Lack::new(message, "`az list` shows the scripts there are") }
    }
}

fn lack_of_platform(wanted: &[String], here: &str) -> Option<Lack> {
    let is_meant = |word: &String| match word.trim().to_ascii_lowercase().as_str() {
        "windows" | "win32nt" | "win" => here == "windows",
        "linux" => here == "linux",
        "macos" | "darwin" | "osx" => here == "macos",
        "unix" => here != "windows",
        "crossplatform" | "cross-platform" | "all" | "any" | "*" => true,
        _ => false,
    };
    if wanted.iter().any(is_meant) {
        return None;
    }
    let system = match here {
        "windows" => "Windows",
        "macos" => "macOS",
        _ => "Linux",
    };
    let message = format!("the playbook is for {}, and this is {system}", quoted_list(wanted));
    Lack::new(message, "run it there; platforms are `Windows`, `Linux`, `macOS` and `CrossPlatform`")
}

/// Orders versions such as `7`, `7.4` and `7.4.1` by their numbers; what is not given counts as 0.
fn compare(left: &str, right: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers: Vec<u64> =
            text[..end].split('.').map(|number| number.parse().unwrap_or(0)).collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(left).cmp(&numbers(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (left, right, order) in [
            ("7.4.1", "7", Ordering::Greater),
            ("7.0", "7", Ordering::Equal),
            ("7.10", "7.9", Ordering::Greater),
            ("5.1", "7.0", Ordering::Less),
            ("7.5.0", "7.5.0-preview.3", Ordering::Equal),
            ("7", "", Ordering::Greater),
        ] {
            assert_eq!(compare(left, right), order, "{left} and {right}");
        }
    }

    #[test]
    fn a_platform_of_several_is_enough() {
        let lacks = |words: &[&str], here: &str| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            lack_of_platform(&words, here).map(|lack| lack.message)
        };
        assert_eq!(lacks(&["Windows", "linux"], "linux"), None);
        assert_eq!(lacks(&["CrossPlatform"], "freebsd"), None);
        assert_eq!(lacks(&["macOS"], "macos"), None);
        let said = lacks(&["Windows", "Amiga"], "linux").unwrap();
        assert_eq!(said, "the playbook is for `Windows`, `Amiga`, and this is Linux");
    }
}
