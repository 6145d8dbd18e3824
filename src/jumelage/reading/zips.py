"""Zip archives within bounds: a wave's folder as one file, and what .xlsx and .ods workbooks are inside."""

from __future__ import annotations

import stat
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from jumelage.errors import UnreadableError
from jumelage.texts import Label

if TYPE_CHECKING:
    from collections.abc import Iterator

from jumelage.temporary import is_full
from jumelage.texts import filled, readable_count, readable_size

GIB = 1 << 30
MOST_UNCOMPRESSED = 2 * GIB  # of all members, as declared
MOST_RATIO = 200  # of uncompressed to compressed size, of a member above RATIO_FROM
RATIO_FROM = 10 * (1 << 20)
MOST_MEMBERS = 2000
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_MACOS = "__MACOSX"

_AS_FOLDER = Label(
    "remettez le dossier lui-même, ou des fichiers CSV",
    "hand in the folder itself, or CSV files",
)
_DAMAGED = Label("le fichier est endommagé ou tronqué", "the file is damaged or cut off")
_OUTSIDE = Label(
    "le nom «\u00a0{}\u00a0» mène hors du dossier",
    "the name “{}” leads out of the folder",
)
_LINK = Label("«\u00a0{}\u00a0» est un lien, pas un fichier", "“{}” is a link, not a file")
_COLLIDES = Label("«\u00a0{}\u00a0» est à la fois un fichier et un dossier", "“{}” is both a file and a folder")
_CANNOT = Label("«\u00a0{}\u00a0» ne peut pas être écrit\u00a0: {}", "“{}” cannot be written: {}")
_METHOD = Label("sa compression est inconnue", "its compression is unknown")


def bounded(path: Path, most: int = MOST_UNCOMPRESSED) -> zipfile.ZipFile:
    """Open a zip with declared sizes and names within bounds; UnreadableError says which are not."""
    with reading():
        archive = zipfile.ZipFile(path)
    try:
        _check(archive.infolist(), most)
    except UnreadableError:
        archive.close()
        raise
    return archive


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever is raised in reading a damaged archive into an UnreadableError."""
    try:
        yield
    except UnreadableError:
        raise
    except (NotImplementedError, RuntimeError) as error:
        encrypted = "encrypted" in str(error) or "password" in str(error)
        raise (UnreadableError("archive_encrypted") if encrypted else _unreadable(_METHOD)) from None
    except OSError as error:
        if error.filename is None:  # a position outside the file
            raise _unreadable(_DAMAGED) from None
        why = error.strerror or str(error)
        raise _unreadable(Label(why, why)) from None
    except Exception:  # noqa: BLE001  # each compression has errors of its own
        raise _unreadable(_DAMAGED) from None


def _check(members: list[zipfile.ZipInfo], most: int) -> None:
    if len(members) > MOST_MEMBERS:
        _too_large(
            readable_count(len(members), "fichiers", "files"),
            Label("du nombre de fichiers", "of the number of files"),
            readable_count(MOST_MEMBERS, "fichiers", "files"),
        )
    names: set[str] = set()
    for member in members:
        name = _name(member).casefold()  # as one where a file system takes both for the same
        if name in names:
            raise UnreadableError("archive_name_twice", name=member.filename)
        names.add(name)
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableError("archive_encrypted", name=member.filename)
    _check_sizes(members, most)


def _check_sizes(members: list[zipfile.ZipInfo], most: int) -> None:
    total = sum(member.file_size for member in members)
    if total > most:
        _too_large(
            readable_size(total),
            Label("de la taille décompressée", "of the uncompressed size"),
            readable_size(most),
        )
    for member in members:
        if member.file_size > RATIO_FROM and member.file_size > MOST_RATIO * member.compress_size:
            ratio = member.file_size // max(member.compress_size, 1)
            _too_large(
                readable_count(ratio, "fois sa taille compressée", "times its compressed size"),
                Label("de la taille d’un fichier", "of the size of a file"),
                readable_count(MOST_RATIO, "fois", "times"),
            )


def _too_large(size: Label, limit: Label, most: Label) -> None:
    raise UnreadableError("too_large", size=size, limit=limit, most=most, advice=_AS_FOLDER)


def _unreadable(why: Label) -> UnreadableError:
    return UnreadableError("not_an_archive", why=why)


def unpack(path: Path, into: Path) -> Path:
    """Unpack the zip of a wave's folder into a folder, never outside it, and return the folder that holds the wave.

    That is the top folder if all is in one, else `into`. What systems add (__MACOSX, names with a dot) is left out.
    """
    with bounded(path) as archive:
        files = [(member, _parts(member)) for member in archive.infolist()]
        kept = [(member, parts) for member, parts in files if parts and not _added(parts)]
        kept = [(member, parts) for member, parts in kept if not _name(member).endswith("/")]
        for member, parts in kept:
            _extract(archive, member, into.joinpath(*parts))
    tops = {parts[0] for _, parts in kept}
    if len(tops) == 1 and all(len(parts) > 1 for _, parts in kept):
        return into / tops.pop()
    return into


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return the folders and the name of a member; UnreadableError if they are no plain names."""
    name = _name(member)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _unreadable(filled(_LINK, name))
    parts = PurePosixPath(name).parts
    if "\0" in name or name.startswith("/") or ".." in parts or PureWindowsPath(name).drive:
        raise _unreadable(filled(_OUTSIDE, name))
    return parts


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member with slashes: some programs of Windows write backslashes."""
    return member.orig_filename.replace("\\", "/")


def _added(parts: tuple[str, ...]) -> bool:
    return parts[0] == _MACOS or any(part.startswith(".") for part in parts)


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for chunk in _chunks(archive, member):
                file.write(chunk)
    except (FileExistsError, NotADirectoryError):
        raise _unreadable(filled(_COLLIDES, member.filename)) from None
    except (OSError, ValueError) as error:  # a name that the file system does not take
        if isinstance(error, OSError) and is_full(error):
            raise
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(filled(_CANNOT, member.filename, why)) from None


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a member, up to the size that it declared."""
    left = member.file_size
    with reading():
        packed = archive.open(member)
    with packed:
        while True:
            with reading():
                chunk = packed.read(_CHUNK)
            left -= len(chunk)
            if left < 0:
                raise _unreadable(_DAMAGED)
            if not chunk:
                return
            yield chunk
