"""Annotated folders, archives and CSV files.

A CSV file is written in UTF-8 with its mark and CRLF; a last column holds the findings of each record. A record that
is too short is filled up and gets one field too many, so that it is refused as before. A single CSV has no list beside
it: the first record that is not blank also holds what belongs to no record (the file, its header), with the file's
name before it. Values in `findings.csv` are exact, also those that begin with = or @, as they are in the original.
"""

from __future__ import annotations

import codecs
import copy
import csv
import operator
import shutil
import zipfile
from collections import defaultdict
from typing import TYPE_CHECKING

from jumelage.annotate.words import LIST, LONGEST_CELL, joined, sentence, unreadable
from jumelage.errors import UnreadableError
from jumelage.reading.headings import column_of
from jumelage.reading.source import DELIMITERS, SKIPPED
from jumelage.rules import FIELDS
from jumelage.texts import Label, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from jumelage.reading.source import Document
    from jumelage.rules import Finding

_COLUMN = Label("constats", "findings")
_CHUNK = 1 << 20


def _write_list(findings: Iterable[Finding], target: Path, lang: str) -> None:
    with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(FIELDS)
        writer.writerows(finding.fields(lang) for finding in findings)


def write_folder(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    """Write the annotated copy of a folder."""
    marks = _Marks(findings, lang)
    read = {document.path.resolve(): document for document in documents}
    made.mkdir()
    for path in _paths(handed, frozenset({handed.resolve()})):
        target = made / path.relative_to(handed)
        if path.is_dir():
            target.mkdir()
        elif path.is_file() and target != made / f"{LIST}.csv":
            document = read.get(path.resolve())
            if document is None or not marks.write(path, document, target):
                shutil.copy2(path, target)
    _write_list(findings, made / f"{LIST}.csv", lang)


def _paths(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Give all that is in a folder, folders before their content; a link to a folder above is left out."""
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif (real := path.resolve()) not in above:
            yield path
            yield from _paths(path, above | {real})


def write_archive(
    handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str
) -> None:
    """Write the annotated copy of a zip; OutputError if it cannot be opened."""
    from jumelage.reading.zips import bounded

    marks = _Marks(findings, lang)
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
                done = document is not None and marks.write(unpacked, document, marked)
                _add_entry(target, info, marked if done else unpacked)
            _write_list(findings, marked, lang)
            target.write(marked, f"{inside}{LIST}.csv")
    except UnreadableError:
        raise unreadable(handed) from None


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


def write_file(handed: Path, documents: Sequence[Document], findings: Sequence[Finding], made: Path, lang: str) -> None:
    """Write the annotated copy of one CSV file."""
    document = next(iter(documents), None)
    if document is not None:
        file, header = document.file, document.header
        of_none = [found for found in findings if found.row is None or found.row <= header or found.file != file]
        first = [found.text(lang) for found in of_none]
    if document is None or not _Marks(findings, lang).write(handed, document, made, first):
        shutil.copy2(handed, made)


class _Marks:
    """The texts that stand in the records of CSV files."""

    def __init__(self, findings: Iterable[Finding], lang: str) -> None:
        self._lang = lang
        self._texts: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for finding in findings:
            if finding.row is not None and finding.sheet is None:
                self._texts[finding.file][finding.row].append(sentence(finding, lang))

    def write(self, path: Path, document: Document, target: Path, first: Sequence[str] = ()) -> bool:
        """Write a file with the texts of its records; False if there is nothing to write, or it is no CSV file."""
        texts = {row: said for row, said in self._texts[document.file].items() if row > document.header}
        if document.name == "wave" or not (texts or first or None in document.columns):
            return False
        try:
            records = _Records(path, _encoding(path, target), document)
            with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
                writer = csv.writer(file, delimiter=records.delimiter)
                return self._write_records(records, texts, list(first), writer.writerow)
        except (UnreadableError, UnicodeDecodeError, csv.Error):
            return False

    def _write_records(
        self, records: _Records, texts: dict[int, list[str]], first: list[str], write: Callable[[list[str]], object]
    ) -> bool:
        rows, heading = iter(records), list[str]()
        for _, end, heading in rows:
            if end >= records.document.header:
                break
            write(heading)
        old = [place for place, name in enumerate(heading) if folded(name) in SKIPPED]
        width, marked = len(heading) - len(old), bool(texts or first)
        if not marked and not old:
            return False
        write(_with(_without(heading, old), width, _COLUMN.text(self._lang) if marked else None))
        for start, end, record in rows:
            fields = _without(record, old)
            said = [text for line in range(start, end + 1) for text in texts.get(line, ())]
            if first and any(field.strip() for field in fields):
                said, first = [*first, *said], []
            write(_with(fields, width, joined(said, " | ", LONGEST_CELL, self._lang) if marked else None))
        return True


def _encoding(path: Path, spool: Path) -> str:
    """Find the encoding of a file; UnreadableError if it has none."""
    from jumelage.reading.encoding import open_text

    # The text in form is not used: it has other line ends and blanks within fields.
    if open_text(path, spool).cp1252 is not None:
        return "cp1252"
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in {codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE} else "utf-8-sig"


class _Records:
    """The records of a CSV file, each with its first and last line."""

    def __init__(self, path: Path, encoding: str, document: Document) -> None:
        self.document, self._path, self._encoding = document, path, encoding
        self.delimiter = max(DELIMITERS, key=self._fits)

    def __iter__(self) -> Iterator[tuple[int, int, list[str]]]:
        return self._read(self.delimiter)

    def _read(self, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
        with self._path.open(encoding=self._encoding, newline="") as file:
            reader = csv.reader(file, strict=True, delimiter=delimiter)
            end = 0
            for record in reader:
                start, end = end + 1, reader.line_num
                yield start, end, record

    def _fits(self, delimiter: str) -> tuple[bool, int]:
        """Tell how well the header has the columns that were read."""
        columns = self.document.columns
        names = [name for name in columns if name]
        try:
            heading = next(record for _, end, record in self._read(delimiter) if end >= self.document.header)
        except (csv.Error, StopIteration):
            return False, 0
        named = [column_of(field, names) for field in heading]
        return len(heading) == len(columns), sum(map(operator.eq, named, columns))


def _without(record: list[str], places: Sequence[int]) -> list[str]:
    return [field for place, field in enumerate(record) if place not in places] if places else record


def _with(fields: list[str], width: int, text: str | None) -> list[str]:
    """Put a text in the column after the last."""
    if text is None or (not text and len(fields) < width):
        return fields
    if len(fields) < width:
        return [*fields, *[""] * (width - len(fields)), text, ""]
    return [*fields[:width], text, *fields[width:]]
