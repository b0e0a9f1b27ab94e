//! A question to the person at the terminal, while a watch goes on.

use std::{
    io::{IsTerminal, stdin},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::printer::Printer;
use crate::engine::{Watching, Woken};

/// What was answered, or came between.
pub(super) enum Answer {
    /// To what was shown.
    Yes,
    /// To whatever the files become.
    Always,
    No,
    /// Something changed meanwhile.
    Changed(Vec<String>),
    /// az is to end, and exits with this.
    Interrupted(u8),
}

/// How long is looked for an answer before it is looked for changes again.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Tells whether somebody sits at a terminal.
pub(super) fn can_ask() -> bool {
    stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks whether what was shown may run; whatever is no clear yes is a no.
pub(super) fn ask(printer: &Printer, watching: &mut Watching) -> Answer {
    printer.ask("may this run? y = this content, a = all edits of this workspace from now on, N = no: ");
    loop {
        let stdin = stdin();
        let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
        if poll(&mut asked, Some(&LOOK)).is_ok_and(|count| count > 0) {
            let mut line = String::new();
            if stdin.read_line(&mut line).is_err() || line.is_empty() {
                return Answer::No;
            }
            return match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => Answer::Yes,
                "a" | "all" => Answer::Always,
                _ => Answer::No,
            };
        }
        match watching.wait_at_most(Some(Duration::ZERO)) {
            Some(Woken::Changed(paths)) => {
                printer.say("");
                return Answer::Changed(paths);
            }
            Some(Woken::Interrupted(code)) => return Answer::Interrupted(code),
            Some(Woken::Limited(fault)) => printer.diagnostic(&fault),
            Some(Woken::Gone(fault)) => {
                printer.diagnostic(&fault);
                return Answer::Interrupted(super::FAILED);
            }
            None => {}
        }
    }
}
