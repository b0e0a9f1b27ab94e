//! Settled digests come back as they were kept, or are gone.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{wire::paths, *};
use crate::{
    fingerprint::{KnownFile, Settled},
    sys::{Faulty, FileKind, Stat},
};

fn known(number: u64) -> KnownFile {
    let n = i64::try_from(number).unwrap_or(i64::MAX);
    let (inode, device) = (number.wrapping_mul(7), number.rotate_left(9));
    let stat = Stat {
        kind: FileKind::File,
        size: number,
        mtime_ns: n.wrapping_sub(1),
        ctime_ns: !n,
        inode,
        device,
        mode: 0o644,
        links: 1,
    };
    KnownFile { stat, digest: Digest::of(&number.to_le_bytes()) }
}

fn keep(system: &dyn System, changes: &[FileChange], may_merge: bool) -> std::io::Result<()> {
    KnownFiles::open(system, &layout()).keep(system, &layout(), changes, may_merge)
}

/// Claims that what is read is part of what was kept.
fn check_sound(world: &Memory, kept: &BTreeMap<WsPath, Vec<KnownFile>>) {
    let files = KnownFiles::open(world, &layout());
    for (path, known) in files.all() {
        assert!(kept.get(&path).is_some_and(|all| all.contains(&known)), "{path}");
    }
    for (path, all) in kept {
        assert!(files.of(path).is_none_or(|known| all.contains(&known)), "{path}");
    }
}

proptest! {
    #[test]
    fn what_was_kept_last_comes_back(
        runs in prop::collection::vec(
            (prop::collection::vec((paths(), prop::option::of(any::<u64>())), 0..6), any::<bool>()), 0..8),
        damage in any::<prop::sample::Index>(),
    ) {
        let world = world();
        let mut model: BTreeMap<WsPath, KnownFile> = BTreeMap::new();
        let mut ever: BTreeMap<WsPath, Vec<KnownFile>> = BTreeMap::new();
        for (changes, merges) in runs {
            let changes: Vec<FileChange> =
                changes.into_iter().map(|(path, number)| (path, number.map(known))).collect();
            keep(&world, &changes, true).unwrap();
            for (path, known) in changes {
                match known {
                    Some(known) => {
                        model.insert(path.clone(), known);
                        ever.entry(path).or_default().push(known);
                    }
                    None => _ = model.remove(&path),
                }
            }
            if merges {
                write_table(&world, &layout(), &KnownFiles::open(&world, &layout()).all()).unwrap();
            }
            let files = KnownFiles::open(&world, &layout());
            prop_assert_eq!(&files.all(), &model);
            for path in ever.keys() {
                prop_assert_eq!(files.of(path), model.get(path).copied());
            }
        }
        for file in [layout().files(), layout().files().with_extension("new")] {
            let Ok(sound) = world.read(&file) else { continue };
            let at = damage.index(sound.len());
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            world.file(&file, &bytes);
            check_sound(&world, &ever);
            world.file(&file, &bytes[..at]);
            check_sound(&world, &ever);
            let more = (path("more"), Some(known(5)));
            keep(&world, std::slice::from_ref(&more), true).unwrap();
            prop_assert_eq!(KnownFiles::open(&world, &layout()).of(&path("more")), more.1);
            world.file(&file, &sound);
        }
    }
}

fn many(from: u64, until: u64) -> Vec<FileChange> {
    (from..until).map(|number| (path(&format!("src/file{number}")), Some(known(number)))).collect()
}

#[test]
fn a_run_with_one_new_file_writes_no_more_than_that() {
    let world = world();
    keep(&world, &many(0, 5000), true).unwrap();
    let table = world.stat(&layout().files()).unwrap();
    let new = layout().files().with_extension("new");
    assert!(table.size > 500_000 && world.stat(&new).is_err());
    keep(&world, &many(5000, 5001), true).unwrap();
    keep(&world, &[], true).unwrap();
    assert_eq!(world.stat(&layout().files()).unwrap(), table, "the table stays as it is");
    assert!(world.stat(&new).unwrap().size < 200);
    let mut written = 0;
    for number in 5001..8000 {
        keep(&world, &many(number, number + 1), true).unwrap();
        written += usize::from(world.stat(&new).is_err());
    }
    assert!((1..=8).contains(&written), "{written}");
    assert_eq!(KnownFiles::open(&world, &layout()).all().len(), 8000);
}

#[test]
fn an_az_inside_a_step_only_appends() {
    let world = world();
    keep(&world, &many(0, 5000), false).unwrap();
    assert!(world.stat(&layout().files()).is_err());
    assert_eq!(KnownFiles::open(&world, &layout()).all().len(), 5000);
}

#[test]
fn whatever_fails_while_they_are_kept_leaves_what_is_true() {
    for changes in 0..4 {
        let world = world();
        keep(&world, &many(0, 3000), true).unwrap();
        let faulty = Faulty::new(world.clone());
        faulty.fail_after(changes);
        _ = keep(&faulty, &many(1000, 5000), true);
        let kept = many(0, 5000).into_iter().map(|(path, known)| (path, known.into_iter().collect()));
        check_sound(&world, &kept.collect());
        assert!(!world.tree().contains(".tmp"), "no litter");
    }
}
