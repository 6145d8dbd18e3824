"""What takes much memory is made in a process of its own, beside the rest, and the memory goes with the process."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, Self

from jumelage.errors import OutputError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from multiprocessing.connection import Connection
    from types import TracebackType


class Maker:
    """Makes files: each at once, or where that is `large` one after the other in processes of their own."""

    def __init__(self, *, large: bool) -> None:
        """Begin with nothing to make."""
        self._large = large
        self._waiting: ThreadPoolExecutor | None = None
        self._asked: list[tuple[str, bytes | Future[bytes]]] = []

    def __enter__(self) -> Self:
        """Make while this lasts."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; what nobody waits for any more is not begun."""
        if self._waiting is not None:
            self._waiting.shutdown(wait=True, cancel_futures=True)

    def ask(self, name: str, function: Callable[..., bytes], *given: Any) -> None:  # noqa: ANN401
        """Have a file made of what is given; ImportError at once, where a library is missing."""
        if not self._large:
            self._asked.append((name, function(*given)))
            return
        if self._waiting is None:
            self._waiting = ThreadPoolExecutor(1)
        self._asked.append((name, self._waiting.submit(_apart, function, given)))

    def made(self) -> Iterator[tuple[str, bytes]]:
        """Yield what was asked for, by name, when it is there; OutputError where a process was ended."""
        for name, data in self._asked:
            try:
                yield name, data if isinstance(data, bytes) else data.result()
            except EOFError as error:
                raise OutputError(
                    both(
                        "{}\u00a0: le processus qui le faisait a été arrêté, peut-être faute de mémoire",
                        "{}: the process that made it was ended, perhaps for want of memory",
                        name,
                    )
                ) from error
        self._asked.clear()


def _apart(function: Callable[..., bytes], given: tuple[Any, ...]) -> bytes:
    """Call a function in a process of its own; EOFError where that ended before it answered.

    A pool of processes has semaphores, which stay in the system when all of them are killed at once.
    """
    context = get_context("spawn")  # a fork of a process that has a database open, with its threads, may wait for ever
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, given))
    with ours:
        try:
            with theirs:
                process.start()
            found = ours.recv()
        except BrokenPipeError as error:
            raise EOFError from error
        finally:
            if process.pid is not None:
                process.join()
    if isinstance(found, Exception):
        raise found
    return bytes(found)


def _answer(theirs: Connection, function: Callable[..., bytes], given: tuple[Any, ...]) -> None:
    _end_with_parent()
    try:
        found: bytes | Exception = function(*given)
    except Exception as error:  # noqa: BLE001  # raised again where it was asked
        found = error
    theirs.send(found)


def _end_with_parent() -> None:
    """Let this process end when the one that started it is gone: nobody wants what it makes."""

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
