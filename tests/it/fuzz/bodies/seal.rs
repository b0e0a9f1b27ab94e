//! Gives bytes the checksums that belong to them, so that what lies behind these is reached.
//!
//! Knows where in the files of the cache checksums stand, and nothing else of them. What az itself wrote comes out as it
//! went in.

use az::base::Digest;

/// Bytes of a frame in front of what is in it: its length, and a checksum of eight bytes.
const FRAME: usize = 12;
/// Bytes of the header of a flat file, and of each part of it that has a checksum.
const FLAT: usize = 288;
const BLOCK: usize = 4096;
/// Bytes of the head of a gate, where the numbers of its sections stand in it, what it amends and the name of its file,
/// and what the rows of the sections take.
const GATE: usize = 240;
const COUNTS: usize = 72;
const BASE: usize = 176;
const NAME: usize = 208;
const SIZES: [usize; 12] = [1, 24, 72, 1, 32, 4, 8, 4, 48, 1, 4, 4];
/// So many sections are in the first of the two parts that have checksums.
const HOT: usize = 4;
/// A gate that claims to be longer is left as it is.
const LONGEST: usize = 1 << 20;

/// Puts two files into one input.
pub(crate) fn joined(first: &[u8], second: &[u8]) -> Vec<u8> {
    let length = u32::try_from(first.len()).expect("an input is small");
    [&length.to_le_bytes(), first, second].concat()
}

/// Takes two files out of one input.
pub(super) fn parted(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<4>() else { return (&[], &[]) };
    rest.split_at((u32::from_le_bytes(*length) as usize).min(rest.len()))
}

/// Seals frames up to what is none; `change` gets each payload first.
pub(super) fn frames(bytes: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    let mut rest = sealed.as_mut_slice();
    while let Some((head, behind)) = rest.split_first_chunk_mut::<FRAME>() {
        let (length, checksum) = head.split_at_mut(4);
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let Some((payload, behind)) = behind.split_at_mut_checked(length) else { break };
        change(payload);
        checksum.copy_from_slice(&Digest::of(payload).0[..8]);
        rest = behind;
    }
    sealed
}

/// Takes from a flat file what [`flat`] puts into it.
pub(crate) fn without_checks(file: &[u8]) -> Vec<u8> {
    let checks_at = usize::try_from(number(file, 24)).expect("a file is small");
    [&file[..FLAT], &file[BLOCK..checks_at]].concat()
}

/// Makes a flat file of a header and what stands behind it; `about` is what its writer says of it.
pub(super) fn flat(bytes: &[u8], about: &[u8]) -> Vec<u8> {
    let (header, rows) = bytes.split_at(FLAT.min(bytes.len()));
    let mut file = header.to_vec();
    file.resize(BLOCK, 0);
    file.extend_from_slice(rows);
    let checks: Vec<u8> = rows.chunks(BLOCK).flat_map(|block| Digest::of(block).0).collect();
    let checks: Vec<u8> = checks.chunks(32).flat_map(|check| &check[..8]).copied().collect();
    let checks_at = file.len() as u64;
    file[16..24].copy_from_slice(&(checks_at + checks.len() as u64).to_le_bytes());
    file[24..32].copy_from_slice(&checks_at.to_le_bytes());
    file[32..32 + about.len()].copy_from_slice(about);
    file[256..FLAT].fill(0);
    let checksum = Digest::of_parts([&file[..FLAT], &checks]);
    file[256..FLAT].copy_from_slice(&checksum.0);
    file.extend(checks);
    file
}

/// Seals a gate, as long as its head says, for a file of this name; `base` is what tells the one that it amends from
/// others.
pub(super) fn gate(bytes: &[u8], name: &str, base: [u8; 32]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    let Some((hot_end, length)) = lengths(&file) else { return file };
    file.resize(length, 0);
    file[BASE..NAME].copy_from_slice(&base);
    file[NAME..GATE].copy_from_slice(&Digest::of(name.as_bytes()).0);
    let (hot, cold) = (Digest::of(&file[COUNTS..hot_end]), Digest::of(&file[hot_end..]));
    file[8..40].copy_from_slice(&hot.0);
    file[40..COUNTS].copy_from_slice(&cold.0);
    file
}

/// Returns what tells a gate from others.
pub(super) fn id(gate: &[u8]) -> [u8; 32] {
    gate.get(8..COUNTS).map_or([0; 32], |checksums| Digest::of(checksums).0)
}

/// Returns where the hot part of a gate ends, and the gate.
fn lengths(gate: &[u8]) -> Option<(usize, usize)> {
    gate.get(..GATE)?;
    let (mut at, mut hot_end) = (GATE, GATE);
    for (section, size) in SIZES.into_iter().enumerate() {
        let length = usize::try_from(number(gate, COUNTS + section * 8)).ok()?.checked_mul(size)?;
        at = at.checked_add(length)?.checked_next_multiple_of(8)?;
        if section < HOT {
            hot_end = at;
        }
    }
    (at <= LONGEST).then_some((hot_end, at))
}

fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
}
