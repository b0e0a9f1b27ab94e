//! What must hold of what a build leaves for the next one: the gate, and the steps that are kept in it.

use std::path::{Component, Path, PathBuf};

use az::{
    cache::{Gate, GateItem, GatePath, in_order, write_gate},
    plan::Node,
    sys::Memory,
};

use super::seal;

const GATE: &str = "/w/.azcache/v1/gate/a";

/// A gate and what amends it: whatever they say can be asked for, and what is written is what is read.
pub(super) fn gate(data: &[u8]) -> bool {
    let (base, over) = seal::parted(data);
    let base = seal::gate(base, "a", [0; 32]);
    let over = seal::gate(over, "a.more", seal::id(&base));
    let (path, system) = (Path::new(GATE), Memory::new());
    let [at, beside] = Gate::files(path);
    system.file(at, &base).file(beside, &over);
    assert_eq!(Gate::is_sound(&system, path), Gate::read(&system, path).is_some_and(|gate| gate.is_whole()));
    let Some(gate) = Gate::read(&system, path) else { return false };
    asked(&gate, &system);
    let (preface, mut paths, items) = values(&gate);
    paths.retain(|known| is_plain(&known.path));
    paths.sort_by(|one, other| in_order(place(one), place(other)));
    paths.dedup_by(|one, other| place(one) == place(other));
    let again = written(&system, &preface, &mut paths.clone(), &items);
    let (read_preface, read_paths, read_items) = values(&again);
    assert!(read_preface == preface && read_items == items, "what is in a gate changes on its way");
    assert_eq!(read_paths, paths, "what is known of paths changes on its way");
    for (index, known) in paths.iter().enumerate() {
        let found = again.find(&known.path, known.is_followed).expect("a path is found");
        assert_eq!(found.index, index, "{} is found elsewhere", known.path.display());
    }
    !paths.is_empty() && !items.is_empty()
}

/// A step as it is kept: what can be read can be kept, and is the same.
pub(super) fn node(data: &[u8]) -> bool {
    let Some(node) = Node::from_bytes(data) else { return false };
    let Some(kept) = node.to_bytes() else { return false };
    assert!(Node::from_bytes(&kept).as_ref() == Some(&node), "a step changes on its way");
    true
}

/// Asks for everything that a gate can be asked for.
fn asked(gate: &Gate, system: &Memory) {
    // More than this is said by gates that say one row many times.
    for known in gate.paths().take(1000) {
        let path = known.path();
        _ = (known.known(), known.is_as_said(system), known.is_unchanged(system));
        _ = (gate.find(&path, known.is_followed()), gate.at(known.index));
        _ = (gate.inside(&path, true).take(10).count(), gate.inside(&path, false).take(10).count());
    }
    for item in (0..gate.item_count()).chain([usize::MAX]) {
        _ = (gate.item(item), gate.asked_by(item).count(), gate.is_open(item), gate.is_notable(item));
    }
    _ = (gate.differing(system).len(), gate.is_clean(system), gate.has_gone(gate));
}

fn values(gate: &Gate) -> (Vec<u8>, Vec<GatePath>, Vec<GateItem>) {
    let mut paths: Vec<GatePath> = gate.paths().take(1000).map(|known| known.known()).collect();
    for known in &mut paths {
        // That they are sorted and unique is the word of who writes them.
        for items in [&mut known.askers, &mut known.writers] {
            items.sort_unstable();
            items.dedup();
        }
    }
    (gate.preface().to_vec(), paths, (0..gate.item_count()).map(|item| gate.item(item)).collect())
}

fn written(system: &Memory, preface: &[u8], paths: &mut [GatePath], items: &[GateItem]) -> Gate {
    write_gate(system, Path::new(GATE), preface, paths, items).expect("a gate can be written");
    Gate::read(system, Path::new(GATE)).expect("it was just written")
}

fn place(known: &GatePath) -> (&Path, bool) {
    (&known.path, known.is_followed)
}

/// Tells whether a path is one that az has in a gate: absolute, and with no detour.
fn is_plain(path: &Path) -> bool {
    let is_name = |part: &Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    path.has_root() && path.components().all(|part| is_name(&part)) && {
        let plain: PathBuf = path.components().collect();
        plain.as_os_str() == path.as_os_str()
    }
}
