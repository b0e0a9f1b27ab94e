//! Whether a rung of the ladder carries here: a canary is sent, and must be heard.
//!
//! Knows what a working rung shows of a process that asks about a path nobody has. Does not start that process.
//!
//! A trace needs no probe: the start of the step's own program is its canary. This one is for people who want to know
//! what each rung is worth before anything is run.

use std::{
    fmt, io,
    os::fd::{BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use super::{Gap, Offer, Refusal, Rung, Trace, Witness};

/// The rungs that see something, best first.
pub const LADDER: [Rung; 3] =
    [Rung::Notify { is_synchronous: true }, Rung::Notify { is_synchronous: false }, Rung::Ptrace];

/// Why a rung does not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The kernel did not let az try.
    Refused(Refusal),
    /// The canary asked, and az did not hear of it.
    Deaf,
    /// What was heard may not be all.
    Gap(Gap),
    /// The kernel cannot wake az on the processor of the step.
    NotSynchronous,
    /// The canary could not be sent.
    NotSent(String),
}

/// One rung under trial.
#[derive(Debug)]
pub struct Probe {
    offer: Offer,
    rung: Rung,
    canary: PathBuf,
}

impl Probe {
    /// Offers one rung to a process that then is to run `canary`, an absolute path at which nothing is; with the
    /// descriptor by which it takes the offer.
    ///
    /// # Errors
    /// If there are no more descriptors, or nothing can be traced on a machine like this.
    pub fn new(rung: Rung, canary: &Path) -> io::Result<(Self, OwnedFd)> {
        let (offer, entry) = Offer::new(Some(rung))?;
        Ok((Self { offer, rung, canary: canary.to_path_buf() }, entry))
    }

    /// Listens until the canary has ended, or `done` hangs up.
    ///
    /// # Errors
    /// Why the rung does not carry.
    pub fn listen(self, done: BorrowedFd<'_>) -> Result<(), Flaw> {
        let trace = self.offer.serve_one_rung(done, &mut Nobody).map_err(Flaw::Refused)?;
        judge(&trace, self.rung, &self.canary)
    }
}

/// A canary changes nothing.
struct Nobody;

impl Witness for Nobody {
    fn before_change(&mut self, _path: &Path) {}
}

fn judge(trace: &Trace, rung: Rung, canary: &Path) -> Result<(), Flaw> {
    if !trace.paths.contains_key(canary) {
        return Err(Flaw::Deaf);
    }
    if let Some(gap) = trace.gaps.first() {
        return Err(Flaw::Gap(gap.clone()));
    }
    if trace.rung != rung {
        return Err(Flaw::NotSynchronous);
    }
    Ok(())
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = |number: &i32| io::Error::from_raw_os_error(*number);
        match self {
            // What the kernel answers where there is a listener already, and there can be only one.
            Self::Refused(Refusal::Filter(number)) if error(number).kind() == io::ErrorKind::ResourceBusy => {
                f.write_str(
                    "somebody listens already to all that az starts; a process can have only one listener",
                )
            }
            Self::Refused(Refusal::Filter(number)) => {
                write!(f, "the system takes no filter: {}", error(number))
            }
            Self::Refused(Refusal::Attach(number)) => {
                write!(f, "the system lets az attach to no process: {}", error(number))
            }
            Self::Refused(Refusal::Gone) => f.write_str("the process ended before it could be watched"),
            Self::Deaf => {
                f.write_str("it is taken, but nothing is seen by it; somebody else's filter comes first")
            }
            Self::Gap(gap) => write!(f, "not all is seen by it: {gap}"),
            Self::NotSynchronous => f.write_str("the kernel has no SYNC_WAKE_UP, which came with Linux 6.6"),
            Self::NotSent(why) => write!(f, "it cannot be tried: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::trace::{Asked, Changed, Touch};

    #[test]
    fn only_a_canary_that_was_heard_by_the_rung_itself_proves_it() {
        let canary = Path::new("/none");
        let touch =
            Touch { asked: Asked::PROBED, changed: Changed::NONE, by: 0, changed_by: None, was_there: None };
        let heard = Trace { rung: Rung::Ptrace, paths: [(canary.into(), touch)].into(), ..Trace::off() };
        assert_eq!(judge(&heard, Rung::Ptrace, canary), Ok(()));
        assert_eq!(judge(&heard, Rung::Ptrace, Path::new("/other")), Err(Flaw::Deaf));
        let gapped = Trace { gaps: BTreeSet::from([Gap::Memory]), ..heard.clone() };
        assert_eq!(judge(&gapped, Rung::Ptrace, canary), Err(Flaw::Gap(Gap::Memory)));
        let slow = Trace { rung: Rung::Notify { is_synchronous: false }, ..heard };
        assert_eq!(judge(&slow, LADDER[0], canary), Err(Flaw::NotSynchronous));
        assert_eq!(judge(&slow, LADDER[1], canary), Ok(()));
    }
}
