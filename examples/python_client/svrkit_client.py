"""A client of svrkit services: one connection that any number of threads may call over at once.

    connection = Connection("127.0.0.1:7000")
    reply = connection.call("hello.v1.Greeter/SayHello", protobuf.data(1, "Ada"), timeout=0.5)

Bodies are encoded messages; see `protobuf.py`.
"""

import socket
import threading
import time
from dataclasses import dataclass, field

import protobuf
import svrkit_frame as wire
from svrkit_frame import Frame

CODES = (
    "ok cancelled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied resource_exhausted "
    "failed_precondition aborted out_of_range unimplemented internal unavailable data_loss unauthenticated overloaded"
).split()

BUSINESS_PRIORITY = 128
TIMEOUT_S = 0.5
TIMEOUT_S_MAX = 3600.0
ANSWER_BYTES_MAX = 16 * 1024 * 1024
# Bytes of messages that either side of a stream may send before it was given credit; here also how many may wait.
WINDOW_BYTES = 64 * 1024


class Status(Exception):
    """Why a call failed."""

    def __init__(self, code: str, message: str, domain: str = "", reason: str = "", not_started: bool = False):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.domain, self.reason = code, message, domain, reason
        self.not_started = not_started
        """Whether the handler certainly never ran, so that the call may be repeated."""

    @staticmethod
    def of(frame: Frame) -> "Status":
        """The status that a failed answer or a go-away carries."""
        code = CODES[frame.code] if frame.code < len(CODES) else "unknown"
        try:
            error = protobuf.fields(frame.body)
            texts = [protobuf.text(error, number) for number in (1, 2, 3)]
        except ValueError:
            # A body that cannot be read costs the message, not the code.
            texts = ["", "", ""]
        return Status(code, *texts, not_started=frame.not_started)


@dataclass
class Reply:
    """A successful answer."""

    body: bytes
    metadata: list[tuple[str, bytes]] = field(default_factory=list)
    attachment: bytes = b""
    queued_us: int = 0


class Connection:
    """One connection: `host:port` or `unix:/path`. Closes itself when the server sends it away and the last answer has come."""

    def __init__(self, address: str, checksum: bool = False, connect_timeout: float = 1.0):
        if address.startswith("unix:"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(address.removeprefix("unix:"))
        else:
            host, port = address.rsplit(":", 1)
            self._socket = socket.create_connection((host, int(port)), timeout=connect_timeout)
            self._socket.settimeout(None)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._checksum = checksum
        # Guards the three below; sending has a lock of its own, so that a full socket does not keep answers from being read.
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._last_id = 0
        self._gone: Status | None = None
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def call(self, method: str | int, body: bytes = b"", **options) -> Reply:
        """Calls and waits for the answer; raises `Status`. Options as in `start`."""
        return self.start(method, body, **options).result()

    def start(
        self,
        method: str | int,
        body: bytes = b"",
        *,
        timeout: float = TIMEOUT_S,
        metadata: list[tuple[str, bytes]] | None = None,
        attachment: bytes = b"",
        routing_key: int = 0,
        priority: tuple[int, int] = (BUSINESS_PRIORITY, 0),
        attempt: int = 0,
        traceparent: str | None = None,
        streams: bool = False,
    ) -> "Call":
        """Sends a request without waiting. `method` is a full name, or an id where the IDL sets one; `timeout` in seconds."""
        timeout = min(timeout, TIMEOUT_S_MAX)
        frame = Frame(
            wire.REQUEST,
            method_id=wire.method_id(method) if isinstance(method, str) else method,
            timeout_us=int(timeout * 1e6),
            routing_key=routing_key,
            business=priority[0],
            user=priority[1],
            attempt=attempt,
            streams=streams,
            trace=wire.trace_context(traceparent) if traceparent else None,
            metadata=metadata or [],
            body=body,
            attachment=attachment,
            checksum=self._checksum,
        )
        if frame.timeout_us <= 0:
            # On the wire 0 would ask for the method's own timeout.
            raise Status("deadline_exceeded", "no time left to call", not_started=True)
        with self._lock:
            if self._gone:
                raise Status(self._gone.code, self._gone.message, not_started=True)
            self._last_id += 1
            frame.request_id = self._last_id
            kind = Stream if streams else Call
            call = self._calls[frame.request_id] = kind(self, frame.request_id, time.monotonic() + timeout)
        self._send(frame)
        return call

    def stream(self, method: str | int, body: bytes = b"", *, timeout: float = TIMEOUT_S_MAX, **options) -> "Stream":
        """Begins a call that streams; `body` is the request unless requests stream. Options as in `start`."""
        return self.start(method, body, timeout=timeout, streams=True, **options)

    def close(self) -> None:
        """Ends the connection; calls in flight fail."""
        self._end(Status("unavailable", "connection closed"))
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other side was faster.
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._gone is None

    def _send(self, frame: Frame) -> None:
        try:
            with self._sending:
                self._socket.sendall(frame.encode())
        except OSError as error:
            self._end(Status("unavailable", f"connection broken: {error}"))

    def _forget(self, request_id: int) -> bool:
        """Takes a call off the books; its id is never used again. True if it had no answer yet."""
        with self._lock:
            waited = self._calls.pop(request_id, None) is not None
        if waited and self.is_open:
            self._send(Frame(wire.CANCEL, request_id, checksum=self._checksum))
        return waited

    def _read(self) -> None:
        stream = self._socket.makefile("rb")
        try:
            while self._on_frame(stream):
                pass
            self._end(Status("unavailable", "connection closed by the server"))
        except (OSError, wire.FrameError, wire.ChecksumError) as error:
            self._end(Status("unavailable", f"connection broken: {error}"))
        finally:
            stream.close()
            self._socket.close()

    def _on_frame(self, stream) -> bool:
        """Takes one frame; false when the connection is over."""
        header = stream.read(wire.HEADER_BYTES)
        if len(header) < wire.HEADER_BYTES:
            return False
        length = wire.payload_length(header)
        if length > ANSWER_BYTES_MAX:
            raise wire.FrameError(f"payload is {length} bytes, over {ANSWER_BYTES_MAX}")
        payload = stream.read(length)
        if len(payload) < length:
            return False
        kind = header[1] & 0x0F
        if kind == wire.ANSWER:
            frame = wire.decode(header, payload)
            with self._lock:
                call = self._calls.pop(frame.request_id, None)
            if call:
                call._answer(frame)
        elif kind in (wire.MESSAGE, wire.CREDIT):
            with self._lock:
                call = self._calls.get(wire.request_id(header))
            if isinstance(call, Stream):
                call._on_frame(wire.decode(header, payload), len(header) + len(payload))
        elif kind == wire.GO_AWAY:
            frame = wire.decode(header, payload)
            status = Status.of(frame)
            if frame.code == 0:
                status = Status("unavailable", "server is draining")
            with self._lock:
                self._gone = self._gone or status
        # Kinds that are not known are skipped.
        with self._lock:
            return not (self._gone and not self._calls)

    def _end(self, status: Status) -> None:
        with self._lock:
            self._gone = self._gone or status
            calls, self._calls = self._calls, {}
        for call in calls.values():
            call._fail(self._gone)


class Call:
    """A call on its way."""

    def __init__(self, connection: Connection, request_id: int, deadline: float):
        self._connection, self._request_id, self._deadline = connection, request_id, deadline
        self._done = threading.Event()
        self._outcome: Reply | Status = Status("unknown", "not answered")

    def result(self) -> Reply:
        """Waits for the answer, no longer than the call's timeout. Raises `Status`."""
        if not self._done.wait(self._deadline - time.monotonic()) and self._connection._forget(self._request_id):
            self._fail(Status("deadline_exceeded", "no answer in time"))
        self._done.wait()
        if isinstance(self._outcome, Status):
            raise self._outcome
        return self._outcome

    def cancel(self) -> None:
        """Gives up the call, unless it was answered, and tells the server so."""
        if self._connection._forget(self._request_id):
            self._fail(Status("cancelled", "cancelled by the caller"))

    @property
    def is_done(self) -> bool:
        """Whether `result` would return at once."""
        return self._done.is_set()

    def _answer(self, frame: Frame) -> None:
        if frame.code != 0:
            return self._fail(Status.of(frame))
        self._outcome = Reply(frame.body, frame.metadata, frame.attachment, frame.queued_us)
        self._done.set()

    def _fail(self, status: Status) -> None:
        self._outcome = status
        self._done.set()


class Stream(Call):
    """A call that streams. Iterate over it for the messages of its answers; `send` and `finish` are for those of its requests.

    Raises `Status` where it fails. What was not finished is to be cancelled.
    """

    def __init__(self, connection: Connection, request_id: int, deadline: float):
        super().__init__(connection, request_id, deadline)
        self._changed = threading.Condition()
        # Messages that wait, and how many bytes they count.
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        # What the server may send, and what we may: some of it is enough for a message, which may be larger.
        self._given = self._credit = WINDOW_BYTES

    def send(self, message: bytes) -> None:
        """Sends a request; waits while the server takes no more."""
        with self._changed:
            self._wait(lambda: self._credit > 0)
            if self.is_done:
                self.result()
                raise Status("cancelled", "answered before all was sent")
            self._credit -= wire.HEADER_BYTES + len(message)
        self._put(Frame(wire.MESSAGE, self._request_id, body=message))

    def finish(self) -> None:
        """Says that there are no more requests; `result` is the answer then, where answers do not stream."""
        self._put(Frame(wire.END, self._request_id))

    def __iter__(self):
        while True:
            with self._changed:
                self._wait(lambda: self._waiting)
                if not self._waiting:
                    break
                message = self._waiting.pop(0)
                self._waiting_bytes -= wire.HEADER_BYTES + len(message)
                owed = WINDOW_BYTES - self._given - self._waiting_bytes
                owed = owed if owed >= WINDOW_BYTES // 2 and not self.is_done else 0
                self._given += owed
            if owed:
                self._put(Frame(wire.CREDIT, self._request_id, credit_bytes=owed))
            yield message
        self.result()

    def _wait(self, ready) -> None:
        """Waits until something is ready or the call is over, and no longer than it may take. The lock is held."""
        left = self._deadline - time.monotonic()
        if not self._changed.wait_for(lambda: ready() or self.is_done, max(left, 0)):
            self._connection._forget(self._request_id)
            super()._fail(Status("deadline_exceeded", "no message in time"))

    def _put(self, frame: Frame) -> None:
        frame.checksum = self._connection._checksum
        self._connection._send(frame)

    def _on_frame(self, frame: Frame, frame_bytes: int) -> None:
        with self._changed:
            if frame.kind == wire.CREDIT:
                self._credit += frame.credit_bytes
            elif self._given <= 0:
                raise wire.FrameError("a message without credit for it")
            else:
                self._given -= frame_bytes
                self._waiting_bytes += wire.HEADER_BYTES + len(frame.body)
                self._waiting.append(frame.body)
            self._changed.notify_all()

    def _answer(self, frame: Frame) -> None:
        with self._changed:
            super()._answer(frame)
            self._changed.notify_all()

    def _fail(self, status: Status) -> None:
        with self._changed:
            super()._fail(status)
            self._changed.notify_all()
