//! Frames of a WebSocket (RFC 6455, 5), as they go by.

use std::fmt;

/// Longest payload of a control frame.
pub(super) const CONTROL_BYTES_MAX: usize = 125;
/// Longest header of a frame from a client.
const HEADER_BYTES_MAX: usize = 14;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }

    fn number(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        }
    }
}

/// How the peer broke the protocol, with the code that it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Reserved bits, an unknown opcode, no mask, a control frame that is long or in pieces, a continuation of nothing.
    Protocol,
    /// Text, which no link carries.
    Text,
}

impl Broken {
    pub(super) fn close_code(self) -> u16 {
        match self {
            Broken::Protocol => 1002,
            Broken::Text => 1003,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Broken::Protocol => "peer broke the websocket protocol",
            Broken::Text => "peer sent text",
        })
    }
}

/// What the bytes so far mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes of a message, unmasked, at the front of what was given after `skip` bytes of header.
    Data { skip: usize, len: usize },
    /// A control frame is whole; its payload is in [`Decoder::control`].
    Control { skip: usize, opcode: Opcode },
    /// Nothing yet.
    More,
}

/// Reads frames of a client. Holds a header, and the payload of a control frame.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    header: [u8; HEADER_BYTES_MAX],
    header_len: u8,
    frame: Option<Frame>,
    /// A message has begun and not ended.
    in_message: bool,
    control: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    left: u64,
    mask: u32,
}

impl Decoder {
    /// Payload of the last control frame.
    pub(super) fn control(&self) -> &[u8] {
        &self.control
    }

    /// Takes the next step into `bytes`, whose payload it unmasks in place. `Data` and `Control` say how much of it they took; `More`
    /// took all.
    ///
    /// # Errors
    /// Nothing after this can be understood.
    pub(super) fn step(&mut self, bytes: &mut [u8]) -> Result<Step, Broken> {
        let mut at = 0;
        if self.frame.is_none() {
            at = self.take_header(bytes)?;
        }
        let Some(frame) = &mut self.frame else {
            return Ok(Step::More);
        };
        let room = bytes.len() - at;
        let len = usize::try_from(frame.left).unwrap_or(usize::MAX).min(room);
        let opcode = frame.opcode;
        frame.unmask(&mut bytes[at..at + len]);
        let is_whole = frame.left == 0;
        if is_whole {
            self.frame = None;
        }
        if opcode.is_control() {
            self.control.extend_from_slice(&bytes[at..at + len]);
            return Ok(match is_whole {
                true => Step::Control {
                    skip: at + len,
                    opcode,
                },
                false => Step::More,
            });
        }
        Ok(match (len, is_whole) {
            (0, false) => Step::More,
            _ => Step::Data { skip: at, len },
        })
    }

    /// Takes what belongs to a header. The number of bytes.
    fn take_header(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        for (at, byte) in bytes.iter().enumerate() {
            self.header[usize::from(self.header_len)] = *byte;
            self.header_len += 1;
            if let Some(frame) = self.header()? {
                self.header_len = 0;
                self.frame = Some(frame);
                return Ok(at + 1);
            }
        }
        Ok(bytes.len())
    }

    /// The frame whose header this is, once it is whole. Judged as early as can be.
    fn header(&mut self) -> Result<Option<Frame>, Broken> {
        let header = &self.header[..usize::from(self.header_len)];
        let [first, rest @ ..] = header else {
            return Ok(None);
        };
        let (is_last, opcode) = (first & 0x80 != 0, opcode(*first)?);
        let [second, rest @ ..] = rest else {
            return Ok(None);
        };
        let (is_masked, short_len) = (second & 0x80 != 0, second & 0x7f);
        let wrong_control = opcode.is_control() && (!is_last || short_len > 125);
        let wrong_order = match opcode {
            Opcode::Continuation => !self.in_message,
            Opcode::Binary => self.in_message,
            _ => false,
        };
        if !is_masked || wrong_control || wrong_order {
            return Err(Broken::Protocol);
        }
        let (left, mask) = match short_len {
            126 => match rest.split_first_chunk::<2>() {
                Some((len, mask)) => (u64::from(u16::from_be_bytes(*len)), mask),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((len, mask)) => (u64::from_be_bytes(*len), mask),
                None => return Ok(None),
            },
            len => (u64::from(len), rest),
        };
        if left >> 63 != 0 {
            return Err(Broken::Protocol);
        }
        let Some(mask) = mask.first_chunk::<4>() else {
            return Ok(None);
        };
        if opcode.is_control() {
            self.control.clear();
        } else {
            self.in_message = !is_last;
        }
        Ok(Some(Frame {
            opcode,
            left,
            mask: u32::from_be_bytes(*mask),
        }))
    }
}

impl Frame {
    fn unmask(&mut self, payload: &mut [u8]) {
        for byte in payload.iter_mut() {
            *byte ^= (self.mask >> 24) as u8;
            self.mask = self.mask.rotate_left(8);
        }
        self.left -= payload.len() as u64;
    }
}

fn opcode(first: u8) -> Result<Opcode, Broken> {
    if first & 0x70 != 0 {
        return Err(Broken::Protocol);
    }
    match first & 0x0f {
        0 => Ok(Opcode::Continuation),
        1 => Err(Broken::Text),
        2 => Ok(Opcode::Binary),
        8 => Ok(Opcode::Close),
        9 => Ok(Opcode::Ping),
        10 => Ok(Opcode::Pong),
        _ => Err(Broken::Protocol),
    }
}

/// Appends a frame of ours: whole, and without a mask.
pub(super) fn put(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(10 + payload.len());
    out.push(0x80 | opcode.number());
    match payload.len() {
        len @ ..=125 => out.push(len as u8),
        len @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}
