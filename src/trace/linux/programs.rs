//! What the kernel itself opens to run a program: its interpreters.
//!
//! Knows `#!` lines and the headers of ELF files. Does not know processes.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use rustix::fs::{Access, AtFlags, CWD, Dir, FileType, Mode, OFlags};

use super::processes::{open_part, read_open, read_part};

/// As much as the kernel reads to find out what a program is.
const HEAD: usize = 256;
/// As many segments as the kernel takes at most, with their size.
const SEGMENTS: usize = 65536;
/// As long as a path can be.
const PATH: usize = 4096;

/// What is known of a file from its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// The kernel will not run it.
    None,
    /// The kernel runs it as it is, or not at all.
    Plain,
    /// It may be run but not read, so what it is run with is not known.
    Hidden,
    /// The kernel runs what is named by this path with it.
    Script(Vec<u8>),
    /// The kernel loads this as well, to start it.
    Loaded(Vec<u8>),
    /// The kernel does not know it by itself; somebody may have registered what runs such files.
    Foreign { is_text: bool },
}

/// Looks at a file that is about to be run.
pub(super) fn program_at(path: &[u8]) -> Program {
    let is_file = rustix::fs::stat(path)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    if !is_file || rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_err() {
        return Program::None;
    }
    let mut buffer = [0; HEAD];
    let Some(file) = open_part(path) else { return Program::Hidden };
    let Some(head) = read_open(&file, 0, &mut buffer) else { return Program::Hidden };
    if let Some(line) = head.strip_prefix(b"#!") {
        return interpreter_of(line).map_or(Program::Plain, Program::Script);
    }
    if !is_native(head) {
        return Program::Foreign { is_text: !head.contains(&0) };
    }
    loader_of(|from, length| {
        let mut buffer = vec![0; length];
        let length = read_open(&file, from, &mut buffer)?.len();
        buffer.truncate(length);
        Some(buffer)
    })
    .map_or(Program::Plain, Program::Loaded)
}

/// Where the kernel shows what is registered to run files of other kinds.
const REGISTRATIONS: &str = "/proc/sys/fs/binfmt_misc";

/// Tells whether something may be registered that runs a foreign file.
///
/// In a container the registrations of the machine count but are not shown. A text is then taken for what a shell runs
/// after the kernel has refused it, which is far more frequent.
pub(super) fn may_be_registered(is_text: bool) -> bool {
    has_registration(Path::new(REGISTRATIONS)).unwrap_or(!is_text)
}

/// Tells whether something is registered; nothing if that is not shown.
fn has_registration(shown: &Path) -> Option<bool> {
    let is_enabled = |path: &Path| {
        let mut buffer = [0; 16];
        read_part(path.as_os_str().as_bytes(), 0, &mut buffer)
            .is_some_and(|text| text.starts_with(b"enabled"))
    };
    let status = shown.join("status");
    rustix::fs::stat(&status).ok()?;
    let folder = rustix::fs::open(shown, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let names = folder.and_then(Dir::new).ok()?.flatten();
    let names = names.map(|entry| shown.join(OsStr::from_bytes(entry.file_name().to_bytes())));
    Some(is_enabled(&status) && names.filter(|path| *path != status).any(|path| is_enabled(&path)))
}

/// Tells whether a file with this head is of a kind that the kernel runs by itself here.
fn is_native(head: &[u8]) -> bool {
    const MACHINES: &[u64] = if cfg!(target_arch = "x86_64") { &[3, 62] } else { &[40, 183] };
    let is_little = head.starts_with(b"\x7fELF") && head.get(5) == Some(&1);
    is_little && number(head, 18, 2).is_some_and(|machine| MACHINES.contains(&machine))
}

/// Tells whether running a file gives other rights than those of who runs it.
pub(super) fn gives_rights(path: &[u8]) -> bool {
    const SET_BITS: u32 = libc::S_ISUID | libc::S_ISGID;
    let has_bits = rustix::fs::stat(path).is_ok_and(|stat| stat.st_mode & SET_BITS != 0);
    let mut capabilities = [0_u8; 64];
    has_bits || rustix::fs::getxattr(path, "security.capability", &mut capabilities).is_ok()
}

fn interpreter_of(line: &[u8]) -> Option<Vec<u8>> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = line.iter().position(|byte| !is_blank(byte))?;
    let rest = &line[start..];
    let end = rest.iter().position(|byte| is_blank(byte) || matches!(byte, b'\n' | 0)).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_vec())
}

/// Returns the path in the `PT_INTERP` segment of a file whose parts `read` gives.
fn loader_of(read: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    const INTERPRETER: u64 = 3;
    let head = read(0, 64)?;
    let is_wide = match head.get(..6)? {
        [0x7f, b'E', b'L', b'F', 1, 1] => false,
        [0x7f, b'E', b'L', b'F', 2, 1] => true,
        _ => return None,
    };
    let word = if is_wide { 8 } else { 4 };
    let [table, size, count] = if is_wide { [0x20, 0x36, 0x38] } else { [0x1c, 0x2a, 0x2c] };
    let [offset, length] = if is_wide { [8, 32] } else { [4, 16] };
    let size = usize::try_from(number(&head, size, 2)?).ok().filter(|size| *size >= length + word)?;
    let count = usize::try_from(number(&head, count, 2)?).ok()?;
    let segments = read(number(&head, table, word)?, (size * count).min(SEGMENTS))?;
    let segment = segments.chunks_exact(size).find(|segment| number(segment, 0, 4) == Some(INTERPRETER))?;
    let length = usize::try_from(number(segment, length, word)?).ok()?;
    let text = read(number(segment, offset, word)?, length.min(PATH))?;
    text.split(|byte| *byte == 0).next().filter(|path| !path.is_empty()).map(<[u8]>::to_vec)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let mut number = [0; 8];
    number[..length].copy_from_slice(bytes.get(at..at + length)?);
    Some(u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreter_lines_are_read_as_the_kernel_does() {
        let interpreter =
            |line: &str| interpreter_of(line.as_bytes()).map(|it| String::from_utf8(it).unwrap());
        assert_eq!(interpreter("/bin/sh\necho"), Some("/bin/sh".into()));
        assert_eq!(interpreter(" \t/usr/bin/env python3 -u\n"), Some("/usr/bin/env".into()));
        assert_eq!(interpreter("relative"), Some("relative".into()));
        assert_eq!(interpreter("   "), None);
        assert_eq!(interpreter("\n/bin/sh"), None);
    }

    #[test]
    fn registrations_count_while_they_are_enabled() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(has_registration(folder.path()), None);
        write("status", "enabled\n");
        write("register", "");
        assert_eq!(has_registration(folder.path()), Some(false));
        write("qemu", "enabled\ninterpreter /usr/bin/qemu\n");
        assert_eq!(has_registration(folder.path()), Some(true));
        write("qemu", "disabled\ninterpreter /usr/bin/qemu\n");
        assert_eq!(has_registration(folder.path()), Some(false));
        write("qemu", "enabled\n");
        write("status", "disabled\n");
        assert_eq!(has_registration(folder.path()), Some(false));
    }

    #[test]
    fn only_programs_of_this_machine_are_native() {
        let mut head = std::fs::read(std::env::current_exe().unwrap()).unwrap()[..64].to_vec();
        assert!(is_native(&head));
        // No machine has this number.
        head[19] = 0xff;
        assert!(!is_native(&head));
        assert!(!is_native(b"MZ") && !is_native(b"echo text") && !is_native(b""));
    }

    #[test]
    fn no_header_makes_it_fail() {
        let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let read = |file: &[u8], from: u64, length: usize| {
            let from = usize::try_from(from).ok()?.min(file.len());
            Some(file[from..from.saturating_add(length).min(file.len())].to_vec())
        };
        let loader = loader_of(|from, length| read(&file, from, length)).unwrap();
        assert!(loader.starts_with(b"/"));
        let head = &file[..1024];
        for at in 0..head.len() {
            for byte in [0, 1, 0xff] {
                let mut damaged = head.to_vec();
                damaged[at] = byte;
                _ = loader_of(|from, length| read(&damaged, from, length));
                _ = loader_of(|from, length| read(&damaged[..at], from, length));
            }
        }
    }
}
