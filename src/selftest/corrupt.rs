//! Damage to what az keeps, each kind at each place: it costs a re-run at worst.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    change::files_below,
    memory::InMemory,
    place::{Built as _, End, How, Place as _},
    tree::tree,
};
use crate::sys::{Memory, OWN_FOLDER, System};

/// Bytes that are lost together on a disk.
const PAGE: usize = 4096;
/// What is built: one step reads what another makes, and one lists.
const SCRIPTS: [(&str, &str); 3] = [
    ("0400_first.sh", "cat a in/a > out0/x\n"),
    ("0410_second.sh", "cat out0/x b > out1/y\necho s1 > out1/z\n"),
    ("0420_third.sh", "ls in > out2/x\ncat out1/y out1/z > out2/y\ncat large > out2/large\n"),
];

/// What happens to a file that az keeps.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Flipped {
        bit: usize,
    },
    Cut {
        to: usize,
    },
    Zeroed {
        page: usize,
    },
    /// What stands at its end stands there twice.
    Doubled,
    Removed,
    /// It changes places with another one.
    Exchanged {
        with: usize,
    },
}

/// What is there of what the steps made.
#[derive(Debug, Clone, Copy)]
enum Results {
    Kept,
    Removed,
    Older,
}

/// How often what came of a damage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Corrupted {
    /// Damages there can be.
    pub cases: u64,
    /// Damages that were done.
    pub tried: u64,
    /// Steps that ran because of one.
    pub ran: u64,
}

/// A workspace that was built, to be damaged in all ways.
pub(super) struct Corrupt {
    saved: Memory,
    root: PathBuf,
    expected: BTreeMap<PathBuf, String>,
    files: Vec<PathBuf>,
    damages: Vec<(usize, Damage)>,
}

impl Corrupt {
    /// Builds it; nothing is left to do then.
    pub(super) fn new() -> Result<Self, String> {
        let mut place = InMemory::new();
        let write = |place: &InMemory, path: &str, text: &str| {
            place.world.file(place.root().join(path), text).mode(place.root().join(path), 0o755);
        };
        for (name, acts) in SCRIPTS {
            write(&place, &format!("scripts/{name}"), &format!("#!/bin/sh\n{acts}exit 0\n"));
        }
        for path in ["b", "in/a", "in/deep/a"] {
            write(&place, path, "text 0\n");
        }
        // One that has a file of its own in the cache.
        place.world.file(place.root().join("large"), "large\n".repeat(1500));
        // An older state is known too.
        for text in ["text 1\n", "text 2\n", "text 2\n"] {
            write(&place, "a", text);
            place.world.advance(std::time::Duration::from_secs(10));
            let outcome = place.build(How::plain(1));
            if outcome.end != End::Code(0) {
                return Err(format!("it ended with {:?}", outcome.end));
            }
        }
        let files = files_below(&place.world, &place.root().join(OWN_FOLDER));
        let size = |path: &PathBuf| place.world.read(path).map_or(0, |bytes| bytes.len());
        let damages = files.iter().enumerate().flat_map(|(file, path)| {
            let size = size(path);
            let others = (0..files.len()).filter(move |with| *with != file);
            let flipped = (0..size * 8).map(|bit| Damage::Flipped { bit });
            let cut = (0..size).map(|to| Damage::Cut { to });
            let zeroed = (0..size.div_ceil(PAGE)).map(|page| Damage::Zeroed { page });
            let exchanged = others.map(|with| Damage::Exchanged { with });
            let rest = [Damage::Doubled, Damage::Removed].into_iter();
            rest.chain(flipped).chain(cut).chain(zeroed).chain(exchanged).map(move |damage| (file, damage))
        });
        let damages = damages.collect();
        let (expected, saved) = (tree(&place.world, place.root()), place.world.fork());
        Ok(Self { expected, saved, root: place.root().to_owned(), files, damages })
    }

    /// Returns how many cases there are: each damage, with what the steps made kept, gone and older.
    pub(super) fn cases(&self) -> u64 {
        self.damages.len() as u64 * 3
    }

    /// Does the damage of a number, and builds; returns how many steps ran.
    ///
    /// # Errors
    /// What is wrong then.
    pub(super) fn try_case(&self, number: u64) -> Result<u64, String> {
        let (file, damage) = self.damages[usize::try_from(number / 3).expect("there are so many")];
        let results = [Results::Kept, Results::Removed, Results::Older][usize::from((number % 3) as u8)];
        let mut place = InMemory::of(self.saved.fork(), &self.root);
        let path = &self.files[file];
        let fault = |what: &str| format!("{} {damage:?}, results {results:?}: {what}", path.display());
        self.apply(&place.world, path, damage).map_err(|error| fault(&error.to_string()))?;
        for (made, text) in [
            ("out0/x", "text 1\ntext 0\n"),
            ("out1/y", "text 1\ntext 0\ntext 0\n"),
            ("out2/large", "older\n"),
        ] {
            let made = place.root().join(made);
            let done = match results {
                Results::Kept => Ok(()),
                Results::Removed => place.world.remove_file(&made),
                Results::Older => place.world.write(&made, text.as_bytes(), 0o644),
            };
            done.map_err(|error| fault(&error.to_string()))?;
        }
        let outcome = place.build(How::plain(1));
        if outcome.end != End::Code(0) {
            return Err(fault(&format!("it ended with {:?}", outcome.end)));
        }
        if tree(&place.world, place.root()) != self.expected {
            return Err(fault("it left something else"));
        }
        let again = place.build(How::plain(1));
        if again.end != End::Code(0) || !again.ran.is_empty() {
            return Err(fault(&format!(
                "the build after it ended with {:?} and ran {:?}",
                again.end, again.ran
            )));
        }
        Ok(outcome.ran.len() as u64)
    }

    fn apply(&self, world: &Memory, path: &Path, damage: Damage) -> std::io::Result<()> {
        let mut bytes = world.read(path)?;
        let mode = world.stat(path)?.mode;
        match damage {
            Damage::Flipped { bit } => bytes[bit / 8] ^= 1 << (bit % 8),
            Damage::Cut { to } => bytes.truncate(to),
            Damage::Zeroed { page } => {
                let end = bytes.len().min((page + 1) * PAGE);
                bytes[page * PAGE..end].fill(0);
            }
            Damage::Doubled => bytes.extend_from_within(bytes.len() / 2..),
            Damage::Removed => return world.remove_file(path),
            Damage::Exchanged { with } => return world.exchange(path, &self.files[with]),
        }
        world.set_mode(path, 0o644)?;
        world.write(path, &bytes, 0o644)?;
        world.set_mode(path, mode)
    }
}
