//! Scripts whose text is another one, of which planning may take what it took before.
//!
//! Most edits of a script change nothing but what it does: then the plan stands, and the steps that run it are due.

use std::{collections::BTreeMap, path::Path};

use crate::{
    base::{Digest, WsPath},
    cache::{Gate, GatePath, Matters},
    db::{Contents, Database, SourceFile},
    engine::{
        Ask,
        session::named_file,
        workspace::{self, Extent, Inputs, ReadAs},
    },
    fingerprint::is_settled,
    model::query::script_reading,
    sys::{Stat, System},
};

/// A script of which planning takes what it took before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// What the file system says of it.
    pub(super) stat: Stat,
    /// What stands in it.
    content: Digest,
}

impl Taken {
    /// Says in a gate what the script is now.
    pub(super) fn put_into(&self, path: &mut GatePath, clock: &Stat) {
        path.stat = Some(self.stat);
        path.is_settled = is_settled(clock, &self.stat);
        path.matters = Matters::Content(self.content);
    }
}

/// Looks at scripts that are not what they were; nothing if planning would take something else from one of them.
///
/// What it takes depends on the rules and the configuration, which must be what they were.
pub(super) fn taken(
    system: &dyn System,
    (root, start): (&Path, &Path),
    ask: &Ask,
    gate: &Gate,
    scripts: &[usize],
) -> Option<BTreeMap<usize, Taken>> {
    if scripts.is_empty() {
        return Some(BTreeMap::new());
    }
    let mut db = Database::new();
    let named = ask.configuration.as_deref().map(|path| named_file(system, root, start, path));
    let workspace =
        workspace::load(system, root, named.as_ref(), Extent::Settings, (&mut db, &mut Inputs::default()));
    db.set_environment(workspace, ask.environment.as_deref());
    let mut found = BTreeMap::new();
    for index in scripts {
        let known = gate.at(*index)?;
        let path = known.path();
        let before = ask_for(system, &path, &known.known())?;
        let contents = workspace::contents(system, &path, ReadAs::Script);
        let Contents::Bytes(bytes) = &contents else { return None };
        let content = Digest::of(bytes);
        let file = SourceFile::new(&db, WsPath::new(root, &WsPath::root(), &path), contents.clone());
        let gist = script_reading(&db, workspace, file).as_ref()?.gist();
        if gist.is_none() || gist != known.gist() || ask_for(system, &path, &known.known())? != before {
            return None;
        }
        found.insert(*index, Taken { stat: before, content });
    }
    Some(found)
}

/// Asks for a file that is of the kind and has the permissions it had.
fn ask_for(system: &dyn System, path: &Path, known: &GatePath) -> Option<Stat> {
    let now = if known.is_followed { system.stat_target(path) } else { system.stat(path) }.ok()?;
    let then = known.stat?;
    (now.kind == then.kind && now.mode == then.mode).then_some(now)
}
