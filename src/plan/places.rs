//! Where a node's files say what makes a plan impossible: outputs, resources, and edges to other nodes.
//!
//! Knows scripts' headers and playbooks' trees. What a rule says has no place here, and is told without one.

use std::{path::Path, sync::Arc};

use super::{EdgeKind, Node, Origin};
use crate::{
    base::{Span, WsPath},
    db::{Db, SourceFile, Workspace},
    diag::Source,
    model::{
        playbook::Job,
        query::{playbook_reading, script_reading, text},
        script::ScriptReading,
        settings::{resource, resource_name},
    },
    text::{
        document::{Node as Tree, NodeValue},
        pattern::{Part, Pattern},
        script::Dependency,
    },
};

/// A text and a place in it.
pub(super) type Place = (Arc<Source>, Span);

/// The files the nodes of a plan come from.
pub(super) struct Places<'a> {
    pub(super) db: &'a dyn Db,
    pub(super) workspace: Workspace,
}

impl Places<'_> {
    /// Tells whether a pattern names the whole workspace, or a folder that holds it.
    pub(super) fn hold_all(&self, pattern: &Pattern) -> bool {
        let root = self.workspace.root(self.db);
        let mut wild = pattern.parts().iter().skip_while(|part| matches!(part, Part::Literal(_)));
        wild.all(|part| matches!(part, Part::AnyDepth))
            && root.starts_with(pattern.fixed_part().to_absolute(root))
    }

    /// Returns where a node declares an output, a pattern in normal form: in its step, in its job, or in its script's header.
    pub(super) fn output(&self, node: &Node, output: &str) -> Option<Place> {
        self.output_of_step(node, output).or_else(|| {
            let reading = self.script(node)?;
            let is_meant = |text: &str| is_pattern(text, self.workspace.root(self.db), output);
            let mut outputs = reading.header.outputs.iter().flatten();
            let item = outputs.find(|item| is_meant(&item.value))?;
            Some((Arc::clone(&reading.source), item.span))
        })
    }

    /// Returns where a node says that it comes after another one.
    pub(super) fn edge(&self, later: &Node, earlier: &Node, kind: &EdgeKind) -> Option<Place> {
        match kind {
            EdgeKind::Dependency => {
                let reading = self.script(later)?;
                let names = |entry: &Dependency| match entry {
                    Dependency::Number(number) => Some(*number) == earlier.number,
                    Dependency::All => true,
                    Dependency::Tool { .. } | Dependency::None => false,
                };
                let entry = reading.header.dependencies.iter().find(|entry| names(&entry.value))?;
                Some((Arc::clone(&reading.source), entry.span))
            }
            EdgeKind::Need => self.need(later, earlier),
            EdgeKind::Step
            | EdgeKind::Turn
            | EdgeKind::Output(_)
            | EdgeKind::Rewrite(_)
            | EdgeKind::Unknown
            | EdgeKind::Outward
            | EdgeKind::Learned(_) => None,
        }
    }

    fn script(&self, node: &Node) -> Option<&ScriptReading> {
        let path = node.script.as_ref()?;
        let file = self.workspace.scripts(self.db).iter().find(|file| file.path(self.db) == path)?;
        script_reading(self.db, self.workspace, *file).as_ref()
    }

    fn need(&self, later: &Node, earlier: &Node) -> Option<Place> {
        let (later, earlier) = (later.origin.as_ref()?, earlier.origin.as_ref()?);
        self.in_jobs(later, |job| {
            let index = job.needs.iter().position(|need| {
                // A job's pointer ends with its id.
                earlier.job.rsplit('/').next() == Some(need.value.as_str())
            })?;
            Some(format!("{}/needs/{index}", job.at))
        })
    }

    fn output_of_step(&self, node: &Node, output: &str) -> Option<Place> {
        let origin = node.origin.as_ref()?;
        let place = |outputs: &Option<Vec<String>>| {
            let is_meant = |text: &String| is_pattern(text, self.workspace.root(self.db), output);
            outputs.iter().flatten().position(is_meant)
        };
        self.in_jobs(origin, |job| {
            // A step has its own outputs, else its job's.
            let of_step = job.steps.iter().find_map(|step| {
                let at = place(&step.settings.outputs).filter(|_| step.at == origin.step)?;
                Some(format!("{}/outputs/{at}", step.at))
            });
            of_step.or_else(|| Some(format!("{}/outputs/{}", job.at, place(&job.settings.outputs)?)))
        })
    }

    /// Returns where a node says that it holds a resource: in its step, in its job, or in its script's header.
    pub(super) fn resource(&self, node: &Node, name: &str) -> Option<Place> {
        self.resource_of_step(node, name).or_else(|| {
            let reading = self.script(node)?;
            let mut entries = reading.header.resources.iter().flatten();
            let entry = entries.find(|entry| resource(&entry.value).is_ok_and(|(found, _)| found == name))?;
            Some((Arc::clone(&reading.source), entry.span))
        })
    }

    fn resource_of_step(&self, node: &Node, name: &str) -> Option<Place> {
        let origin = node.origin.as_ref()?;
        let file = self.playbook(origin)?;
        let tree = playbook_reading(self.db, file).tree.as_ref()?;
        let owners = [&origin.step, &origin.job];
        let mut fields = owners.into_iter().filter_map(|owner| tree.find(&format!("{owner}/resources")));
        let span = fields.find_map(|field| resource_in(field, name))?;
        Some((Arc::clone(&text(self.db, file).source), span))
    }

    /// Asks the job that a node comes from for a pointer, and returns its place.
    fn in_jobs(&self, origin: &Origin, pointer: impl Fn(&Job) -> Option<String>) -> Option<Place> {
        let file = self.playbook(origin)?;
        let reading = playbook_reading(self.db, file);
        let jobs = reading.value.as_ref()?.body.jobs();
        let job = jobs.iter().find(|job| job.at == origin.job)?;
        let node = reading.tree.as_ref()?.find(&pointer(job)?)?;
        Some((Arc::clone(&text(self.db, file).source), node.span))
    }

    fn playbook(&self, origin: &Origin) -> Option<SourceFile> {
        let files = self.workspace.playbooks(self.db);
        files.iter().copied().find(|file| *file.path(self.db) == origin.playbook)
    }
}

/// Returns where a resource is named in a table, a list or a text.
fn resource_in(field: &Tree, name: &str) -> Option<Span> {
    let is_named = |item: &Tree| match &item.value {
        NodeValue::Text(text) => resource(text).is_ok_and(|(found, _)| found == name),
        _ => false,
    };
    match &field.value {
        NodeValue::Table(entries) => {
            let mut entries = entries.iter();
            let entry = entries.find(|entry| resource_name(&entry.key.value).as_deref() == Some(name))?;
            Some(entry.value.span)
        }
        NodeValue::List(items) => items.iter().find(|item| is_named(item)).map(|item| item.span),
        _ => is_named(field).then_some(field.span),
    }
}

fn is_pattern(text: &str, root: &Path, pattern: &str) -> bool {
    Pattern::parse(text, root, &WsPath::root()).is_ok_and(|parsed| parsed.as_str() == pattern)
}
