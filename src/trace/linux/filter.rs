//! The filter that makes the kernel stop a call.
//!
//! Knows the machine that filters run on. Does not know what becomes of a call that is stopped.
//!
//! It decides by the number first, so that the kernel finds out by itself which calls always pass and does not even
//! run the filter for them. An argument is asked for only where it can make most calls pass, and only as a number:
//! what a pointer points to cannot be seen from here. That is why a `stat` with `AT_EMPTY_PATH` does not pass as such:
//! the flag is legal beside a path that is not empty. It passes if the path is null, or lies where in a page the C
//! library has its empty text: so `fstat` passes, and of others who use the flag one in two thousand.

use std::collections::BTreeMap;

use libc::{c_long, sock_filter};

use super::calls::{CALLS, Call, Convention, Deed};
use crate::sys::filter::{
    AND, JUMP, JUMP_IF_ANY_BIT, JUMP_IF_AT_LEAST, JUMP_IF_EQUAL, OFFSET_OF_CONVENTION, OFFSET_OF_NUMBER, X32,
    give, high_half, jump_if, load, low_half, refuse, step,
};

/// What the kernel shall do with a call that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ask the listener.
    Notify,
    /// Stop for the ptracer.
    Trace,
}

/// Flags of a `sendmsg` that always passes: a step's first, which hands over the listener before anybody listens.
///
/// They mean nothing together, and nothing on the sockets of this machine, so no program uses them.
pub(super) const PASSING_FLAGS: i32 = libc::MSG_FIN | libc::MSG_SYN | libc::MSG_RST | libc::MSG_NOSIGNAL;

const AT_EMPTY_PATH: u32 = libc::AT_EMPTY_PATH.cast_unsigned();
/// The bits of an address that say where in a page it is.
pub(super) const PAGE_MASK: u32 = 0xfff;

/// Makes a filter that has one call of this processor's own convention interrupt who makes it, and lets all others pass.
pub(super) fn trap(number: c_long) -> Vec<sock_filter> {
    let number = u32::try_from(number).expect("numbers of calls are small");
    vec![
        load(OFFSET_OF_NUMBER),
        jump_if(JUMP_IF_EQUAL, number, 0, 1),
        give(libc::SECCOMP_RET_TRAP),
        give(libc::SECCOMP_RET_ALLOW),
    ]
}

/// Makes the filter; `empty` says where in a page the empty paths lie by which C libraries ask about open files.
pub(super) fn filter(stop: Stop, empty: &[u32]) -> Vec<sock_filter> {
    let stop = match stop {
        Stop::Notify => libc::SECCOMP_RET_USER_NOTIF,
        Stop::Trace => libc::SECCOMP_RET_TRACE,
    };
    let mut out = vec![load(OFFSET_OF_CONVENTION)];
    for &convention in Convention::HERE {
        let body = body(convention, stop, empty);
        let length = u32::try_from(body.len()).expect("a filter has a few hundred steps");
        out.push(jump_if(JUMP_IF_EQUAL, convention.audit(), 1, 0));
        out.push(step(JUMP, length));
        out.extend(body);
    }
    // Whatever it is, who looks at it will say that it is not understood.
    out.push(give(stop));
    out
}

fn body(convention: Convention, stop: u32, empty: &[u32]) -> Vec<sock_filter> {
    let mut out = vec![load(OFFSET_OF_NUMBER)];
    if convention == Convention::X86_64 {
        out.push(jump_if(JUMP_IF_AT_LEAST, X32, 0, 1));
        out.push(refuse(libc::ENOSYS));
    }
    let numbered = CALLS.iter().filter_map(|call| Some((call.number(convention)?, call)));
    if convention == Convention::I386 {
        out.extend(decide(&few(numbered), stop));
        return out;
    }
    let mut calls: Vec<(u32, Vec<sock_filter>)> =
        numbered.map(|(number, call)| (number, block(call, stop, empty))).collect();
    calls.sort_by_key(|(number, _)| *number);
    calls.dedup_by_key(|(number, _)| *number);
    out.extend(decide(&calls, libc::SECCOMP_RET_ALLOW));
    out
}

/// The calls that 32-bit programs make most and that name nothing: to read, to write, to close, to seek, and for memory,
/// signals, time and locks.
const COMMON_OF_I386: [u32; 24] = [
    3, 4, 6, 13, 19, 45, 54, 78, 90, 91, 125, 140, 145, 146, 168, 174, 175, 180, 181, 192, 197, 221, 240, 265,
];

/// Returns few calls, so that all others are looked at but what is refused and what is most common; whoever looks lets
/// pass what says nothing.
///
/// The kernel translates a filter for each step of a plan that is run, and hardly any has a 32-bit program.
fn few<'c>(numbered: impl Iterator<Item = (u32, &'c Call)>) -> Vec<(u32, Vec<sock_filter>)> {
    let mut few: BTreeMap<u32, Vec<sock_filter>> =
        COMMON_OF_I386.map(|number| (number, vec![give(libc::SECCOMP_RET_ALLOW)])).into();
    for (number, call) in numbered {
        few.remove(&number);
        if let Deed::Refused(error) = call.deed {
            few.insert(number, vec![refuse(error)]);
        }
    }
    few.into_iter().collect()
}

/// Decides by the number, and gives `otherwise` for all that is none of the calls, which are sorted; all its ways end.
///
/// Calls in a row about which the same is decided are decided about together. The kernel translates a filter for each
/// step that is traced, so each step of the filter is paid for again and again.
fn decide(calls: &[(u32, Vec<sock_filter>)], otherwise: u32) -> Vec<sock_filter> {
    let otherwise = vec![give(otherwise)];
    let mut ranges = vec![(0, &otherwise)];
    for (number, block) in calls {
        for (from, block) in [(*number, block), (number + 1, &otherwise)] {
            // What the last call said about all behind it held for no number if this one is the next.
            ranges.pop_if(|last| last.0 == from);
            if ranges.last().is_none_or(|last| !is_same(last.1, block)) {
                ranges.push((from, block));
            }
        }
    }
    halve(&ranges)
}

/// Decides by the number, halving what is left of the ranges, each of which goes up to where the next one begins.
///
/// Whoever installs a filter waits until the kernel has tried it for each number there is.
fn halve(ranges: &[(u32, &Vec<sock_filter>)]) -> Vec<sock_filter> {
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    if lower.is_empty() {
        return upper.iter().flat_map(|(_, block)| (*block).clone()).collect();
    }
    let (from, rest) = (upper[0].0, halve(lower));
    // No condition leads farther than this on its own.
    let mut out = if let Ok(length) = u8::try_from(rest.len()) {
        vec![jump_if(JUMP_IF_AT_LEAST, from, length, 0)]
    } else {
        let length = u32::try_from(rest.len()).expect("a filter has a few hundred steps");
        vec![jump_if(JUMP_IF_AT_LEAST, from, 0, 1), step(JUMP, length)]
    };
    out.extend(rest);
    out.extend(halve(upper));
    out
}

fn is_same(one: &[sock_filter], other: &[sock_filter]) -> bool {
    let all_of = |step: &sock_filter| (step.code, step.jt, step.jf, step.k);
    one.iter().map(all_of).eq(other.iter().map(all_of))
}

/// Decides about one call; all its ways end.
fn block(call: &Call, stop: u32, empty: &[u32]) -> Vec<sock_filter> {
    match (call.deed, call.name) {
        (Deed::Refused(error), _) => vec![refuse(error)],
        (Deed::SendMessage, _) => vec![
            load(low_half(2)),
            jump_if(JUMP_IF_EQUAL, PASSING_FLAGS.cast_unsigned(), 0, 1),
            give(libc::SECCOMP_RET_ALLOW),
            give(stop),
        ],
        (Deed::SendTo, _) => pass_null(4, stop),
        (_, "newfstatat") => pass_empty_path(3, stop, empty),
        (_, "statx") => pass_empty_path(2, stop, empty),
        _ => vec![give(stop)],
    }
}

/// Lets a call pass if the flags say that its path may be empty, and it is null or lies where one that is empty does.
fn pass_empty_path(flags: u32, stop: u32, empty: &[u32]) -> Vec<sock_filter> {
    let short = |count: usize| u8::try_from(count).expect("a block has a few steps");
    let rest = pass_null(1, stop);
    // All steps but the last two ask; these let pass and stop.
    let to_pass = rest.len() - 2;
    let mut out = vec![
        load(low_half(flags)),
        jump_if(JUMP_IF_ANY_BIT, AT_EMPTY_PATH, 0, short(2 + empty.len() + to_pass + 1)),
        load(low_half(1)),
        step(AND, PAGE_MASK),
    ];
    for (index, place) in empty.iter().enumerate() {
        out.push(jump_if(JUMP_IF_EQUAL, *place, short(empty.len() - index - 1 + to_pass), 0));
    }
    out.extend(rest);
    out
}

/// Lets a call pass if an argument is null.
fn pass_null(argument: u32, stop: u32) -> Vec<sock_filter> {
    vec![
        load(low_half(argument)),
        jump_if(JUMP_IF_EQUAL, 0, 0, 3),
        load(high_half(argument)),
        jump_if(JUMP_IF_EQUAL, 0, 0, 1),
        give(libc::SECCOMP_RET_ALLOW),
        give(stop),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a filter as the kernel does, for a call whose arguments are all zero; returns the answer and the steps taken.
    fn run(filter: &[sock_filter], convention: u32, number: u32) -> (u32, usize) {
        let (mut at, mut value) = (0, 0);
        for steps in 1.. {
            let sock_filter { code, jt, jf, k } = filter[at];
            let jump = |holds: bool| usize::from(if holds { jt } else { jf });
            at += 1 + match code {
                0x20 => {
                    value = match k {
                        OFFSET_OF_NUMBER => number,
                        OFFSET_OF_CONVENTION => convention,
                        _ => 0,
                    };
                    0
                }
                AND => {
                    value &= k;
                    0
                }
                JUMP => k as usize,
                JUMP_IF_EQUAL => jump(value == k),
                JUMP_IF_AT_LEAST => jump(value >= k),
                JUMP_IF_ANY_BIT => jump(value & k != 0),
                0x06 => return (k, steps),
                _ => panic!("a step that is not made here: {code:#x}"),
            };
        }
        unreachable!("a filter ends")
    }

    #[test]
    fn every_number_is_decided_as_its_call_says_and_soon() {
        for (stop, asks) in
            [(Stop::Notify, libc::SECCOMP_RET_USER_NOTIF), (Stop::Trace, libc::SECCOMP_RET_TRACE)]
        {
            let filter = filter(stop, &[1, 2]);
            assert!(
                filter.len() <= 400,
                "{} steps, which the kernel translates for each trace",
                filter.len()
            );
            for &convention in Convention::HERE {
                for number in 0..1000 {
                    let call = CALLS.iter().find(|call| call.number(convention) == Some(number));
                    let expected = match call.map(|call| (call.deed, call.name)) {
                        None | Some((Deed::SendTo, _)) => libc::SECCOMP_RET_ALLOW,
                        Some((Deed::Refused(error), _)) => refuse(error).k,
                        Some(_) => asks,
                    };
                    let (answer, steps) = run(&filter, convention.audit(), number);
                    if convention == Convention::I386 {
                        let is_right = match call.map(|call| call.deed) {
                            Some(Deed::Refused(_)) => answer == expected,
                            Some(_) => answer == asks,
                            None => [asks, libc::SECCOMP_RET_ALLOW].contains(&answer),
                        };
                        assert!(is_right, "{number}: {answer:#x}");
                        assert_eq!(answer == libc::SECCOMP_RET_ALLOW, COMMON_OF_I386.contains(&number));
                        continue;
                    }
                    assert_eq!(answer, expected, "{number} of {convention:?}");
                    assert!(steps <= 30, "{steps} steps for {number}");
                }
            }
            assert_eq!(run(&filter, 0x1234, 0).0, asks, "what is not understood is looked at");
        }
    }
}
