"""The server as a process: a socket is bound, questions are answered until a signal comes, and then it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from jumelage.errors import UsageError
from jumelage.serving.app import make_app
from jumelage.serving.guard import LONGEST_WAIT
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
        http=Timely,
        ws="none",
        lifespan="off",
        proxy_headers=served.proxy,
        forwarded_allow_ips="*",
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_LAST,
    )
    asyncio.run(_Server(config, served, ready).serve(sockets=[listening]))


class Timely(H11Protocol):
    """A connection that is closed if the head of a request does not come in time: nothing else limits that."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on waiting for a head of which there is a part; a head that is whole ends the wait."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_longer()
        elif self._timer is None:
            self._timer = self.loop.call_later(LONGEST_WAIT, self._close)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


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
