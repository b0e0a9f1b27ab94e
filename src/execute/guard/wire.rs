//! What az and the guard say to each other: frames of a header, descriptors and a payload.
//!
//! Knows bytes. Does not know what a message causes. Both ends are the same binary, so there is no version.

use std::{
    ffi::{OsStr, OsString},
    io::{self, IoSlice, IoSliceMut, Read},
    mem::MaybeUninit,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::{
            ffi::{OsStrExt, OsStringExt},
            net::UnixStream,
        },
    },
    path::PathBuf,
    time::Duration,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, send, sendmsg,
};

use super::Bounds;
use crate::{execute::scheduler::StopHow, model::settings::Leftovers};

/// A process to start, all of it given: nothing of az's own environment or directory reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Program and arguments; a program without `/` is looked up in the `PATH` of `env`, unless it was found already.
    pub argv: Vec<OsString>,
    /// Where the program is, if its name alone does not tell.
    pub program: Option<PathBuf>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The value of [`super::STEP_VARIABLE`], unique among the steps that run at the same time.
    pub mark: OsString,
    /// The process group to join; none for one of its own. A step that reads the terminal must be in az's.
    pub group: Option<i32>,
    /// What the kernel shall keep it from.
    pub bounds: Option<Bounds>,
    /// What becomes of processes that it leaves behind.
    pub leftovers: Leftovers,
    /// It is traced: the last descriptor is the process's end of [`crate::trace::Offer::new`].
    pub is_traced: bool,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with a code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// From az to the guard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Descriptors: standard output, standard error, standard input if it is not to be empty, and what a trace is
    /// entered by.
    Start(Start),
    Stop(StopHow),
    /// Hold the step still.
    Freeze,
    /// Let it go on.
    Thaw,
}

/// From the guard to az.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Started { pid: i32 },
    Failed { errno: i32 },
    Ended { exit: Exit, cpu: Duration, has_leftovers: bool, is_stopped: bool },
}

/// A message about step `id`.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) id: u64,
    pub(super) kind: u8,
    pub(super) payload: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
    /// Some descriptors could not be received, because this process may not have more.
    pub(super) lacks_descriptors: bool,
}

const HEADER: usize = 16;
/// Larger than what any kernel takes as arguments and environment.
const PAYLOAD_LIMIT: usize = 64 << 20;
const DESCRIPTOR_LIMIT: usize = 4;

impl Request {
    pub(super) fn send(
        &self,
        socket: &UnixStream,
        id: u64,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        match self {
            Self::Start(start) => send_frame(socket, id, 1, &start.encode(), descriptors),
            Self::Stop(StopHow::Terminate) => send_frame(socket, id, 2, &[], &[]),
            Self::Stop(StopHow::Kill) => send_frame(socket, id, 3, &[], &[]),
            Self::Freeze => send_frame(socket, id, 4, &[], &[]),
            Self::Thaw => send_frame(socket, id, 5, &[], &[]),
        }
    }

    pub(super) fn decode(frame: &Frame) -> Option<Self> {
        match frame.kind {
            1 => Start::decode(&frame.payload).map(Self::Start),
            2 => Some(Self::Stop(StopHow::Terminate)),
            3 => Some(Self::Stop(StopHow::Kill)),
            4 => Some(Self::Freeze),
            5 => Some(Self::Thaw),
            _ => None,
        }
    }
}

impl Reply {
    pub(super) fn send(self, socket: &UnixStream, id: u64) -> io::Result<()> {
        let (kind, payload) = match self {
            Self::Started { pid } => (1, pid.to_le_bytes().to_vec()),
            Self::Failed { errno } => (2, errno.to_le_bytes().to_vec()),
            Self::Ended { exit, cpu, has_leftovers, is_stopped } => {
                let (is_signal, number) = match exit {
                    Exit::Code(code) => (false, code),
                    Exit::Signal(signal) => (true, signal),
                };
                let micros = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX);
                let mut payload = number.to_le_bytes().to_vec();
                payload.extend(micros.to_le_bytes());
                payload.extend([u8::from(is_signal), u8::from(has_leftovers), u8::from(is_stopped)]);
                (3, payload)
            }
        };
        send_frame(socket, id, kind, &payload, &[])
    }

    pub(super) fn decode(frame: &Frame) -> Option<Self> {
        let (number, rest) = frame.payload.split_first_chunk::<4>()?;
        let number = i32::from_le_bytes(*number);
        match frame.kind {
            1 => Some(Self::Started { pid: number }),
            2 => Some(Self::Failed { errno: number }),
            3 => {
                let (micros, flags) = rest.split_first_chunk::<8>()?;
                let &[is_signal, has_leftovers, is_stopped] = flags else { return None };
                Some(Self::Ended {
                    exit: if is_signal == 1 { Exit::Signal(number) } else { Exit::Code(number) },
                    cpu: Duration::from_micros(u64::from_le_bytes(*micros)),
                    has_leftovers: has_leftovers == 1,
                    is_stopped: is_stopped == 1,
                })
            }
            _ => None,
        }
    }
}

impl Start {
    /// Returns the bytes that the guard reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.group.unwrap_or(0).to_le_bytes());
        out.push(u8::from(self.is_traced));
        out.push(match self.leftovers {
            Leftovers::Kill => 0,
            Leftovers::Warn => 1,
            Leftovers::Keep => 2,
        });
        put_bounds(&mut out, self.bounds.as_ref());
        let program = self.program.as_ref().map_or(OsStr::new(""), |program| program.as_os_str());
        for part in [self.cwd.as_os_str(), &self.mark, program] {
            put_bytes(&mut out, part.as_bytes());
        }
        put_bytes(&mut out, &u32::try_from(self.argv.len()).unwrap_or(u32::MAX).to_le_bytes());
        for part in self.argv.iter().chain(self.env.iter().flat_map(|(name, value)| [name, value])) {
            put_bytes(&mut out, part.as_bytes());
        }
        out
    }

    /// Reads what [`Start::encode`] returned; nothing if the bytes are none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (group, rest) = bytes.split_first_chunk::<4>()?;
        let group = i32::from_le_bytes(*group);
        let (&[is_traced, leftovers], mut rest) = rest.split_first_chunk::<2>()?;
        let leftovers = match leftovers {
            0 => Leftovers::Kill,
            1 => Leftovers::Warn,
            2 => Leftovers::Keep,
            _ => return None,
        };
        let bounds = take_bounds(&mut rest)?;
        let cwd = PathBuf::from(take_text(&mut rest)?);
        let mark = take_text(&mut rest)?;
        let program = Some(take_text(&mut rest)?).filter(|program| !program.is_empty()).map(PathBuf::from);
        let count = u32::from_le_bytes(take_bytes(&mut rest)?.try_into().ok()?);
        let argv = (0..count).map(|_| take_text(&mut rest)).collect::<Option<Vec<_>>>()?;
        let mut env = Vec::new();
        while !rest.is_empty() {
            env.push((take_text(&mut rest)?, take_text(&mut rest)?));
        }
        let (group, is_traced) = ((group != 0).then_some(group), is_traced == 1);
        Some(Self { argv, program, env, cwd, mark, group, bounds, leftovers, is_traced })
    }
}

/// Writes bounds as flags, and if there are any on writing, how many paths may be written and which.
fn put_bounds(out: &mut Vec<u8>, bounds: Option<&Bounds>) {
    let flags = bounds.map_or(0, |bounds| {
        let flags = [true, bounds.writable.is_some(), bounds.is_offline, bounds.is_trace_needed];
        flags.iter().rev().fold(0, |all, flag| all << 1 | u8::from(*flag))
    });
    out.push(flags);
    if let Some(paths) = bounds.and_then(|bounds| bounds.writable.as_ref()) {
        out.extend(u32::try_from(paths.len()).unwrap_or(u32::MAX).to_le_bytes());
        paths.iter().for_each(|path| put_bytes(out, path.as_os_str().as_bytes()));
    }
}

#[expect(
    clippy::option_option,
    reason = "bytes that cannot be read, no bounds, and bounds are three answers"
)]
fn take_bounds(rest: &mut &[u8]) -> Option<Option<Bounds>> {
    let (flags, after) = rest.split_first()?;
    *rest = after;
    let has = |bit: u8| flags >> bit & 1 == 1;
    let mut writable = None;
    if has(1) {
        let (count, after) = rest.split_first_chunk::<4>()?;
        *rest = after;
        let paths = (0..u32::from_le_bytes(*count)).map(|_| take_text(rest).map(PathBuf::from));
        writable = Some(paths.collect::<Option<Vec<_>>>()?);
    }
    let bounds = Bounds { writable, is_offline: has(2), is_trace_needed: has(3) };
    Some(has(0).then_some(bounds))
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(bytes);
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (bytes, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

fn take_text(rest: &mut &[u8]) -> Option<OsString> {
    take_bytes(rest).map(|bytes| OsString::from_vec(bytes.to_vec()))
}

fn send_frame(
    socket: &UnixStream,
    id: u64,
    kind: u8,
    payload: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= PAYLOAD_LIMIT);
    let length = length.ok_or_else(|| io::Error::from_raw_os_error(libc::E2BIG))?;
    let mut header = [0; HEADER];
    header[0] = kind;
    header[1] = u8::try_from(descriptors.len()).expect("four descriptors at most");
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..].copy_from_slice(&id.to_le_bytes());
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTOR_LIMIT))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        let fits = control.push(SendAncillaryMessage::ScmRights(descriptors));
        debug_assert!(fits, "the space is made for four descriptors");
    }
    // In one piece, or the other end would be woken twice.
    let parts = [IoSlice::new(&header), IoSlice::new(payload)];
    let sent = loop {
        match sendmsg(socket, &parts, &mut control, SendFlags::NOSIGNAL) {
            Err(rustix::io::Errno::INTR) => {}
            result => break result?,
        }
    };
    send_all(socket, header.get(sent..).unwrap_or_default())?;
    send_all(socket, payload.get(sent.saturating_sub(HEADER)..).unwrap_or_default())
}

fn send_all(socket: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match send(socket, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Receives one frame; nothing at the end of the stream.
pub(super) fn receive_frame(mut socket: &UnixStream) -> io::Result<Option<Frame>> {
    let mut header = [0; HEADER];
    let mut filled = 0;
    let mut descriptors = Vec::new();
    while filled < HEADER {
        let received = receive_part(socket, &mut header[filled..], &mut descriptors)?;
        if received == 0 {
            return Ok(None);
        }
        filled += received;
    }
    let (length, id) = header[4..].split_at(4);
    let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
    let id = u64::from_le_bytes(id.try_into().expect("eight bytes"));
    if length > PAYLOAD_LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload)?;
    let lacks_descriptors = descriptors.len() < usize::from(header[1]);
    Ok(Some(Frame { id, kind: header[0], payload, descriptors, lacks_descriptors }))
}

fn receive_part(socket: &UnixStream, into: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTOR_LIMIT))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = loop {
        match recvmsg(socket, &mut [IoSliceMut::new(into)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            result => break result?,
        }
    };
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = part {
            descriptors.extend(received);
        }
    }
    Ok(message.bytes)
}

#[cfg(test)]
mod tests {
    use std::{os::fd::AsFd, thread};

    use proptest::prelude::*;

    use super::*;

    fn start(env: Vec<(OsString, OsString)>) -> Start {
        let argv = vec!["/bin/echo".into(), OsString::new(), OsString::from_vec(vec![0xff, b'\n'])];
        let writable = Some(vec!["/a b/c".into(), "/".into()]);
        let bounds = Some(Bounds { writable, is_offline: true, is_trace_needed: false });
        let (program, cwd, mark) = (Some("/bin/echo".into()), "/a b".into(), "0400".into());
        Start {
            argv,
            program,
            env,
            cwd,
            mark,
            group: Some(7),
            bounds,
            leftovers: Leftovers::Kill,
            is_traced: true,
        }
    }

    #[test]
    fn a_large_start_arrives_with_its_descriptors() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let sent = start(vec![("LONG".into(), "x".repeat(3 << 20).into())]);
        let copy = sent.clone();
        let sender = thread::spawn(move || {
            let fd = ours.try_clone().unwrap();
            Request::Start(copy).send(&ours, 42, &[fd.as_fd(), fd.as_fd()]).unwrap();
            Request::Stop(StopHow::Kill).send(&ours, 43, &[]).unwrap();
        });
        let frame = receive_frame(&theirs).unwrap().unwrap();
        assert_eq!((frame.id, frame.descriptors.len(), frame.lacks_descriptors), (42, 2, false));
        assert_eq!(Request::decode(&frame), Some(Request::Start(sent)));
        // It holds a copy of the sender's end.
        drop(frame);
        let frame = receive_frame(&theirs).unwrap().unwrap();
        assert_eq!((frame.id, Request::decode(&frame)), (43, Some(Request::Stop(StopHow::Kill))));
        sender.join().unwrap();
        assert!(receive_frame(&theirs).unwrap().is_none());
    }

    #[test]
    fn replies_come_back_as_they_were() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let ended = |exit| Reply::Ended {
            exit,
            cpu: Duration::from_micros(9),
            has_leftovers: true,
            is_stopped: false,
        };
        for reply in [
            Reply::Started { pid: 12 },
            Reply::Failed { errno: 2 },
            ended(Exit::Code(255)),
            ended(Exit::Signal(9)),
        ] {
            reply.send(&ours, 1).unwrap();
            assert_eq!(Reply::decode(&receive_frame(&theirs).unwrap().unwrap()), Some(reply));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(kind in 0_u8..7, payload in prop::collection::vec(any::<u8>(), 0..64)) {
            let frame = Frame { id: 0, kind, payload, descriptors: Vec::new(), lacks_descriptors: false };
            let (_, _) = (Request::decode(&frame), Reply::decode(&frame));
        }

        #[test]
        fn bounds_come_back_as_they_were(
            paths in prop::option::of(prop::collection::vec("/.*", 0..3)),
            is_offline: bool,
            is_trace_needed: bool,
        ) {
            let writable = paths.map(|paths| paths.into_iter().map(PathBuf::from).collect());
            for bounds in [None, Some(Bounds { writable, is_offline, is_trace_needed })] {
                let sent = Start { bounds, ..start(Vec::new()) };
                prop_assert_eq!(Start::decode(&sent.encode()), Some(sent));
            }
        }

        #[test]
        fn a_start_comes_back_as_it_was(env in prop::collection::vec((".*", ".*"), 0..4), leftovers in 0_usize..3) {
            let sent = start(env.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
            let sent = Start { leftovers: Leftovers::WORDS[leftovers].1, ..sent };
            prop_assert_eq!(Start::decode(&sent.encode()), Some(sent));
        }
    }
}
