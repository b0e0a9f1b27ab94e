//! Turns the calls of a tree into facts.
//!
//! Knows which call means what. Does not know how a call is stopped, nor how it goes on or is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    rc::Rc,
};

use rustc_hash::FxHashMap;

use super::{
    calls::{Call, Convention, Deed, Follow, Numbers, Place},
    ledger::{Ledger, Of},
    memory::{Memory, Unread},
    paths::PathId,
    processes::Processes,
    sockets::Sockets,
    sys::Stopped,
    walk::{Walker, Way, Who, physical},
    working::{Folder, Working},
};
use crate::trace::{Asked, Changed, Gap, Rung, Trace, Witness};

/// A call, with who makes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) who: Who,
    /// The process, in the trace.
    pub(super) by: u32,
    pub(super) memory: Memory,
    pub(super) arguments: [u64; 6],
}

impl Event {
    /// An argument that is a descriptor or another small number.
    pub(super) fn number(&self, argument: usize) -> i32 {
        self.bits(argument).cast_signed()
    }

    /// An argument that is a set of flags.
    pub(super) fn bits(&self, argument: usize) -> u32 {
        u32::try_from(self.arguments[argument] & u64::from(u32::MAX)).expect("cut to half")
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Answer {
    GoOn,
    /// It fails with `EACCES`.
    Refuse,
    /// It stands still until the tree is ended.
    Hold,
}

/// A path that a call names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) id: PathId,
    /// It was named by a descriptor alone.
    pub(super) is_open: bool,
}

/// How a call names what it is about.
#[derive(Debug, Clone, Copy)]
enum Written {
    Path(PathId),
    /// By a descriptor alone.
    Descriptor(i32),
    Nothing,
}

/// All that is known of one tree so far.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Observer<'w> {
    pub(super) witness: &'w mut dyn Witness,
    pub(super) walker: Walker,
    pub(super) ledger: Ledger,
    pub(super) processes: Processes,
    pub(super) sockets: Sockets,
    working: Working,
    pub(super) gaps: BTreeSet<Gap>,
    /// What the kernel opens to run a program.
    pub(super) interpreters: FxHashMap<PathId, Vec<PathId>>,
    /// Extended attributes that were to be set.
    pub(super) attributes: BTreeSet<(PathId, Vec<u8>)>,
    /// Programs cannot get other rights because they are traced.
    pub(super) has_lost_rights: bool,
    /// What was not let be changed, and who tried first.
    refused: BTreeMap<PathBuf, u32>,
    /// The call that is looked at makes a folder.
    makes_folder: bool,
    /// It must not take place.
    is_refused: bool,
    numbers: Numbers,
    events: u64,
    has_run: bool,
    /// The call that is looked at starts a program.
    starts: bool,
    text: Vec<u8>,
}

impl<'w> Observer<'w> {
    pub(super) fn new(witness: &'w mut dyn Witness, has_lost_rights: bool) -> Self {
        Self {
            witness,
            walker: Walker::default(),
            ledger: Ledger::default(),
            processes: Processes::default(),
            sockets: Sockets::default(),
            working: Working::default(),
            gaps: BTreeSet::new(),
            interpreters: FxHashMap::default(),
            attributes: BTreeSet::new(),
            has_lost_rights,
            refused: BTreeMap::new(),
            makes_folder: false,
            is_refused: false,
            numbers: Numbers::new(),
            events: 0,
            has_run: false,
            starts: false,
            text: Vec::new(),
        }
    }

    /// Tells whether a program was seen to be started.
    pub(super) fn has_run(&self) -> bool {
        self.has_run
    }

    /// Looks at a call that is about to happen, and tells what becomes of it.
    pub(super) fn see(&mut self, stopped: &Stopped) -> Answer {
        let had_run = self.has_run;
        let answer = self.look(stopped);
        // Who starts a program waits until it has started, and could not end what is held before.
        if let Some(gap) = self.gaps.first().filter(|_| had_run && !self.starts) {
            self.witness.before_gap(gap);
        }
        if self.witness.is_held() { Answer::Hold } else { answer }
    }

    fn look(&mut self, stopped: &Stopped) -> Answer {
        self.events += 1;
        self.is_refused = false;
        let Some(convention) = Convention::of_audit(stopped.audit) else {
            self.gaps.insert(Gap::Architecture);
            return Answer::GoOn;
        };
        let Some(call) = self.numbers.find(convention, stopped.number) else { return Answer::GoOn };
        let (who, by) = self.processes.find(stopped.tid);
        let memory = Memory { tid: stopped.tid, convention };
        let event = Event { who, by, memory, arguments: stopped.arguments };
        self.makes_folder = call.deed == Deed::MakeFolder;
        self.starts = matches!(call.deed, Deed::Execute(_));
        self.has_run |= self.starts;
        self.working.before_call(stopped.tid, call.deed.may_move());
        if self.record(call, &event) == Err(Unread::Hidden) {
            self.gaps.insert(Gap::Memory);
        }
        if self.is_refused { Answer::Refuse } else { Answer::GoOn }
    }

    fn record(&mut self, call: &Call, event: &Event) -> Result<(), Unread> {
        match call.deed {
            Deed::Open(flags) => {
                let flags = event.number(flags);
                self.open(event, call.place, flags)
            }
            Deed::OpenHow(how) => self.open_how(event, call.place, how),
            Deed::Create => self.open(event, call.place, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC),
            Deed::Execute(arguments) => self.execute(event, call, arguments),
            Deed::Mount => self.leave_gap(Gap::Mount),
            Deed::EnterNamespace => self.leave_gap(Gap::Namespace),
            Deed::Bind => self.bind(event),
            Deed::Connect => self.connect(event),
            Deed::SendTo => self.send_to(event),
            Deed::SendMessage => self.send_message(event),
            Deed::SendMessages => self.send_messages(event),
            Deed::SocketCall => self.socket_call(event),
            Deed::Refused(_) => Ok(()),
            Deed::Probe | Deed::Look | Deed::Enter => {
                let is_look = matches!(call.deed, Deed::Look);
                let id = match self.written(event, call.place, call.follow, is_look)? {
                    Written::Path(id) => Some(id),
                    Written::Descriptor(libc::AT_FDCWD) => {
                        self.named(event, call.place, call.follow)?.map(|it| it.id)
                    }
                    // What is behind a descriptor was asked when it was opened. This is the most frequent call of all.
                    Written::Descriptor(_) | Written::Nothing => None,
                };
                id.into_iter().for_each(|id| self.ask(event, id, Asked::PROBED));
                Ok(())
            }
            _ => match self.named(event, call.place, call.follow)? {
                Some(named) => self.record_path(call.deed, event, named),
                None => Ok(()),
            },
        }
    }

    /// Records what a call does to the path it names.
    fn record_path(&mut self, deed: Deed, event: &Event, named: Named) -> Result<(), Unread> {
        let id = named.id;
        match deed {
            Deed::List => self.ask(event, id, Asked::LISTED),
            Deed::ReadLink => self.read_link(event, id),
            Deed::Truncate => self.truncate(event, id),
            Deed::SetMode => self.set(event, named, Changed::MODE),
            Deed::SetTimes => self.set(event, named, Changed::TIMES),
            Deed::SetXattr(name) => self.set_xattr(event, named, name)?,
            Deed::Make => self.make(event, id),
            Deed::MakeFolder => self.make_folder(event, id),
            Deed::MakeLink => {
                self.walker.unsettle(id);
                self.make(event, id);
            }
            Deed::Remove => self.remove(event, id),
            Deed::Rename(to, flags) => self.rename(event, id, to, flags)?,
            Deed::Link(to) => self.link(event, id, to)?,
            Deed::Chroot => {
                self.ask(event, id, Asked::PROBED);
                self.gaps.insert(Gap::Chroot);
            }
            _ => unreachable!("handled where it names no path"),
        }
        Ok(())
    }

    fn leave_gap(&mut self, gap: Gap) -> Result<(), Unread> {
        self.gaps.insert(gap);
        Ok(())
    }

    /// Records a question.
    pub(super) fn ask(&mut self, event: &Event, id: PathId, asked: Asked) {
        self.ledger.ask(&self.walker.paths, id, asked, event.by);
    }

    /// Records a change, unless it must not take place.
    pub(super) fn change(&mut self, event: &Event, id: PathId, changed: Changed, of: Of) {
        // What is a folder already stays one, whoever makes sure of it.
        if changed != Changed::FOLDER && self.forbids(event, id) {
            return;
        }
        let paths = &self.walker.paths;
        if self.ledger.change(paths, id, (changed, of), event.by, self.witness) {
            self.gaps.insert(Gap::HardLink(paths.path(id).to_owned()));
        }
    }

    /// Refuses the call if it must not change a path; tells whether it must not.
    pub(super) fn forbids(&mut self, event: &Event, id: PathId) -> bool {
        let path = self.walker.paths.path(id);
        let is_forbidden = !self.witness.may_change(path, self.makes_folder);
        if is_forbidden {
            self.refused.entry(path.to_owned()).or_insert(event.by);
            self.is_refused = true;
        }
        is_forbidden
    }

    /// Resolves the path that a call names; none if it names nothing that is in the file system.
    pub(super) fn named(
        &mut self,
        event: &Event,
        place: Place,
        follow: Follow,
    ) -> Result<Option<Named>, Unread> {
        self.named_by(event, place, follow, false)
    }

    /// Resolves the path that a call names; `is_look` says that what a link at its end leads to is not used further.
    pub(super) fn named_by(
        &mut self,
        event: &Event,
        place: Place,
        follow: Follow,
        is_look: bool,
    ) -> Result<Option<Named>, Unread> {
        match self.written(event, place, follow, is_look)? {
            Written::Path(id) => Ok(Some(Named { id, is_open: false })),
            Written::Descriptor(descriptor) => {
                let path = self.base_of(event, descriptor)?;
                Ok(path.map(|path| Named { id: self.walker.paths.intern(&path), is_open: true }))
            }
            Written::Nothing => Ok(None),
        }
    }

    /// Finds out how a call names what it is about.
    fn written(
        &mut self,
        event: &Event,
        place: Place,
        follow: Follow,
        is_look: bool,
    ) -> Result<Written, Unread> {
        let does_follow = match follow {
            Follow::Always => true,
            Follow::Never => false,
            Follow::UnlessFlag(flags) => event.number(flags) & libc::AT_SYMLINK_NOFOLLOW == 0,
            Follow::IfFlag(flags) => event.number(flags) & libc::AT_SYMLINK_FOLLOW != 0,
        };
        let (descriptor, address, without_path) = match place {
            Place::Path(path) => (libc::AT_FDCWD, event.arguments[path], Written::Nothing),
            Place::At(directory) => {
                let descriptor = event.number(directory);
                (descriptor, event.arguments[directory + 1], Written::Descriptor(descriptor))
            }
            Place::Descriptor(descriptor) => return Ok(Written::Descriptor(event.number(descriptor))),
        };
        if address == 0 {
            return Ok(without_path);
        }
        let mut text = std::mem::take(&mut self.text);
        let result = event.memory.string(address, &mut text).and_then(|()| {
            if text.is_empty() {
                return Ok(without_path);
            }
            let way = match does_follow {
                false => Way::Entry,
                true if is_look => Way::Look,
                true => Way::Through,
            };
            let id = self.resolve(event, descriptor, &text, way)?;
            Ok(id.map_or(Written::Nothing, Written::Path))
        });
        self.text = text;
        result
    }

    /// Resolves a path from a directory's descriptor; none if that is not open.
    pub(super) fn resolve(
        &mut self,
        event: &Event,
        descriptor: i32,
        path: &[u8],
        way: Way,
    ) -> Result<Option<PathId>, Unread> {
        let base =
            if path.starts_with(b"/") { Some(Rc::default()) } else { self.base_of(event, descriptor)? };
        let Some(base) = base else { return Ok(None) };
        let id = self.walker.resolve(event.who, &base, path, way);
        for link in std::mem::take(&mut self.walker.passed_last) {
            self.ask(event, link, if way == Way::Look { Asked::LOOKED_THROUGH } else { Asked::READ });
        }
        for link in std::mem::take(&mut self.walker.passed) {
            self.ask(event, link, Asked::READ);
        }
        Ok(Some(id))
    }

    /// Tells that what a link at the end of the path that was read last leads to is used after all.
    pub(super) fn use_last(&mut self, event: &Event, place: Place) -> Result<(), Unread> {
        let descriptor = match place {
            Place::At(directory) => event.number(directory),
            Place::Path(_) | Place::Descriptor(_) => libc::AT_FDCWD,
        };
        let text = std::mem::take(&mut self.text);
        let resolved = self.resolve(event, descriptor, &text, Way::Through);
        self.text = text;
        resolved.map(|_| ())
    }

    /// Returns the physical path that a descriptor stands for in a call; none if it stands for no path.
    fn base_of(&mut self, event: &Event, descriptor: i32) -> Result<Folder, Unread> {
        let tid = event.who.tid;
        match descriptor {
            libc::AT_FDCWD => self.working.of(tid),
            descriptor if descriptor < 0 => Ok(None),
            descriptor => Ok(physical(&format!("/proc/{tid}/fd/{descriptor}"))?.map(Rc::from)),
        }
    }

    /// Ends the trace.
    pub(super) fn finish(mut self, rung: Rung) -> Trace {
        for (id, name) in &self.attributes {
            let path = self.walker.paths.path(*id);
            let mut value = [0_u8; 1];
            let is_set = match rustix::fs::lgetxattr(path, name.as_slice(), &mut value) {
                Ok(_) | Err(rustix::io::Errno::RANGE) => true,
                Err(_) => false,
            };
            if is_set {
                self.gaps.insert(Gap::Xattr(path.to_owned()));
            }
        }
        let (processes, walker) = (&self.processes, &self.walker);
        let was_there = |id| walker.was_there(id);
        let paths = self.ledger.into_touches(&walker.paths, was_there, |path| own_name_of(processes, path));
        Trace {
            rung,
            gaps: self.gaps,
            paths,
            processes: self.processes.into_list(),
            contacts: self.sockets.into_contacts(),
            refused: self.refused,
            events: self.events,
        }
    }
}

/// Calls what a process asks about its own tree `/proc/self`, since its number tells nothing.
fn own_name_of(processes: &Processes, path: &[u8]) -> Option<PathBuf> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let (_, rest) = process_of(path).filter(|(pid, _)| processes.knows(*pid))?;
    Some(PathBuf::from(OsStr::from_bytes(&[b"/proc/self", rest].concat())))
}

/// Returns the process below whose folder in `/proc` a path lies, and the rest of the path.
pub(super) fn process_of(path: &[u8]) -> Option<(i32, &[u8])> {
    let path = path.strip_prefix(b"/proc/")?;
    let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
    Some((str::from_utf8(&path[..end]).ok()?.parse().ok()?, &path[end..]))
}
