//! A gate that is kept open: which of its paths may not be what it says.
//!
//! Knows rows of a gate and the news of a watcher. Does not know who asks, nor what follows from the answer.
//!
//! Every row was looked at after its path was followed (a pass). From then on it is as it was unless the watcher has told
//! of it, somebody may be writing to it unseen, or it cannot be followed: these rows, and no others, are looked at again.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    cache::{Known, Layout, Matters},
    engine::{
        gate::Opened,
        socket::{Answer, Clean, GateFile},
    },
    sys::{FileKind, System},
    watch::{News, PlaceId, Watcher},
};

/// All rows are looked at again after this time, whatever was told: what the kernel forgets is found then.
pub(super) const SCRUB: Duration = Duration::from_secs(30);
/// A pass that began longer ago is no ground for an answer.
const TRUST: Duration = Duration::from_secs(40);
/// Rows looked at while somebody waits for the answer.
const MOST: usize = 2500;

/// A gate that is kept open.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) path: PathBuf,
    /// Which file was read.
    pub(super) file: GateFile,
    pub(super) opened: Opened,
    /// The rows of each place: a path itself, and what it leads to.
    rows: HashMap<PlaceId, [Option<u32>; 2]>,
    /// Rows that may not be as the gate says.
    changed: BTreeSet<u32>,
    /// Rows that cannot be followed.
    apart: BTreeSet<u32>,
    /// The next row of a pass, and when it began.
    pass: Option<(u32, Duration)>,
    /// When the last pass began that has ended.
    checked: Option<Duration>,
    /// When it was last asked for.
    pub(super) asked: Duration,
}

impl Followed {
    /// Reads a gate, whose rows have to be passed before it can answer; of those that it has in common with what was known
    /// of the gate at this path before, that is known already.
    pub(super) fn read(
        system: &dyn System,
        path: &Path,
        before: Option<Self>,
        now: Duration,
    ) -> Option<Self> {
        // Asked before it is read: if another takes its place meanwhile, this is the one that nobody has.
        let file = GateFile::at(system, path)?;
        let mut read = Self {
            path: path.to_path_buf(),
            file,
            opened: Opened::read(system, path)?,
            rows: HashMap::new(),
            changed: BTreeSet::new(),
            apart: BTreeSet::new(),
            pass: Some((0, now)),
            checked: None,
            asked: now,
        };
        if let Some(before) = before
            && before.file.base == file.base
            && before.path == path
        {
            read.take_over(before);
        }
        Some(read)
    }

    /// Takes over what is known of rows that stand in a file that is the same as before.
    fn take_over(&mut self, before: Self) {
        let (None, Some(checked)) = (before.pass, before.checked) else { return };
        // A row that another one stood for was not followed.
        if !self.opened.gate.has_gone(&before.opened.gate) {
            return;
        }
        let first = u32::try_from(self.opened.gate.first_over()).unwrap_or(u32::MAX);
        self.rows = before.rows;
        for rows in self.rows.values_mut() {
            rows.iter_mut().for_each(|row| *row = row.filter(|row| *row < first));
        }
        self.changed = before.changed.into_iter().filter(|row| *row < first).collect();
        self.apart = before.apart.into_iter().filter(|row| *row < first).collect();
        self.asked = before.asked;
        self.pass = Some((first, checked));
    }

    /// Tells whether the file is still the one that was read.
    pub(super) fn is_current(&self, system: &dyn System) -> bool {
        GateFile::at(system, &self.path) == Some(self.file)
    }

    /// Takes in what happened; tells how many of its rows it concerns.
    pub(super) fn hear(&mut self, news: &News, now: Duration) -> usize {
        if news.is_everything {
            self.checked = None;
            self.pass = Some((0, now));
            return 1;
        }
        let rows = news.changed.iter().filter_map(|place| self.rows.get(place)).flatten().flatten();
        let rows: BTreeSet<u32> = rows.copied().collect();
        let count = rows.len();
        self.changed.extend(rows);
        count
    }

    /// Begins anew with a watcher that follows nothing.
    pub(super) fn begin(&mut self, now: Duration) {
        self.rows.clear();
        self.changed.clear();
        self.apart.clear();
        self.checked = None;
        self.pass = Some((0, now));
    }

    /// Returns how many paths it is about.
    pub(super) fn places(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether a path is one of those it is about.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.opened.gate.find(path, false).is_some() || self.opened.gate.find(path, true).is_some()
    }

    /// Tells whether a step that is open asked for a path which none of the steps leaves.
    pub(super) fn is_open(&self, path: &Path) -> bool {
        let gate = &self.opened.gate;
        let known = [gate.find(path, false), gate.find(path, true)];
        known.iter().flatten().any(|known| {
            let mut askers = known.askers();
            known.askers().all(|(_, writes)| !writes) && askers.any(|(item, _)| gate.is_open(item as usize))
        })
    }

    /// Tells whether steps ask for a path, and none of them leaves anything there.
    pub(super) fn is_only_read(&self, path: &Path) -> bool {
        let gate = &self.opened.gate;
        let known = [gate.find(path, false), gate.find(path, true)];
        known.iter().flatten().count() > 0
            && known.iter().flatten().flat_map(Known::askers).all(|(_, writes)| !writes)
    }

    /// Begins to look at all rows again, unless that goes on already.
    pub(super) fn scrub(&mut self, now: Duration) {
        self.pass.get_or_insert((0, now));
    }

    /// Tells whether all rows were looked at, and nothing is known of that would have to be looked at again.
    pub(super) fn is_passed(&self) -> bool {
        self.pass.is_none() && self.checked.is_some()
    }

    /// Tells whether rows of a pass are left.
    pub(super) fn is_passing(&self) -> bool {
        self.pass.is_some()
    }

    /// Tells when all rows are to be looked at again.
    pub(super) fn scrub_at(&self) -> Duration {
        self.checked.unwrap_or_default() + SCRUB
    }

    /// Looks at the next rows of a pass, and returns those that differ though nothing was told of them.
    pub(super) fn pass(&mut self, watcher: &mut Watcher, system: &dyn System, count: u32) -> Vec<PlaceId> {
        let Some((next, began)) = self.pass else { return Vec::new() };
        let length = u32::try_from(self.opened.gate.places()).unwrap_or(u32::MAX);
        let end = next.saturating_add(count).min(length);
        let mut unexplained = Vec::new();
        for row in next..end {
            let is_known = self.changed.contains(&row) || self.apart.contains(&row) || self.checked.is_none();
            let place = self.look(row, watcher, system);
            // That it was only read is told by nobody, and changes a time.
            let is_changed = || {
                let known = self.opened.gate.at(row as usize);
                known.is_some_and(|known| known.is_unchanged(system).is_none())
            };
            if self.changed.contains(&row) && !is_known && is_changed() {
                unexplained.extend(place.filter(|place| !watcher.is_written(*place)));
            }
        }
        if end == length {
            self.pass = None;
            self.checked = Some(began);
        } else {
            self.pass = Some((end, began));
        }
        unexplained
    }

    /// Looks at a row, which is followed from then on, if it can be.
    fn look(&mut self, row: u32, watcher: &mut Watcher, system: &dyn System) -> Option<PlaceId> {
        let Some(known) = self.opened.gate.at(row as usize) else {
            // Another row stands for it.
            self.changed.remove(&row);
            self.apart.remove(&row);
            return None;
        };
        let path = known.path();
        let is_folder = known.then().is_some_and(|then| then.kind == FileKind::Directory);
        let is_listed = is_folder && known.matters() != Matters::Kind;
        let place = watcher.follow(&path, is_listed);
        // Where a link leads is followed by nobody.
        let is_link = || system.stat(&path).map_or_else(|_| true, |stat| stat.kind == FileKind::Link);
        let place = place.filter(|_| !known.is_followed() || !is_link());
        match place {
            Some(place) => {
                self.rows.entry(place).or_default()[usize::from(known.is_followed())] = Some(row);
                self.apart.remove(&row);
            }
            None => _ = self.apart.insert(row),
        }
        if known.is_as_said(system) {
            self.changed.remove(&row);
        } else {
            self.changed.insert(row);
        }
        place
    }

    /// Looks at all rows that may not be as the gate says, and returns those that are not.
    pub(super) fn differing(&mut self, watcher: &mut Watcher, system: &dyn System) -> Vec<usize> {
        for row in self.doubtful(watcher) {
            self.look(row, watcher, system);
        }
        self.changed.iter().map(|row| *row as usize).collect()
    }

    /// Tells whether the gate is clean at this moment; the news up to now have been heard.
    pub(super) fn answer(
        &mut self,
        watcher: &mut Watcher,
        system: &dyn System,
        layout: &Layout,
        now: Duration,
    ) -> Answer {
        self.asked = now;
        let is_fresh = self.checked.is_some_and(|checked| now.saturating_sub(checked) <= TRUST);
        let can_tell = is_fresh && watcher.is_exact() && watcher.has_root();
        let is_good = can_tell
            && self.opened.gate.open_items() == 0
            && self.is_current(system)
            && self.opened.is_current(system, layout)
            && self.is_as_said(watcher, system);
        if !is_good {
            return Answer::Unknown;
        }
        let counts = self.opened.counts();
        let [total, cached, skipped] = [counts.total, counts.cached, counts.skipped]
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let (is_plain, env) = (self.opened.is_plain(), self.opened.env().clone());
        Answer::Clean(Clean { total, cached, skipped, is_plain, file: self.file, env })
    }

    /// Returns the rows that may not be as the gate says; those of files that somebody may write to unheard among them.
    fn doubtful(&self, watcher: &Watcher) -> BTreeSet<u32> {
        let written = watcher.written().filter_map(|place| self.rows.get(&place));
        self.changed.iter().chain(&self.apart).chain(written.flatten().flatten()).copied().collect()
    }

    fn is_as_said(&mut self, watcher: &mut Watcher, system: &dyn System) -> bool {
        if self.changed.len() + self.apart.len() + watcher.written_count() > MOST {
            return false;
        }
        self.doubtful(watcher).into_iter().all(|row| {
            self.look(row, watcher, system);
            !self.changed.contains(&row)
        })
    }
}
