//! The system calls that are looked at, with their numbers and what their arguments mean.
//!
//! Knows the calling conventions of three kinds of processors. Does not know what a call does to a trace.
//!
//! A number is in no other table than its own: the same call has other numbers for 32-bit programs, and those run
//! here as well. Calls that are not listed neither name a path or an address nor change what a name means.

/// A calling convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    X86_64,
    I386,
    Aarch64,
}

impl Convention {
    /// All under which programs run on this machine and whose calls are understood.
    pub(super) const HERE: &'static [Self] =
        if cfg!(target_arch = "x86_64") { &[Self::X86_64, Self::I386] } else { &[Self::Aarch64] };

    /// The number by which filters and events name it.
    pub(super) const fn audit(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::I386 => 0x4000_0003,
            Self::Aarch64 => 0xc000_00b7,
        }
    }

    pub(super) fn of_audit(number: u32) -> Option<Self> {
        Self::HERE.iter().copied().find(|convention| convention.audit() == number)
    }

    /// How many bytes a pointer has.
    pub(super) const fn pointer_size(self) -> usize {
        if matches!(self, Self::I386) { 4 } else { 8 }
    }
}

/// Which arguments name a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A path relative to the working directory.
    Path(usize),
    /// A directory's descriptor, and after it a path relative to it.
    At(usize),
    /// A descriptor of the thing itself.
    Descriptor(usize),
}

/// Whether a link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    Always,
    Never,
    /// Not with `AT_SYMLINK_NOFOLLOW` in this argument.
    UnlessFlag(usize),
    /// Only with `AT_SYMLINK_FOLLOW` in this argument.
    IfFlag(usize),
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Opens, with the flags in this argument.
    Open(usize),
    /// Opens, with flags in a structure that this argument points to.
    OpenHow(usize),
    /// Opens for writing, creating or emptying.
    Create,
    Probe,
    /// The same, and nothing can come of it.
    Look,
    /// Makes a folder the one that relative paths start from.
    Enter,
    ReadLink,
    List,
    /// Runs a program, with its arguments in this argument.
    Execute(usize),
    Truncate,
    SetMode,
    SetTimes,
    /// Sets or removes the extended attribute whose name this argument points to.
    SetXattr(usize),
    /// Creates a node.
    Make,
    MakeFolder,
    MakeLink,
    Remove,
    /// Renames to the second place, with flags in an argument.
    Rename(Place, Option<usize>),
    /// Gives a file a second name at the second place.
    Link(Place),
    Mount,
    Chroot,
    EnterNamespace,
    Bind,
    Connect,
    SendTo,
    SendMessage,
    SendMessages,
    /// All calls on sockets in one, for 32-bit programs.
    SocketCall,
    /// Is refused with this error.
    Refused(i32),
}

/// A call that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    numbers: [u32; 3],
    pub(super) place: Place,
    pub(super) follow: Follow,
    pub(super) deed: Deed,
}

impl Deed {
    /// Tells whether a thread may work in another folder afterwards, or its folder have another name.
    pub(super) const fn may_move(self) -> bool {
        // What runs a program from another thread than the first takes over that one's number.
        matches!(
            self,
            Self::Enter
                | Self::Rename(..)
                | Self::Execute(_)
                | Self::Mount
                | Self::Chroot
                | Self::EnterNamespace
        )
    }
}

impl Call {
    /// Its number, if it exists there.
    pub(super) fn number(&self, convention: Convention) -> Option<u32> {
        Some(self.numbers[convention as usize]).filter(|number| *number != X)
    }
}

/// Finds the call of a number.
#[derive(Debug)]
pub(super) struct Numbers {
    by_number: [Vec<Option<&'static Call>>; 3],
}

impl Numbers {
    pub(super) fn new() -> Self {
        let table = |convention| {
            let mut table = vec![None; 512];
            for call in CALLS {
                if let Some(number) = call.number(convention) {
                    table[number as usize] = Some(call);
                }
            }
            table
        };
        Self { by_number: [Convention::X86_64, Convention::I386, Convention::Aarch64].map(table) }
    }

    pub(super) fn find(&self, convention: Convention, number: u32) -> Option<&'static Call> {
        self.by_number[convention as usize].get(number as usize).copied().flatten()
    }
}

/// The call does not exist there.
const X: u32 = u32::MAX;

const fn call(name: &'static str, numbers: [u32; 3], place: Place, follow: Follow, deed: Deed) -> Call {
    Call { name, numbers, place, follow, deed }
}

use Deed::{
    Bind, Chroot, Connect, Create, Enter, EnterNamespace, Execute, Link, List, Look, Make, MakeFolder,
    MakeLink, Mount, Open, OpenHow, Probe, ReadLink, Refused, Remove, Rename, SendMessage, SendMessages,
    SendTo, SetMode, SetTimes, SetXattr, SocketCall, Truncate,
};
use Follow::{Always, IfFlag, Never, UnlessFlag};
use Place::{At, Descriptor, Path};

/// Every call that is looked at: name, numbers on `x86_64`, i386 and aarch64, place, link, deed.
pub(super) const CALLS: &[Call] = &[
    call("open", [2, 5, X], Path(0), Always, Open(1)),
    call("openat", [257, 295, 56], At(0), Always, Open(2)),
    call("openat2", [437, 437, 437], At(0), Always, OpenHow(2)),
    call("creat", [85, 8, X], Path(0), Always, Create),
    call("stat", [4, 106, X], Path(0), Always, Look),
    call("lstat", [6, 107, X], Path(0), Never, Look),
    call("oldstat", [X, 18, X], Path(0), Always, Look),
    call("oldlstat", [X, 84, X], Path(0), Never, Look),
    call("stat64", [X, 195, X], Path(0), Always, Look),
    call("lstat64", [X, 196, X], Path(0), Never, Look),
    call("newfstatat", [262, 300, 79], At(0), UnlessFlag(3), Look),
    call("statx", [332, 383, 291], At(0), UnlessFlag(2), Look),
    call("access", [21, 33, X], Path(0), Always, Look),
    call("faccessat", [269, 307, 48], At(0), Always, Look),
    call("faccessat2", [439, 439, 439], At(0), UnlessFlag(3), Look),
    call("chdir", [80, 12, 49], Path(0), Always, Enter),
    call("fchdir", [81, 133, 50], Descriptor(0), Always, Enter),
    call("statfs", [137, 99, 43], Path(0), Always, Probe),
    call("statfs64", [X, 268, X], Path(0), Always, Probe),
    call("inotify_add_watch", [254, 292, 27], Path(1), Always, Probe),
    call("name_to_handle_at", [303, 341, 264], At(0), IfFlag(4), Probe),
    call("getxattr", [191, 229, 8], Path(0), Always, Probe),
    call("lgetxattr", [192, 230, 9], Path(0), Never, Probe),
    call("listxattr", [194, 232, 11], Path(0), Always, Probe),
    call("llistxattr", [195, 233, 12], Path(0), Never, Probe),
    call("getxattrat", [464, 464, 464], At(0), UnlessFlag(2), Probe),
    call("listxattrat", [465, 465, 465], At(0), UnlessFlag(2), Probe),
    call("file_getattr", [468, 468, 468], At(0), UnlessFlag(4), Probe),
    call("readlink", [89, 85, X], Path(0), Never, ReadLink),
    call("readlinkat", [267, 305, 78], At(0), Never, ReadLink),
    call("getdents", [78, 141, X], Descriptor(0), Always, List),
    call("getdents64", [217, 220, 61], Descriptor(0), Always, List),
    call("readdir", [X, 89, X], Descriptor(0), Always, List),
    call("execve", [59, 11, 221], Path(0), Always, Execute(1)),
    call("execveat", [322, 358, 281], At(0), UnlessFlag(4), Execute(2)),
    call("uselib", [134, 86, X], Path(0), Always, Open(5)),
    call("truncate", [76, 92, 45], Path(0), Always, Truncate),
    call("truncate64", [X, 193, X], Path(0), Always, Truncate),
    call("chmod", [90, 15, X], Path(0), Always, SetMode),
    call("fchmod", [91, 94, 52], Descriptor(0), Always, SetMode),
    call("fchmodat", [268, 306, 53], At(0), Always, SetMode),
    call("fchmodat2", [452, 452, 452], At(0), UnlessFlag(3), SetMode),
    call("chown", [92, 182, X], Path(0), Always, SetMode),
    call("lchown", [94, 16, X], Path(0), Never, SetMode),
    call("fchown", [93, 95, 55], Descriptor(0), Always, SetMode),
    call("chown32", [X, 212, X], Path(0), Always, SetMode),
    call("lchown32", [X, 198, X], Path(0), Never, SetMode),
    call("fchown32", [X, 207, X], Descriptor(0), Always, SetMode),
    call("fchownat", [260, 298, 54], At(0), UnlessFlag(4), SetMode),
    call("file_setattr", [469, 469, 469], At(0), UnlessFlag(4), SetMode),
    call("utime", [132, 30, X], Path(0), Always, SetTimes),
    call("utimes", [235, 271, X], Path(0), Always, SetTimes),
    call("futimesat", [261, 299, X], At(0), Always, SetTimes),
    call("utimensat", [280, 320, 88], At(0), UnlessFlag(3), SetTimes),
    call("utimensat_time64", [X, 412, X], At(0), UnlessFlag(3), SetTimes),
    call("setxattr", [188, 226, 5], Path(0), Always, SetXattr(1)),
    call("lsetxattr", [189, 227, 6], Path(0), Never, SetXattr(1)),
    call("fsetxattr", [190, 228, 7], Descriptor(0), Always, SetXattr(1)),
    call("removexattr", [197, 235, 14], Path(0), Always, SetXattr(1)),
    call("lremovexattr", [198, 236, 15], Path(0), Never, SetXattr(1)),
    call("fremovexattr", [199, 237, 16], Descriptor(0), Always, SetXattr(1)),
    call("setxattrat", [463, 463, 463], At(0), UnlessFlag(2), SetXattr(3)),
    call("removexattrat", [466, 466, 466], At(0), UnlessFlag(2), SetXattr(3)),
    call("mkdir", [83, 39, X], Path(0), Never, MakeFolder),
    call("mkdirat", [258, 296, 34], At(0), Never, MakeFolder),
    call("mknod", [133, 14, X], Path(0), Never, Make),
    call("mknodat", [259, 297, 33], At(0), Never, Make),
    call("symlink", [88, 83, X], Path(1), Never, MakeLink),
    call("symlinkat", [266, 304, 36], At(1), Never, MakeLink),
    call("unlink", [87, 10, X], Path(0), Never, Remove),
    call("unlinkat", [263, 301, 35], At(0), Never, Remove),
    call("rmdir", [84, 40, X], Path(0), Never, Remove),
    call("rename", [82, 38, X], Path(0), Never, Rename(Path(1), None)),
    call("renameat", [264, 302, 38], At(0), Never, Rename(At(2), None)),
    call("renameat2", [316, 353, 276], At(0), Never, Rename(At(2), Some(4))),
    call("link", [86, 9, X], Path(0), Never, Link(Path(1))),
    call("linkat", [265, 303, 37], At(0), IfFlag(4), Link(At(2))),
    call("mount", [165, 21, 40], Path(1), Always, Mount),
    call("umount", [X, 22, X], Path(0), Always, Mount),
    call("umount2", [166, 52, 39], Path(0), Always, Mount),
    call("pivot_root", [155, 217, 41], Path(0), Always, Mount),
    call("move_mount", [429, 429, 429], At(2), Always, Mount),
    call("open_tree", [428, 428, 428], At(0), Always, Mount),
    call("open_tree_attr", [467, 467, 467], At(0), Always, Mount),
    call("fsmount", [432, 432, 432], Descriptor(0), Always, Mount),
    call("mount_setattr", [442, 442, 442], At(0), Always, Mount),
    call("chroot", [161, 61, 51], Path(0), Always, Chroot),
    call("setns", [308, 346, 268], Descriptor(0), Always, EnterNamespace),
    call("bind", [49, 361, 200], Descriptor(0), Always, Bind),
    call("connect", [42, 362, 203], Descriptor(0), Always, Connect),
    call("sendto", [44, 369, 206], Descriptor(0), Always, SendTo),
    call("sendmsg", [46, 370, 211], Descriptor(0), Always, SendMessage),
    call("sendmmsg", [307, 345, 269], Descriptor(0), Always, SendMessages),
    call("socketcall", [X, 102, X], Descriptor(0), Always, SocketCall),
    // It would do all of the above without a call that can be looked at; programs must cope, as they must in a
    // container, where it is refused as well.
    call("io_uring_setup", [425, 425, 425], Descriptor(0), Always, Refused(libc::ENOSYS)),
    // Names a file by what only the kernel can resolve.
    call("open_by_handle_at", [304, 342, 265], Descriptor(0), Always, Refused(libc::EPERM)),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_number_stands_for_two_calls() {
        for convention in [Convention::X86_64, Convention::I386, Convention::Aarch64] {
            let numbers: Vec<u32> = CALLS.iter().filter_map(|call| call.number(convention)).collect();
            assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "{convention:?}");
            assert!(numbers.iter().all(|number| *number < 512));
        }
    }

    /// The kernel's own headers, where they are installed, know the numbers too.
    #[test]
    fn numbers_are_those_of_the_kernel_headers() {
        let headers = [
            (Convention::X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
            (Convention::I386, "/usr/include/x86_64-linux-gnu/asm/unistd_32.h"),
            (Convention::Aarch64, "/usr/include/asm-generic/unistd.h"),
        ];
        for (convention, header) in headers {
            let Ok(text) = std::fs::read_to_string(header) else {
                eprintln!("skipped: no {header}");
                continue;
            };
            for call in CALLS {
                // Two are written under names of other times.
                let name = match (call.name, convention) {
                    ("newfstatat", Convention::I386) => "fstatat64",
                    ("newfstatat", Convention::Aarch64) => "fstatat",
                    (name, _) => name,
                };
                let defined = text.lines().find_map(|line| {
                    let mut words = line.split_whitespace().skip(1);
                    let is_it = words.next()?.strip_prefix("__NR").is_some_and(|rest| {
                        rest.strip_prefix('_').or_else(|| rest.strip_prefix("3264_")) == Some(name)
                    });
                    if is_it { words.next()?.parse::<u32>().ok() } else { None }
                });
                // The header of the generic numbers has some that only 32-bit processors use.
                let is_narrow = convention == Convention::Aarch64 && name.ends_with("_time64");
                if let Some(defined) = defined.filter(|_| !is_narrow) {
                    assert_eq!(call.number(convention), Some(defined), "{name} {convention:?}");
                }
            }
        }
    }
}
