//! Open files on their way from one process to another: one message over a Unix socket, a line of text for each.

use super::SOCKETS_MAX;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Bytes of all names.
const NAMES_BYTES_MAX: usize = 4 * 1024;
/// Before the names: there may be none, and a message of no bytes is none.
const GREETING: &str = "sockets";

pub(super) fn send(to: &UnixStream, sockets: &BTreeMap<String, OwnedFd>) -> io::Result<()> {
    let names: String = sockets.keys().map(|name| format!("\n{name}")).collect();
    let text = format!("{GREETING}{names}");
    let fds: Vec<BorrowedFd<'_>> = sockets.values().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fits = fds.is_empty() || control.push(SendAncillaryMessage::ScmRights(&fds));
    if !fits || text.len() > NAMES_BYTES_MAX {
        let message = format!(
            "{} sockets are too many, or their names too long",
            fds.len()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    sendmsg(
        to,
        &[IoSlice::new(text.as_bytes())],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

pub(super) fn receive(from: &UnixStream) -> io::Result<BTreeMap<String, OwnedFd>> {
    let mut text = vec![0; NAMES_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(&mut text)];
    let received = recvmsg(from, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let text = std::str::from_utf8(&text[..received.bytes]);
    let mut lines = text.map_err(|_| wrong("names are no text"))?.split('\n');
    if lines.next() != Some(GREETING) {
        return Err(wrong("nobody gave any sockets"));
    }
    let names: Vec<&str> = lines.collect();
    if names.len() != fds.len() {
        return Err(wrong("there are more names than sockets, or fewer"));
    }
    let sockets = names.into_iter().map(str::to_owned).zip(fds);
    Ok(sockets.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    #[test]
    fn sockets_arrive_with_their_names() {
        let (near, far) = UnixStream::pair().unwrap();
        let listeners: Vec<TcpListener> = (0..SOCKETS_MAX)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let sockets = listeners.iter().enumerate().map(|(n, listener)| {
            (
                n.to_string(),
                listener.as_fd().try_clone_to_owned().unwrap(),
            )
        });
        send(&near, &sockets.collect()).unwrap();
        let received = receive(&far).unwrap();
        assert_eq!(received.len(), SOCKETS_MAX);
        for (name, socket) in received {
            let there = TcpListener::from(socket).local_addr().unwrap();
            let here = &listeners[name.parse::<usize>().unwrap()];
            assert_eq!(there, here.local_addr().unwrap());
        }
        send(&near, &BTreeMap::new()).unwrap();
        assert_eq!(receive(&far).unwrap().len(), 0);
    }

    #[test]
    fn what_is_no_greeting_is_refused() {
        let (mut near, far) = UnixStream::pair().unwrap();
        near.write_all(b"hello").unwrap();
        receive(&far).unwrap_err();
        near.write_all(b"sockets\none").unwrap();
        receive(&far).unwrap_err();
        drop(near);
        receive(&far).unwrap_err();
    }
}
