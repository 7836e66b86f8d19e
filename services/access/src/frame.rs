//! Mars' default frame: five big-endian numbers of four bytes (length of the head, client version, command, seq, length of the body),
//! then the body. A head may be longer than ours; what it has more is skipped.

use std::fmt;

/// Length of the head that we write, and of the shortest that we read.
pub(crate) const HEAD_BYTES: usize = 20;
/// A longer frame is nobody's: Mars' clients neither send nor take it.
const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// The numbers of a frame that its answer repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The client drops a link on which it finds another version than its own.
    pub(crate) client_version: u32,
    /// Command id.
    pub(crate) cmd: u32,
    /// Names a request among those of the link; 0 for a push.
    pub(crate) seq: u32,
}

/// What stands at the front of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut<'a> {
    /// A frame, and its length with everything.
    Frame(Head, &'a [u8], usize),
    /// A frame over the limit, of this length.
    TooLarge(Head, usize),
    /// The beginning of a frame.
    Incomplete,
}

/// The peer does not speak Mars' frames; nothing after this can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    head_bytes: u32,
    body_bytes: u32,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Malformed {
            head_bytes,
            body_bytes,
        } = self;
        write!(
            f,
            "no frame has {head_bytes} bytes of head and {body_bytes} of body"
        )
    }
}

/// Looks at the front of `bytes`.
///
/// # Errors
/// The lengths are impossible.
pub(crate) fn cut(bytes: &[u8], frame_bytes_max: usize) -> Result<Cut<'_>, Malformed> {
    let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
        return Ok(Cut::Incomplete);
    };
    let [head_bytes, client_version, cmd, seq, body_bytes] = numbers(head);
    let (head_len, body_len) = (head_bytes as usize, body_bytes as usize);
    let len = head_len.saturating_add(body_len);
    if head_len < HEAD_BYTES || len > FRAME_BYTES_MAX {
        return Err(Malformed {
            head_bytes,
            body_bytes,
        });
    }
    let head = Head {
        client_version,
        cmd,
        seq,
    };
    if len > frame_bytes_max {
        return Ok(Cut::TooLarge(head, len));
    }
    match bytes.get(head_len..len) {
        Some(body) => Ok(Cut::Frame(head, body, len)),
        None => Ok(Cut::Incomplete),
    }
}

fn numbers(head: &[u8; HEAD_BYTES]) -> [u32; 5] {
    let (words, _) = head.as_chunks::<4>();
    std::array::from_fn(|n| u32::from_be_bytes(words[n]))
}

/// Appends a frame.
pub(crate) fn put(out: &mut Vec<u8>, head: Head, body: &[u8]) {
    out.reserve(HEAD_BYTES + body.len());
    let numbers = [
        HEAD_BYTES as u32,
        head.client_version,
        head.cmd,
        head.seq,
        body.len() as u32,
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head {
        client_version: 200,
        cmd: 3,
        seq: 2,
    };

    #[test]
    fn a_frame_of_any_head_is_cut_where_it_ends() {
        let mut bytes = Vec::new();
        put(&mut bytes, HEAD, b"one");
        put(&mut bytes, HEAD, b"two");
        bytes[3] = 23;
        assert_eq!(cut(&bytes, 100), Ok(Cut::Frame(HEAD, &bytes[23..26], 26)));
        for len in 0..26 {
            assert_eq!(cut(&bytes[..len], 100), Ok(Cut::Incomplete));
        }
    }

    #[test]
    fn lengths_are_judged_before_the_bytes_are_there() {
        let frame = |head: u32, body: u32| {
            let mut bytes = Vec::new();
            put(&mut bytes, HEAD, b"");
            bytes[..4].copy_from_slice(&head.to_be_bytes());
            bytes[16..].copy_from_slice(&body.to_be_bytes());
            bytes
        };
        assert_eq!(cut(&frame(20, 81), 100), Ok(Cut::TooLarge(HEAD, 101)));
        assert_eq!(cut(&frame(101, 0), 100), Ok(Cut::TooLarge(HEAD, 101)));
        assert_eq!(cut(&frame(20, 80), 100), Ok(Cut::Incomplete));
        for (head, body) in [
            (19, 0),
            (0, 0),
            (20, 1 << 20),
            (u32::MAX, u32::MAX),
            (20, u32::MAX),
        ] {
            cut(&frame(head, body), 100).unwrap_err();
        }
    }
}
