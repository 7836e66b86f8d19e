"""Greets over svrkit: `python3 demo.py 127.0.0.1:7000 Ada`, with `cargo run -p hello` on the other side."""

import sys

import protobuf
from svrkit_client import Connection, Status


def main() -> int:
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7000"
    name = sys.argv[2] if len(sys.argv) > 2 else "Python"
    try:
        with Connection(address) as connection:
            reply = connection.call("hello.v1.Greeter/SayHello", protobuf.data(1, name))
            print(protobuf.text(protobuf.fields(reply.body), 1))
            # Three at once; the slowest was asked first.
            calls = [
                connection.start("hello.v1.Greeter/SayHello", protobuf.data(1, f"{ms} ms") + protobuf.varint(2, ms))
                for ms in (60, 30, 1)
            ]
            for call in calls:
                print(protobuf.text(protobuf.fields(call.result().body), 1))
            connection.call("hello.v1.Greeter/SayHello")
    except Status as status:
        print(f"without a name: {status}")
        return 0
    except OSError as error:
        print(f"{address}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
