//! Gates are written and read, changed worlds are noticed, and damage is no gate.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use proptest::prelude::*;

use super::*;
use crate::sys::Memory;

const GATE: &str = "/w/.azcache/gate";

fn assembled(path: &str, sections: &[(&[u8], u64); format::SECTIONS], base: [u8; 32]) -> Vec<u8> {
    let name = format::name_of(Path::new(path));
    format::pieces(&format::Head::of(sections, 0, base, name), sections).concat()
}

fn known(world: &Memory, path: &str, matters: Matters) -> GatePath {
    GatePath {
        path: PathBuf::from(path),
        is_followed: false,
        stat: world.stat(Path::new(path)).ok(),
        matters,
        gist: None,
        is_settled: true,
        is_common: false,
        askers: vec![],
        writers: vec![],
    }
}

fn names(world: &Memory, path: &str) -> Matters {
    Matters::Names(sys::digest_of(&world.list(Path::new(path)).unwrap()))
}

fn write(world: &Memory, paths: &[GatePath], items: &[GateItem]) -> Gate {
    write_gate(world, Path::new(GATE), b"preface", &mut paths.to_vec(), items).unwrap();
    Gate::read(world, Path::new(GATE)).expect("it was just written")
}

fn world() -> Memory {
    let world =
        Memory::new().file("/w/a/one", "1").file("/w/a/two", "2").file("/w/b", "b").dir("/w/.azcache");
    world.symlink(Path::new("a/one"), Path::new("/w/link")).unwrap();
    world
}

fn paths(world: &Memory) -> Vec<GatePath> {
    let content = Matters::Content(Digest::of(b"1"));
    vec![
        GatePath {
            askers: vec![0, 2],
            writers: vec![2],
            gist: Some(Digest::of(b"half of it")),
            ..known(world, "/w/a/one", content)
        },
        GatePath { askers: vec![1], gist: Some(Digest::of(b"g")), ..known(world, "/w/a/two", Matters::All) },
        GatePath { is_common: true, ..known(world, "/w/a", names(world, "/w/a")) },
        known(world, "/w", Matters::Kind),
        known(world, "/", Matters::Kind),
        known(world, "/w/absent", Matters::All),
        known(world, "/w/link", Matters::All),
        GatePath {
            stat: world.stat_target(Path::new("/w/link")).ok(),
            is_followed: true,
            ..known(world, "/w/link", content)
        },
    ]
}

fn told(gate: &Gate, world: &Memory) -> Vec<String> {
    let differing = gate.differing(world);
    let mut told: Vec<String> = differing.iter().map(|known| known.path().display().to_string()).collect();
    told.sort();
    told
}

#[test]
fn what_was_written_is_read() {
    let world = world();
    let items = [
        GateItem { answer: b"yes".into(), plan: b"one".into(), identity: 7, ..GateItem::default() },
        GateItem { plan: b"two".into(), is_open: true, needs: vec![0, 0], ..GateItem::default() },
        GateItem::default(),
    ];
    let mut paths = paths(&world);
    let gate = write(&world, &paths, &items);
    assert!(gate.is_whole());
    assert_eq!(gate.preface(), b"preface");
    let mut read: Vec<GatePath> = gate.paths().map(|known| known.known()).collect();
    let by_path = |known: &GatePath| (known.path.clone(), known.is_followed);
    read.sort_by_key(by_path);
    paths.sort_by_key(by_path);
    assert_eq!(read, paths);
    assert_eq!((gate.answer(0), gate.plan(0), gate.plan(1)), (&b"yes"[..], &b"one"[..], &b"two"[..]));
    assert_eq!((gate.answer(7), gate.item_count(), gate.open_items()), (&b""[..], 3, 1));
    assert_eq!((gate.is_open(0), gate.is_open(1), gate.is_open(7)), (false, true, false));
    assert_eq!(
        (gate.needs(0), gate.needs(1), gate.needs(2), gate.needs(3)),
        (&[][..], &[0, 0][..], &[][..], &[][..])
    );
    assert_eq!(
        (gate.item(0), gate.items_of(&BTreeSet::from([7])).collect::<Vec<_>>()),
        (items[0].clone(), vec![0])
    );
    for known in gate.paths() {
        let of = known.known();
        assert_eq!(gate.find(&of.path, of.is_followed).map(|found| found.index), Some(known.index));
    }
    assert!(gate.find(Path::new("/w/b"), false).is_none() && gate.find(Path::new("/w/a"), true).is_none());
    assert!(!gate.is_clean(&world), "one item is open");
}

#[test]
fn each_change_is_noticed_where_it_matters() {
    type Change = fn(&Memory) -> io::Result<()>;
    let changes: [(Change, &[&str]); 9] = [
        (|_| Ok(()), &[]),
        (|world| world.write(Path::new("/w/a/one"), b"9", 0o644), &["/w/a/one", "/w/link"]),
        (|world| world.set_mode(Path::new("/w/a/two"), 0o755), &["/w/a/two"]),
        (|world| world.write(Path::new("/w/a/three"), b"", 0o644), &["/w/a"]),
        (|world| world.write(Path::new("/w/absent"), b"", 0o644), &["/w/absent"]),
        (|world| world.write(Path::new("/w/other"), b"", 0o644), &[]),
        (|world| world.remove_file(Path::new("/w/link")), &["/w/link", "/w/link"]),
        (
            |world| world.rename(Path::new("/w/a"), Path::new("/w/c")),
            &["/w/a", "/w/a/one", "/w/a/two", "/w/link"],
        ),
        (
            |world| {
                // Another folder, behind a link of the same name.
                world.rename(Path::new("/w/a"), Path::new("/w/c"))?;
                world.symlink(Path::new("c"), Path::new("/w/a"))
            },
            &["/w/a"],
        ),
    ];
    for (index, (change, expected)) in changes.into_iter().enumerate() {
        let world = world();
        let gate = write(&world, &paths(&world), &[]);
        change(&world).unwrap();
        assert_eq!(told(&gate, &world), expected, "change {index}");
    }
}

#[test]
fn what_was_only_touched_is_what_it_was() {
    let world = world();
    let gate = write(&world, &paths(&world), &[]);
    let is_unchanged = |path: &str| -> Vec<bool> {
        let known: Vec<Known<'_>> = gate.differing(&world);
        let known = known.iter().filter(|known| known.path() == Path::new(path));
        known.map(|known| known.is_unchanged(&world).is_some()).collect()
    };
    world.write(Path::new("/w/a/one"), b"1", 0o644).unwrap();
    assert_eq!((is_unchanged("/w/a/one"), is_unchanged("/w/link")), (vec![true], vec![true]));
    world.write(Path::new("/w/a/new"), b"", 0o644).unwrap();
    assert_eq!(is_unchanged("/w/a"), [false]);
    world.remove_file(Path::new("/w/a/new")).unwrap();
    assert_eq!(is_unchanged("/w/a"), [true]);
    world.write(Path::new("/w/a/two"), b"2", 0o644).unwrap();
    assert_eq!(is_unchanged("/w/a/two"), [false], "all of it matters, its times too");
    world.set_mode(Path::new("/w/a/one"), 0o755).unwrap();
    assert_eq!(is_unchanged("/w/a/one"), [false], "permissions are part of a content");
}

#[test]
fn an_unsettled_path_is_looked_at_again_and_again() {
    let world = world();
    let content = known(&world, "/w/a/one", Matters::Content(Digest::of(b"1")));
    let gate = write(&world, &[GatePath { is_settled: false, ..content }], &[]);
    let differing = gate.differing(&world);
    assert!(differing[0].is_unchanged(&world).is_some());
    let all = GatePath { is_settled: false, ..known(&world, "/w/b", Matters::All) };
    let gate = write(&world, &[all], &[]);
    assert!(gate.differing(&world)[0].is_unchanged(&world).is_none());
}

#[test]
fn thousands_of_folders_are_asked_on_all_cores_with_the_same_answer() {
    let mut world = Memory::new().dir("/w/.azcache");
    let paths: Vec<String> = (0..2_000).map(|index| format!("/w/d{}/f{index}", index / 7)).collect();
    for path in &paths {
        world = world.file(path, "x");
    }
    let all: Vec<GatePath> = paths.iter().map(|path| known(&world, path, Matters::All)).collect();
    let gate = write(&world, &all, &[]);
    assert!(gate.is_clean(&world));
    for index in [0, 777, 1_999] {
        world.write(Path::new(&paths[index]), b"y", 0o644).unwrap();
    }
    assert_eq!(told(&gate, &world), ["/w/d0/f0", "/w/d111/f777", "/w/d285/f1999"]);
}

#[test]
fn no_byte_can_be_lost_or_flipped_unnoticed() {
    let world = world();
    let items = [GateItem { answer: b"yes".into(), plan: b"one".into(), ..GateItem::default() }];
    write(&world, &paths(&world), &items);
    let bytes = world.read(Path::new(GATE)).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        world.write(Path::new(GATE), &damaged, 0o644).unwrap();
        assert!(Gate::read(&world, Path::new(GATE)).is_none_or(|gate| !gate.is_whole()), "byte {at}");
        world.write(Path::new(GATE), &bytes[..at], 0o644).unwrap();
        assert!(Gate::read(&world, Path::new(GATE)).is_none(), "{at} bytes");
    }
}

/// Returns all that can be asked of a gate.
type Asked = (Vec<u8>, Vec<GatePath>, Vec<GateItem>, usize);

fn asked(gate: &Gate) -> Asked {
    let mut paths: Vec<GatePath> = gate.paths().map(|known| known.known()).collect();
    paths.sort_by_key(|known| (known.path.clone(), known.is_followed));
    for known in gate.paths() {
        let GatePath { path, is_followed, .. } = known.known();
        assert_eq!(gate.find(&path, is_followed).map(|found| found.index), Some(known.index));
        assert_eq!(gate.at(known.index).map(|found| found.known()), Some(known.known()));
    }
    let items: Vec<GateItem> = (0..gate.item_count()).map(|item| gate.item(item)).collect();
    for (index, item) in items.iter().enumerate() {
        let parts = (gate.is_open(index), gate.is_notable(index), gate.needs(index), gate.answer(index));
        assert_eq!(parts, (item.is_open, item.is_notable, &*item.needs, &*item.answer));
    }
    (gate.preface().to_vec(), paths, items, gate.open_items())
}

#[test]
fn one_that_stands_in_the_place_of_another_is_none() {
    let world = world();
    let items = vec![GateItem { answer: vec![7; 100], ..GateItem::default() }; 50];
    let gate = write(&world, &paths(&world), &items);
    let (path, other) = (Path::new(GATE), Path::new("/w/.azcache/other"));
    write_gate(&world, other, b"preface", &mut paths(&world), &items).unwrap();
    assert!(Gate::read(&world, other).is_some());
    world.exchange(path, other).unwrap();
    assert!(Gate::read(&world, path).is_none() && Gate::read(&world, other).is_none());
    world.exchange(path, other).unwrap();
    // Nor is what amends one, in the place of that.
    gate.amend(&world, path, Amendment { preface: b"newer".into(), ..Amendment::default() }).unwrap();
    world.exchange(path, &write::beside(path)).unwrap();
    assert!(Gate::read(&world, path).is_none());
}

#[test]
fn what_amends_another_gate_or_is_damaged_is_none() {
    let world = world();
    let more = Path::new("/w/.azcache/gate.more");
    let items: Vec<GateItem> =
        (0..50).map(|_| GateItem { answer: vec![7; 100], ..GateItem::default() }).collect();
    let gate = write(&world, &paths(&world), &items);
    let before = asked(&gate);
    let amendment = || Amendment {
        preface: b"newer".into(),
        items: BTreeMap::from([(3, GateItem { answer: b"new".into(), ..GateItem::default() })]),
        ..Amendment::default()
    };
    gate.amend(&world, Path::new(GATE), amendment()).unwrap();
    let read = || Gate::read(&world, Path::new(GATE)).expect("the first file is whole");
    assert_eq!((read().preface(), read().answer(3)), (&b"newer"[..], &b"new"[..]));
    let bytes = world.read(more).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        world.write(more, &damaged, 0o644).unwrap();
        let gate = read();
        assert!(!gate.is_whole() || asked(&gate) == before, "byte {at}");
    }
    world.write(more, &bytes, 0o644).unwrap();
    // One that was written as a whole has nothing to do with what amended the one before.
    write(&world, &paths(&world)[1..], &items);
    world.write(more, &bytes, 0o644).unwrap();
    assert_eq!((read().preface(), read().answer(3)), (&b"preface"[..], &[7; 100][..]));
}

fn random_path() -> impl Strategy<Value = GatePath> {
    let stat =
        |size| Stat { size, ..Memory::new().file("/f", "").stat(Path::new("/f")).expect("it is there") };
    (0..12_u8, any::<bool>(), any::<(bool, bool, u64)>(), proptest::collection::btree_set(0..20_u32, 0..4))
        .prop_map(move |(name, is_followed, (is_common, is_settled, size), askers)| GatePath {
            // Folders whose names begin alike, and one in another.
            path: PathBuf::from(format!("/{}/{name}", ["0", "1", "1/1", "1-1"][usize::from(name % 4)])),
            is_followed,
            stat: (size % 5 > 0).then(|| stat(size)),
            matters: if size % 2 > 0 {
                Matters::Content(Digest::of(&size.to_le_bytes()))
            } else {
                Matters::All
            },
            gist: (size % 3 > 0).then(|| Digest::of(&[3])),
            is_settled,
            is_common,
            writers: askers.iter().copied().filter(|item| item % 2 > 0).collect(),
            askers: askers.into_iter().collect(),
        })
}

fn random_item() -> impl Strategy<Value = GateItem> {
    (any::<(bool, bool, u8)>(), proptest::collection::vec(0..20_u32, 0..3)).prop_map(
        |((is_open, is_notable, length), needs)| GateItem {
            is_open,
            is_notable,
            answer: vec![length; length.into()],
            plan: vec![length; usize::from(length % 7)],
            needs,
            identity: u64::from(length) + 1,
        },
    )
}

proptest! {
    /// Taken apart by its text, a path has the folder and the name that it has as a path.
    #[test]
    fn folder_and_name_are_those_of_the_path(path in "[/.a]{0,7}") {
        let path = Path::new(&path);
        let whole = (path, std::ffi::OsStr::new(""));
        prop_assert_eq!(write::parts(path), path.parent().zip(path.file_name()).unwrap_or(whole));
    }

    /// However often a gate is amended, and whenever its files are put together, it says what one would say that was
    /// written as a whole.
    #[test]
    fn an_amended_gate_says_what_a_new_one_would(
        first in proptest::collection::vec(random_path(), 0..20),
        items in proptest::collection::vec(random_item(), 20),
        rounds in proptest::collection::vec(
            (
                proptest::collection::vec(random_path(), 0..4),
                proptest::collection::vec(any::<prop::sample::Index>(), 0..3),
                proptest::collection::btree_map(0..20_u32, random_item(), 0..3),
            ),
            1..8,
        ),
    ) {
        let key = |known: &GatePath| (known.path.clone(), known.is_followed);
        let world = Memory::new().dir("/w/.azcache");
        let mut paths: BTreeMap<_, GatePath> = first.into_iter().map(|known| (key(&known), known)).collect();
        let mut items = items;
        let mut gate = write(&world, &paths.values().cloned().collect::<Vec<_>>(), &items);
        for (round, (changed, removed, newer)) in rounds.into_iter().enumerate() {
            let changed: BTreeMap<_, GatePath> = changed.into_iter().map(|known| (key(&known), known)).collect();
            let there: Vec<(usize, _)> = gate.paths().map(|known| (known.index, key(&known.known()))).collect();
            let removed = removed.iter().filter(|_| !there.is_empty()).map(|index| index.get(&there));
            let removed: BTreeMap<usize, _> = removed.filter(|(_, key)| !changed.contains_key(key)).cloned().collect();
            removed.values().for_each(|key| _ = paths.remove(key));
            paths.extend(changed.clone());
            newer.iter().for_each(|(index, item)| items[*index as usize] = item.clone());
            let preface = format!("round {round}").into_bytes();
            let amendment = Amendment {
                preface: preface.clone(),
                paths: changed.into_values().collect(),
                removed: removed.into_keys().collect(),
                items: newer,
            };
            gate.amend(&world, Path::new(GATE), amendment).unwrap();
            gate = Gate::read(&world, Path::new(GATE)).expect("it was just written");
            let open = items.iter().filter(|item| item.is_open).count();
            prop_assert!(gate.is_whole());
            prop_assert_eq!(asked(&gate), (preface, paths.values().cloned().collect(), items.clone(), open));
            for item in 0..20_u32 {
                let wanted = paths.values().filter(|known| known.askers.contains(&item));
                let wanted: BTreeMap<_, bool> =
                    wanted.map(|known| (key(known), known.writers.contains(&item))).collect();
                let found = gate.asked_by(item as usize);
                let found: BTreeMap<_, bool> = found.map(|(known, writes)| (key(&known.known()), writes)).collect();
                prop_assert_eq!(found, wanted);
            }
            for (folder, is_deep) in [("/", true), ("/", false), ("/1", true), ("/1", false), ("/1/1", true), ("/3", true)] {
                let folder = Path::new(folder);
                let is_within = |known: &GatePath| if is_deep {
                    known.path.starts_with(folder) && known.path != folder
                } else {
                    known.path.parent() == Some(folder)
                };
                let wanted: BTreeSet<_> = paths.values().filter(|known| is_within(known)).map(key).collect();
                let found: Vec<_> = gate.inside(folder, is_deep).map(|known| key(&known.known())).collect();
                prop_assert_eq!(found.len(), wanted.len());
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
            }
        }
    }

    /// Whatever stands there, nothing is read beyond it, and whoever asks gets an answer.
    #[test]
    fn any_bytes_are_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), is_plausible: bool) {
        if is_plausible && bytes.len() >= 8 {
            bytes[..8].copy_from_slice(&format::MAGIC);
        }
        let world = Memory::new().file(GATE, bytes);
        prop_assert!(Gate::read(&world, Path::new(GATE)).is_none());
    }

    /// Whatever the numbers in it say, a gate with sound checksums is asked without a panic.
    #[test]
    fn any_numbers_are_asked_without_a_panic(
        sections in proptest::array::uniform12(proptest::collection::vec(0_u8..40, 0..300)),
        counts in proptest::array::uniform12(0_u64..6),
        amends: bool,
    ) {
        let sizes = [1, 24, 72, 1, 32, 4, 8, 4, 48, 1, 4, 4];
        let mut parts: Vec<(Vec<u8>, u64)> = Vec::new();
        for ((bytes, count), size) in sections.into_iter().zip(counts).zip(sizes) {
            let mut bytes = bytes;
            let wanted = usize::try_from(count).unwrap() * size;
            bytes.resize(wanted, 1);
            parts.push((bytes, count));
        }
        let sections: [(&[u8], u64); format::SECTIONS] = std::array::from_fn(|index| (parts[index].0.as_slice(), parts[index].1));
        let bytes = assembled(GATE, &sections, [0; 32]);
        let beside = assembled("gate.more", &sections, format::id(&bytes));
        let world = Memory::new().file(GATE, bytes);
        let world = if amends { world.file("/w/.azcache/gate.more", beside) } else { world };
        let gate = Gate::read(&world, Path::new(GATE)).expect("its checksums are right");
        prop_assert_eq!(gate.over.is_some(), amends);
        prop_assert!(gate.is_whole());
        for known in gate.paths().chain(gate.differing(&world)) {
            _ = (known.known(), known.is_unchanged(&world), gate.at(known.index));
        }
        for item in 0..8 {
            _ = (gate.answer(item), gate.plan(item), gate.is_open(item), gate.needs(item));
            gate.asked_by(item).for_each(|(known, _)| _ = known.known());
        }
        gate.inside(Path::new("/a"), true).for_each(|known| _ = known.known());
    }
}
