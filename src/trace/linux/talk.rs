//! What calls on sockets mean.
//!
//! Knows where calls keep addresses. Does not know who listens to them.

use super::{
    memory::{Memory, Unread},
    observer::{Event, Observer},
    paths::PathId,
    sockets::{ADDRESS_LIMIT, Address, is_harmless},
};
use crate::trace::{Asked, Contact};

/// More messages than the kernel sends at once.
const MESSAGES: u64 = 1024;

impl Observer<'_> {
    pub(super) fn bind(&mut self, event: &Event) -> Result<(), Unread> {
        let address = address_at(event.memory, event.arguments[1], event.arguments[2])?;
        if let Address::Unix(path) = &address
            && let Some(id) = self.resolve(event, libc::AT_FDCWD, path, super::walk::Way::Entry)?
        {
            self.make(event, id);
        }
        self.sockets.bind(event.who.tid, event.number(0), &address);
        Ok(())
    }

    pub(super) fn connect(&mut self, event: &Event) -> Result<(), Unread> {
        self.reach_at(event, event.arguments[1], event.arguments[2])
    }

    pub(super) fn send_to(&mut self, event: &Event) -> Result<(), Unread> {
        self.reach_at(event, event.arguments[4], event.arguments[5])
    }

    pub(super) fn send_message(&mut self, event: &Event) -> Result<(), Unread> {
        self.reach_header(event, event.arguments[1])
    }

    pub(super) fn send_messages(&mut self, event: &Event) -> Result<(), Unread> {
        // A header, and how much was sent, at the alignment of a pointer.
        let size = if event.memory.convention.pointer_size() == 8 { 64 } else { 32 };
        for index in 0..u64::from(event.bits(2)).min(MESSAGES) {
            let Some(header) = event.arguments[1].checked_add(index * size) else { break };
            self.reach_header(event, header)?;
        }
        Ok(())
    }

    /// Unpacks a call on sockets of a 32-bit program, whose arguments are in memory.
    pub(super) fn socket_call(&mut self, event: &Event) -> Result<(), Unread> {
        const BIND: u32 = 2;
        const CONNECT: u32 = 3;
        const SEND_TO: u32 = 11;
        const SEND_MESSAGE: u32 = 16;
        const SEND_MESSAGES: u32 = 20;
        let call = event.bits(0);
        let count = match call {
            BIND | CONNECT | SEND_MESSAGE => 3,
            SEND_TO => 6,
            SEND_MESSAGES => 4,
            _ => return Ok(()),
        };
        let mut unpacked = Event { arguments: [0; 6], ..*event };
        for index in 0..count {
            unpacked.arguments[index] = event.memory.word(event.arguments[1] + 4 * index as u64)?.into();
        }
        match call {
            BIND => self.bind(&unpacked),
            CONNECT => self.connect(&unpacked),
            SEND_TO => self.send_to(&unpacked),
            SEND_MESSAGE => self.send_message(&unpacked),
            _ => self.send_messages(&unpacked),
        }
    }

    /// Looks at the address in the header of a message.
    fn reach_header(&mut self, event: &Event, header: u64) -> Result<(), Unread> {
        let name = event.memory.pointer(header)?;
        if name == 0 {
            return Ok(());
        }
        let length = event.memory.word(header + event.memory.convention.pointer_size() as u64)?;
        self.reach_at(event, name, length.into())
    }

    fn reach_at(&mut self, event: &Event, address: u64, length: u64) -> Result<(), Unread> {
        let contact = match address_at(event.memory, address, length)? {
            Address::None => None,
            Address::Inet(address) => self.sockets.reach(event.who.tid, address),
            Address::Abstract(name) => self.sockets.reach_abstract(name),
            Address::Other(family) => Some(Contact::Family(family)),
            Address::Unix(path) => {
                let id = self.resolve(event, libc::AT_FDCWD, &path, super::walk::Way::Through)?;
                id.and_then(|id| self.reach_path(event, id))
            }
        };
        if let Some(contact) = contact {
            self.witness.before_contact(&contact);
            self.sockets.contact(contact);
        }
        Ok(())
    }

    fn reach_path(&mut self, event: &Event, id: PathId) -> Option<Contact> {
        self.ask(event, id, Asked::PROBED);
        let path = self.walker.paths.path(id).to_owned();
        let is_there = rustix::fs::lstat(&path).is_ok();
        let is_harmless = is_harmless(self.walker.paths.bytes(id));
        let is_foreign = is_there && !is_harmless && !self.ledger.is_own(&self.walker.paths, id);
        is_foreign.then_some(Contact::Unix(path))
    }
}

fn address_at(memory: Memory, address: u64, length: u64) -> Result<Address, Unread> {
    let mut bytes = [0; ADDRESS_LIMIT];
    let length = usize::try_from(length & u64::from(u32::MAX)).unwrap_or(0).min(ADDRESS_LIMIT);
    if address == 0 || length == 0 {
        return Ok(Address::None);
    }
    memory.bytes(address, &mut bytes[..length])?;
    Ok(Address::parse(&bytes[..length]))
}
