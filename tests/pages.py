"""Pages of the documentation that a test carries out: their files written, their commands run."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from tests.conftest import ROOT, run
from tests.generate import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

# What a block is in, the file that it makes, and its text.
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def carry_out(name: str, folder: Path) -> list[tuple[str, str]]:
    """Write the files of a page into a folder, which is the current one, and run its commands.

    What its examples print is held against the page; returns its other blocks, each with what it is in.
    """
    blocks = _BLOCK.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
    for _, file, text in blocks:
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
    for command in (line for kind, _, text in blocks if kind == "sh" for line in text.splitlines()):
        done = run(*shlex.split(command.removeprefix("jumelage ")))
        assert done.code == 0, done.err
    examples = [example for kind, _, text in blocks if kind == "text" for example in EXAMPLE.findall(text)]
    assert len(examples) == 2
    for command, output in examples:
        assert run(*shlex.split(command)).out == output
    return [(kind, text) for kind, file, text in blocks if not file and kind not in {"sh", "text"}]
