"""Annotated folders, archives and CSV files.

A CSV file stays as it is, byte by byte, but for a last column that holds the findings of each record. A record that is
too short is filled up and gets one field too many, so that it is refused as before. A single CSV has no list beside it:
the first record that is not blank also holds what belongs to no record (the file, its header), with the file's name
before it. `findings.csv`, which lists all, is made for people: it opens in a French spreadsheet program.
"""

from __future__ import annotations

import codecs
import copy
import csv
import re
import shutil
import sys
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from jumelage.annotate.words import LIST, LONGEST_CELL, joined, sentence, unreadable
from jumelage.errors import UnreadableError
from jumelage.reading.source import SKIPPED
from jumelage.rules import FIELDS
from jumelage.texts import Label, filled, folded, neutral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

_COLUMN = Label("constats", "findings")
_NOT_IN = Label(
    "rien n’a pu être écrit dans {}\u00a0: ce n’est pas une table lisible avec des enregistrements",
    "nothing could be written into {}: it is no readable table with records",
)
_LEADS_OUT = Label(
    "{} mène hors du dossier\u00a0: la copie ne l’a pas", "{} leads out of the folder: the copy is without it"
)
_CHUNK = 1 << 20
_NO_MORE = (sys.maxsize, "")


def _write_list(findings: Iterable[Finding], target: Path, lang: str) -> None:
    with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(FIELDS)
        writer.writerows(map(neutral, finding.fields(lang)) for finding in findings)


def write_folder(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> tuple[bool, tuple[Label, ...]]:
    """Write the annotated copy of a folder; return that findings were written, and what could not be copied."""
    texts = _Texts(findings, lang)
    read = {document.path.resolve(): document for document in documents}
    real = handed.resolve()
    made.mkdir()
    for path in _paths(handed, frozenset({real})):
        target = made / path.relative_to(handed)
        if not path.resolve().is_relative_to(real):
            texts.remarks.append(filled(_LEADS_OUT, target.relative_to(made)))
        elif path.is_dir():
            target.mkdir()
        elif path.is_file() and target != made / f"{LIST}.csv":
            document = read.get(path.resolve())
            if document is None or not texts.write(path, document, target):
                shutil.copy2(path, target)
    _write_list(findings, made / f"{LIST}.csv", lang)
    return True, tuple(texts.remarks)


def _paths(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Give all that is in a folder, folders before their content; not what a link leads to outside, nor circles."""
    for path in sorted(folder.iterdir()):
        real = path.resolve()
        if not path.is_dir() or not any(real.is_relative_to(top) for top in above):
            yield path
        elif real not in above:
            yield path
            yield from _paths(path, above | {real})


def write_archive(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> tuple[bool, tuple[Label, ...]]:
    """Write the annotated copy of a zip; OutputError if it cannot be opened."""
    from jumelage.reading.zips import bounded

    texts = _Texts(findings, lang)
    unpacked, marked = made.with_name("unpacked"), made.with_name("marked")
    try:
        with bounded(handed) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
            read = _entries(source.namelist(), documents)
            inside = next((name[: -len(document.file)] for name, document in read.items()), "")
            for info in source.infolist():
                if info.filename == f"{inside}{LIST}.csv":
                    continue
                _unpack(source, info, unpacked)
                document = read.get(info.filename)
                done = document is not None and texts.write(unpacked, document, marked)
                _add_entry(target, info, marked if done else unpacked)
            _write_list(findings, marked, lang)
            target.write(marked, f"{inside}{LIST}.csv")
    except UnreadableError:
        raise unreadable(handed) from None
    return True, tuple(texts.remarks)


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    from jumelage.reading.zips import reading

    with reading():
        entry = archive.open(info)
    with entry, path.open("wb") as file:
        chunk = b"-"
        while chunk:
            with reading():  # and not the writing: a full disk is no damaged archive
                chunk = entry.read(_CHUNK)
            file.write(chunk)


def _add_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    named = copy.copy(info)
    named.file_size = path.stat().st_size
    with path.open("rb") as file, archive.open(named, "w") as entry:
        shutil.copyfileobj(file, entry)


def _entries(names: Sequence[str], documents: Sequence[Document]) -> dict[str, Document]:
    """Find the entries that documents were read from, also within a folder: the uppermost of that name."""
    found = {}
    for document in documents:
        end = f"/{document.file}".casefold()
        fitting = [name for name in names if f"/{name}".replace("\\", "/").casefold().endswith(end)]
        if fitting:
            found[min(fitting, key=lambda name: (name.count("/"), name))] = document
    return found


def write_file(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> tuple[bool, tuple[Label, ...]]:
    """Write the annotated copy of one CSV file."""
    texts = _Texts(findings, lang)
    document = next(iter(documents), None)
    if document is not None:
        file, header = document.file, document.header
        of_none = [found for found in findings if found.row is None or found.row <= header or found.file != file]
        if texts.write(handed, document, made, [found.text(lang) for found in of_none]):
            return True, tuple(texts.remarks)
    shutil.copy2(handed, made)
    return False, tuple(texts.remarks)


class _Texts:
    """The texts that stand in the records of CSV files; `remarks` are on files that they cannot be written into.

    Findings are gone through once for each file, in their order by row: there may be more than memory holds.
    """

    def __init__(self, findings: Iterable[Finding], lang: str) -> None:
        self._findings, self._lang = findings, lang
        self.remarks: list[Label] = []

    def _of(self, document: Document) -> Iterator[tuple[int, str]]:
        """Give the rows of a file that something is said of, each with what is said."""
        for finding in self._findings:
            if finding.file == document.file and finding.sheet is None and (finding.row or 0) > document.header:
                yield finding.row or 0, sentence(finding, self._lang)

    def write(self, path: Path, document: Document, target: Path, first: Sequence[str] = ()) -> bool:
        """Write a file with the texts of its records; False if nothing can be written into it."""
        said = any(True for _ in self._of(document)) or bool(first)
        if document.name == "wave" or not (said or None in document.columns):
            return False
        try:
            records = _Records(path, _encoding(path, target), document)
            with target.open("w", encoding=records.encoding, errors="replace", newline="") as file:
                done = self._write_records(records, list(first), file.write, marked=said)
        except (UnreadableError, UnicodeDecodeError, csv.Error):
            done = False
        if not done and said:
            self.remarks.append(filled(_NOT_IN, document.file))
        return done

    def _write_records(
        self, records: _Records, first: list[str], write: Callable[[str], object], *, marked: bool
    ) -> bool:
        write(records.mark)
        rows, heading = iter(records), None
        for heading in rows:
            if heading.last >= records.document.header:
                break
            write(heading.raw)
        if heading is None:
            return False
        old = [place for place, name in enumerate(heading.fields) if folded(name) in SKIPPED]
        width = len(heading.fields) - len(old)
        if not marked and not old:
            return False
        write(records.with_text(heading, old, width, _COLUMN.text(self._lang) if marked else None))
        texts = self._of(records.document)
        row, text = next(texts, _NO_MORE)
        written = not marked
        for record in rows:
            said = []
            while row <= record.last:
                said.append(text)
                row, text = next(texts, _NO_MORE)
            if first and any(field.strip() for place, field in enumerate(record.fields) if place not in old):
                said, first = [*first, *said], []
            written = written or bool(said)
            told = joined(said, " | ", LONGEST_CELL, self._lang) if marked else None
            write(records.with_text(record, old, width, told))
        return written


def _encoding(path: Path, spool: Path) -> tuple[str, str]:
    """Find the encoding of a file and the mark it begins with; UnreadableError if it has none."""
    from jumelage.reading.encoding import open_text

    # The text in form is not used: it has other line ends and blanks within fields.
    if open_text(path, spool).cp1252 is not None:
        return "cp1252", ""
    with path.open("rb") as file:
        start = file.read(3)
    for mark, name in (
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ):
        if start.startswith(mark):
            return name, "\ufeff"
    return "utf-8", ""


class _Record(NamedTuple):
    """A record: its first and last line, its text as it stands in the file, and its fields."""

    first: int
    last: int
    raw: str
    fields: list[str]


class _Records:
    """The records of a CSV file."""

    def __init__(self, path: Path, encoding: tuple[str, str], document: Document) -> None:
        self.document, self._path = document, path
        self.encoding, self.mark = encoding
        self.delimiter = document.delimiter
        self._field = re.compile(f'"(?:[^"]|"")*"|[^{self.delimiter}]*')

    def __iter__(self) -> Iterator[_Record]:
        taken: list[str] = []

        def lines(file: Iterable[str]) -> Iterator[str]:
            for line in file:
                taken.append(line)
                yield line

        with self._path.open(encoding=self.encoding, newline="") as file:
            file.read(len(self.mark))
            reader = csv.reader(lines(file), strict=True, delimiter=self.delimiter)
            end = 0
            for record in reader:
                start, end = end + 1, reader.line_num
                yield _Record(start, end, "".join(taken), record)
                taken.clear()

    def with_text(self, record: _Record, old: Sequence[int], width: int, text: str | None) -> str:
        """Return a record as it stands, without old columns, and with a text in the column after the last."""
        body = record.raw.removesuffix("\n").removesuffix("\r")
        end = record.raw[len(body) :]
        fields, count = [body], len(record.fields) - sum(place < len(record.fields) for place in old)
        if old or count > width:
            fields = [field for place, field in enumerate(self._split(body, record)) if place not in old]
        if text is None or (not text and count < width):
            return self.delimiter.join(fields) + end
        said = self._quoted(text)
        if count > width:
            fields.insert(width, said)
        else:
            fields += [""] * (width - count) + [said] + [""] * (count < width)
        return self.delimiter.join(fields) + end

    def _split(self, body: str, record: _Record) -> list[str]:
        """Return the fields of a record as they stand."""
        found, at = list[str](), 0
        while len(found) < len(record.fields):
            field = self._field.match(body, at)
            found.append(field[0] if field else "")
            at += len(found[-1]) + 1
        if at != len(body) + 1 and record.fields:
            raise csv.Error(record.first)
        return found

    def _quoted(self, text: str) -> str:
        text = neutral(text if self.encoding != "cp1252" else text.replace("\u202f", "\u00a0"))
        plain = not any(sign in text for sign in (self.delimiter, '"', "\r", "\n"))
        return text if plain else '"{}"'.format(text.replace('"', '""'))
