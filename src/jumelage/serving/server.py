"""The server as a process: a socket is bound, questions are answered until a signal comes, and then it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from jumelage.errors import UsageError
from jumelage.serving.app import make_app
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jumelage.serving.app import Served

_BACKLOG = 128
_LAST = 10  # seconds that answers have to be sent once a signal came
_CONNECTIONS = 500
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def bound(host: str, port: int) -> socket.socket:
    """Bind a socket; UsageError if that cannot be."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            both("{}, port {}\u00a0: impossible d’y écouter\u00a0: {}", "{}, port {}: cannot listen there: {}", host,
                 str(port), str(why))
        ) from error  # fmt: skip


def address(listening: socket.socket) -> str:
    """Return the address of a bound socket as it is written into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(served: Served, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until a signal comes; `ready` is called once somebody may ask."""
    config = uvicorn.Config(
        make_app(served),
        log_config=None,
        log_level="critical",  # errors are told in our words; addresses of readers are nobody's business
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        proxy_headers=served.proxy,
        forwarded_allow_ips="*",
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_LAST,
    )
    asyncio.run(_Server(config, served, ready).serve(sockets=[listening]))


class _Server(uvicorn.Server):
    """A server that ends well: being told to is no failure."""

    def __init__(self, config: uvicorn.Config, served: Served, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._served, self._ready = served, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so when it has begun."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is being asked first, which nobody would wait for."""
        await asyncio.to_thread(self._served.service.close)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Heed signals as uvicorn does, but do not die of them afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}
        ours = [number for number, handler in before.items() if handler is not signal.SIG_IGN]  # as under nohup
        for number in ours:
            signal.signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, before[number])
