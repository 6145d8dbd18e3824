"""Where the project's content is: code lists, views, reports and waves."""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path

from jumelage.errors import UsageError
from jumelage.texts import Label, both

TOTAL = "total"
ALL = "all"
UNKNOWN = "unknown"


def root() -> Path:
    """Return the folder of alembic/, schema/, reports/ and waves/: inside a wheel, or the checkout."""
    packaged = Path(__file__).with_name("_content")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2]


def read_text(path: Path) -> str:
    """Return the text of a file of the project; UsageError names the line and the byte that is not UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = f"{path.parent.name}/{path.name}: line {line}"
        raise UsageError(
            both(
                "{}\u00a0: l’octet {:#04x} n’est pas de l’UTF-8\u00a0; enregistrez le fichier en UTF-8",
                "{}: byte {:#04x} is not UTF-8; save the file as UTF-8",
                place,
                data[error.start],
            )
        ) from None


def code_lists() -> dict[str, Path]:
    """Return the CSV file of each code list, by the name of its table."""
    return {path.stem: path for path in sorted((root() / "schema" / "codes").glob("*.csv"))}


def registers() -> dict[str, Path]:
    """Return the compressed CSV file of each list of authorities that the project brings, by its name."""
    return {path.name.partition(".")[0]: path for path in sorted((root() / "schema" / "registers").glob("*.csv.gz"))}


def code_list(name: str) -> list[dict[str, str]]:
    """Return the rows of a code list."""
    return list(csv.DictReader(read_text(code_lists()[name]).splitlines()))


@cache
def answers(of: str) -> dict[str, Label]:
    """Return the codes of a closed list of answers (`answers`, `responses`, `no_date`, `yes_no`) with their labels."""
    rows = [row for row in code_list("answer_codes") if row["list"] == of]
    return {row["code"]: Label(row["label_fr"], row["label_en"]) for row in rows}


def views(dialect: str) -> dict[str, str]:
    """Return the query of each view by name, in order of creation.

    A file is `NN_name.sql`, or `NN_name.DIALECT.sql` for the one relation that is written once per engine.
    """
    found = {}
    for path in sorted((root() / "schema" / "views").glob("*.sql")):
        name, _, engine = path.stem.partition(".")
        if engine in {"", dialect}:
            found[name.split("_", 1)[1]] = read_text(path)
    return found


def dictionary_text() -> str:
    """Return what is said of the columns of views, and of tables beside their comments, as TOML."""
    return read_text(root() / "schema" / "dictionary.toml")


def hash_of(part: str, dialect: str) -> str:
    """Return the SHA-256 of the `code_lists` or the `views` that this version has for a dialect."""
    digest = hashlib.sha256()
    if part == "views":
        texts = {name: text.encode() for name, text in views(dialect).items()}
        texts["dictionary"] = dictionary_text().encode()
    else:
        texts = {name: path.read_bytes() for name, path in code_lists().items()}
    for name, text in texts.items():
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()
