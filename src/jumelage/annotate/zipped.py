"""The archive of a workbook: its members as they are, but for those that are changed, new or gone."""

from __future__ import annotations

import copy
import shutil
import tempfile
import zipfile
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Any, BinaryIO

from jumelage.annotate.splice import Splices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Change = bytes | BinaryIO | Splices | None
_LARGE = 1 << 30


def unpacked(source: zipfile.ZipFile, member: str) -> mmap:
    """Return a member that may be large, unpacked on disk."""
    with source.open(member) as packed, tempfile.TemporaryFile() as file:
        shutil.copyfileobj(packed, file)
        file.flush()
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def rewrite(source: zipfile.ZipFile, made: Path, changed: Mapping[str, Change]) -> None:
    """Write an archive again with changes by member: in the order it had, what is new at the end."""
    left = dict(changed)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            if info.filename not in left:
                with source.open(info) as packed, target.open(_as(info), "w", force_zip64=_long(info)) as part:
                    shutil.copyfileobj(packed, part)
            elif (change := left.pop(info.filename)) is not None:
                with target.open(_as(info), "w", force_zip64=True) as part:
                    _put(source, info.filename, change, part)
        for name, change in left.items():
            if change is not None:
                with target.open(name, "w", force_zip64=True) as part:
                    _put(source, name, change, part)


def _as(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    named = copy.copy(info)
    named.extra = b""  # sizes of large members are written anew
    return named


def _long(info: zipfile.ZipInfo) -> bool:
    return info.file_size > _LARGE


def _put(source: zipfile.ZipFile, name: str, change: Change, part: Any) -> None:  # noqa: ANN401
    if isinstance(change, bytes):
        part.write(change)
    elif isinstance(change, Splices):
        with unpacked(source, name) as data:
            change.write(data, part)
    elif change is not None:
        change.seek(0)
        shutil.copyfileobj(change, part)
