//! Random workspaces that live through random changes and faults: never a stale result, never a step more than must run.
//!
//! Knows how a workspace is made, changed, built and compared, in memory and with real processes. Does not know how that
//! is asked for.

mod change;
mod corrupt;
mod course;
mod disk;
mod kept;
mod life;
mod memory;
mod place;
mod random;
mod runner;
mod script;
mod shell;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use self::{
    corrupt::Corrupt,
    course::{Act, Course, acts},
    disk::OnDisk,
    life::Life,
    memory::InMemory,
    place::Built,
};
pub use self::{corrupt::Corrupted, life::Counts};

/// As often a life is tried to be made shorter.
const MOST_TRIES: usize = 300;
/// What lives in memory.
const IN_MEMORY: Course = Course {
    least_builds: 1,
    more_builds: 3,
    killed_one_in: 10,
    damaged_one_in: 10,
    power_cut_one_in: 10,
    edited_one_in: 8,
    twice_one_in: 12,
    foreign_one_in: 16,
    there_and_back_one_in: 8,
    has_shell: true,
};

/// The seeds of lives in which something was wrong once.
const SEEDS: &str = include_str!("seeds.txt");

/// A life in which something was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The life.
    pub seed: u64,
    /// All that happened in the shortest part of it in which it is still wrong, and at the end what is wrong.
    pub history: String,
}

/// What lives on disk, with a process for each step.
const ON_DISK: Course = Course {
    least_builds: 1,
    more_builds: 3,
    killed_one_in: 20,
    damaged_one_in: 10,
    power_cut_one_in: 10,
    edited_one_in: 6,
    twice_one_in: 6,
    foreign_one_in: 20,
    there_and_back_one_in: 8,
    has_shell: false,
};
/// What lives on disk to be killed.
const KILLED: Course = Course {
    least_builds: 5,
    more_builds: 0,
    killed_one_in: 1,
    damaged_one_in: 40,
    power_cut_one_in: 1000,
    edited_one_in: 1000,
    twice_one_in: 1000,
    foreign_one_in: 1000,
    there_and_back_one_in: 20,
    has_shell: false,
};

/// Lets workspaces live on disk, with a process for each step; before them those that once failed, if it is to be several.
///
/// # Errors
/// The first one in which something was wrong.
pub fn processes(first: u64, rounds: u64) -> Result<Counts, Found> {
    if rounds > 1 {
        live_kept("disk", ON_DISK, &on_disk)?;
    }
    live_all(first, rounds, ON_DISK, &on_disk)
}

/// Lets workspaces live on disk under an az that is killed at any moment before each build.
///
/// # Errors
/// The first one in which something was wrong.
pub fn crash(first: u64, rounds: u64) -> Result<Counts, Found> {
    live_all(first, rounds.div_ceil(KILLED.least_builds as u64), KILLED, &on_disk)
}

fn in_memory() -> Box<dyn Built> {
    Box::new(InMemory::new())
}

fn on_disk() -> Box<dyn Built> {
    Box::new(OnDisk::new().expect("a folder for temporary files can be written"))
}

/// Lets workspaces live in memory, those of `rounds` seeds from one on, on all cores; before them those that once failed,
/// if it is to be several.
///
/// # Errors
/// The first one in which something was wrong.
pub fn model(first: u64, rounds: u64) -> Result<Counts, Found> {
    if rounds > 1 {
        live_kept("memory", IN_MEMORY, &in_memory)?;
    }
    live_all(first, rounds, IN_MEMORY, &in_memory)
}

/// Lets those live again that once failed in a place.
fn live_kept(place: &str, course: Course, new: &(dyn Fn() -> Box<dyn Built> + Sync)) -> Result<(), Found> {
    let kept = SEEDS.lines().filter_map(|line| line.split_once(' ')).filter(|(kept, _)| *kept == place);
    kept.filter_map(|(_, seed)| seed.parse().ok())
        .try_for_each(|seed| live_all(seed, 1, course, new).map(drop))
}

/// Damages what az keeps of a workspace in memory, in so many ways, or in all there are.
///
/// # Errors
/// The first damage that cost more than a re-run.
pub fn corrupt(rounds: Option<u64>) -> Result<Corrupted, Found> {
    let corrupt = Corrupt::new().map_err(|history| Found { seed: 0, history })?;
    let cases = corrupt.cases();
    let rounds = rounds.unwrap_or(cases).clamp(1, cases);
    let ran = AtomicU64::new(0);
    on_all_cores(0..rounds, &|round| {
        // Spread over all there are.
        let case = round * cases / rounds;
        let more = corrupt.try_case(case).map_err(|history| Found { seed: case, history })?;
        ran.fetch_add(more, Ordering::Relaxed);
        Ok(())
    })?;
    Ok(Corrupted { cases, tried: rounds, ran: ran.into_inner() })
}

fn live_all(
    first: u64,
    rounds: u64,
    course: Course,
    new: &(dyn Fn() -> Box<dyn Built> + Sync),
) -> Result<Counts, Found> {
    let all = Mutex::new(Counts::default());
    on_all_cores(first..first.saturating_add(rounds), &|seed| {
        let acts = acts(seed, course);
        match Life::live(&mut *new(), &acts) {
            Ok(counts) => *all.lock().unwrap_or_else(PoisonError::into_inner) += counts,
            Err(history) => return Err(Found { seed, history: shrink(acts, history, new) }),
        }
        Ok(())
    })?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Does something for each number; ends with the first fault, and of several found at once with that of the lowest.
fn on_all_cores(
    numbers: std::ops::Range<u64>,
    each: &(dyn Fn(u64) -> Result<(), Found> + Sync),
) -> Result<(), Found> {
    let next = AtomicU64::new(numbers.start);
    let found = Mutex::new(None::<Found>);
    let work = || {
        while found.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                break;
            }
            if let Err(fault) = each(number) {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                if found.as_ref().is_none_or(|known| fault.seed < known.seed) {
                    *found = Some(fault);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| _ = scope.spawn(work));
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Leaves out of a life what it is wrong without, and returns the shortest history.
fn shrink(mut acts: Vec<Act>, mut history: String, new: &(dyn Fn() -> Box<dyn Built> + Sync)) -> String {
    let mut tries = 0;
    let mut piece = acts.len() / 2;
    while piece > 0 && tries < MOST_TRIES {
        let mut at = 0;
        while at < acts.len() && tries < MOST_TRIES {
            let mut fewer = acts.clone();
            let out = at..(at + piece).min(acts.len());
            // What others append to would not be begun anew.
            if fewer[out.clone()].iter().any(|act| matches!(act, Act::Script(0, _))) {
                at += 1;
                continue;
            }
            fewer.drain(out);
            tries += 1;
            match Life::live(&mut *new(), &fewer) {
                Ok(_) => at += piece,
                Err(shorter) => (acts, history) = (fewer, shorter),
            }
        }
        piece /= 2;
    }
    history
}
