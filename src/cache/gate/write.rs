//! Writes a gate.

use std::{collections::HashMap, ffi::OsStr, io, os::unix::ffi::OsStrExt, path::Path};

use super::{
    GateItem, GatePath, Matters,
    format::{Flags, Folder, Item, Row, WRITES, assemble},
};
use crate::sys::{self, System};

/// Writes a gate; `paths` in any order, those of one folder are put side by side.
///
/// # Errors
/// The first error of the system, or that a gate so large has no form; an older gate is then still there.
pub fn write_gate(
    system: &dyn System,
    path: &Path,
    preface: &[u8],
    paths: &mut [GatePath],
    items: &[GateItem],
) -> io::Result<()> {
    paths.sort_by(|a, b| place(a).cmp(&place(b)));
    let mut sections = Sections::default();
    for known in &*paths {
        sections.add(known).ok_or_else(too_large)?;
    }
    let (mut table, mut blobs, mut needs) = (Vec::with_capacity(items.len()), Vec::new(), Vec::new());
    for item in items {
        let first_need = u32::try_from(needs.len()).map_err(|_| too_large())?;
        needs.extend_from_slice(&item.needs);
        let mut add = |bytes: &[u8]| {
            let at = blobs.len() as u64;
            blobs.extend_from_slice(bytes);
            (at, bytes.len() as u64)
        };
        let ((answer_at, answer_length), (plan_at, plan_length)) = (add(&item.answer), add(&item.plan));
        table.push(Item {
            answer_at,
            answer_length,
            plan_at,
            plan_length,
            needs: first_need,
            is_open: item.is_open.into(),
            identity: item.identity,
        });
    }
    let Sections { folders, rows, names, digests, askers, .. } = &sections;
    let bytes = assemble(
        [
            (preface, preface.len() as u64),
            (bytemuck::cast_slice(folders), folders.len() as u64),
            (bytemuck::cast_slice(rows), rows.len() as u64),
            (names, names.len() as u64),
            (bytemuck::cast_slice(digests), digests.len() as u64),
            (bytemuck::cast_slice(askers), askers.len() as u64),
            (bytemuck::cast_slice(&needs), needs.len() as u64),
            (bytemuck::cast_slice(&table), table.len() as u64),
            (&blobs, blobs.len() as u64),
        ],
        items.iter().filter(|item| item.is_open).count() as u64,
    );
    sys::replace(system, path, &bytes)
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "a gate has no form for so many paths")
}

/// Returns what paths are sorted by: those of one folder, asked in one way, stand together.
fn place(known: &GatePath) -> (&Path, bool, &OsStr) {
    let (folder, name) = parts(&known.path);
    (folder, known.is_followed, name)
}

/// Returns the folder and the name; the root has none.
pub(super) fn parts(path: &Path) -> (&Path, &OsStr) {
    path.parent().zip(path.file_name()).unwrap_or((path, OsStr::new("")))
}

#[derive(Default)]
struct Sections {
    folders: Vec<Folder>,
    rows: Vec<Row>,
    names: Vec<u8>,
    digests: Vec<[u8; 32]>,
    askers: Vec<u32>,
    /// Names that stand there already: most folders hold the same.
    known_names: HashMap<Vec<u8>, u32>,
    last: Option<(Vec<u8>, bool)>,
}

impl Sections {
    fn add(&mut self, known: &GatePath) -> Option<()> {
        let (folder, name) = parts(&known.path);
        let here = (folder.as_os_str().as_bytes(), known.is_followed);
        if self.last.as_ref().is_none_or(|(last, is_followed)| (last.as_slice(), *is_followed) != here) {
            self.last = Some((here.0.to_vec(), here.1));
            let (path_at, path_length) =
                (u32::try_from(self.names.len()).ok()?, u32::try_from(here.0.len()).ok()?);
            self.names.extend_from_slice(here.0);
            self.folders.push(Folder {
                path_at,
                path_length,
                first: u32::try_from(self.rows.len()).ok()?,
                count: 0,
                is_followed: known.is_followed.into(),
                index: u32::try_from(self.folders.len()).ok()?,
            });
        }
        self.folders.last_mut()?.count += 1;
        let mut flags = 0;
        let digest = match &known.matters {
            Matters::Kind => {
                flags |= Flags::KIND;
                None
            }
            Matters::Names(digest) => {
                flags |= Flags::NAMES;
                Some(digest)
            }
            Matters::Content(digest) => {
                flags |= Flags::CONTENT;
                Some(digest)
            }
            Matters::All => None,
        };
        flags |= if known.is_settled { 0 } else { Flags::UNSETTLED };
        flags |= if known.is_common { Flags::COMMON } else { 0 };
        let mut row = Row::new(known.stat.as_ref(), flags);
        row.name_at = self.name(name)?;
        row.name_length = u16::try_from(name.len()).ok()?;
        row.askers = u32::try_from(self.askers.len()).ok()?;
        row.digest = u32::try_from(self.digests.len()).ok()?;
        if let Some(digest) = digest {
            self.digests.push(digest.0);
        }
        let asker =
            |item: &u32| if known.writers.binary_search(item).is_ok() { *item | WRITES } else { *item };
        self.askers.extend(known.askers.iter().map(asker));
        self.rows.push(row);
        Some(())
    }

    fn name(&mut self, name: &OsStr) -> Option<u32> {
        if let Some(at) = self.known_names.get(name.as_bytes()) {
            return Some(*at);
        }
        let at = u32::try_from(self.names.len()).ok()?;
        self.names.extend_from_slice(name.as_bytes());
        self.known_names.insert(name.as_bytes().to_vec(), at);
        Some(at)
    }
}
