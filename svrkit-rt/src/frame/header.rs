//! The fixed header: 48 bytes, little-endian, enough to route, to admit or to refuse without looking further.

use crate::compression::Codecs;
use std::fmt;

/// Length of every header.
pub const HEADER_BYTES: usize = 48;
/// First byte of every frame: no letter (HTTP begins with one), not 0x16 (TLS does).
pub const MAGIC: u8 = 0xD7;
/// Version of the format, in the high half of the second byte.
pub const VERSION: u8 = 1;

const KIND_REQUEST: u8 = 1;
const KIND_ANSWER: u8 = 2;
const KIND_CANCEL: u8 = 3;
const KIND_GO_AWAY: u8 = 4;
const KIND_MESSAGE: u8 = 5;
const KIND_END: u8 = 6;
const KIND_CREDIT: u8 = 7;
const KIND_IDENTIFY: u8 = 8;
const KIND_CHALLENGE: u8 = 9;
const KIND_PROOF: u8 = 10;

const FLAG_CHECKSUM: u16 = 1;
const FLAG_TRACE: u16 = 1 << 1;
const FLAG_NOT_STARTED: u16 = 1 << 2;
const FLAG_STREAM: u16 = 1 << 3;
/// What the body is compressed with: LZ4, Zstandard.
const PACKED_SHIFT: u32 = 4;
/// What the sender takes, in the same order.
const TAKES_SHIFT: u32 = 6;

const CHECKSUM_AT: usize = 44;
/// Payload of the longest frame by which a caller and a server show themselves.
const PROOF_PAYLOAD_BYTES_MAX: usize = 128;

/// A header, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What kind of frame it is, with the fields of that kind.
    pub head: Head,
    /// Which call it belongs to; chosen by the caller, unique among its calls in flight on the connection.
    pub request_id: u64,
    /// Bytes that follow the header.
    pub payload_len: u32,
    /// Bytes at the beginning of the payload for trace context and metadata.
    pub extension_len: u32,
    /// Bytes at the end of the payload that are the attachment.
    pub attachment_len: u32,
    /// Whether the extension begins with a trace context.
    pub has_trace: bool,
    /// What the body is compressed with: nothing, or one codec. Of requests, successful answers and messages.
    pub packed: Codecs,
    /// What the sender takes. Of a request, for its answer; of an answer, for requests to come; with the messages of their streams.
    pub takes: Codecs,
    /// CRC32C of the header without its last four bytes, and the payload; `None` when the sender did not take one.
    pub checksum: Option<u32>,
}

/// The kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A call.
    Request(RequestHead),
    /// Its answer.
    Answer(Answer),
    /// The caller does not want the answer any more.
    Cancel,
    /// The sender will not take new requests on this connection.
    GoAway(GoAway),
    /// A message of a call that streams, from either side.
    Message,
    /// The caller has sent its last message.
    End,
    /// The sender takes more messages of a call.
    Credit(Credit),
    /// The caller says who it is, and wants to prove it.
    Identify,
    /// The callee proves that it has the caller's key, and wants the same proof.
    Challenge,
    /// The caller's.
    Proof,
    /// A kind from a later version of the format: skipped.
    Unknown(u8),
}

/// Fields of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// Which method.
    pub method_id: u32,
    /// Microseconds left of the caller's time; 0 leaves it to the method's own timeout.
    pub timeout_us: u32,
    /// Which partition or user the call is about; 0 for none.
    pub routing_key: u64,
    /// Business priority, 0 first.
    pub business: u8,
    /// User priority, 0 first.
    pub user: u8,
    /// 0 for the first try.
    pub attempt: u8,
    /// Whether the call streams: messages follow the request, or come before its answer.
    pub streams: bool,
}

/// Fields of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// A [`crate::Code`] by number; 0 is success, and then the body is the message. Else the body is an error description.
    pub code: u16,
    /// The least important business priority that the callee admits now; 255 admits everything.
    pub admitted_business: u8,
    /// The least important user priority that it admits within that business level.
    pub admitted_user: u8,
    /// Microseconds between the arrival of the request and the start of its handler.
    pub queued_us: u32,
    /// Whether the handler certainly never ran.
    pub not_started: bool,
}

/// Fields of a go-away. The body is an error description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoAway {
    /// A [`crate::Code`] by number; 0 is an ordinary drain.
    pub code: u16,
}

/// Fields of a credit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// Bytes of messages, headers and payloads, that may be sent beyond what might have been sent before.
    pub bytes: u32,
}

/// Why 48 bytes are no header. Nothing behind such bytes can be understood, so the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The first byte is not [`MAGIC`].
    Magic(u8),
    /// A version we do not speak.
    Version(u8),
    /// Extension and attachment are longer than the payload that is to hold them.
    Lengths,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Magic(byte) => write!(
                f,
                "a frame begins with {MAGIC:#04x}, this one with {byte:#04x}"
            ),
            HeaderError::Version(v) => write!(f, "frame version {v} is not {VERSION}"),
            HeaderError::Lengths => {
                f.write_str("extension and attachment are longer than the payload")
            }
        }
    }
}

impl std::error::Error for HeaderError {}

impl Header {
    /// A header of a frame without payload.
    pub fn new(request_id: u64, head: Head) -> Header {
        Header {
            head,
            request_id,
            payload_len: 0,
            extension_len: 0,
            attachment_len: 0,
            has_trace: false,
            packed: Codecs::NONE,
            takes: Codecs::NONE,
            checksum: None,
        }
    }

    /// The 48 bytes.
    #[inline]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut b = [0; HEADER_BYTES];
        let mut flags = self.packed.bits() << PACKED_SHIFT | self.takes.bits() << TAKES_SHIFT;
        let kind = match self.head {
            Head::Request(r) => {
                put(&mut b, 16, r.method_id.to_le_bytes());
                put(&mut b, 20, r.timeout_us.to_le_bytes());
                put(&mut b, 24, r.routing_key.to_le_bytes());
                put(&mut b, 32, [r.business, r.user, r.attempt, 0]);
                if r.streams {
                    flags |= FLAG_STREAM;
                }
                KIND_REQUEST
            }
            Head::Answer(a) => {
                put(&mut b, 16, a.code.to_le_bytes());
                put(&mut b, 18, [a.admitted_business, a.admitted_user]);
                put(&mut b, 20, a.queued_us.to_le_bytes());
                if a.not_started {
                    flags |= FLAG_NOT_STARTED;
                }
                KIND_ANSWER
            }
            Head::Cancel => KIND_CANCEL,
            Head::GoAway(g) => {
                put(&mut b, 16, g.code.to_le_bytes());
                KIND_GO_AWAY
            }
            Head::Message => KIND_MESSAGE,
            Head::End => KIND_END,
            Head::Credit(c) => {
                put(&mut b, 16, c.bytes.to_le_bytes());
                KIND_CREDIT
            }
            Head::Identify => KIND_IDENTIFY,
            Head::Challenge => KIND_CHALLENGE,
            Head::Proof => KIND_PROOF,
            Head::Unknown(kind) => kind,
        };
        if self.has_trace {
            flags |= FLAG_TRACE;
        }
        if let Some(sum) = self.checksum {
            flags |= FLAG_CHECKSUM;
            put(&mut b, CHECKSUM_AT, sum.to_le_bytes());
        }
        b[0] = MAGIC;
        b[1] = VERSION << 4 | kind & 0x0f;
        put(&mut b, 2, flags.to_le_bytes());
        put(&mut b, 4, self.payload_len.to_le_bytes());
        put(&mut b, 8, self.request_id.to_le_bytes());
        put(&mut b, 36, self.extension_len.to_le_bytes());
        put(&mut b, 40, self.attachment_len.to_le_bytes());
        b
    }

    /// Reads the 48 bytes. Whether the lengths are within somebody's limits is for the caller to say.
    ///
    /// # Errors
    /// See [`HeaderError`].
    #[inline]
    pub fn decode(b: &[u8; HEADER_BYTES]) -> Result<Header, HeaderError> {
        if b[0] != MAGIC {
            return Err(HeaderError::Magic(b[0]));
        }
        if b[1] >> 4 != VERSION {
            return Err(HeaderError::Version(b[1] >> 4));
        }
        let flags = u16::from_le_bytes(get(b, 2));
        let head = match b[1] & 0x0f {
            KIND_REQUEST => Head::Request(RequestHead {
                method_id: u32::from_le_bytes(get(b, 16)),
                timeout_us: u32::from_le_bytes(get(b, 20)),
                routing_key: u64::from_le_bytes(get(b, 24)),
                business: b[32],
                user: b[33],
                attempt: b[34],
                streams: flags & FLAG_STREAM != 0,
            }),
            KIND_ANSWER => Head::Answer(Answer {
                code: u16::from_le_bytes(get(b, 16)),
                admitted_business: b[18],
                admitted_user: b[19],
                queued_us: u32::from_le_bytes(get(b, 20)),
                not_started: flags & FLAG_NOT_STARTED != 0,
            }),
            kind => Header::decode_rarer(kind, b),
        };
        let header = Header {
            head,
            request_id: u64::from_le_bytes(get(b, 8)),
            payload_len: u32::from_le_bytes(get(b, 4)),
            extension_len: u32::from_le_bytes(get(b, 36)),
            attachment_len: u32::from_le_bytes(get(b, 40)),
            has_trace: flags & FLAG_TRACE != 0,
            packed: Codecs::from_bits(flags >> PACKED_SHIFT),
            takes: Codecs::from_bits(flags >> TAKES_SHIFT),
            checksum: (flags & FLAG_CHECKSUM != 0).then(|| u32::from_le_bytes(get(b, CHECKSUM_AT))),
        };
        if header.extension_len as u64 + header.attachment_len as u64 > header.payload_len as u64 {
            return Err(HeaderError::Lengths);
        }
        Ok(header)
    }

    /// The kinds that need not be told apart as fast as requests and answers.
    #[inline(never)]
    fn decode_rarer(kind: u8, b: &[u8; HEADER_BYTES]) -> Head {
        match kind {
            KIND_CANCEL => Head::Cancel,
            KIND_GO_AWAY => Head::GoAway(GoAway {
                code: u16::from_le_bytes(get(b, 16)),
            }),
            KIND_MESSAGE => Head::Message,
            KIND_END => Head::End,
            KIND_CREDIT => Head::Credit(Credit {
                bytes: u32::from_le_bytes(get(b, 16)),
            }),
            KIND_IDENTIFY => Head::Identify,
            KIND_CHALLENGE => Head::Challenge,
            KIND_PROOF => Head::Proof,
            kind => Head::Unknown(kind),
        }
    }

    /// Bytes of the message between extension and attachment.
    pub fn body_len(&self) -> u32 {
        self.payload_len - self.extension_len - self.attachment_len
    }

    /// Bytes of the longest payload that such a frame may have, where frames may have `max`.
    pub(crate) fn payload_bytes_max(&self, max: usize) -> usize {
        match self.head {
            Head::Identify | Head::Challenge | Head::Proof => max.min(PROOF_PAYLOAD_BYTES_MAX),
            _ => max,
        }
    }

    /// CRC32C of this header without its checksum field; the payload is appended with [`crc32c::crc32c_append`].
    pub(crate) fn checksum_of(bytes: &[u8; HEADER_BYTES]) -> u32 {
        crc32c::crc32c(&bytes[..CHECKSUM_AT])
    }
}

fn put<const N: usize>(b: &mut [u8; HEADER_BYTES], at: usize, bytes: [u8; N]) {
    b[at..at + N].copy_from_slice(&bytes);
}

fn get<const N: usize>(b: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&b[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compression::Codec;

    #[test]
    fn every_kind_survives_the_wire() {
        let heads = [
            Head::Request(RequestHead {
                method_id: 7,
                timeout_us: 500_000,
                routing_key: u64::MAX - 1,
                business: 3,
                user: 4,
                attempt: 1,
                streams: true,
            }),
            Head::Answer(Answer {
                code: 14,
                admitted_business: 255,
                admitted_user: 9,
                queued_us: 120,
                not_started: true,
            }),
            Head::Cancel,
            Head::GoAway(GoAway { code: 8 }),
            Head::Message,
            Head::End,
            Head::Credit(Credit { bytes: 65_537 }),
            Head::Identify,
            Head::Challenge,
            Head::Proof,
            Head::Unknown(11),
        ];
        for head in heads {
            let header = Header {
                payload_len: 100,
                extension_len: 40,
                attachment_len: 60,
                has_trace: true,
                packed: Codecs::only(Codec::Lz4),
                takes: Codecs::only(Codec::Zstd),
                checksum: Some(0xdead_beef),
                ..Header::new(0x0102_0304_0506_0708, head)
            };
            assert_eq!(Header::decode(&header.encode()), Ok(header));
            assert_eq!(header.body_len(), 0);
        }
    }

    #[test]
    fn what_is_no_header_is_told_apart() {
        let good = Header::new(1, Head::Cancel).encode();
        let mut bad = good;
        bad[0] = b'G';
        assert_eq!(Header::decode(&bad), Err(HeaderError::Magic(b'G')));
        bad = good;
        bad[1] = 0x23;
        assert_eq!(Header::decode(&bad), Err(HeaderError::Version(2)));
        bad = good;
        bad[36..44].fill(0xff);
        assert_eq!(Header::decode(&bad), Err(HeaderError::Lengths));
    }
}
