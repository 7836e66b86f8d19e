"""As much of protobuf's binary format as small messages need: varints, strings, bytes, nested messages."""


def varint(number: int, value: int) -> bytes:
    """Field `number` as an integer (uint32, uint64, bool, enum); nothing when it is 0."""
    return _varint(number << 3) + _varint(value) if value else b""


def data(number: int, value: bytes | str) -> bytes:
    """Field `number` as bytes, string or encoded message; nothing when it is empty."""
    value = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(value)) + value if value else b""


def fields(message: bytes) -> dict[int, int | bytes]:
    """The fields of a message by number, the last one where a number occurs again. Integers as int, all else as bytes."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        wire_type = key & 7
        if wire_type == 0:
            value, at = _read_varint(message, at)
        else:
            if wire_type == 2:
                length, at = _read_varint(message, at)
            elif wire_type in (1, 5):
                length = 8 if wire_type == 1 else 4
            else:
                raise ValueError(f"wire type {wire_type}")
            if at + length > len(message):
                raise ValueError("message ends in the middle of a field")
            value, at = message[at : at + length], at + length
        found[key >> 3] = value
    return found


def text(message: dict[int, int | bytes], number: int) -> str:
    """A string field; empty when it is not there."""
    value = message.get(number, b"")
    return value.decode() if isinstance(value, bytes) else ""


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        if at >= len(message):
            raise ValueError("message ends in the middle of a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("number is longer than 10 bytes")
