//! Planning whole workspaces that exist only as inputs of queries.

mod around;
mod changes;
mod converted;
mod corpus;
mod defaults;
mod faults;
mod flow;
mod order;
mod resources;
mod selection;
mod values;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{
    base::WsPath,
    db::{Contents, Database, Request, SourceFile, Surroundings, Workspace},
    diag::{Code, code},
    sys::Platform,
};

/// A workspace in a database that remembers which queries were executed.
struct World {
    db: Database,
    files: BTreeMap<String, SourceFile>,
    workspace: Workspace,
    request: Request,
    surroundings: Surroundings,
    executed: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// Makes a workspace of files and asks for something in it.
    fn new(files: &[(&str, &str)], asked: &[&str]) -> Self {
        let executed = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&executed);
        let db = Database::observed(move |query| log.lock().unwrap().push(query.to_owned()));
        let file = |path: &str, contents| SourceFile::new(&db, WsPath::from_normal(path).unwrap(), contents);
        let bytes = |text: &str| Contents::Bytes(text.as_bytes().into());
        let files: BTreeMap<String, SourceFile> =
            files.iter().map(|(path, text)| ((*path).to_owned(), file(path, bytes(text)))).collect();
        let below = |folder: &str| -> Vec<SourceFile> {
            files.iter().filter(|(path, _)| path.starts_with(folder)).map(|(_, file)| *file).collect()
        };
        let config = files.get("az.toml").copied().unwrap_or_else(|| file("az.toml", Contents::Absent));
        let platform = Platform { os: "linux".to_owned(), arch: "x86_64".to_owned() };
        let root: Arc<Path> = Arc::from(Path::new("/w"));
        let (scripts, playbooks) = (below("scripts/"), below("playbooks/"));
        let workspace =
            Workspace::new(&db, root, scripts, playbooks, below("rules/"), config, None, platform);
        let asked = asked.iter().map(|&word| word.to_owned()).collect();
        let request = Request::new(
            &db,
            asked,
            false,
            vec![],
            BTreeMap::new(),
            None,
            false,
            vec![],
            BTreeMap::new(),
            vec![],
        );
        let surroundings = Surroundings::new(&db, crate::base::Env::default(), false, Some(8 << 30));
        Self { db, files, workspace, request, surroundings, executed }
    }

    fn planned(&self) -> &Planned {
        plan(&self.db, self.workspace, self.request, self.surroundings)
    }

    /// Returns the plan of a request that is sound.
    fn plan(&self) -> Arc<Plan> {
        let planned = self.planned();
        planned.plan.clone().unwrap_or_else(|| panic!("{:?}", planned.diagnostics))
    }

    fn ids(&self) -> Vec<String> {
        self.plan().nodes.iter().map(|node| node.id.clone()).collect()
    }

    fn codes(&self) -> Vec<Code> {
        self.planned().diagnostics.iter().map(|fault| fault.code).collect()
    }

    fn edit(&mut self, path: &str, text: &str) {
        let file = self.files[path];
        self.db.set_contents(file, Contents::Bytes(text.as_bytes().into()));
    }
}

/// Returns the edges of a plan in words: who waits for whom, and why.
fn edges(plan: &Plan) -> Vec<String> {
    let of = |node: &std::sync::Arc<Node>| {
        let id = node.id.clone();
        let edge = move |edge: &Edge| format!("{id} <- {}: {:?}", plan.nodes[edge.to].id, edge.kind);
        node.edges.iter().map(edge).collect::<Vec<_>>()
    };
    plan.nodes.iter().flat_map(of).collect()
}
