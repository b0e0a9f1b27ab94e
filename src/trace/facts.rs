//! The facts of one trace.
//!
//! Knows their shape. Does not know how they are found out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    net::SocketAddr,
    ops::{BitOr, BitOrAssign},
    path::{Path, PathBuf},
};

/// How a tree was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// By user notification.
    Notify {
        /// The kernel can wake az on the processor of the step, which makes an event several times cheaper.
        is_synchronous: bool,
    },
    /// By ptrace, with the same filter.
    Ptrace,
    /// Not at all.
    Off,
}

/// What one process tree was seen to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// How it was watched.
    pub rung: Rung,
    /// Why the rest is not the whole truth; empty if it is and the rung is not [`Rung::Off`].
    pub gaps: BTreeSet<Gap>,
    /// Every path it asked about or changed: absolute, without links, `.` and `..`. Below `/proc/self` stands what it
    /// asked about its own processes.
    pub paths: BTreeMap<PathBuf, Touch>,
    /// Its processes, in the order in which they were first seen; one that runs another program is another process.
    pub processes: Vec<Process>,
    /// Whom it talked to, besides itself.
    pub contacts: BTreeSet<Contact>,
    /// What it was about to change and was not let, with the process that tried first: an index into
    /// [`Trace::processes`]. None of it is a change.
    pub refused: BTreeMap<PathBuf, u32>,
    /// How many system calls were looked at.
    pub events: u64,
}

impl Trace {
    /// Makes the trace of a tree nobody watched.
    pub fn off() -> Self {
        Self {
            rung: Rung::Off,
            gaps: BTreeSet::new(),
            paths: BTreeMap::new(),
            processes: Vec::new(),
            contacts: BTreeSet::new(),
            refused: BTreeMap::new(),
            events: 0,
        }
    }

    /// Adds paths at which nothing was when somebody looked for the tree's program in its stead: without links, `.` and
    /// `..`. To a trace of nothing nothing is added.
    pub fn add_absent(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        if self.rung == Rung::Off || self.processes.is_empty() {
            return;
        }
        for path in paths {
            let none = Touch {
                asked: Asked::NONE,
                changed: Changed::NONE,
                by: 0,
                changed_by: None,
                was_there: Some(false),
            };
            self.paths.entry(path).or_insert(none).asked |= Asked::PROBED;
        }
    }

    /// Tells whether nothing that the tree asked or changed can be missing.
    pub fn is_complete(&self) -> bool {
        self.rung != Rung::Off && self.gaps.is_empty()
    }
}

/// What was done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// What was asked while the path was not yet the tree's own work.
    pub asked: Asked,
    /// What was changed, or tried to; whether it took place, the disk tells.
    pub changed: Changed,
    /// The process that asked or changed first: an index into [`Trace::processes`].
    pub by: u32,
    /// The process that changed first.
    pub changed_by: Option<u32>,
    /// Something was there when the path was first used, as far as that was seen.
    pub was_there: Option<bool>,
}

/// Declares a set of flags with the operations that are used.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u8);

        impl $name {
            /// Nothing.
            pub const NONE: Self = Self(0);
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*

            /// Tells whether all of `other` is in it.
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Tells whether nothing is in it.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// What is in both.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: Self) {
                self.0 |= other.0;
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let names = [$((Self::$flag, stringify!($flag)),)*];
                let names: Vec<&str> =
                    names.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name).collect();
                f.write_str(if names.is_empty() { "-" } else { "" })?;
                f.write_str(&names.join("|"))
            }
        }
    };
}

flags! {
    /// What was asked about a path.
    Asked {
        /// Whether it is there, what it is, its size or rights.
        PROBED = 0,
        /// Its content, or the target of a link, also of one passed on the way.
        READ = 1,
        /// The names in it.
        LISTED = 2,
        /// It was run, or it is the interpreter of what was run.
        EXECUTED = 3,
        /// What the link it is leads to was looked at, but neither read nor entered.
        LOOKED_THROUGH = 4,
    }
}

flags! {
    /// What was changed about a path.
    Changed {
        /// The entry, or all of its content: created, emptied, removed, renamed from or over.
        REPLACED = 0,
        /// Its content, in place.
        WRITTEN = 1,
        /// Its mode or owner.
        MODE = 2,
        /// Its times.
        TIMES = 3,
        /// Its extended attributes.
        XATTR = 4,
        /// It was to be a folder, and was one already.
        FOLDER = 5,
    }
}

/// A process, while it ran one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Who started it, or what it ran before.
    pub parent: Option<u32>,
    /// The program; empty for the first process before it ran any.
    pub program: PathBuf,
    /// The first few arguments, the program's name among them.
    pub arguments: Vec<OsString>,
}

/// Somebody outside the tree whom it talked to, or tried to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// By an internet address.
    Inet(SocketAddr),
    /// By a socket in the file system.
    Unix(PathBuf),
    /// By a socket with an abstract name.
    Abstract(Vec<u8>),
    /// By another family of addresses, with its number.
    Family(u16),
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "the socket `{}`", path.display()),
            Self::Abstract(name) => write!(f, "the socket `@{}`", name.escape_ascii()),
            Self::Family(number) => write!(f, "something by address family {number}"),
        }
    }
}

/// Why a trace may not be the whole truth.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// Not even the first program was seen to start.
    Silent,
    /// A file system was mounted, or tried to be.
    Mount,
    /// A process changed its root directory.
    Chroot,
    /// A process entered a namespace of another.
    Namespace,
    /// A path was resolved below a folder taken as root.
    ForeignRoot,
    /// The memory of a process could not be read.
    Memory,
    /// A program for another kind of processor ran.
    Architecture,
    /// A file with other names, unknown here, was changed.
    HardLink(PathBuf),
    /// An extended attribute was set, which az neither stores nor restores.
    Xattr(PathBuf),
    /// A program that should have got other rights did not get them.
    SetId(PathBuf),
    /// A program of a kind that is not the machine's own ran; what is registered for it is unknown.
    Registered(PathBuf),
    /// The environment of a process outside the tree was read.
    Environ,
    /// Processes were left that could not be ended.
    Leftover,
    /// az itself failed to look at a call.
    Lost,
}

impl Gap {
    /// Tells whether calls may have gone on that nobody looked at, or that were about other paths than it seemed.
    pub fn hides_changes(&self) -> bool {
        match self {
            Self::Silent
            | Self::Mount
            | Self::Chroot
            | Self::Namespace
            | Self::ForeignRoot
            | Self::Memory
            | Self::Architecture
            | Self::Lost => true,
            Self::HardLink(_)
            | Self::Xattr(_)
            | Self::SetId(_)
            | Self::Registered(_)
            | Self::Environ
            | Self::Leftover => false,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("nothing was seen of it, not even its start"),
            Self::Mount => f.write_str("it mounted a file system, so paths may mean something else"),
            Self::Chroot => f.write_str("it changed its root directory, so paths mean something else"),
            Self::Namespace => f.write_str("it entered another namespace, so paths may mean something else"),
            Self::ForeignRoot => f.write_str("it resolved a path below a folder taken as root"),
            Self::Memory => f.write_str("a process did not let az read the paths it uses"),
            Self::Architecture => f.write_str("it ran a program for another kind of processor"),
            Self::HardLink(path) => {
                write!(f, "it changed `{}`, which has other names that are unknown", path.display())
            }
            Self::Xattr(path) => {
                write!(f, "it set an extended attribute of `{}`, which az does not keep", path.display())
            }
            Self::SetId(path) => {
                write!(f, "`{}` runs with other rights, which it cannot get while traced", path.display())
            }
            Self::Registered(path) => {
                write!(f, "`{}` is run by what this machine has registered for its kind", path.display())
            }
            Self::Environ => f.write_str("it read the environment of a process that is not its own"),
            Self::Leftover => f.write_str("it left processes that could not be ended"),
            Self::Lost => f.write_str("az failed to look at one of its system calls"),
        }
    }
}

/// Why a rung could not be tried to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The kernel did not take the filter; its error number.
    Filter(i32),
    /// The process could not be attached to; the error number.
    Attach(i32),
    /// The process was gone before anything could be said.
    Gone,
}

/// Sees what is about to change, in time to keep it.
pub trait Witness: Send {
    /// Called once for each path right before the tree first changes it, while the process that does so stands still.
    fn before_change(&mut self, path: &Path);

    /// Called before a call that would change a path if it were not as it is just now: it may be otherwise by the time
    /// the call is carried out.
    fn before_attempt(&mut self, path: &Path) {
        _ = path;
    }

    /// Called for each whom the tree is about to talk to, besides itself, while the process that does so stands still.
    fn before_contact(&mut self, contact: &Contact) {
        _ = contact;
    }

    /// Called when the tree is about to do what hides something from the trace, while the process that does so stands
    /// still.
    fn before_gap(&mut self, gap: &Gap) {
        _ = gap;
    }

    /// Tells whether the process that stands still must not go on; who says so ends the tree.
    fn is_held(&self) -> bool {
        false
    }

    /// Tells whether the tree may change a path at all, or make a folder of it; if not, the call fails as if it had no
    /// right to, and [`Witness::before_change`] is not called. Asked before each change.
    fn may_change(&mut self, _path: &Path, _makes_folder: bool) -> bool {
        true
    }
}
