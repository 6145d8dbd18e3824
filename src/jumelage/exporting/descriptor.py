"""What an export says of itself to programs: datapackage.json, and a record for catalogues, dcat.jsonld."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jumelage.exporting.words import said, text
from jumelage.texts import LANGUAGES, Label, filled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

DATA_PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
DATA_RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
DCAT = "dcat.jsonld"
_BLOCK = 1 << 20
_MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "toml": "application/toml",
    "sql": "application/sql",
    "jsonld": "application/ld+json",
    "json": "application/json",
}
_LANGUAGE = "http://publications.europa.eu/resource/authority/language/"
_LANGUAGES = {"fr": f"{_LANGUAGE}FRA", "en": f"{_LANGUAGE}ENG"}
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: its path there, its titles, and the schema of a table."""

    path: str
    title: Label
    text: Label | None = None
    schema: dict[str, Any] | None = None

    @property
    def format(self) -> str:
        """The ending of its name."""
        return self.path.rpartition(".")[2]

    @property
    def media_type(self) -> str:
        """Its media type."""
        return _MEDIA_TYPES[self.format]


def fingerprint(path: Path) -> str:
    """Return the sha256 of a file, read some at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def name_of(path: str) -> str:
    """Return the name of the resource of a file."""
    return path.rpartition(".")[0].replace("/", "-")


def data_package(facts: Mapping[str, Any], folder: Path, files: Iterable[File], lang: str) -> dict[str, Any]:
    """Return the datapackage.json of files that stand in a folder; `facts` are those of the revision."""
    name = f"{facts['wave']}@{facts['revision']}"
    return {
        "$schema": DATA_PACKAGE,
        "name": f"jumelage-{facts['wave']}",
        "title": _title(facts).text(lang),
        "description": _description(facts).text(lang),
        "version": f"{facts['revision']}.0.0",
        "created": f"{facts['loaded_at']:%Y-%m-%dT%H:%M:%SZ}",
        "keywords": said()["dataset"]["keywords"][lang],
        "sources": [{"title": facts["source"]}],
        "jumelage": {
            "revision": name,
            "content_hash": facts["content_hash"],
            "hash_version": facts["hash_version"],
            "software": facts["software"],
        },
        "resources": [_resource(folder, file, lang) for file in files],
    }


def _resource(folder: Path, file: File, lang: str) -> dict[str, Any]:
    path = folder / file.path
    made: dict[str, Any] = {
        "$schema": DATA_RESOURCE,
        "name": name_of(file.path),
        "path": file.path,
        "title": file.title.text(lang),
        "format": file.format,
        "mediatype": file.media_type,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{fingerprint(path)}",
    }
    if file.text is not None:
        made["description"] = file.text.text(lang)
    if file.format == "csv":
        made["encoding"] = "utf-8"
    if file.schema is not None:
        made |= {"type": "table", "schema": file.schema}
    return made


def _title(facts: Mapping[str, Any]) -> Label:
    return Label(facts["title_fr"], facts["title_en"])


def _description(facts: Mapping[str, Any]) -> Label:
    """Return what the data are, and that they are made up if they are."""
    words = said()["dataset"]
    made_up = text(words, "synthetic") if facts["synthetic"] else Label("", "")
    values = {name: facts[name] for name in ("source",)} | {"population": facts["population_concept"]}
    told = {
        lang: text(words, "text")
        .text(lang)
        .format(title=facts[f"title_{lang}"], frame_rule=facts[f"frame_rule_{lang}"].rstrip("."), **values)
        for lang in LANGUAGES
    }
    return Label(*(f"{told[lang]} {made_up.text(lang)}".strip() for lang in ("fr", "en")))


def catalogue_record(
    facts: Mapping[str, Any], folder: Path, files: Iterable[File], places: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return the DCAT-AP record of files that stand in a folder; `places` are codes and names of where it is about.

    Addresses are relative to the record. Publisher and licence, of which a wave says nothing, are for whoever puts the
    files somewhere.
    """
    words = said()["dataset"]["keywords"]
    return {
        "@context": _CONTEXT,
        "@id": "",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{facts['wave']}@{facts['revision']}",
        "dct:title": _in_both(_title(facts)),
        "dct:description": _in_both(_description(facts)),
        "dcat:keyword": [{"@language": lang, "@value": word} for lang in LANGUAGES for word in words[lang]],
        "dct:language": [{"@id": _LANGUAGES[lang]} for lang in LANGUAGES],
        "dct:source": facts["source"],
        "dct:issued": _typed(f"{facts['loaded_at']:%Y-%m-%dT%H:%M:%SZ}", "dateTime"),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _typed(facts["fieldwork_from"].isoformat(), "date"),
            "dcat:endDate": _typed(facts["fieldwork_to"].isoformat(), "date"),
        },
        "dct:spatial": [
            {"@type": "dct:Location", "dct:identifier": code, "skos:prefLabel": name} for code, name in places
        ],
        "dcat:distribution": [_distribution(folder, file) for file in files],
    }


def _distribution(folder: Path, file: File) -> dict[str, Any]:
    path = folder / file.path
    return {
        "@id": f"#{name_of(file.path)}",
        "@type": "dcat:Distribution",
        "dct:title": _in_both(file.title),
        "dcat:accessURL": {"@id": file.path},
        "dcat:downloadURL": {"@id": file.path},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{file.media_type}"},
        "dcat:byteSize": _typed(str(path.stat().st_size), "nonNegativeInteger"),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": _typed(fingerprint(path), "hexBinary"),
        },
    }


def _in_both(of: Label) -> list[dict[str, str]]:
    return [{"@language": lang, "@value": of.text(lang)} for lang in LANGUAGES]


def _typed(value: str, kind: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}


def title_with(of: Label, more: Label) -> Label:
    """Return a title with what it is the title of in particular."""
    return filled(Label("{}\u00a0: {}", "{}: {}"), of, more)
