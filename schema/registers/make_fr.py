"""Make fr.csv.gz, the authorities of France, from a folder of the npm package @etalab/decoupage-administratif.

The EPCI of Nord and Pas-de-Calais, and what they are part of, go into ../codes/authorities.csv, too.

    python schema/registers/make_fr.py FOLDER/data

What the package does not say, or says only of the present, is in register_changes.csv, with a source for each line.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLUMNS = ("code", "kind", "name", "status", "part_of", "departement", "population", "valid_from", "valid_to")
# ISO 3166-2 of the regions of metropolitan France, and of the territories overseas that are no departement, by the
# number that INSEE gives them. Overseas departements are regions too, with one code for both.
REGIONS = {
    "11": "IDF",
    "24": "CVL",
    "27": "BFC",
    "28": "NOR",
    "32": "HDF",
    "44": "GES",
    "52": "PDL",
    "53": "BRE",
    "75": "NAQ",
    "76": "OCC",
    "84": "ARA",
    "93": "PAC",
    "94": "20R",
}
TERRITORIES = {
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "984": "TF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
    "989": "CP",
}
ASKED = ("FR-59", "FR-62")
ABOVE = (*ASKED, "FR-HDF", "FR-O")
STATUSES = {"commune-deleguee": "delegated", "commune-associee": "associated"}

Row = dict[str, Any]


def code_of(departement: str) -> str:
    """Return the ISO code of a departement or a territory."""
    return f"FR-{TERRITORIES.get(departement, departement)}"


def above(regions: list[Row], departements: list[Row], present: dict[str, Row]) -> list[Row]:
    """Return the regions, departements and territories, with the people of their communes."""
    people = {level: Counter[str]() for level in ("region", "departement")}
    for row in present.values():
        for level, found in people.items():
            found[row.get(level, "")] += row.get("population", 0)
    rows = [
        {
            "code": f"FR-{REGIONS[found['code']]}",
            "kind": "region",
            "name": found["nom"],
            "population": people["region"][found["code"]],
        }
        for found in regions
        if found["code"] in REGIONS
    ]
    rows += [
        {
            "code": code_of(found["code"]),
            "kind": "territory" if found["code"] in TERRITORIES else "departement",
            "name": found["nom"],
            "part_of": f"FR-{REGIONS[found['region']]}" if found["region"] in REGIONS else "",
            "departement": found["code"],
            "population": people["departement"][found["code"]] or "",
        }
        for found in departements
    ]
    return rows


def communes(found: list[Row]) -> list[Row]:
    """Return the communes: present, delegated, associated, and former codes that a present one took over."""
    present = {row["code"]: row for row in found if row["type"] == "commune-actuelle"}
    rows = [
        {
            "code": code,
            "name": row["nom"],
            "part_of": code_of(row["departement"]),
            "departement": row["departement"],
            "population": row.get("population", ""),
        }
        for code, row in present.items()
    ]
    parts = [row for row in found if row["type"] in STATUSES]
    rows += [
        {
            "code": f"{row['code']}-D" if row["code"] in present else row["code"],
            "name": row["nom"],
            "status": STATUSES[row["type"]],
            "part_of": row["chefLieu"],
            "departement": present[row["chefLieu"]]["departement"],
        }
        for row in parts
        if present.get(row["code"], {}).get("nom") != row["nom"]
    ]
    named = present.keys() | {row["code"] for row in parts}
    rows += [
        {"code": former, "status": "former", "part_of": code, "departement": row["departement"]}
        for code, row in present.items()
        for former in row.get("anciensCodes", ())
        if former not in named
    ]
    return [{"kind": "commune"} | row for row in rows]


def epci(found: list[Row], present: dict[str, Row]) -> list[Row]:
    """Return the EPCI, each in the departement in which most of its people live."""
    rows = []
    for row in found:
        people = Counter[str]()
        for member in row["membres"]:
            people[present[member["code"]]["departement"]] += member["populationMunicipale"]
        ((departement, _),) = people.most_common(1)
        rows.append(
            {
                "code": row["code"],
                "kind": "epci",
                "name": row["nom"],
                "part_of": code_of(departement),
                "departement": departement,
                "population": row["populationMunicipale"],
            }
        )
    return rows


def changed(rows: list[Row]) -> list[Row]:
    """Return the rows with what register_changes.csv adds: authorities, and what is blank or another for known ones."""
    found = {row["code"]: row for row in rows}
    with (HERE / "register_changes.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            said = {column: line[column] for column in COLUMNS if line[column]}
            found[line["code"]] = found.get(line["code"], {}) | said
    return [found[code] for code in sorted(found)]


def main(data: Path) -> None:
    """Write the file; the same package makes the same bytes."""
    names = ("communes", "epci", "departements", "regions")
    read = {name: json.loads((data / f"{name}.json").read_text(encoding="utf-8")) for name in names}
    present = {row["code"]: row for row in read["communes"] if row["type"] == "commune-actuelle"}
    rows = above(read["regions"], read["departements"], present)
    rows += communes(read["communes"]) + epci(read["epci"], present)
    every = changed(rows)
    (HERE / "fr.csv.gz").write_bytes(gzip.compress(written(every).encode(), 9, mtime=0))
    shipped = [row for row in every if row["code"] in ABOVE or (row.get("part_of") in ASKED and row["kind"] == "epci")]
    (HERE.parent / "codes" / "authorities.csv").write_text(written(shipped), encoding="utf-8")


def written(rows: list[Row]) -> str:
    """Return rows as CSV, with curly apostrophes."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().replace("'", "’")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
