//! Bounds of a process that the kernel keeps: where it may write, and that it has no network.
//!
//! Knows Landlock and a filter of system calls. Does not know why a step has bounds.
//!
//! Everything is prepared before `fork`, since the copy of the guard that becomes the step should allocate nothing.
//! The network is closed by the family of a socket when it is made, which every kernel can do; where Landlock can, it
//! refuses TCP as well, so that a socket from elsewhere is of no use.

use std::{io, path::PathBuf};

/// What the kernel shall keep a process from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// All that it may write: files, and folders with everything below them; nothing for no bounds.
    pub writable: Option<Vec<PathBuf>>,
    /// It may make no socket that leads out of the machine, nor to the machine itself.
    pub is_offline: bool,
    /// It must not start if it cannot be traced.
    pub is_trace_needed: bool,
}

/// The error of a process that could not be put in its bounds; no start of a program ends with it otherwise.
pub(in crate::execute) const UNCONFINED: i32 = libc::ENOTRECOVERABLE;

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::{io, process::Command};

    use super::Bounds;

    /// Tells that there is nothing that bounds where a process writes.
    pub(in crate::execute) fn can_bound_writes() -> bool {
        false
    }

    pub(in super::super) fn attach(bounds: &Bounds, _command: &mut Command) -> io::Result<()> {
        if bounds.writable.is_some() || bounds.is_offline {
            return Err(super::unconfined());
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::{io, process::Command};

    use landlock::{
        ABI, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
        RulesetCreatedAttr, path_beneath_rules,
    };
    use libc::sock_filter;

    use super::{super::sys, Bounds, unconfined};
    use crate::sys::filter::{
        JUMP_IF_AT_LEAST, JUMP_IF_EQUAL, OFFSET_OF_CONVENTION, OFFSET_OF_NUMBER, X32, give, jump_if, load,
        low_half, refuse,
    };

    /// The newest rights to write that are asked for; an older kernel enforces those it knows.
    const RIGHTS: ABI = ABI::V4;

    /// Tells whether this kernel can bound where a process writes.
    pub(in crate::execute) fn can_bound_writes() -> bool {
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        ruleset.handle_access(AccessFs::WriteFile).and_then(Ruleset::create).is_ok()
    }

    /// Makes the process that a command starts enter its bounds before it runs its program.
    pub(in super::super) fn attach(bounds: &Bounds, command: &mut Command) -> io::Result<()> {
        if let Some(writable) = &bounds.writable {
            // A path that is not there cannot be written, and needs no rule.
            let mut ruleset = Some(ruleset(bounds, writable).map_err(|_| unconfined())?);
            sys::before_exec(command, move || {
                let ruleset = ruleset.take().ok_or_else(unconfined)?;
                ruleset.restrict_self().map(drop).map_err(|_| unconfined())
            });
        }
        if bounds.is_offline {
            let filter = offline_filter().ok_or_else(unconfined)?;
            sys::before_exec(command, move || sys::install_filter(&filter).map_err(|_| unconfined()));
        }
        Ok(())
    }

    fn ruleset(
        bounds: &Bounds,
        writable: &[std::path::PathBuf],
    ) -> Result<RulesetCreated, landlock::RulesetError> {
        let writes = AccessFs::from_write(RIGHTS);
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_write(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(writes)?;
        let ruleset = if bounds.is_offline {
            ruleset.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?
        } else {
            ruleset
        };
        ruleset.create()?.add_rules(path_beneath_rules(writable, writes))
    }

    /// Families of sockets that lead nowhere: to processes of this machine by name, and to the kernel.
    const LOCAL: [i32; 3] = [libc::AF_UNIX, libc::AF_NETLINK, libc::AF_ALG];
    /// Its work is done by the kernel, past every filter.
    const RING: u32 = 425;

    /// A way of calling, and its numbers: to make a socket, and of the one call for all that is done with sockets.
    type Numbers = (u32, u32, Option<u32>);

    /// The ways of calling of this machine.
    const CONVENTIONS: &[Numbers] = if cfg!(target_arch = "x86_64") {
        &[(0xc000_003e, 41, None), (0x4000_0003, 359, Some(102))]
    } else if cfg!(target_arch = "aarch64") {
        &[(0xc000_00b7, 198, None)]
    } else {
        &[]
    };

    /// Makes the filter by which sockets to the network cannot be made; nothing where calls are not understood.
    ///
    /// Under a way of calling that is not understood nothing can be called at all.
    fn offline_filter() -> Option<Vec<sock_filter>> {
        if CONVENTIONS.is_empty() {
            return None;
        }
        let mut out = vec![load(OFFSET_OF_CONVENTION)];
        for &(convention, make, all_in_one) in CONVENTIONS {
            let body = body(make, all_in_one);
            let length = u8::try_from(body.len()).expect("a few steps");
            out.push(jump_if(JUMP_IF_EQUAL, convention, 0, length));
            out.extend(body);
        }
        out.push(refuse(libc::ENOSYS));
        Some(out)
    }

    /// Decides about the calls of one way of calling; all its ways end.
    fn body(make: u32, all_in_one: Option<u32>) -> Vec<sock_filter> {
        /// What the one call does, by its first argument: make a socket, of a family that cannot be seen from here.
        const MAKES: u32 = 1;
        let mut out = vec![load(OFFSET_OF_NUMBER)];
        out.extend([jump_if(JUMP_IF_EQUAL, RING, 0, 1), refuse(libc::ENOSYS)]);
        if let Some(all_in_one) = all_in_one {
            out.extend([
                jump_if(JUMP_IF_EQUAL, all_in_one, 0, 4),
                load(low_half(0)),
                jump_if(JUMP_IF_EQUAL, MAKES, 0, 1),
                refuse(libc::EACCES),
                allow(),
            ]);
        } else {
            out.extend([jump_if(JUMP_IF_AT_LEAST, X32, 0, 1), refuse(libc::ENOSYS)]);
        }
        out.extend([jump_if(JUMP_IF_EQUAL, make, 1, 0), allow(), load(low_half(0))]);
        for family in LOCAL {
            out.extend([jump_if(JUMP_IF_EQUAL, family.cast_unsigned(), 0, 1), allow()]);
        }
        out.push(refuse(libc::EACCES));
        out
    }

    const fn allow() -> sock_filter {
        give(libc::SECCOMP_RET_ALLOW)
    }
}

pub(super) use kernel::attach;
pub(in crate::execute) use kernel::can_bound_writes;

fn unconfined() -> io::Error {
    io::Error::from_raw_os_error(UNCONFINED)
}
