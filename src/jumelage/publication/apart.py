"""What takes much memory is made in a process of its own, beside the rest, and the memory goes with the process."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, Self

from jumelage.errors import OutputError
from jumelage.texts import both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from types import TracebackType


class Maker:
    """Makes files: each at once, or where that is `large` one after the other in processes of their own."""

    def __init__(self, *, large: bool) -> None:
        """Begin with nothing to make."""
        self._large = large
        self._pool: ProcessPoolExecutor | None = None
        self._asked: list[tuple[str, bytes | Future[bytes]]] = []

    def __enter__(self) -> Self:
        """Make while this lasts."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes; what nobody waits for any more is not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def ask(self, name: str, function: Callable[..., bytes], *given: Any) -> None:  # noqa: ANN401
        """Have a file made of what is given; ImportError at once, where a library is missing."""
        if not self._large:
            self._asked.append((name, function(*given)))
            return
        if self._pool is None:
            # Not forked: a fork of a process that has a database open, with its threads, may wait for ever.
            self._pool = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), max_tasks_per_child=1, initializer=_end_with_parent
            )
        self._asked.append((name, self._pool.submit(function, *given)))

    def made(self) -> Iterator[tuple[str, bytes]]:
        """Yield what was asked for, by name, when it is there; OutputError where a process was ended."""
        for name, data in self._asked:
            try:
                yield name, data if isinstance(data, bytes) else data.result()
            except BrokenProcessPool as error:
                raise OutputError(
                    both(
                        "{}\u00a0: le processus qui le faisait a été arrêté, peut-être faute de mémoire",
                        "{}: the process that made it was ended, perhaps for want of memory",
                        name,
                    )
                ) from error
        self._asked.clear()


def _end_with_parent() -> None:
    """Let this process end when the one that started it is gone: it would wait for its next work for ever."""

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
