"""The bytes of svrkit frames, after svrkit-rt/PROTOCOL.md. No input or output here."""

import struct
from dataclasses import dataclass, field

MAGIC = 0xD7
VERSION = 1
HEADER_BYTES = 48

REQUEST, ANSWER, CANCEL, GO_AWAY, MESSAGE, END, CREDIT = 1, 2, 3, 4, 5, 6, 7

FLAG_CHECKSUM = 1 << 0
FLAG_TRACE = 1 << 1
FLAG_NOT_STARTED = 1 << 2
FLAG_STREAM = 1 << 3

# What every kind has: magic, version and kind, flags, payload length, request id; and at the end the other lengths and the checksum.
_BEGIN = struct.Struct("<BBHIQ")
_END = struct.Struct("<III")
_REQUEST = struct.Struct("<IIQBBBx")
_ANSWER = struct.Struct("<HBBI12x")
_GO_AWAY = struct.Struct("<H18x")
_CREDIT = struct.Struct("<I16x")


class FrameError(Exception):
    """Bytes that are no frame; nothing behind them can be understood."""


class ChecksumError(Exception):
    """A frame that was damaged on its way."""


@dataclass
class Frame:
    """One frame. Which fields count depends on `kind`; the others stay at their defaults."""

    kind: int
    request_id: int = 0
    # request
    method_id: int = 0
    timeout_us: int = 0
    routing_key: int = 0
    business: int = 0
    user: int = 0
    attempt: int = 0
    streams: bool = False
    # credit
    credit_bytes: int = 0
    # answer; `code` of a go-away, too
    code: int = 0
    admitted_business: int = 0
    admitted_user: int = 0
    queued_us: int = 0
    not_started: bool = False
    # payload
    trace: bytes | None = None
    metadata: list[tuple[str, bytes]] = field(default_factory=list)
    body: bytes = b""
    attachment: bytes = b""
    checksum: bool = False

    def encode(self) -> bytes:
        """The whole frame, header and payload."""
        extension = (self.trace or b"") + encode_metadata(self.metadata)
        payload = extension + self.body + self.attachment
        flags = (
            FLAG_CHECKSUM * self.checksum
            | FLAG_TRACE * (self.trace is not None)
            | FLAG_NOT_STARTED * self.not_started
            | FLAG_STREAM * self.streams
        )
        header = (
            _BEGIN.pack(MAGIC, VERSION << 4 | self.kind, flags, len(payload), self.request_id)
            + self._fields()
            + struct.pack("<II", len(extension), len(self.attachment))
        )
        checksum = crc32c(payload, crc32c(header)) if self.checksum else 0
        return header + struct.pack("<I", checksum) + payload

    def _fields(self) -> bytes:
        if self.kind == REQUEST:
            return _REQUEST.pack(
                self.method_id, self.timeout_us, self.routing_key, self.business, self.user, self.attempt
            )
        if self.kind == ANSWER:
            return _ANSWER.pack(self.code, self.admitted_business, self.admitted_user, self.queued_us)
        if self.kind == GO_AWAY:
            return _GO_AWAY.pack(self.code)
        if self.kind == CREDIT:
            return _CREDIT.pack(self.credit_bytes)
        return bytes(20)


def payload_length(header: bytes) -> int:
    """How many bytes follow this header."""
    magic, version_and_kind, _, payload_len, _ = _BEGIN.unpack_from(header)
    if magic != MAGIC:
        raise FrameError(f"a frame begins with {MAGIC:#04x}, this one with {magic:#04x}")
    if version_and_kind >> 4 != VERSION:
        raise FrameError(f"frame version {version_and_kind >> 4} is not {VERSION}")
    extension_len, attachment_len, _ = _END.unpack_from(header, 36)
    if extension_len + attachment_len > payload_len:
        raise FrameError("extension and attachment are longer than the payload")
    return payload_len


def request_id(header: bytes) -> int:
    """Which call a frame belongs to."""
    return _BEGIN.unpack_from(header)[4]


def decode(header: bytes, payload: bytes) -> Frame:
    """The frame that `header` and the payload behind it are."""
    _, version_and_kind, flags, _, request_id = _BEGIN.unpack_from(header)
    extension_len, attachment_len, checksum = _END.unpack_from(header, 36)
    if flags & FLAG_CHECKSUM:
        found = crc32c(payload, crc32c(header[:44]))
        if found != checksum:
            raise ChecksumError(f"frame checksum is {found:#010x}, its header says {checksum:#010x}")
    frame = Frame(version_and_kind & 0x0F, request_id, checksum=bool(flags & FLAG_CHECKSUM))
    if frame.kind == REQUEST:
        (
            frame.method_id,
            frame.timeout_us,
            frame.routing_key,
            frame.business,
            frame.user,
            frame.attempt,
        ) = _REQUEST.unpack_from(header, 16)
        frame.streams = bool(flags & FLAG_STREAM)
    elif frame.kind == ANSWER:
        frame.code, frame.admitted_business, frame.admitted_user, frame.queued_us = _ANSWER.unpack_from(header, 16)
        frame.not_started = bool(flags & FLAG_NOT_STARTED)
    elif frame.kind == GO_AWAY:
        (frame.code,) = _GO_AWAY.unpack_from(header, 16)
    elif frame.kind == CREDIT:
        (frame.credit_bytes,) = _CREDIT.unpack_from(header, 16)
    extension = payload[:extension_len]
    if flags & FLAG_TRACE:
        frame.trace, extension = extension[:25], extension[25:]
    frame.metadata = decode_metadata(extension)
    frame.body = payload[extension_len : len(payload) - attachment_len]
    frame.attachment = payload[len(payload) - attachment_len :]
    return frame


def encode_metadata(entries: list[tuple[str, bytes]]) -> bytes:
    """Entries one behind the other: key length, value length, key, value."""
    return b"".join(
        struct.pack("<BH", len(key), len(value)) + key.encode("ascii") + value for key, value in entries
    )


def decode_metadata(data: bytes) -> list[tuple[str, bytes]]:
    """What `encode_metadata` wrote."""
    entries = []
    while data:
        if len(data) < 3:
            raise FrameError("metadata ends in the middle of an entry")
        key_len, value_len = struct.unpack_from("<BH", data)
        end = 3 + key_len + value_len
        if len(data) < end:
            raise FrameError("metadata ends in the middle of an entry")
        entries.append((data[3 : 3 + key_len].decode("ascii"), data[3 + key_len : end]))
        data = data[end:]
    return entries


def trace_context(traceparent: str) -> bytes:
    """The 25 bytes of a W3C `traceparent`."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return bytes.fromhex(trace_id + span_id + flags)


def method_id(full_name: str) -> int:
    """The id of a method whose IDL gives it none: FNV-1a, 32 bits, of `package.Service/Method`."""
    value = 0x811C9DC5
    for byte in full_name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return max(value, 1)


def _crc32c_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC32C = _crc32c_table()


def crc32c(data: bytes, crc: int = 0) -> int:
    """CRC-32C (Castagnoli) of `data`, continuing from the `crc` of what stands before it."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
