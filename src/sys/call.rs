//! A question to a process of the same user that listens at a socket.

use std::{io, os::fd::OwnedFd, path::Path, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read, write},
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
        sockopt::socket_peercred,
    },
    process::geteuid,
    time::{ClockId, clock_gettime},
};

/// Longer answers are none.
const MOST: usize = 64 << 10;

/// Sends a question, and returns all that comes back until the other side ends; `limit` is for all of it.
pub(super) fn call(path: &Path, question: &[u8], limit: Duration) -> io::Result<Vec<u8>> {
    let until = now().saturating_add(limit);
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // Who is too busy to take the call refuses it with this, too.
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    if socket_peercred(&socket)?.uid != geteuid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut left = question;
    while !left.is_empty() {
        match write(&socket, left) {
            Ok(written) => left = &left[written..],
            Err(Errno::AGAIN) => wait(&socket, PollFlags::OUT, until)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    while answer.len() <= MOST {
        match read(&socket, &mut part) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(&part[..count]),
            Err(Errno::AGAIN) => wait(&socket, PollFlags::IN, until)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn wait(socket: &OwnedFd, what: PollFlags, until: Duration) -> io::Result<()> {
    let left = until.checked_sub(now()).ok_or(io::ErrorKind::TimedOut)?;
    let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
    match poll(&mut [PollFd::new(socket, what)], Some(&left)) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
