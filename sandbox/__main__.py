"""`python -m sandbox --port 4010 --data DIR`: runs until interrupted, on this machine only."""

import argparse
import asyncio
import signal
import socket
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from sandbox.app import create_app
from sandbox.config import Config, Refused, from_environment


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Local stand-in for Vapi, with a console to place calls.")
    parser.add_argument("--port", type=int, default=4010)
    parser.add_argument("--data", type=Path, default=Path(".data/sandbox"), help="folder for state and recordings")
    parser.add_argument("--public", default="", help="address browsers use (default http://localhost:PORT)")
    given = parser.parse_args()
    config = from_environment(given.port, given.data, given.public)
    refuse_taken(config.port)
    if config.smtp_port:
        refuse_taken(config.smtp_port)
    asyncio.run(serve(config))


def refuse_taken(port: int) -> None:
    """The server would share a taken port, and calls would land here or there. Raises Refused."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Refused(f"Port {port} is taken: stop what listens there, or choose another with --port.") from error


async def serve(config: Config) -> None:
    """Until SIGINT or SIGTERM."""
    server = Server(create_app(config), "127.0.0.1", config.port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, server.stop)
    sys.stdout.write(f"Sandbox console: {config.public}\n")
    sys.stdout.flush()
    await server.serve()


if __name__ == "__main__":
    main()
