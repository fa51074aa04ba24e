"""The little of PostgreSQL's protocol that comparing answers needs: log in, send a Query, collect what comes back."""

import base64
import hashlib
import hmac
import os
import socket
import struct


class Answer:
    """All that came back for a Query, in order, in a form that can be compared."""

    def __init__(self):
        self.events = []
        self.error = None
        self.status = "I"

    def comparable(self):
        return [self.status] + self.events


class Lost(Exception):
    """The connection ended, or nothing came in time."""


class Connection:
    def __init__(self, host, port, user, database, password=None, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
        self.socket.settimeout(timeout)
        self.socket.connect(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port))
        self.buffer = b""
        self.user, self.password = user, password
        parameters = {"user": user, "database": database, "application_name": "regress", "client_encoding": "UTF8",
                      "DateStyle": "Postgres, MDY", "TimeZone": "PST8PDT", "options": "-c intervalstyle=postgres_verbose"}
        body = struct.pack("!i", 196608) + b"".join(
            k.encode() + b"\0" + v.encode() + b"\0" for k, v in parameters.items()) + b"\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.log_in()

    def send(self, tag, body):
        try:
            self.socket.sendall(tag + struct.pack("!i", len(body) + 4) + body)
        except OSError as e:
            raise Lost(str(e)) from e

    def receive(self):
        while True:
            if len(self.buffer) >= 5:
                length = struct.unpack("!i", self.buffer[1:5])[0]
                if len(self.buffer) >= length + 1:
                    tag, body = self.buffer[:1], self.buffer[5:length + 1]
                    self.buffer = self.buffer[length + 1:]
                    return tag, body
            try:
                got = self.socket.recv(1 << 16)
            except OSError as e:
                raise Lost(str(e)) from e
            if not got:
                raise Lost("closed")
            self.buffer += got

    def log_in(self):
        while True:
            tag, body = self.receive()
            if tag == b"R":
                self.authenticate(struct.unpack("!i", body[:4])[0], body[4:])
            elif tag == b"E":
                raise Lost(str(fields(body)))
            elif tag == b"Z":
                return

    def authenticate(self, kind, body):
        if kind == 10:
            self.nonce = base64.b64encode(os.urandom(18)).decode()
            self.first = f"n=,r={self.nonce}"
            initial = ("n,," + self.first).encode()
            self.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(initial)) + initial)
        elif kind == 11:
            server = body.decode()
            parts = dict(p.split("=", 1) for p in server.split(","))
            salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
            client_key = hmac.digest(salted, b"Client Key", "sha256")
            stored = hashlib.sha256(client_key).digest()
            final = f"c=biws,r={parts['r']}"
            signature = hmac.digest(stored, f"{self.first},{server},{final}".encode(), "sha256")
            proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
            self.send(b"p", f"{final},p={proof}".encode())

    def query(self, sql, copy_data=None):
        self.send(b"Q", sql.encode() + b"\0")
        answer = Answer()
        while True:
            tag, body = self.receive()
            if tag == b"Z":
                answer.status = body.decode()
                return answer
            if tag == b"E":
                answer.error = fields(body)
                answer.events.append(("error", shown(answer.error)))
            elif tag == b"N":
                answer.events.append(("notice", shown(fields(body))))
            elif tag == b"T":
                answer.events.append(("columns", columns(body)))
            elif tag == b"D":
                answer.events.append(("row", body))
            elif tag == b"C":
                answer.events.append(("done", body))
            elif tag == b"d":
                answer.events.append(("copy", body))
            elif tag == b"G":
                self.send(b"d", (copy_data or "").encode())
                self.send(b"c", b"")
            elif tag in (b"I", b"H", b"c"):
                answer.events.append((tag.decode(), b""))
            # ParameterStatus and NotificationResponse come when they like.


def fields(body):
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\0") if part}


def shown(error):
    return tuple((k, error[k]) for k in "VCMDHPW" if k in error)


def columns(body):
    """Names, types and modifiers, and which column of a table it is. OIDs of user objects differ from cluster to cluster
    (which temporary schemas are there depends on which backend served whom), so they are told by kind only."""
    count = struct.unpack("!h", body[:2])[0]
    at, out = 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        table, number, kind, size, modifier, form = struct.unpack("!ihihih", body[end + 1:end + 19])
        out.append((name, table and min(table, 16384), number, min(kind & 0xffffffff, 16384), size, modifier, form))
        at = end + 19
    return tuple(out)
