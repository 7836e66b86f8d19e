"""An SMTP server on loopback for the tests: prints its port, then each mail as a line of JSON.

With a certificate and a key it wants STARTTLS and a login as `im` with "correct horse"."""

import asyncio
import collections
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        text = mail.get_body(("plain",)).get_content()
        parts = collections.Counter(part.get_content_type() for part in mail.walk())
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "subject": mail["subject"],
                    "id": mail["message-id"],
                    "text": text.replace("\r\n", "\n").rstrip("\n"),
                    "parts": parts,
                }
            ),
            flush=True,
        )
        return "250 taken"


def check(server, session, envelope, mechanism, login):
    right = login.login == b"im" and login.password == b"correct horse"
    # Not handled: the server answers.
    return AuthResult(success=right, handled=False)


async def main():
    options = {}
    if len(sys.argv) == 3:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": check,
            "auth_required": True,
        }
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Printer(), **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
