//! Worlds for tests: one written as JSON, and one that answers only what another was asked.

use super::*;

/// A world as one JSON object: `name` is a variable, `env:NAME`, `context:name`, `path:p`, `command:c`, `files:f/p`,
/// `hash:p`, `status:failure()`, `machine:...`, `platform` what they say.
#[derive(Debug)]
pub(super) struct Table(serde_json::Map<String, Value>);

impl Table {
    pub(super) fn of(json: &str) -> Self {
        Self(serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}")))
    }

    fn entry(&self, sort: &str, name: &str) -> Option<Value> {
        self.0.get(&format!("{sort}:{name}")).cloned()
    }
}

impl Lookup for Table {
    fn variable(&self, name: &str) -> Option<Value> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.entry("env", name)?.as_str().map(str::to_owned)
    }

    fn platform(&self) -> &str {
        self.0.get("platform").and_then(Value::as_str).unwrap_or("linux")
    }

    fn context(&self, name: &str) -> Option<Value> {
        self.entry("context", name)
    }

    fn status(&self, function: Status) -> Option<bool> {
        self.entry("status", &Function::Status(function).to_string())?.as_bool()
    }

    fn path_exists(&self, path: &str) -> Option<bool> {
        self.entry("path", path)?.as_bool()
    }

    fn command_exists(&self, name: &str) -> Option<bool> {
        self.entry("command", name)?.as_bool()
    }

    fn list_files(&self, folder: &str, pattern: &str) -> Option<Vec<String>> {
        serde_json::from_value(self.entry("files", &format!("{folder}/{pattern}"))?).ok()
    }

    fn hash_files(&self, patterns: &[String]) -> Option<String> {
        self.entry("hash", &patterns.join(", "))?.as_str().map(str::to_owned)
    }

    fn machine(&self, question: Machine) -> Option<String> {
        let name = match question {
            Machine::IsAdministrator => "administrator",
            other => other.as_str(),
        };
        self.entry("machine", name)?.as_str().map(str::to_owned)
    }
}

/// A world that knows nothing but the answers of an evaluation.
pub(super) struct Replay<'a>(pub(super) &'a [Asked]);

impl Replay<'_> {
    fn answer(&self, kind: Kind, name: &str) -> Option<Value> {
        let asked = self.0.iter().find(|asked| asked.kind == kind && asked.name == name);
        asked.unwrap_or_else(|| panic!("{kind:?} {name} was not asked")).answer.clone()
    }

    /// Puts a value together of all paths that were asked of it.
    fn root(&self, kind: Kind, root: &str) -> Option<Value> {
        let mut whole = None;
        for asked in self.0.iter().filter(|asked| asked.kind == kind) {
            let mut segments = asked.name.split('.');
            if segments.next().is_none_or(|first| first != root) {
                continue;
            }
            let Some(answer) = &asked.answer else { continue };
            let mut place = whole.get_or_insert(Value::Null);
            for segment in segments {
                place = &mut place[segment];
            }
            *place = answer.clone();
        }
        whole
    }
}

impl Lookup for Replay<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.root(Kind::Variable, name)
    }

    fn env(&self, name: &str) -> Option<String> {
        self.answer(Kind::Env, name)?.as_str().map(str::to_owned)
    }

    fn platform(&self) -> &str {
        let platform = self.0.iter().find(|asked| asked.name == "platform");
        platform.and_then(|asked| asked.answer.as_ref()?.as_str()).unwrap_or("none")
    }

    fn context(&self, name: &str) -> Option<Value> {
        self.root(Kind::Context, name)
    }

    fn status(&self, function: Status) -> Option<bool> {
        self.answer(Kind::Status, &Function::Status(function).to_string())?.as_bool()
    }

    fn path_exists(&self, path: &str) -> Option<bool> {
        self.answer(Kind::Path, path)?.as_bool()
    }

    fn command_exists(&self, name: &str) -> Option<bool> {
        self.answer(Kind::Command, name)?.as_bool()
    }

    fn list_files(&self, folder: &str, pattern: &str) -> Option<Vec<String>> {
        serde_json::from_value(self.answer(Kind::Files, &format!("{folder}/{pattern}"))?).ok()
    }

    fn hash_files(&self, patterns: &[String]) -> Option<String> {
        self.answer(Kind::Files, &patterns.join(", "))?.as_str().map(str::to_owned)
    }

    fn machine(&self, question: Machine) -> Option<String> {
        self.answer(Kind::Machine, question.as_str())?.as_str().map(str::to_owned)
    }
}
