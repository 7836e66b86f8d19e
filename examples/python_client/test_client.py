"""Holds this client against real servers: `python3 test_client.py [--hello PATH] [--files PATH]`.

The paths are of the example programs `hello` and `files`; without them cargo builds both.
"""

import argparse
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
from http.client import HTTPConnection

import protobuf
import svrkit_frame as wire
from svrkit_client import Connection, Status

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "svrkit-rt/tests/vectors/frames.txt"
HELLO = "hello.v1.Greeter/SayHello"
ECHO = "svrkit.v1.Builtin/Echo"

binaries: dict[str, pathlib.Path] = {}


class Server:
    """An example program, serving on a free port until the test ends."""

    def __init__(self, name: str):
        command = [binaries[name], "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.address = re.search(r"listening on ([\d.]+:\d+)", line)[1]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def hello(name: str, after_ms: int = 0) -> bytes:
    return protobuf.data(1, name) + protobuf.varint(2, after_ms)


def greeting(reply) -> str:
    return protobuf.text(protobuf.fields(reply.body), 1)


def greet(connection: Connection, name: str) -> str:
    return greeting(connection.call(HELLO, hello(name), timeout=10))


class Vectors(unittest.TestCase):
    """The frames that PROTOCOL.md quotes."""

    KINDS = {
        "request": wire.REQUEST,
        "answer": wire.ANSWER,
        "cancel": wire.CANCEL,
        "go-away": wire.GO_AWAY,
        "message": wire.MESSAGE,
        "end": wire.END,
        "credit": wire.CREDIT,
    }

    def test_frames_are_written_and_read_as_the_page_says(self):
        blocks = VECTORS.read_text().split("\n\n")[1:]
        # This client says nothing of compression, and so is sent none; and it has no key by which it would show who it is.
        strange = re.compile("^(packed: |kind: (identify|challenge|proof)$)", re.MULTILINE)
        blocks = [block for block in blocks if not strange.search(block)]
        self.assertEqual(len(blocks), 15)
        for block in blocks:
            frame, dump = self.read(block)
            with self.subTest(block.splitlines()[0]):
                self.assertEqual(frame.encode(), dump)
                header, payload = dump[:48], dump[48:]
                self.assertEqual(wire.payload_length(header), len(payload))
                self.assertEqual(wire.decode(header, payload), frame)

    def test_a_damaged_frame_is_seen(self):
        frame = wire.Frame(wire.REQUEST, 1, body=b"body", checksum=True).encode()
        for at in (8, 20, 50):
            damaged = bytearray(frame)
            damaged[at] ^= 1
            with self.assertRaises(wire.ChecksumError):
                wire.decode(bytes(damaged[:48]), bytes(damaged[48:]))

    def test_numbers_of_the_page(self):
        self.assertEqual(wire.crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(wire.method_id(HELLO), 1078726538)
        self.assertEqual(wire.method_id(ECHO), 2330590236)

    def read(self, block: str) -> tuple[wire.Frame, bytes]:
        fields, dump = block.split("\ndump:\n")
        frame = wire.Frame(0)
        for line in fields.splitlines():
            key, value = line.split(": ", 1)
            match key:
                case "name" | "says":
                    pass
                case "kind":
                    frame.kind = self.KINDS[value]
                case "metadata":
                    name, digits = value.split(" ")
                    frame.metadata.append((name, bytes.fromhex(digits)))
                case "body" | "attachment" | "trace":
                    setattr(frame, key, bytes.fromhex(value))
                case "bytes":
                    frame.credit_bytes = int(value)
                case "checksum" | "not_started" | "streams":
                    setattr(frame, key, True)
                case _:
                    setattr(frame, key, int(value))
        return frame, b"".join(bytes.fromhex(line[6:]) for line in dump.splitlines())


class Calls(unittest.TestCase):
    """Calls of `hello`."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("hello")
        cls.addClassCleanup(cls.server.stop)

    def connect(self, **options) -> Connection:
        connection = Connection(self.server.address, **options)
        self.addCleanup(connection.close)
        return connection

    def test_a_call_is_answered(self):
        self.assertEqual(greet(self.connect(), "Ada"), "Hello, Ada!")

    def test_calls_of_one_connection_do_not_wait_for_each_other(self):
        connection = self.connect()
        slow = connection.start(HELLO, hello("slow", after_ms=20_000), timeout=30)
        calls = [connection.start(HELLO, hello(f"number {n}"), timeout=10) for n in range(500)]
        for n, call in enumerate(calls):
            self.assertEqual(greeting(call.result()), f"Hello, number {n}!")
        self.assertFalse(slow.is_done)

    def test_an_error_says_why(self):
        with self.assertRaises(Status) as failed:
            self.connect().call(HELLO, hello(""), timeout=10)
        self.assertEqual(failed.exception.code, "invalid_argument")
        self.assertEqual(failed.exception.message, "nobody to greet: name is empty")
        self.assertFalse(failed.exception.not_started)

    def test_a_method_that_is_not_there(self):
        connection = self.connect()
        with self.assertRaises(Status) as failed:
            connection.call("hello.v1.Greeter/SayNothing", timeout=10)
        self.assertEqual(failed.exception.code, "unimplemented")
        self.assertTrue(failed.exception.not_started)
        self.assertEqual(greet(connection, "again"), "Hello, again!")

    def test_the_client_stops_waiting_at_the_deadline(self):
        connection = self.connect()
        begin = time.monotonic()
        with self.assertRaises(Status) as failed:
            connection.call(HELLO, hello("late", after_ms=20_000), timeout=0.1)
        self.assertEqual(failed.exception.code, "deadline_exceeded")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(greet(connection, "next"), "Hello, next!")

    def test_the_server_stops_working_at_the_deadline(self):
        # By hand, because the client would not wait for the server to say so.
        with socket.create_connection(self.server.address.split(":")) as raw:
            body = hello("late", after_ms=20_000)
            method = wire.method_id(HELLO)
            raw.sendall(wire.Frame(wire.REQUEST, 7, method_id=method, timeout_us=50_000, body=body).encode())
            raw.settimeout(10)
            stream = raw.makefile("rb")
            header = stream.read(48)
            answer = wire.decode(header, stream.read(wire.payload_length(header)))
            stream.close()
        self.assertEqual((answer.request_id, answer.code), (7, 4))

    def test_a_cancelled_call_is_not_answered(self):
        # By hand, because the client would not show an answer that came nevertheless.
        with socket.create_connection(self.server.address.split(":")) as raw:
            method = wire.method_id(HELLO)
            cancelled = wire.Frame(wire.REQUEST, 1, method_id=method, timeout_us=10_000_000, body=hello("a", 100))
            other = wire.Frame(wire.REQUEST, 2, method_id=method, timeout_us=10_000_000, body=hello("b", 300))
            raw.sendall(cancelled.encode() + wire.Frame(wire.CANCEL, 1).encode() + other.encode())
            raw.settimeout(10)
            stream = raw.makefile("rb")
            header = stream.read(48)
            answer = wire.decode(header, stream.read(wire.payload_length(header)))
            stream.close()
        self.assertEqual((answer.request_id, answer.code), (2, 0))

    def test_cancel_frees_the_caller_at_once(self):
        connection = self.connect()
        call = connection.start(HELLO, hello("never mind", after_ms=20_000), timeout=30)
        call.cancel()
        with self.assertRaises(Status) as failed:
            call.result()
        self.assertEqual(failed.exception.code, "cancelled")
        self.assertEqual(greet(connection, "next"), "Hello, next!")

    def test_checksums_both_ways(self):
        connection = self.connect(checksum=True)
        self.assertEqual(greet(connection, "Ada"), "Hello, Ada!")

    def test_everything_that_a_header_carries_is_taken(self):
        reply = self.connect().call(
            HELLO,
            hello("Ada"),
            metadata=[("client-version", b"7.0"), ("blob-bin", b"\x00\xff")],
            priority=(10, 77),
            routing_key=2**64 - 1,
            attempt=1,
            timeout=10,
            traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        self.assertEqual(greeting(reply), "Hello, Ada!")

    def test_kinds_from_later_versions_are_skipped(self):
        with socket.create_connection(self.server.address.split(":")) as raw:
            unknown = wire.Frame(15, 1, body=b"whatever").encode()
            request = wire.Frame(wire.REQUEST, 2, method_id=wire.method_id(HELLO), body=hello("Ada")).encode()
            raw.sendall(unknown + request)
            raw.shutdown(socket.SHUT_WR)
            raw.settimeout(10)
            stream = raw.makefile("rb")
            everything = stream.read()
            stream.close()
        answer = wire.decode(everything[:48], everything[48:])
        self.assertEqual((answer.request_id, greeting(answer)), (2, "Hello, Ada!"))

    def test_bytes_that_are_no_frame_are_refused_with_a_reason(self):
        with socket.create_connection(self.server.address.split(":")) as raw:
            raw.sendall(bytes([0xD7, 0x21]) + bytes(46))
            raw.settimeout(10)
            stream = raw.makefile("rb")
            everything = stream.read()
            stream.close()
        away = wire.decode(everything[:48], everything[48:])
        self.assertEqual((away.kind, away.code), (wire.GO_AWAY, 3))
        self.assertEqual(Status.of(away).message, "frame version 2 is not 1")

    def test_http_is_answered_on_the_same_port(self):
        http = HTTPConnection(self.server.address, timeout=10)
        self.addCleanup(http.close)
        path, headers = f"/{HELLO}", {"content-type": "application/json"}
        for name, status, answer in (
            ("Ada", 200, {"text": "Hello, Ada!"}),
            ("", 400, {"code": "invalid_argument", "message": "nobody to greet: name is empty"}),
        ):
            http.request("POST", path, json.dumps({"name": name}), headers)
            response = http.getresponse()
            self.assertEqual((response.status, json.load(response)), (status, answer))

    def test_every_server_echoes(self):
        payload = bytes(range(256)) * 300
        reply = self.connect().call(ECHO, protobuf.data(1, payload), timeout=10)
        self.assertEqual(protobuf.fields(reply.body)[1], payload)


class Leaving(unittest.TestCase):
    """A server that drains."""

    def test_a_call_in_flight_is_answered_and_new_ones_are_told_to_go_elsewhere(self):
        server = Server("hello")
        self.addCleanup(server.stop)
        with Connection(server.address) as connection:
            in_flight = connection.start(HELLO, hello("Ada", after_ms=500), timeout=20)
            greet(connection, "there it is")
            server.process.send_signal(signal.SIGINT)
            give_up = time.monotonic() + 10
            while connection.is_open and time.monotonic() < give_up:
                time.sleep(0.005)
            with self.assertRaises(Status) as failed:
                connection.call(HELLO, hello("too late"))
            self.assertEqual((failed.exception.code, failed.exception.not_started), ("unavailable", True))
            self.assertEqual(greeting(in_flight.result()), "Hello, Ada!")
        self.assertEqual(server.process.wait(timeout=20), 0)


class Attachments(unittest.TestCase):
    """Calls of `files`: bytes beside the messages, metadata and reasons."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("files")
        cls.addClassCleanup(cls.server.stop)

    def test_what_is_put_is_what_is_got(self):
        for checksum, content in ((False, bytes(range(256)) * 8192), (True, bytes(range(256)) * 64)):
            with self.subTest(checksum=checksum), Connection(self.server.address, checksum) as connection:
                name = protobuf.data(1, "numbers")
                metadata = [("media-type", b"application/numbers")]
                put = connection.call("files.v1.Files/Put", name, attachment=content, metadata=metadata, timeout=20)
                self.assertEqual(protobuf.fields(put.body)[1], len(content))
                got = connection.call("files.v1.Files/Get", name, timeout=20)
                self.assertEqual(protobuf.fields(got.body)[1], len(content))
                self.assertEqual(got.attachment, content)
                self.assertEqual(got.metadata, metadata)

    def test_reasons_are_for_programs(self):
        with Connection(self.server.address) as connection, self.assertRaises(Status) as failed:
            connection.call("files.v1.Files/Get", protobuf.data(1, "nothing"), timeout=10)
        status = failed.exception
        self.assertEqual((status.code, status.domain, status.reason), ("not_found", "files", "NO_SUCH_FILE"))


class Streams(unittest.TestCase):
    """Calls of `files` whose requests, answers or both stream."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("files")
        cls.addClassCleanup(cls.server.stop)

    def connect(self, **options) -> Connection:
        connection = Connection(self.server.address, **options)
        self.addCleanup(connection.close)
        return connection

    def upload(self, connection: Connection, name: str, pieces: list[bytes]) -> int:
        upload = connection.stream("files.v1.Files/Upload", timeout=60)
        for number, piece in enumerate(pieces):
            upload.send((protobuf.data(1, name) if number == 0 else b"") + protobuf.data(2, piece))
        upload.finish()
        return protobuf.fields(upload.result().body)[1]

    def test_what_goes_up_in_pieces_comes_down_in_pieces(self):
        # Some pieces are larger than the window, and all of them many times as large.
        pieces = [bytes([n]) * size for n, size in enumerate([1, 100_000, 0, 1_000_000, 7, 300_000] * 3)]
        connection = self.connect()
        content = b"".join(pieces)
        self.assertEqual(self.upload(connection, "film", pieces), len(content))
        download = connection.stream("files.v1.Files/Download", protobuf.data(1, "film"), timeout=60)
        got = b"".join(protobuf.fields(piece).get(2, b"") for piece in download)
        self.assertEqual(got, content)

    def test_a_watcher_hears_of_what_is_put_and_may_leave(self):
        connection = self.connect()
        watching = connection.stream("files.v1.Files/Watch", protobuf.data(1, "films/"), timeout=60)
        changes = iter(watching)
        self.upload(connection, "pictures/beach", [b"no film"])
        self.upload(connection, "films/beach", [b"a", b"film"])
        change = protobuf.fields(next(changes))
        self.assertEqual((change[1], change[2]), (b"films/beach", 5))
        watching.cancel()
        with self.assertRaises(Status) as failed:
            next(changes)
        self.assertEqual(failed.exception.code, "cancelled")
        self.assertEqual(self.upload(connection, "films/beach", [b"again"]), 5)

    def test_both_sides_talk_at_once(self):
        connection = self.connect(checksum=True)
        self.upload(connection, "there", [b"it is"])
        compare = connection.stream("files.v1.Files/Compare", timeout=60)
        verdicts = iter(compare)
        for name, same in (("there", 1), ("elsewhere", 0), ("there", 1)):
            compare.send(protobuf.data(1, name) + b"\x15" + wire.crc32c(b"it is").to_bytes(4, "little"))
            verdict = protobuf.fields(next(verdicts))
            self.assertEqual((verdict[1], verdict.get(2, 0)), (name.encode(), same))
        compare.finish()
        self.assertEqual(list(verdicts), [])

    def test_a_stream_that_fails_says_why(self):
        download = self.connect().stream("files.v1.Files/Download", protobuf.data(1, "nothing"), timeout=10)
        with self.assertRaises(Status) as failed:
            list(download)
        self.assertEqual((failed.exception.code, failed.exception.reason), ("not_found", "NO_SUCH_FILE"))

    def test_a_stream_ends_at_its_deadline(self):
        watching = self.connect().stream("files.v1.Files/Watch", timeout=0.1)
        with self.assertRaises(Status) as failed:
            list(watching)
        self.assertEqual(failed.exception.code, "deadline_exceeded")


def build() -> dict[str, pathlib.Path]:
    """Builds the example programs and finds where cargo put them."""
    command = ["cargo", "build", "--quiet", "-p", "hello", "-p", "files", "--message-format", "json"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = map(json.loads, output.splitlines())
    return {m["target"]["name"]: pathlib.Path(m["executable"]) for m in messages if m.get("executable")}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--hello", type=pathlib.Path, help="the program `hello`")
    arguments.add_argument("--files", type=pathlib.Path, help="the program `files`")
    options, rest = arguments.parse_known_args()
    if not (options.hello and options.files):
        binaries.update(build())
    binaries.update({name: path for name, path in vars(options).items() if path})
    unittest.main(argv=[sys.argv[0], *rest])
