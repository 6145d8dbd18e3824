"""Where commands say and write things: standard output, standard error, files; what a terminal may have."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from jumelage.cli.paging import through_pager
from jumelage.errors import OutputError, UsageError
from jumelage.texts import NOT_WRITTEN, Label, both, filled, folded, printable, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from jumelage.render.grid import Grid

_NEVER_READ = "findings"  # what a person may keep beside the tables of a wave
_STANDARD_OUTPUT = Label("la sortie standard", "standard output")
_NAMED = {"csv", "json", "jsonl", "parquet", "arrow", "xlsx", "md"}  # forms that the name of a file tells
_HOLDS = Label("{} contient {}", "{} holds {}")
_ANOTHER = Label("{}\u00a0; {} {}", "{}; {} {}")
_SHOWN = Label("un tableau tel qu’un terminal le montre", "a table as a terminal shows it")
_protected: list[Path] = []
_languages = ["en"]  # of what is said; the last one counts
_heard: list[list[str]] = []  # what is said goes into each of these, too


def begin() -> None:
    """Begin a command: in English, and nothing is protected yet."""
    _protected.clear()
    _heard.clear()
    speak("en")


def speak(lang: str) -> str:
    """Say everything in a language from now on, and return it."""
    _languages[:] = [lang]
    return lang


def protect(*paths: Path) -> None:
    """Keep what a command reads, files and all that is in folders, from being written over by its own output."""
    _protected.extend(paths)


def check_output(output: Path | None) -> None:
    """Refuse an output that would destroy what the command reads, whatever it is called: UsageError."""
    if output is None:
        return
    for path in _protected:
        if path.is_dir():
            within = output.resolve().is_relative_to(path.resolve()) and folded(output.stem) != _NEVER_READ
            if within or (output.is_file() and any(_same(output, inner) for inner in path.rglob("*"))):
                raise UsageError(
                    both(
                        "{} écraserait ce que cette commande lit, {}\u00a0; choisissez un autre fichier",
                        "{} would overwrite what this command reads, {}; choose another file",
                        output,
                        path,
                    )
                )
        elif _same(output, path) or output.resolve() == path.resolve():
            raise UsageError(
                both(
                    "{} écraserait ce que cette commande lit\u00a0; choisissez un autre fichier",
                    "{} would overwrite what this command reads; choose another file",
                    output,
                )
            )


def _same(output: Path, path: Path) -> bool:
    try:
        return path.is_file() and output.samefile(path)
    except OSError:
        return False


def spoken(text: str | Label) -> str:
    """Return a text in the language of what is said."""
    return text.text(_languages[-1]) if isinstance(text, Label) else text


def say(text: str | Label) -> None:
    """Say something to the person at the terminal, on standard error; do nothing if nobody reads it."""
    text = spoken(text)
    for lines in _heard:
        lines.extend(printable(text).split("\n"))
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Give the lines that are said meanwhile, as they are said."""
    lines: list[str] = []
    _heard.append(lines)
    try:
        yield lines
    finally:
        _heard[:] = [one for one in _heard if one is not lines]


def show(grid: Grid, format_: str, output: Path | None, *, paged: bool = False) -> None:
    """Write a grid in a format to standard output, or to a file; a table that may be long is `paged`."""
    show_all((grid,), format_, output, paged=paged)


def show_all(grids: Iterable[Grid], format_: str, output: Path | None, *, paged: bool = False) -> None:
    """Write grids as `show` does, one after the other."""
    from jumelage.render import FORMATS, renderer, terminal

    for_people = format_ == "table"
    render = partial(terminal.render, plain=True) if for_people and output is not None else renderer(format_)
    pieces = (piece for i, grid in enumerate(grids) for piece in chain(["\n"] if i else [], render(grid)))
    at_terminal = output is None and _on_terminal()
    write(map(printable, pieces) if at_terminal and not for_people else pieces, output, paged=paged and for_people)
    say_other_form(output, format_, FORMATS)


def say_other_form(output: Path | None, form: str, possible: Collection[str], by: str = "--format") -> None:
    """Say that a file holds something else than its name lets expect, and what would give that, if something does."""
    named = output.suffix.lower().removeprefix(".") if output is not None else ""
    if named not in _NAMED or named == form:
        return
    holds = _SHOWN if form == "table" else same(form)
    text = filled(_HOLDS, output, holds)
    say(filled(_ANOTHER, text, by, named) if named in possible else text)


def write(pieces: Iterable[str | bytes], output: Path | None, *, paged: bool = False) -> None:
    """Write text, or bytes as they are, to standard output, or to a file that is there whole or not at all.

    Never over what the command reads. The pieces are made as they are written. A reader of standard output that has
    read enough is no failure: the command goes on and ends as it would. On a terminal what is `paged` goes through the
    user's pager.
    """
    from jumelage.writing import write_whole

    check_output(output)
    data = (piece if isinstance(piece, bytes) else piece.encode("utf-8") for piece in _made(pieces))
    try:
        if output is None:
            _to_standard_output(through_pager(data) if paged and _on_terminal() else data)
        elif output.exists() and not output.is_file():  # a pipe or a device; a folder refuses
            with output.open("wb") as file:
                file.writelines(data)
        else:
            write_whole(data, output.resolve())
    except _NotMadeError as error:
        raise error.why from error.why.__cause__
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise OutputError(filled(NOT_WRITTEN, output or _STANDARD_OUTPUT, str(why))) from error


class _NotMadeError(Exception):
    """A piece of a text could not be made, which is no fault of the output."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


def _made(pieces: Iterable[str | bytes]) -> Iterator[str | bytes]:
    try:
        yield from pieces
    except (OSError, ValueError) as error:
        raise _NotMadeError(error) from error


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _to_standard_output(pieces: Iterable[bytes]) -> None:
    if sys.stdout is None:
        raise OutputError(
            both(
                "la sortie standard est fermée\u00a0: il n’y a pas où écrire\u00a0; -o FICHIER écrit dans un fichier",
                "standard output is closed: there is nowhere to write to; -o FILE writes to a file",
            )
        )
    try:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)


def silence(stream: TextIO) -> None:
    """Let a stream that nobody reads any more lead to nowhere, so that the end of the program does not fail on it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # it has no file behind it
        return


def hold_standard_files() -> None:
    """See to it that no file that is opened takes the place of a standard stream that is closed."""
    while True:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened > 2:  # noqa: PLR2004  # standard input, output and error are 0 to 2
            os.close(opened)
            return


class Stream:
    """A standard stream for what other code writes there, such as help and messages about wrong options.

    Nobody need listen; and what is for people (`clean`) has no control characters.
    """

    def __init__(self, stream: TextIO, *, clean: bool) -> None:
        """Write to a stream."""
        self._stream, self._clean = stream, clean
        self._lost: OutputError | None = None

    def write(self, text: str) -> int:
        """Write a text."""
        if self._lost and text:  # the first one to fail may have been a trial, whose failure nobody hears of
            raise self._lost
        with self._heard():
            self._stream.write(printable(text) if self._clean else text)
        return len(text)

    def flush(self) -> None:
        """Bring out what was written."""
        with self._heard():
            self._stream.flush()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            silence(self._stream)  # what is still held back would fail again at the end
            if not isinstance(error, BrokenPipeError) and not self._clean:  # nobody could be told on standard error
                self._lost = OutputError(filled(NOT_WRITTEN, _STANDARD_OUTPUT, str(error.strerror)))
                raise self._lost from error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Be the stream in all else."""
        return getattr(self._stream, name)
