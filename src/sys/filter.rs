//! The steps of a filter of system calls.
//!
//! Knows the machine that the kernel runs filters on, and where it finds what of a call. Does not know any call.

use libc::sock_filter;

/// Jumps if the number looked at is the given one.
pub const JUMP_IF_EQUAL: u16 = 0x15;
/// Jumps if it is the given one or greater.
pub const JUMP_IF_AT_LEAST: u16 = 0x35;
/// Jumps if it shares a bit with the given one.
pub const JUMP_IF_ANY_BIT: u16 = 0x45;
/// Takes as many steps forward as given.
pub const JUMP: u16 = 0x05;
/// Keeps the given bits of the number looked at.
pub const AND: u16 = 0x54;

/// Where the number of the call is.
pub const OFFSET_OF_NUMBER: u32 = 0;
/// Where the calling convention is, which says what the number means.
pub const OFFSET_OF_CONVENTION: u32 = 4;
/// Numbers from here on are of x32, a way of calling that nobody uses and that is not understood.
pub const X32: u32 = 0x4000_0000;

/// Returns where the lower half of an argument is.
pub const fn low_half(argument: u32) -> u32 {
    16 + argument * 8
}

/// Returns where the upper half of an argument is.
pub const fn high_half(argument: u32) -> u32 {
    low_half(argument) + 4
}

/// Makes a step that goes on with the next one.
pub const fn step(code: u16, k: u32) -> sock_filter {
    sock_filter { code, jt: 0, jf: 0, k }
}

/// Makes the step that looks at a number from now on.
pub const fn load(offset: u32) -> sock_filter {
    step(0x20, offset)
}

/// Makes a step that passes over `yes` others if its condition holds, else over `no`.
pub const fn jump_if(code: u16, k: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter { code, jt: yes, jf: no, k }
}

/// Makes the step that ends the filter with an answer.
pub const fn give(answer: u32) -> sock_filter {
    step(0x06, answer)
}

/// Makes the step by which the call fails with an error.
pub const fn refuse(error: i32) -> sock_filter {
    give(libc::SECCOMP_RET_ERRNO | error.cast_unsigned())
}
