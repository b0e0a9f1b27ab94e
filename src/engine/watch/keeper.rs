//! The thread of a watch: hears what happens, says when there is something to build, and answers who asks.
//!
//! Knows gates and news. Does not know how anything is built: that is the caller's, on another thread.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{PipeReader, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, Sender},
    },
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    Changed, Rows, Wake,
    followed::{Followed, SCRUB},
    quiet::{Quiet, Unfinished},
};
use crate::{
    cache::Layout,
    engine::{
        gate::gate_folder,
        socket::{Answer, Listener, Question, view},
    },
    sys::{Stat, System},
    watch::{News, Watcher},
};

/// Rows looked at between two looks at what else there is to do.
const SLICE: u32 = 500;
/// Files tried at once whether somebody writes to them.
const TRIED: usize = 256;
/// How long after anything happened that is tried, and how long after that failed.
const SETTLE_AFTER: Duration = Duration::from_millis(50);
const SETTLE_AGAIN: Duration = Duration::from_secs(5);
/// How often all is looked at where too little is told.
const POLL: Duration = Duration::from_secs(2);
/// Paths that may be followed, or known to be written by builds, though nobody asks for them any more.
const MOST_STALE: usize = 20_000;
/// Gates that are kept open beside the watch's own.
const MOST_GATES: usize = 8;
/// How often, and how much later, a gate is looked at again only since the times in it are too young to tell anything.
const SETTLES: u32 = 3;
/// Builds that follow each other only since something that no gate knows happened during the one before.
const MOST_FOLLOW_UPS: u32 = 3;
/// A path that changed in so many builds, and not between them, is changed by what is built.
const OWN: u32 = 2;

/// What the builder says.
pub(super) enum Command {
    /// A build begins.
    Building,
    /// A build has ended.
    Built {
        /// Where its gate is, if it may have one; without one, all of it has to be built again.
        gate: Option<PathBuf>,
        /// What it changed itself.
        changed: Vec<PathBuf>,
    },
    /// The watch ends.
    Stop,
}

/// Where commands come from, and wakes go.
pub(super) struct Lines {
    pub(super) commands: Receiver<Command>,
    /// Readable when there is a command.
    pub(super) waker: PipeReader,
    pub(super) wakes: Sender<Wake>,
}

/// What the thread works with.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Keeper {
    system: Arc<dyn System>,
    layout: Layout,
    root: PathBuf,
    watcher: Watcher,
    lines: Lines,
    /// The gate of what is built, and others that somebody asked for.
    own: Option<Followed>,
    others: Vec<Followed>,
    listener: Option<Listener>,
    view: String,
    quiet: Quiet,
    /// The builder waits for a change.
    is_waiting: bool,
    /// Whatever happens in the tree may matter, since no gate says what does.
    is_tree: bool,
    /// What happened in the tree, beside the paths of gates.
    elsewhere: BTreeSet<PathBuf>,
    /// What has been told, as it was then.
    told: Found,
    /// What happened while a build was at work.
    during: BTreeSet<PathBuf>,
    /// In how many builds on end a path was changed, and never between them.
    own_writes: BTreeMap<PathBuf, u32>,
    /// Something differs of which nothing was told: this file system does not tell everything.
    is_doubted: bool,
    /// It was said that not all can be watched.
    is_short_told: bool,
    /// Builds on end that began only since something happened during the one before.
    follow_ups: u32,
    /// How often times that say nothing may be looked at again.
    settles_left: u32,
    settle_at: Duration,
}

/// Paths that are not what a gate says, with what they are.
type Found = BTreeMap<PathBuf, Option<Stat>>;

impl Keeper {
    pub(super) fn new(
        system: Arc<dyn System>,
        root: &Path,
        layout: Layout,
        watcher: Watcher,
        lines: Lines,
    ) -> Self {
        let mut keeper = Self {
            view: view(&*system),
            system,
            layout,
            root: root.to_path_buf(),
            watcher,
            lines,
            own: None,
            others: Vec::new(),
            listener: None,
            quiet: Quiet::default(),
            is_waiting: false,
            is_tree: false,
            elsewhere: BTreeSet::new(),
            told: Found::new(),
            during: BTreeSet::new(),
            own_writes: BTreeMap::new(),
            is_doubted: false,
            is_short_told: false,
            follow_ups: 0,
            settles_left: SETTLES,
            settle_at: Duration::ZERO,
        };
        // As long as nothing was built, nobody knows what matters.
        keeper.watch_tree(true);
        keeper
    }

    /// Works until it is told to stop, or there is nobody left to tell anything.
    pub(super) fn run(mut self) {
        loop {
            self.wait();
            if !self.obey() {
                break;
            }
            self.listen_to_kernel();
            self.serve();
            self.work();
            if self.is_waiting && !self.tell() {
                break;
            }
        }
        if let Some(listener) = &self.listener {
            listener.close(&*self.system);
        }
    }

    fn now(&self) -> Duration {
        self.system.monotonic()
    }

    /// Waits for something to do.
    fn wait(&mut self) {
        let now = self.now();
        let timeout = self.wakes_at(now).saturating_sub(now);
        let timeout = Timespec::try_from(timeout).ok();
        let watcher = self.watcher.descriptor();
        let mut asked =
            vec![PollFd::new(&watcher, PollFlags::IN), PollFd::new(&self.lines.waker, PollFlags::IN)];
        asked.extend(self.listener.as_ref().map(|listener| PollFd::new(listener, PollFlags::IN)));
        // What is there is asked for in any case.
        _ = poll(&mut asked, timeout.as_ref());
    }

    /// Returns when there is something to do that nobody tells of.
    fn wakes_at(&self, now: Duration) -> Duration {
        if self.gates().any(Followed::is_passing) {
            return now;
        }
        let mut at = now + SCRUB;
        if self.is_waiting {
            // While a build is at work nothing is looked at again.
            at = self.gates().map(Followed::scrub_at).fold(at, Duration::min);
            at = self.quiet.look_at().into_iter().fold(at, Duration::min);
            if self.watcher.written_count() > 0 {
                at = at.min(self.settle_at);
            }
            if self.watcher.shortage().is_some() {
                at = at.min(now + POLL);
            }
        }
        at
    }

    fn gates(&self) -> impl Iterator<Item = &Followed> {
        self.own.iter().chain(&self.others)
    }

    /// Does what the builder says; tells whether to go on.
    fn obey(&mut self) -> bool {
        let mut is_woken = false;
        while let Ok(command) = self.lines.commands.try_recv() {
            is_woken = true;
            match command {
                Command::Building => self.is_waiting = false,
                Command::Built { gate, changed } => self.built(gate.as_deref(), &changed),
                Command::Stop => return false,
            }
        }
        if is_woken {
            // As many bytes as there were commands, or some of them: the rest wakes it once more for nothing.
            _ = self.lines.waker.read(&mut [0; 64]);
        }
        true
    }

    fn built(&mut self, gate: Option<&Path>, changed: &[PathBuf]) {
        self.listen_to_kernel();
        for path in changed {
            self.during.remove(path);
            self.elsewhere.remove(path);
        }
        let now = self.now();
        self.others.retain(|other| gate != Some(&other.path));
        self.follow_own(gate, now);
        self.forget_stale(now);
        if !self.is_tree {
            // The gate says what matters, and all of that is looked at.
            self.elsewhere.clear();
        }
        self.is_waiting = true;
        // What happened meanwhile is looked at soon, and what is unfinished is waited for from now on.
        self.quiet.looked();
        self.quiet.note(now, 1);
        self.settle_at = now + SETTLE_AFTER;
        let is_heard = self.listener.as_ref().is_some_and(|listener| listener.is_there(&*self.system));
        // Where the workspace was nothing must be made anew.
        if !is_heard && self.watcher.has_root() {
            // Another watch may have ended, or somebody has emptied the cache.
            self.listener = None;
            self.listener = Listener::new(&*self.system, &self.layout).ok().flatten();
        }
    }

    /// Keeps what is remembered of paths in proportion to what is watched, however long the watch lasts.
    fn forget_stale(&mut self, now: Duration) {
        let known: usize = self.gates().map(Followed::places).sum();
        if self.watcher.places() > known + MOST_STALE {
            self.watcher.forget();
            self.own.iter_mut().chain(&mut self.others).for_each(|gate| gate.begin(now));
        }
        if self.own_writes.len() > MOST_STALE {
            self.own_writes.clear();
        }
    }

    /// Follows the gate of what is built; where none stands, or it does not say all that matters, the whole tree.
    fn follow_own(&mut self, gate: Option<&Path>, now: Duration) {
        let before = self.own.take();
        self.own = gate.and_then(|gate| Followed::read(&*self.system, gate, before, now));
        let says_all = |own: &Followed| {
            own.opened.gate.open_items() == 0 && own.opened.is_current(&*self.system, &self.layout)
        };
        self.watch_tree(!self.own.as_ref().is_some_and(says_all));
    }

    fn watch_tree(&mut self, is_tree: bool) {
        if is_tree != self.is_tree {
            self.is_tree = is_tree;
            self.watcher.watch_tree(is_tree);
        }
    }

    fn listen_to_kernel(&mut self) {
        let news = self.watcher.drain();
        self.hear(&news);
    }

    fn hear(&mut self, news: &News) {
        if news.is_empty() {
            return;
        }
        let now = self.now();
        self.settle_at = now + SETTLE_AFTER;
        let mut count = self.own.as_mut().map_or(0, |own| own.hear(news, now));
        self.others.iter_mut().for_each(|other| _ = other.hear(news, now));
        if self.is_tree {
            if news.is_everything {
                self.elsewhere.insert(self.root.clone());
            }
            let elsewhere = news.elsewhere.iter().filter(|path| !self.is_git(path));
            let elsewhere: BTreeSet<PathBuf> = elsewhere.cloned().collect();
            count += elsewhere.len() + usize::from(news.is_everything);
            self.elsewhere.extend(elsewhere);
        }
        let paths = news.changed.iter().filter_map(|place| self.watcher.path(*place)).map(Path::to_path_buf);
        let paths: BTreeSet<PathBuf> = paths.chain(news.elsewhere.iter().cloned()).collect();
        for path in paths {
            if self.is_waiting {
                self.own_writes.remove(&path);
                self.during.remove(&path);
            } else {
                self.during.insert(path);
            }
        }
        if count > 0 {
            self.quiet.note(now, count);
        }
    }

    fn is_git(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|below| below.starts_with(".git"))
    }

    /// Answers everybody who asks.
    fn serve(&mut self) {
        let Some(listener) = self.listener.take() else { return };
        let system = Arc::clone(&self.system);
        listener.serve(&*system, |question| self.answer(question));
        self.listener = Some(listener);
    }

    fn answer(&mut self, question: &Question) -> Answer {
        if question.view != self.view || self.is_doubted {
            return Answer::Unknown;
        }
        // All that had happened when this was asked is in the queue.
        self.listen_to_kernel();
        let now = self.now();
        let named = |followed: &&mut Followed| {
            followed.path.file_name().is_some_and(|name| name == question.gate.as_str())
        };
        let known = self.own.iter_mut().chain(&mut self.others).find(named);
        if let Some(known) = known
            && known.is_current(&*self.system)
        {
            return known.answer(&mut self.watcher, &*self.system, &self.layout, now);
        }
        self.open(&question.gate, now);
        Answer::Unknown
    }

    /// Keeps a gate open that somebody has asked for.
    fn open(&mut self, name: &str, now: Duration) {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return;
        }
        let path = gate_folder(&self.layout).join(name);
        if self.own.as_ref().is_some_and(|own| own.path == path) {
            // The builder will say when it has made it anew.
            if self.is_waiting {
                self.follow_own(Some(&path), now);
                self.quiet.note(now, 1);
            }
            return;
        }
        self.others.retain(|other| other.path != path);
        if self.others.len() >= MOST_GATES {
            let oldest = (0..self.others.len()).min_by_key(|index| self.others[*index].asked);
            oldest.into_iter().for_each(|index| _ = self.others.remove(index));
        }
        self.others.extend(Followed::read(&*self.system, &path, None, now));
    }

    /// Does a piece of what takes long.
    fn work(&mut self) {
        let now = self.now();
        let polls = self.watcher.shortage().is_some() || self.is_doubted;
        let own = self.own.iter_mut().map(|own| (own, polls));
        let gates = own.chain(self.others.iter_mut().map(|other| (other, false)));
        for (gate, polls) in gates {
            let is_due = now >= gate.scrub_at() || (polls && now + SCRUB >= gate.scrub_at() + POLL);
            if is_due && self.is_waiting {
                gate.scrub(now);
            }
        }
        let passing = self.own.iter_mut().chain(&mut self.others).find(|gate| gate.is_passing());
        if let Some(gate) = passing {
            let unexplained = gate.pass(&mut self.watcher, &*self.system, SLICE);
            let is_own_end = !gate.is_passing();
            if !unexplained.is_empty() {
                // What happened since the last look at the queue explains itself there.
                let news = self.watcher.drain();
                self.is_doubted |=
                    !news.is_everything && unexplained.iter().any(|place| !news.changed.contains(place));
                self.hear(&news);
            }
            if is_own_end {
                self.quiet.note(now, 1);
            }
        } else if self.is_waiting && self.watcher.written_count() > 0 && now >= self.settle_at {
            let (news, count) = self.watcher.settle(TRIED);
            self.hear(&news);
            self.settle_at = now + if count > 0 { Duration::ZERO } else { SETTLE_AGAIN };
        }
    }

    /// Tells the builder what has changed, if enough has; tells whether to go on.
    fn tell(&mut self) -> bool {
        let now = self.now();
        if let Some(shortage) = self.watcher.shortage().filter(|_| !self.is_short_told) {
            self.is_short_told = true;
            return self.lines.wakes.send(Wake::Short(shortage)).is_ok();
        }
        if self.quiet.look_at().is_none_or(|at| at > now) {
            return true;
        }
        if !self.watcher.has_root() {
            _ = self.lines.wakes.send(Wake::Gone(self.root.clone()));
            return false;
        }
        // What git did before it ended is in the queue then.
        let is_git_at_work = self.system.stat(&self.root.join(".git/index.lock")).is_ok();
        self.listen_to_kernel();
        let rows = self.own.as_mut().map(|own| own.differing(&mut self.watcher, &*self.system));
        let rows = rows.unwrap_or_default();
        let mut found = self.differing(&rows);
        let is_differing = !found.is_empty();
        self.add_elsewhere(&mut found);
        if let Some(unfinished) = self.unfinished(&found, is_git_at_work)
            && self.quiet.waits(now, unfinished)
        {
            return true;
        }
        self.quiet.looked();
        self.elsewhere.clear();
        let news: Vec<PathBuf> = found.keys().filter(|path| self.is_news(path, &found)).cloned().collect();
        let is_follow_up = !is_differing && news.iter().all(|path| self.during.contains(path));
        self.during.clear();
        self.follow_ups = if is_follow_up { self.follow_ups + 1 } else { 0 };
        if news.is_empty() || self.follow_ups > MOST_FOLLOW_UPS {
            return self.rest(&rows, &found);
        }
        let differing = found.keys().cloned().collect();
        self.told = found;
        self.is_waiting = false;
        self.settles_left = SETTLES;
        let is_known = !self.is_tree && !self.is_doubted && self.watcher.is_exact();
        let own = self.own.as_ref().filter(|own| is_known && own.is_passed());
        let rows = own.map(|own| Rows { file: own.file, numbers: rows, paths: differing });
        self.lines.wakes.send(Wake::Changed(Changed { paths: news, rows })).is_ok()
    }

    /// Ends a look that found nothing new; tells whether to go on.
    fn rest(&mut self, rows: &[usize], found: &Found) -> bool {
        if !found.is_empty() {
            // What was told has not made this gate right, so that it does not say what matters.
            self.watch_tree(true);
            return true;
        }
        let is_young = !rows.is_empty() && self.settles_left > 0;
        let is_at_rest = self.own.as_ref().is_some_and(Followed::is_passed) && !self.is_tree;
        if !is_young || !is_at_rest {
            return true;
        }
        self.settles_left -= 1;
        self.is_waiting = false;
        self.lines.wakes.send(Wake::Settle).is_ok()
    }

    /// Returns what is not as the gate says.
    fn differing(&self, rows: &[usize]) -> Found {
        let mut found = Found::new();
        if let Some(own) = &self.own {
            for known in rows.iter().filter_map(|row| own.opened.gate.at(*row)) {
                let path = known.path();
                let ask = if known.is_followed() {
                    self.system.stat_target(&path)
                } else {
                    self.system.stat(&path)
                };
                // Of times that are too young to tell anything nobody has to be told.
                if ask.as_ref().ok() != known.then().as_ref() {
                    found.insert(path, ask.ok());
                }
            }
        }
        found
    }

    /// Adds what happened beside the paths of the gate, and to those of steps that are open while the build was at work.
    fn add_elsewhere(&self, found: &mut Found) {
        let is_beside = |path: &&PathBuf| self.own.as_ref().is_none_or(|own| !own.knows(path));
        let is_open = |path: &&PathBuf| self.own.as_ref().is_none_or(|own| own.is_open(path));
        let paths = self.elsewhere.iter().filter(is_beside).chain(self.during.iter().filter(is_open));
        for path in paths {
            found.entry(path.clone()).or_insert_with(|| self.system.stat(path).ok());
        }
    }

    /// Tells why it is too early to build.
    fn unfinished(&self, found: &Found, is_git_at_work: bool) -> Option<Unfinished> {
        if found.is_empty() {
            return None;
        }
        if is_git_at_work {
            return Some(Unfinished::Git);
        }
        let is_written = |path: &PathBuf| self.system.stat(path).is_ok() && is_written(path).unwrap_or(false);
        // Where many files have changed they are not all of one save.
        if found.len() <= 8 && found.keys().any(is_written) {
            return Some(Unfinished::Written);
        }
        found.values().any(Option::is_none).then_some(Unfinished::Missing)
    }

    /// Tells whether a path that differs is a reason to build: it has not been told as it is, nor is it what builds do.
    fn is_news(&mut self, path: &Path, found: &Found) -> bool {
        if self.told.get(path) == found.get(path) {
            return false;
        }
        // What nobody builds is edited by a person, however often that happens during builds.
        if !self.during.contains(path) || self.own.as_ref().is_some_and(|own| own.is_only_read(path)) {
            return true;
        }
        let count = self.own_writes.entry(path.to_path_buf()).or_default();
        *count += 1;
        *count < OWN
    }
}

#[cfg(target_os = "linux")]
fn is_written(path: &Path) -> std::io::Result<bool> {
    crate::sys::has_writer(path)
}

#[cfg(not(target_os = "linux"))]
fn is_written(_path: &Path) -> std::io::Result<bool> {
    Ok(false)
}
