//! What must hold of what az keeps below its folder: records, contents, what is known of files; and of the index of git.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use az::{
    base::{Digest, WsPath},
    cache::{self, Blobs, KnownFiles, Layout, Record, Store, Target},
    fingerprint::{Disk, Settled, State, View},
    sys::{FileKind, Memory, System},
};

use super::seal;

const ROOT: &str = "/w";

/// The journal of the cache: records come back as they were, whatever was written anew; a broken entry ends it.
pub(super) fn record(data: &[u8]) -> bool {
    let journal = seal::frames(data, |_| {});
    let (system, store) = store_of(&journal, None);
    let records = store.records();
    ask_all(&store, &records);
    checked(&system);
    only_a_beginning_is_left(&journal, &records);
    kept_elsewhere(&records);
    written_anew(&system, &records);
    !records.is_empty()
}

/// The index of the journal: whatever it says, the store answers and can be written.
pub(super) fn index(data: &[u8]) -> bool {
    let (index, journal) = seal::parted(data);
    let journal = seal::frames(journal, |_| {});
    let most = journal.len().min(4096);
    let length = (journal.len() as u64).to_le_bytes();
    let origin = Digest::of_parts([&length, &journal[..most], &journal[journal.len() - most..]]);
    let index = seal::flat(index, &[&length[..], &origin.0].concat());
    let (system, store) = store_of(&journal, Some(&index));
    let records = store.records();
    ask_all(&store, &records);
    checked(&system);
    let holdings: BTreeSet<u32> = store.holdings().iter().map(|holding| holding.number).collect();
    store.prepare_to_write().expect("the store can be written");
    store.keep_only(&holdings).expect("the store can be written anew");
    ask_all(&store, &records);
    !store.is_damaged() && !records.is_empty()
}

/// Small contents and their index: what is found has the digest it was asked for by, what is added is found, and what
/// the contents alone say is not lost.
pub(super) fn contents(data: &[u8]) -> bool {
    let (index, frames) = seal::parted(data);
    let frames = seal::frames(frames, |_| {});
    let index = seal::flat(index, &(frames.len() as u64).to_le_bytes());
    let (system, layout) = world();
    system.file(layout.blobs().join("small"), &frames);
    let indexed = system.fork();
    indexed.file(layout.blobs().join("small.index"), &index);
    let (found, of_index) = (mended(&system), mended(&indexed));
    assert!(found.iter().all(|digest| open_blobs(&system).verify(digest)), "a content is lost");
    !found.is_empty() && !of_index.is_empty()
}

/// Adds a content and writes all of them again; returns those that could be read before.
fn mended(system: &Memory) -> Vec<Digest> {
    checked(system);
    let found = whole(&open_blobs(system));
    let (blobs, added) = (open_blobs(system), Digest::of(b"added"));
    // An index may tell of what is not there, until that is asked for.
    _ = blobs.read(&added);
    blobs.put_small(b"added", &added).expect("a content can be added");
    blobs.mend_small().expect("the contents can be written again");
    for blobs in [blobs, open_blobs(system)] {
        assert_eq!(blobs.read(&added).ok().as_deref(), Some(&b"added"[..]), "what was added is lost");
    }
    found
}

fn open_blobs(system: &Memory) -> Blobs {
    Blobs::new(Arc::new(system.clone()), Layout::new(Path::new(ROOT)).blobs())
}

/// Digests of files: what is known stays what it is when the table is written again.
pub(super) fn files(data: &[u8]) -> bool {
    let (system, layout) = world();
    let (table, changes) = seal::parted(data);
    let boot = system.boot();
    let of_this_boot = |payload: &mut [u8]| {
        if let Some(of) = payload.first_chunk_mut() {
            *of = boot;
        }
    };
    system.file(layout.files(), seal::flat(table, &boot));
    system.file(layout.files().with_extension("new"), seal::frames(changes, of_this_boot));
    checked(&system);
    let known = KnownFiles::open(&system, &layout);
    let all = known.all();
    all.keys().for_each(|path| _ = known.of(path));
    cache::write_table(&system, &layout, &all).expect("the table can be written");
    let again = KnownFiles::open(&system, &layout);
    assert!(again.all() == all, "what is known of files changes on its way");
    assert!(all.iter().all(|(path, file)| again.of(path) == Some(*file)), "a file is not found");
    !all.is_empty()
}

/// What shall be on disk, in a workspace of any shape: nothing outside it or in git's folder changes, and nothing of a
/// person is lost. Lines of a letter (`f`ile, `l`ink, folder, `a`bsent), a word and a path; what is there, an empty line,
/// what shall be there.
pub(super) fn restore(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let (there, wanted) = text.split_once("\n\n").unwrap_or((text, ""));
    let (system, layout) = world();
    system.file("/outside/kept", "outside").file("/w/.git/config", "git");
    for (number, line) in there.lines().enumerate() {
        put(&system, number, line);
    }
    system.dir(layout.version());
    let blobs = Blobs::new(Arc::new(system.clone()), layout.blobs());
    let new = blobs.put_bytes(b"new").expect("a content can be stored");
    let outside = |all: Vec<(PathBuf, Vec<u8>)>| {
        let is_inside = |path: &Path| path.starts_with("/w") && !path.starts_with("/w/.git");
        all.into_iter().filter(|(path, _)| !is_inside(path)).collect::<Vec<_>>()
    };
    let before = contents_of(&system);
    let targets: Vec<Target> = wanted.lines().filter_map(|line| target(line, new)).collect();
    let disk = Disk::new(Arc::new(system.clone()), Path::new(ROOT), &layout.clock(), []);
    let restored = cache::restore(&disk, &blobs, &targets, &layout.kept("run"), |_, _| false);
    let after = contents_of(&system);
    assert_eq!(outside(before.clone()), outside(after.clone()), "something else was changed: {restored:?}");
    for (path, content) in before {
        assert!(after.iter().any(|(_, other)| *other == content), "{} is lost: {restored:?}", path.display());
    }
    restored.is_ok_and(|restored| !restored.written.is_empty())
}

/// The index of a git repository.
pub(super) fn git_index(data: &[u8]) -> bool {
    let system = Memory::new().file("/w/.git/index", data);
    let path = WsPath::root().join(".git/index");
    let disk = Disk::new(Arc::new(system), Path::new(ROOT), Path::new("/clock"), []);
    let State::File { digest, .. } = disk.state(&path) else { panic!("the file is there") };
    digest != Digest::of(data)
}

fn world() -> (Memory, Layout) {
    (Memory::new().dir(ROOT), Layout::new(Path::new(ROOT)))
}

fn store_of(journal: &[u8], index: Option<&[u8]>) -> (Memory, Store) {
    let (system, layout) = world();
    system.file(layout.entries(), journal);
    index.map(|index| system.file(layout.index(), index));
    let store = Store::open(Arc::new(system.clone()), layout);
    (system, store)
}

/// Asks what a build asks.
fn ask_all(store: &Store, records: &[Arc<Record>]) {
    for record in records {
        _ = (store.by_key(&record.key), store.of(&record.identity).count());
        _ = (store.under(&record.weak).count(), store.path_sets(&record.weak));
        _ = (store.own(&record.identity), store.learned(&record.identity), store.is_usable(record));
        _ = (store.last_with_private(&record.identity), store.paths_of(&record.identity));
        _ = store.shared_below(&record.private);
        for effect in &record.effects {
            _ = (store.is_ours(&effect.path, &effect.after), store.is_shared(&effect.path));
        }
    }
}

/// Reads all there is, as `az fsck` does.
fn checked(system: &Memory) {
    let layout = Layout::new(Path::new(ROOT));
    cache::check(system, &layout, &layout.version().join("gate")).expect("everything can be read");
}

/// One wrong bit anywhere leaves the records in front of it, and no others.
fn only_a_beginning_is_left(journal: &[u8], records: &[Arc<Record>]) {
    let Some(last) = journal.len().checked_sub(1) else { return };
    let at = journal.iter().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let mut broken = journal.to_vec();
    broken[at % (last + 1)] ^= 1 << (at % 8);
    let left = store_of(&broken, None).1.records();
    assert!(left.len() <= records.len() && left == records[..left.len()], "a broken entry was read");
}

/// Records that are written to another store are the same there.
fn kept_elsewhere(records: &[Arc<Record>]) {
    let (system, store) = store_of(b"", None);
    store.prepare_to_write().expect("the store can be written");
    for record in records {
        let begun = store.begin(&record.identity, &[record.key]).expect("an entry can be written");
        store.commit(begun, record).expect("an entry can be written");
    }
    assert!(store.records() == records, "records change while they are held");
    let again = Store::open(Arc::new(system), Layout::new(Path::new(ROOT)));
    assert!(again.records() == records, "records change on their way");
    ask_all(&again, records);
}

/// The journal written anew says the same of every key, with an index and without.
fn written_anew(system: &Memory, records: &[Arc<Record>]) {
    let layout = Layout::new(Path::new(ROOT));
    let open = |system: &Memory| Store::open(Arc::new(system.clone()), layout.clone());
    let store = open(system);
    let answers = |store: &Store| -> Vec<Option<Arc<Record>>> {
        records.iter().map(|record| store.by_key(&record.key).ok().flatten()).collect()
    };
    let before = answers(&store);
    store.prepare_to_write().expect("the store can be written");
    let live: BTreeSet<u32> = store.holdings().iter().map(|holding| holding.number).collect();
    store.keep_only(&live).expect("the store can be written anew");
    let without_index = system.fork();
    without_index.remove_file(&layout.index()).expect("there is an index");
    let (indexed, plain) = (open(system), open(&without_index));
    for store in [&store, &indexed, &plain] {
        assert!(answers(store) == before, "other records are found in a journal that was written anew");
    }
    assert!(indexed.records() == plain.records(), "an index tells of other records than the journal");
    for record in records {
        let of = |store: &Store| -> Vec<_> { store.of(&record.identity).collect() };
        let under = |store: &Store| -> Vec<_> { store.under(&record.weak).collect() };
        assert!(of(&indexed) == of(&plain) && under(&indexed) == under(&plain), "an index hides records");
        let learned = [&indexed, &plain].map(|store| store.learned(&record.identity));
        assert_eq!(learned[0], learned[1], "an index tells of other names");
    }
}

/// Returns the contents that can be read.
fn whole(blobs: &Blobs) -> Vec<Digest> {
    let (all, _) = blobs.all().expect("the contents can be listed");
    let is_whole = |digest: &Digest| {
        let content = blobs.read(digest);
        assert!(content.as_ref().map_or(true, |content| Digest::of(content) == *digest), "another content");
        content.is_ok()
    };
    all.into_keys().filter(is_whole).collect()
}

/// Makes what a line says, where that can be.
fn put(system: &Memory, number: usize, line: &str) {
    let Some((what, path)) = line.split_once(' ') else { return };
    // What lies in az's own folder is not a person's.
    let is_theirs = |path: &WsPath| path.is_inside() && !path.as_str().starts_with(Layout::FOLDER);
    let Some(path) = WsPath::from_normal(path).filter(is_theirs) else { return };
    let path = path.to_absolute(Path::new(ROOT));
    let folder = path.parent().unwrap_or(Path::new(ROOT));
    if system.create_dir_all(folder).is_err() {
        return;
    }
    _ = match what.split_at_checked(1) {
        Some(("f", _)) => system.write(&path, format!("of a person, {number}").as_bytes(), 0o644),
        Some(("l", target)) => system.symlink(Path::new(target), &path),
        _ => system.create_dir(&path),
    };
}

fn target(line: &str, new: Digest) -> Option<Target> {
    let (what, path) = line.split_once(' ')?;
    let path = WsPath::from_normal(path)?;
    let state = match what.split_at_checked(1)? {
        ("f", mode) => {
            State::File { digest: new, size: 3, mode: u32::from_str_radix(mode, 8).unwrap_or(0o644) }
        }
        ("l", target) => State::Link { target: target.into() },
        ("a", _) => State::Absent,
        _ => State::Directory,
    };
    Some(Target { path, state })
}

/// Returns every file and link of the world with what is in it, but for az's own folder unless it is what was set aside.
fn contents_of(system: &Memory) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut pending) = (Vec::new(), vec![PathBuf::from("/")]);
    while let Some(folder) = pending.pop() {
        for entry in system.list(&folder).expect("a folder can be listed") {
            let path = folder.join(&entry.name);
            match entry.kind {
                FileKind::Directory => pending.push(path),
                FileKind::Link => {
                    let target = system.read_link(&path).expect("a link can be read");
                    found.push((path, target.into_os_string().into_encoded_bytes()));
                }
                _ => {
                    let content = system.read(&path).expect("a file can be read");
                    found.push((path, content));
                }
            }
        }
    }
    found.sort();
    found
}
