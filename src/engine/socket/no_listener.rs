//! No socket: where a watcher is never exact, there is nothing to ask it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
};

use super::wire::{Answer, Question};
use crate::{cache::Layout, sys::System};

/// There is none.
pub(super) fn socket_path(_system: &dyn System, _layout: &Layout) -> io::Result<PathBuf> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is none.
pub(in crate::engine) enum Listener {}

impl Listener {
    /// Listens to nobody.
    pub(in crate::engine) fn new(_system: &dyn System, _layout: &Layout) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(in crate::engine) fn is_there(&self, _system: &dyn System) -> bool {
        match *self {}
    }

    pub(in crate::engine) fn close(&self, _system: &dyn System) {
        match *self {}
    }

    pub(in crate::engine) fn serve(&self, _answer: impl FnMut(&Question) -> Answer) {
        match *self {}
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}

/// All paths lead where they lead.
pub(in crate::engine) fn view(_system: &dyn System) -> String {
    String::new()
}
