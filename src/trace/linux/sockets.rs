//! Whom a tree talks to, and what of that is the tree itself.
//!
//! Knows socket addresses, ports and the kernel's tables of sockets. Does not know calls.
//!
//! A server may ask for any free port, and its name is not known when it binds; so the sockets the tree has bound are
//! remembered by the number the kernel gives them, which its tables of listening sockets show. A port nobody listens
//! on may be that of the tree's own server which is still starting; that is decided at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use super::processes::read_part;
use crate::trace::Contact;

/// As long as an address can be.
pub(super) const ADDRESS_LIMIT: usize = 128;
/// As much of a table of sockets as is looked at.
const TABLE_LIMIT: usize = 4 << 20;

/// Where somebody listens whom everybody talks to and who answers nothing that matters: name caches and logs.
const HARMLESS: [&[u8]; 6] = [
    b"/run/nscd/socket",
    b"/var/run/nscd/socket",
    b"/dev/log",
    b"/run/systemd/journal/dev-log",
    b"/run/systemd/journal/socket",
    b"/run/systemd/journal/stdout",
];

/// Tells whether talking to a socket of this path means nothing.
pub(super) fn is_harmless(path: &[u8]) -> bool {
    HARMLESS.contains(&path)
}

/// An address as a program gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// No peer, or one within the kernel.
    None,
    Inet(SocketAddr),
    /// A path as the program wrote it.
    Unix(Vec<u8>),
    Abstract(Vec<u8>),
    Other(u16),
}

impl Address {
    /// Reads the bytes of a `sockaddr`.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let Some((family, rest)) = bytes.split_first_chunk::<2>() else { return Self::None };
        let family = u16::from_ne_bytes(*family);
        match i32::from(family) {
            libc::AF_UNSPEC | libc::AF_NETLINK => Self::None,
            libc::AF_UNIX => Self::parse_unix(rest),
            libc::AF_INET => Self::parse_inet(rest, 2, 4).unwrap_or(Self::Other(family)),
            libc::AF_INET6 => Self::parse_inet(rest, 6, 16).unwrap_or(Self::Other(family)),
            _ => Self::Other(family),
        }
    }

    fn parse_unix(name: &[u8]) -> Self {
        match name.split_first() {
            None => Self::None,
            Some((0, name)) => Self::Abstract(name.to_vec()),
            Some(_) => {
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                Self::Unix(name[..end].to_vec())
            }
        }
    }

    fn parse_inet(rest: &[u8], at: usize, length: usize) -> Option<Self> {
        let port = u16::from_be_bytes(rest.get(..2)?.try_into().ok()?);
        let bytes = rest.get(at..at + length)?;
        let ip = if length == 4 {
            IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))
        } else {
            IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical()
        };
        Some(Self::Inet(SocketAddr::new(ip, port)))
    }
}

/// Who listens on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listener {
    Nobody,
    Tree,
    Stranger,
}

/// The sockets of one trace.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    bound: BTreeSet<u64>,
    ports: BTreeSet<u16>,
    abstracts: BTreeSet<Vec<u8>>,
    /// Contacts on ports of this machine that nobody listened on.
    unheard: BTreeMap<u16, BTreeSet<SocketAddr>>,
    contacts: BTreeSet<Contact>,
}

impl Sockets {
    /// Records that a descriptor gets an address.
    pub(super) fn bind(&mut self, tid: i32, descriptor: i32, address: &Address) {
        self.bound.extend(number_of(tid, descriptor));
        match address {
            Address::Inet(address) if address.port() != 0 => _ = self.ports.insert(address.port()),
            Address::Abstract(name) => _ = self.abstracts.insert(name.clone()),
            _ => {}
        }
    }

    /// Records that an internet address is talked to, and returns the contact if it is certain to be one.
    pub(super) fn reach(&mut self, tid: i32, address: SocketAddr) -> Option<Contact> {
        let is_here = address.ip().is_loopback() || address.ip().is_unspecified();
        let listener = if is_here { self.listener(tid, address.port()) } else { Listener::Stranger };
        match listener {
            Listener::Tree => None,
            Listener::Nobody => {
                self.unheard.entry(address.port()).or_default().insert(address);
                None
            }
            Listener::Stranger => Some(Contact::Inet(address)),
        }
    }

    /// Returns the contact that talking to an abstract name is, unless it is the tree's own.
    pub(super) fn reach_abstract(&mut self, name: Vec<u8>) -> Option<Contact> {
        (!self.abstracts.contains(&name)).then_some(Contact::Abstract(name))
    }

    /// Records a contact.
    pub(super) fn contact(&mut self, contact: Contact) {
        self.contacts.insert(contact);
    }

    pub(super) fn into_contacts(mut self) -> BTreeSet<Contact> {
        let strangers = self.unheard.iter().filter(|(port, _)| !self.ports.contains(port));
        let strangers = strangers.flat_map(|(_, addresses)| addresses);
        self.contacts.extend(strangers.map(|address| Contact::Inet(*address)));
        self.contacts
    }

    fn listener(&self, tid: i32, port: u16) -> Listener {
        let numbers: Vec<u64> = ["tcp", "tcp6", "udp", "udp6"]
            .iter()
            .flat_map(|table| listening(&format!("/proc/{tid}/net/{table}"), table.starts_with("tcp"), port))
            .collect();
        if numbers.is_empty() {
            return Listener::Nobody;
        }
        let is_own = numbers.iter().all(|number| self.bound.contains(number));
        if is_own { Listener::Tree } else { Listener::Stranger }
    }
}

/// Returns the number the kernel gave the socket behind a descriptor.
fn number_of(tid: i32, descriptor: i32) -> Option<u64> {
    let link = rustix::fs::readlink(format!("/proc/{tid}/fd/{descriptor}"), Vec::new()).ok()?;
    link.to_str().ok()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Returns the numbers of the sockets that listen on a port, by one of the kernel's tables.
fn listening(table: &str, has_states: bool, port: u16) -> Vec<u64> {
    let mut buffer = vec![0; TABLE_LIMIT];
    let text = read_part(table.as_bytes(), 0, &mut buffer).unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').skip(1).filter_map(|line| str::from_utf8(line).ok());
    lines.filter_map(|line| listening_in(line, has_states, port)).collect()
}

fn listening_in(line: &str, has_states: bool, port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    let mut columns = line.split_ascii_whitespace().skip(1);
    let (local, remote, state) = (columns.next()?, columns.next()?, columns.next()?);
    let port_of = |address: &str| u16::from_str_radix(address.rsplit(':').next()?, 16).ok();
    let does_listen = if has_states { state == LISTEN } else { port_of(remote) == Some(0) };
    if !does_listen || port_of(local) != Some(port) {
        return None;
    }
    columns.nth(5)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let unix = |name: &[u8]| Address::parse(&[&1_u16.to_ne_bytes()[..], name].concat());
        assert_eq!(unix(b"/run/x\0rest"), Address::Unix(b"/run/x".to_vec()));
        assert_eq!(unix(b"\0name"), Address::Abstract(b"name".to_vec()));
        assert_eq!(unix(b""), Address::None);
        let inet = [&2_u16.to_ne_bytes()[..], &[0, 80, 127, 0, 0, 1]].concat();
        assert_eq!(Address::parse(&inet), Address::Inet("127.0.0.1:80".parse().unwrap()));
        assert_eq!(Address::parse(&inet[..5]), Address::Other(2));
        assert_eq!(Address::parse(&16_u16.to_ne_bytes()), Address::None);
        assert_eq!(Address::parse(&40_u16.to_ne_bytes()), Address::Other(40));
    }

    #[test]
    fn listeners_are_found_in_the_tables_of_the_kernel() {
        let line =
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 4242 1 0";
        assert_eq!(listening_in(line, true, 8080), Some(4242));
        assert_eq!(listening_in(line, true, 8081), None);
        assert_eq!(listening_in(&line.replace(" 0A ", " 01 "), true, 8080), None);
        assert_eq!(listening_in(&line.replace(" 0A ", " 07 "), false, 8080), Some(4242));
    }
}
