//! What a call points to in the memory of its process.
//!
//! Knows pages, strings and pointers. Does not know what they are for.

use std::io;

use super::{calls::Convention, sys};

/// No path the kernel takes is longer, with its end.
const PATH_LIMIT: usize = 4096;
/// Pages are this large or a multiple of it, so reading to the next multiple never meets two pages.
const PAGE: usize = 4096;
/// What most paths fit into, so that they are read at once; the rest of a page is not worth copying.
const PIECE: usize = 256;

/// Why memory could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// The call will fail as well: nothing is there, or it is too long, or the process is gone.
    Void,
    /// The call may see what az cannot.
    Hidden,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        if error.raw_os_error() == Some(libc::ESRCH) { Self::Void } else { Self::Hidden }
    }
}

/// The memory of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) tid: i32,
    pub(super) convention: Convention,
}

impl Memory {
    /// Reads a string up to its end into `out`, which it clears.
    pub(super) fn string(self, address: u64, out: &mut Vec<u8>) -> Result<(), Unread> {
        self.string_below(address, PATH_LIMIT, out)
    }

    /// Reads a string; one that is not shorter than `limit` is void.
    pub(super) fn string_below(self, address: u64, limit: usize, out: &mut Vec<u8>) -> Result<(), Unread> {
        out.clear();
        if address == 0 {
            return Err(Unread::Void);
        }
        let mut piece = [0; PIECE];
        let mut at = address;
        while out.len() < limit {
            let to_page_end = PAGE - usize::try_from(at % PAGE as u64).expect("less than a page");
            let read = sys::read_memory(self.tid, at, &mut piece[..to_page_end.min(PIECE)])?;
            if read == 0 {
                return Err(Unread::Hidden);
            }
            if let Some(end) = piece[..read].iter().position(|byte| *byte == 0) {
                out.extend_from_slice(&piece[..end]);
                return if out.len() < limit { Ok(()) } else { Err(Unread::Void) };
            }
            out.extend_from_slice(&piece[..read]);
            at = at.checked_add(read as u64).ok_or(Unread::Void)?;
        }
        Err(Unread::Void)
    }

    /// Reads exactly as many bytes as fit.
    pub(super) fn bytes(self, address: u64, into: &mut [u8]) -> Result<(), Unread> {
        if address == 0 {
            return Err(Unread::Void);
        }
        let read = sys::read_memory(self.tid, address, into)?;
        if read == into.len() { Ok(()) } else { Err(Unread::Hidden) }
    }

    /// Reads a number of four bytes.
    pub(super) fn word(self, address: u64) -> Result<u32, Unread> {
        let mut bytes = [0; 4];
        self.bytes(address, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads a number of the size of a pointer.
    pub(super) fn pointer(self, address: u64) -> Result<u64, Unread> {
        let mut bytes = [0; 8];
        self.bytes(address, &mut bytes[..self.convention.pointer_size()])?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Reads the numbers of the size of a pointer that stand in a row; 0 for what cannot be read.
    pub(super) fn pointers<const COUNT: usize>(self, address: u64) -> [u64; COUNT] {
        let size = self.convention.pointer_size();
        let mut bytes = vec![0; COUNT * size];
        let to_page_end = PAGE - usize::try_from(address % PAGE as u64).expect("less than a page");
        let is_whole = to_page_end >= bytes.len() && self.bytes(address, &mut bytes).is_ok();
        std::array::from_fn(|index| {
            if is_whole {
                let mut number = [0; 8];
                number[..size].copy_from_slice(&bytes[index * size..][..size]);
                return u64::from_le_bytes(number);
            }
            let address = address.checked_add((index * size) as u64);
            address.and_then(|address| self.pointer(address).ok()).unwrap_or(0)
        })
    }
}
