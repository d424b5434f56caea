#!/usr/bin/python3
"""Python's websockets as the other side of one connection: does what it is told on its input, tells on its output what happens.

    websockets-peer.py server [name=value ...]                       listens on a free port of 127.0.0.1
    websockets-peer.py client <host> <port> <target> [name=value ...]

Commands and events are those of beast-peer.cpp. Options: subprotocol, deflate=1. The program ends with its input.
"""

import asyncio
import sys

from websockets.exceptions import InvalidHandshake
from websockets.frames import Close
from websockets.legacy.client import connect
from websockets.legacy.server import serve


def tell(words, payload=b""):
    sys.stdout.buffer.write(f"{words} {len(payload)}\n".encode() + payload)
    sys.stdout.buffer.flush()


async def pinged(socket, payload):
    pong = await socket.ping(payload)
    await pong
    tell("pong", payload)


async def parts(first, queue):
    yield first
    while True:
        words, payload = await queue.get()
        yield payload.decode()
        if words[2] == "last":
            return


async def obey(socket, words, payload, queue):
    """One command; those that are parts of a message are taken from the queue."""
    if words[0] == "message":
        await socket.send(payload.decode() if words[1] == "text" else payload)
    elif words[0] == "part":
        await socket.send(parts(payload.decode(), queue))
    elif words[0] == "ping":
        asyncio.ensure_future(pinged(socket, payload))
    elif words[0] == "close" and words[1] == "0":
        # Its close() has no way to leave the code out (RFC 6455 section 7.1.5).
        await socket.write_close_frame(Close(1005, ""), b"")
    elif words[0] == "close":
        asyncio.ensure_future(socket.close(int(words[1]), payload.decode()))


async def hear(socket):
    async def messages():
        while True:
            message = await socket.recv()
            if isinstance(message, str):
                tell("text", message.encode())
            else:
                tell("binary", message)

    await asyncio.gather(messages(), return_exceptions=True)
    await socket.wait_closed()
    if socket.close_code == 1006:
        tell("failed eof")
    else:
        tell(f"closed {0 if socket.close_code == 1005 else socket.close_code}", socket.close_reason.encode())


async def commands(on_command):
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while True:
        line = await reader.readline()
        if not line:
            sys.exit(0)
        *words, size = line.decode().split()
        on_command(words, await reader.readexactly(int(size)))


async def talk(socket):
    extensions = ", ".join(extension.name for extension in socket.extensions)
    tell("open 0 0 0", f"{socket.subprotocol or ''}\n{extensions}".encode())
    queue = asyncio.Queue()

    def on_command(words, payload):
        if words[0] == "terminate":
            socket.transport.abort()
        else:
            queue.put_nowait((words, payload))

    async def in_order():
        while True:
            await obey(socket, *await queue.get(), queue)

    hearing = asyncio.ensure_future(hear(socket))
    asyncio.ensure_future(in_order())
    await asyncio.gather(hearing, commands(on_command))


async def main(role, *words):
    places = 3 if role == "client" else 0
    given = dict(word.split("=", 1) for word in words[places:])
    names = [name for name in given.get("subprotocol", "").split(", ") if name]
    options = {
        "max_size": None,
        "subprotocols": names or None,
        "compression": "deflate" if given.get("deflate") == "1" else None,
        "ping_interval": None,
    }
    if role == "client":
        try:
            await talk(await connect(f"ws://{words[0]}:{words[1]}{words[2]}", **options))
        except InvalidHandshake as error:
            tell(f"failed {type(error).__name__}")
    else:
        server = await serve(talk, "127.0.0.1", 0, **options)
        tell(f"listening {server.sockets[0].getsockname()[1]}")
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
