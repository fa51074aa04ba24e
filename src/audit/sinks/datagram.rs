//! Receivers that take a line as a datagram: syslog and journald.

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::cut::cut;
use super::{Delivery, NETWORK_PATIENCE, severity};
use crate::audit::recorded::Recorded;

pub fn syslog_unix(path: &Path, lines: &[Arc<[u8]>]) -> Delivery {
    match unix_socket(path) {
        Ok(socket) => Delivery::of_each(lines, |line| whole_or_cut(line, |line| socket.send(&syslog_message(line)))),
        Err(fault) => Delivery::none(lines, fault),
    }
}

pub fn syslog_udp(address: &str, lines: &[Arc<[u8]>]) -> Delivery {
    match UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0")) {
        Ok(socket) => {
            Delivery::of_each(lines, |line| whole_or_cut(line, |line| socket.send_to(&syslog_message(line), address)))
        }
        Err(fault) => Delivery::none(lines, fault),
    }
}

pub fn journald(path: &Path, lines: &[Arc<[u8]>]) -> Delivery {
    let send = |socket: &UnixDatagram, line: &[u8]| {
        let entry = journal_entry(line);
        match socket.send(&entry) {
            Err(fault) if is_too_long(&fault) => send_in_file(socket, &entry).map(|()| entry.len()),
            sent => sent,
        }
    };
    match unix_socket(path) {
        Ok(socket) => Delivery::of_each(lines, |line| whole_or_cut(line, |line| send(&socket, line))),
        Err(fault) => Delivery::none(lines, fault),
    }
}

pub fn unix_socket(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(NETWORK_PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}

/// Whether it is the line that does not fit, and not the receiver who is gone or slow. (A Unix socket says "no buffers" of
/// what is too long for one piece of memory.)
pub fn is_too_long(fault: &io::Error) -> bool {
    matches!(Errno::from_io_error(fault), Some(Errno::MSGSIZE | Errno::NOBUFS))
}

fn whole_or_cut(line: &[u8], mut send: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    match send(line) {
        Err(fault) if is_too_long(&fault) => send(&cut(line)).map(drop),
        sent => sent.map(drop),
    }
}

/// A syslog message (RFC 5424) with facility 13, "log audit", and the line as its text.
fn syslog_message(line: &[u8]) -> Vec<u8> {
    let event = Recorded::parse(line);
    let severity = event.as_ref().map_or(6, severity);
    let time = event.as_ref().map_or(Timestamp::UNIX_EPOCH, |e| e.time);
    let id = event.as_ref().map_or("-", |e| &e.event);
    let head = format!("<{}>1 {time:.6} - consentry {} {id} - ", 13 * 8 + severity, std::process::id());
    [head.as_bytes(), line].concat()
}

/// An entry in journald's native protocol (systemd, "Native Journal Protocol"): one field a line, none of which holds a
/// line's end.
fn journal_entry(line: &[u8]) -> Vec<u8> {
    let event = Recorded::parse(line);
    let severity = event.as_ref().map_or(6, severity);
    let (seq, id) = event.as_ref().map_or((0, "unknown"), |e| (e.seq, &*e.event));
    let head = format!(
        "SYSLOG_IDENTIFIER=consentry\nSYSLOG_FACILITY=13\nPRIORITY={severity}\nCONSENTRY_EVENT={id}\n\
         CONSENTRY_SEQ={seq}\nMESSAGE="
    );
    [head.as_bytes(), line, b"\n"].concat()
}

/// An entry that no datagram holds, as the protocol has it: a sealed file in memory, of which the descriptor is sent. Where
/// the kernel allows none, the entry counts as too long.
fn send_in_file(socket: &UnixDatagram, entry: &[u8]) -> io::Result<()> {
    let file = sealed_file(entry).map_err(|_| Errno::MSGSIZE)?;
    let files = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = SendAncillaryBuffer::new(&mut space);
    if !passed.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(Errno::MSGSIZE.into());
    }
    Ok(sendmsg(socket, &[], &mut passed, SendFlags::NOSIGNAL).map(drop)?)
}

fn sealed_file(content: &[u8]) -> io::Result<std::fs::File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = std::fs::File::from(memfd_create("consentry-journal-entry", flags)?);
    file.write_all(content)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
    Ok(file)
}
