#!/usr/bin/env python3
"""tap.py LISTEN TO TOKEN FILE: relays TCP and searches all that comes back for a token.

Whatever is found goes to FILE, with what the client said last; FILE.bytes holds how many bytes were searched.
"""

import base64
import socket
import sys
import threading

LISTEN, TO, TOKEN, FILE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
lock, searched = threading.Lock(), 0


def spellings(token):
    """As it is, backwards, as hex, and the middle of its base64 at each alignment; matched in lower case."""
    raw = token.encode()
    found = {raw, raw[::-1], raw.hex().encode(), raw[::-1].hex().encode()}
    for pad in range(3):
        found.add(base64.b64encode(b"x" * pad + raw)[4:-4].lower())
    return found


SPELLINGS = spellings(TOKEN)


def back(server, client, said):
    """From the server to the client; a token cut in two by a read is found too."""
    global searched
    tail = b""
    while data := server.recv(65536):
        with lock:
            searched += len(data)
            text = (tail + data).lower()
            for spelling in SPELLINGS:
                if spelling in text:
                    with open(FILE, "a") as file:
                        at = text.index(spelling)
                        file.write(f"{text[max(0, at - 200):at + 200]!r}\nafter: {bytes(said)[-4000:]!r}\n")
            with open(FILE + ".bytes", "w") as file:
                file.write(str(searched))
        tail = data[-128:]
        client.sendall(data)


def forth(client, server, said):
    while data := client.recv(65536):
        said += data
        del said[:-65536]
        server.sendall(data)


def carry(work, one, other, said):
    try:
        work(one, other, said)
    except OSError:
        pass
    for side in (one, other):
        try:
            side.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    listener = socket.create_server(("127.0.0.1", LISTEN))
    while True:
        client, _ = listener.accept()
        server, said = socket.create_connection(("127.0.0.1", TO)), bytearray()
        threading.Thread(target=carry, args=(back, server, client, said), daemon=True).start()
        threading.Thread(target=carry, args=(forth, client, server, said), daemon=True).start()


main()
