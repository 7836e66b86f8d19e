"""Holds gRPC's own Python client against real servers: `python3 test_client.py --hello PATH --files PATH`.

Needs grpcio, grpcio-health-checking and grpcio-reflection, and openssl for a certificate. The paths are of the example programs `hello`
and `files`. No IDL is at hand: what messages look like, the servers tell by reflection.
"""

import argparse
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

# Seconds that a slow machine may take for what is fast.
PATIENCE = 60

binaries: dict[str, str] = {}


class Server:
    """An example program, serving on a free port until the test ends, and a channel to it."""

    def __init__(self, name: str, certificate: "Certificate | None" = None):
        command = [binaries[name], "--listen", "127.0.0.1:0"]
        if certificate:
            command += ["--tls", certificate.chain, certificate.key]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.address = re.search(r"listening on ([\d.]+:\d+)", line)[1]
        if certificate:
            self.channel = grpc.secure_channel(self.address, certificate.trusted())
        else:
            self.channel = grpc.insecure_channel(self.address)
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(database)

    def stub(self, full_name: str):
        """A method of the server, called with messages that reflection describes."""
        service, name = full_name.split("/")
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        of = message_factory.GetMessageClass
        sides = ["unary", "stream"]
        kind = f"{sides[method.client_streaming]}_{sides[method.server_streaming]}"
        make = getattr(self.channel, kind)
        stub = make(
            f"/{full_name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=of(method.output_type).FromString,
        )
        return stub, of(method.input_type)

    def stop(self) -> None:
        self.channel.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Certificate:
    """A certificate for this machine that signed itself, and its key."""

    def __init__(self, folder: pathlib.Path):
        self.chain, self.key = folder / "chain.pem", folder / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "1", "-subj", "/CN=hello", "-addext", "subjectAltName=IP:127.0.0.1"]
        command += ["-keyout", self.key, "-out", self.chain]
        subprocess.run(command, check=True, capture_output=True)

    def trusted(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(self.chain.read_bytes())


class Requests:
    """Requests of a call that streams, sent as the test says."""

    def __init__(self):
        self.queue = queue.Queue()

    def __iter__(self):
        return iter(self.queue.get, None)

    def send(self, message) -> None:
        self.queue.put(message)

    def finish(self) -> None:
        self.queue.put(None)


class WithServer(unittest.TestCase):
    name = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.name)
        cls.addClassCleanup(cls.server.stop)

    def failure(self, call) -> grpc.RpcError:
        with self.assertRaises(grpc.RpcError) as raised:
            call()
        return raised.exception


class Hello(WithServer):
    name = "hello"

    def test_a_call_is_answered(self):
        say_hello, request = self.server.stub("hello.v1.Greeter/SayHello")
        metadata = [("client-version", "7"), ("blob-bin", b"\x00\xff")]
        reply, call = say_hello.with_call(request(name="Ada"), timeout=PATIENCE, metadata=metadata)
        self.assertIn("Ada", str(reply))
        self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_many_calls_share_a_connection(self):
        say_hello, request = self.server.stub("hello.v1.Greeter/SayHello")
        calls = [say_hello.future(request(name=f"n{n}"), timeout=PATIENCE) for n in range(300)]
        for n, call in enumerate(calls):
            self.assertIn(f"n{n}", str(call.result()))

    def test_large_messages_go_both_ways(self):
        echo, request = self.server.stub("svrkit.v1.Builtin/Echo")
        payload = bytes(range(256)) * 4 * 1024 * 3
        self.assertEqual(echo(request(payload=payload), timeout=PATIENCE).payload, payload)

    def test_a_message_over_the_limit_is_refused(self):
        echo, request = self.server.stub("svrkit.v1.Builtin/Echo")
        call = lambda: echo(request(payload=bytes(5 * 1024 * 1024)), timeout=PATIENCE)
        self.assertEqual(self.failure(call).code(), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_a_deadline_ends_a_call(self):
        say_hello, request = self.server.stub("hello.v1.Greeter/SayHello")
        call = lambda: say_hello(request(name="Ada", after_ms=600_000), timeout=0.2)
        self.assertEqual(self.failure(call).code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_the_method_has_a_deadline_of_its_own(self):
        say_hello, request = self.server.stub("hello.v1.Greeter/SayHello")
        error = self.failure(lambda: say_hello(request(name="Ada", after_ms=600_000)))
        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertIn("deadline passed while the handler ran", error.details())

    def test_what_is_not_there_is_unimplemented(self):
        nothing = self.server.channel.unary_unary("/hello.v1.Greeter/SayNothing")
        error = self.failure(lambda: nothing(b"", timeout=PATIENCE))
        self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_compressed_messages_are_refused(self):
        say_hello, request = self.server.stub("hello.v1.Greeter/SayHello")
        call = lambda: say_hello(request(name="A" * 9_000), compression=grpc.Compression.Gzip, timeout=PATIENCE)
        error = self.failure(call)
        self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertIn("compression", error.details())


@unittest.skipUnless(shutil.which("openssl"), "no openssl here")
class HelloOverTls(Hello):
    """The same, and the client asks for HTTP/2 as the handshake has it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = Server(cls.name, Certificate(pathlib.Path(folder.name)))
        cls.addClassCleanup(cls.server.stop)


class Files(WithServer):
    name = "files"

    def upload(self, name: str, pieces: list[bytes]):
        upload, piece = self.server.stub("files.v1.Files/Upload")
        requests = [piece(name=name if n == 0 else "", content=c) for n, c in enumerate(pieces)]
        return upload(iter(requests), timeout=PATIENCE)

    def test_requests_and_answers_stream(self):
        pieces = [bytes([n]) * 50_000 for n in range(200)]
        self.assertEqual(self.upload("film", pieces).length, 10_000_000)
        download, request = self.server.stub("files.v1.Files/Download")
        answers = download(request(name="film"), timeout=PATIENCE)
        got = b"".join(answer.content for answer in answers)
        self.assertEqual(got, b"".join(pieces))

    def test_both_sides_stream_in_turns(self):
        self.upload("turns", [b"abc"])
        compare, have = self.server.stub("files.v1.Files/Compare")
        requests = Requests()
        answers = compare(iter(requests), timeout=PATIENCE)
        for name, checksum, same in [("turns", 0x364B3FB7, True), ("turns", 1, False), ("none", 1, False)]:
            requests.send(have(name=name, checksum=checksum))
            verdict = next(answers)
            self.assertEqual((verdict.name, verdict.same), (name, same))
        requests.finish()
        self.assertEqual(list(answers), [])
        self.assertEqual(answers.code(), grpc.StatusCode.OK)

    def test_an_error_brings_its_reason(self):
        download, request = self.server.stub("files.v1.Files/Download")
        error = self.failure(lambda: list(download(request(name="none"), timeout=PATIENCE)))
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(error.details(), "no such file")
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(b"type.googleapis.com/google.rpc.ErrorInfo", details)
        self.assertIn(b"NO_SUCH_FILE", details)

    def test_a_watcher_sees_what_comes_and_may_leave(self):
        watch, request = self.server.stub("files.v1.Files/Watch")
        changes = watch(request(prefix="watched/"), timeout=PATIENCE)
        # Headers come once the call was let in. Its handler subscribes right after; what was put before is not told.
        changes.initial_metadata()
        stop = threading.Event()

        def put():
            while not stop.wait(0.05):
                self.upload("watched/a", [b"12345"])

        putting = threading.Thread(target=put)
        putting.start()
        change = next(changes)
        stop.set()
        putting.join()
        self.assertEqual((change.name, change.length), ("watched/a", 5))
        changes.cancel()
        self.assertEqual(changes.code(), grpc.StatusCode.CANCELLED)

    def test_a_slow_reader_makes_the_server_wait(self):
        self.upload("large", [bytes(1_000_000)] * 32)
        download, request = self.server.stub("files.v1.Files/Download")
        answers = download(request(name="large"), timeout=PATIENCE)
        next(answers)
        # Other calls of the connection go on meanwhile.
        self.assertEqual(self.upload("small", [b"1"]).length, 1)
        self.assertEqual(sum(len(answer.content) for answer in answers), 32_000_000 - 65_536)

    def test_attachments_are_for_frames_only(self):
        self.upload("attached", [b"abc"])
        get, request = self.server.stub("files.v1.Files/Get")
        error = self.failure(lambda: get(request(name="attached"), timeout=PATIENCE))
        self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)


class Builtin(WithServer):
    name = "hello"

    def test_health_is_checked(self):
        health = health_pb2_grpc.HealthStub(self.server.channel)
        for service in ["", "hello.v1.Greeter"]:
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)
        unknown = health_pb2.HealthCheckRequest(service="none")
        error = self.failure(lambda: health.Check(unknown, timeout=PATIENCE))
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)

    def test_services_are_listed(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.server.channel)
        question = reflection_pb2.ServerReflectionRequest(list_services="")
        [answer] = stub.ServerReflectionInfo(iter([question]), timeout=PATIENCE)
        names = [service.name for service in answer.list_services_response.service]
        self.assertIn("hello.v1.Greeter", names)
        self.assertIn("grpc.reflection.v1.ServerReflection", names)


class Drain(unittest.TestCase):
    def test_watchers_of_health_learn_of_it_and_calls_are_answered(self):
        server = Server("hello")
        self.addCleanup(server.stop)
        health = health_pb2_grpc.HealthStub(server.channel)
        statuses = health.Watch(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        self.assertEqual(next(statuses).status, health_pb2.HealthCheckResponse.SERVING)
        say_hello, request = server.stub("hello.v1.Greeter/SayHello")
        say_hello(request(name="Ada"), timeout=PATIENCE)
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(next(statuses).status, health_pb2.HealthCheckResponse.NOT_SERVING)
        with self.assertRaises(grpc.RpcError) as ended:
            next(statuses)
        self.assertEqual(ended.exception.code(), grpc.StatusCode.UNAVAILABLE)
        began = time.monotonic()
        self.assertEqual(server.process.wait(PATIENCE), 0)
        self.assertLess(time.monotonic() - began, PATIENCE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hello", required=True)
    parser.add_argument("--files", required=True)
    arguments, rest = parser.parse_known_args()
    binaries.update(hello=arguments.hello, files=arguments.files)
    unittest.main(argv=[sys.argv[0], *rest])
