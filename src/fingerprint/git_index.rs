//! What the index of a git repository lists, without what git only keeps in it to be faster.
//!
//! git writes the index anew whenever it looks at files, with other times and sizes in it, although nothing a step can
//! see has changed. The format is that of git's `gitformat-index`, versions 2 to 4, with SHA-1 names.

use crate::base::{Digest, DigestWriter};

/// Bytes of an entry before the name of its object: times, device, inode, mode, owner, size.
const STAT: usize = 40;
const OBJECT: usize = 20;

/// Returns a digest of mode, object, flags and path of every entry; nothing for what is no index az can read.
pub(super) fn digest(bytes: &[u8]) -> Option<Digest> {
    let mut rest = bytes.strip_prefix(b"DIRC")?;
    let version = number(&mut rest)?;
    let count = number(&mut rest)?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut writer = DigestWriter::new("az git index v1");
    let mut path = Vec::new();
    for _ in 0..count {
        let start = rest;
        let stat = take(&mut rest, STAT)?;
        let object = take(&mut rest, OBJECT)?;
        let flags = take(&mut rest, 2)?;
        // The lower bits hold the length of the path.
        let is_extended = flags[0] & 0x40 != 0;
        let more = if is_extended && version > 2 { take(&mut rest, 2)? } else { &[] };
        if version == 4 {
            let dropped = offset(&mut rest)?;
            path.truncate(path.len().checked_sub(dropped)?);
        } else {
            path.clear();
        }
        let length = rest.iter().position(|byte| *byte == 0)?;
        path.extend_from_slice(take(&mut rest, length)?);
        // Entries of older versions are padded with one to eight zeros.
        let padding = if version == 4 { 1 } else { 8 - (start.len() - rest.len()) % 8 };
        take(&mut rest, padding)?;
        writer.add(&stat[24..28]);
        writer.add(object);
        writer.add([flags[0] & 0xf0]);
        writer.add(more);
        writer.add(&path);
    }
    Some(writer.finish())
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    take(rest, 4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes")))
}

/// Reads a number in the encoding of git's pack offsets.
fn offset(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    loop {
        let byte = take(rest, 1)?[0];
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, entries: &[(u8, u8, &str)]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
        let mut last = "";
        for (time, object, path) in entries {
            let start = bytes.len();
            bytes.extend([*time; 24]);
            bytes.extend(0o100_644_u32.to_be_bytes());
            bytes.extend([*time; 12]);
            bytes.extend([*object; OBJECT]);
            bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
            if version == 4 {
                let common = path.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
                bytes.push(u8::try_from(last.len() - common).unwrap());
                bytes.extend(&path.as_bytes()[common..]);
                bytes.push(0);
                last = path;
            } else {
                bytes.extend(path.as_bytes());
                bytes.extend(vec![0; 8 - (bytes.len() - start) % 8]);
            }
        }
        bytes.extend([9; 20]);
        bytes
    }

    #[test]
    fn times_do_not_count_and_all_else_does() {
        for version in [2, 3, 4] {
            let of = |entries| digest(&index(version, entries)).unwrap();
            let one = of(&[(1, 7, "src/a"), (1, 8, "src/abc/d")]);
            assert_eq!(of(&[(2, 7, "src/a"), (3, 8, "src/abc/d")]), one);
            assert_ne!(of(&[(1, 6, "src/a"), (1, 8, "src/abc/d")]), one);
            assert_ne!(of(&[(1, 7, "src/b"), (1, 8, "src/abc/d")]), one);
            assert_ne!(of(&[(1, 7, "src/a")]), one);
        }
        assert_eq!(digest(&index(2, &[(1, 7, "x/y")])), digest(&index(4, &[(1, 7, "x/y")])));
    }

    #[test]
    fn what_is_no_index_has_no_digest() {
        let whole = index(2, &[(1, 7, "a")]);
        for length in 0..whole.len() - 20 {
            assert_eq!(digest(&whole[..length]), None, "{length}");
        }
        assert_eq!(digest(&index(5, &[])), None);
    }
}
