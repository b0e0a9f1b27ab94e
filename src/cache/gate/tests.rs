//! Gates are written and read, changed worlds are noticed, and damage is no gate.

use proptest::prelude::*;

use super::*;
use crate::sys::Memory;

const GATE: &str = "/w/.azcache/gate";

fn known(world: &Memory, path: &str, matters: Matters) -> GatePath {
    GatePath {
        path: PathBuf::from(path),
        is_followed: false,
        stat: world.stat(Path::new(path)).ok(),
        matters,
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
        GatePath { askers: vec![0, 2], writers: vec![2], ..known(world, "/w/a/one", content) },
        GatePath { askers: vec![1], ..known(world, "/w/a/two", Matters::All) },
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
    assert_eq!((gate.identity(0), gate.items_of(7).collect::<Vec<_>>()), (Some(7), vec![0]));
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

proptest! {
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
        sections in proptest::array::uniform9(proptest::collection::vec(0_u8..40, 0..300)),
        counts in proptest::array::uniform9(0_u64..6),
    ) {
        let sizes = [1, 24, 72, 1, 32, 4, 4, 48, 1];
        let mut parts: Vec<(Vec<u8>, u64)> = Vec::new();
        for ((bytes, count), size) in sections.into_iter().zip(counts).zip(sizes) {
            let mut bytes = bytes;
            let wanted = usize::try_from(count).unwrap() * size;
            bytes.resize(wanted, 1);
            parts.push((bytes, count));
        }
        let sections: [(&[u8], u64); 9] = std::array::from_fn(|index| (parts[index].0.as_slice(), parts[index].1));
        let world = Memory::new().file(GATE, format::assemble(sections, 0));
        let gate = Gate::read(&world, Path::new(GATE)).expect("its checksums are right");
        prop_assert!(gate.is_whole());
        for known in gate.paths().chain(gate.differing(&world)) {
            _ = (known.known(), known.is_unchanged(&world));
        }
        for item in 0..8 {
            _ = (gate.answer(item), gate.plan(item), gate.is_open(item), gate.needs(item));
        }
    }
}
