"""Archives within bounds: what is refused before it is unpacked, and what is unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumelage.errors import UnreadableError
from jumelage.reading import zips as archive
from jumelage.reading.zips import bounded, unpack
from jumelage.texts import readable_count, readable_size


def zipped(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def refused(path: Path, into: Path | None = None) -> UnreadableError:
    read = bounded if into is None else partial(unpack, into=into)
    with pytest.raises(UnreadableError) as caught:
        read(path)
    return caught.value


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_a_single_top_folder_is_the_wave(tmp_path: Path, into: Path) -> None:
    path = zipped(
        tmp_path / "wave.zip", {"2010/": "", "2010/frame.csv": "city\n", "2010/published/zones.csv": "zone\n"}
    )
    assert unpack(path, into) == into / "2010"
    assert (into / "2010" / "published" / "zones.csv").read_text(encoding="utf-8") == "zone\n"


def test_files_at_the_top_are_the_wave(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"frame.csv": "city\n", "published/zones.csv": "zone\n"})
    assert unpack(path, into) == into
    assert (into / "frame.csv").is_file()


def test_what_systems_add_is_left_out(tmp_path: Path, into: Path) -> None:
    added = {"__MACOSX/2010/._frame.csv": "x", "2010/.DS_Store": "x", ".hidden": "x", "2010/.git/config": "x"}
    path = zipped(tmp_path / "wave.zip", {"2010/frame.csv": "city\n", **added})
    assert unpack(path, into) == into / "2010"
    assert [file.name for file in into.rglob("*") if file.is_file()] == ["frame.csv"]


def test_names_that_are_not_utf8_are_read_as_zip_says(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"frXme.csv": "city\n"})
    path.write_bytes(path.read_bytes().replace(b"frXme.csv", b"fr\x82me.csv"))
    unpack(path, into)
    assert [file.name for file in into.iterdir()] == ["fréme.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "../frame.csv",
        "a/../../frame.csv",
        "/frame.csv",
        "..\\frame.csv",
        "a\\..\\..\\f.csv",
        "\\f.csv",
        "C:f.csv",
        "C:/f.csv",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    error = refused(zipped(tmp_path / "wave.zip", {name: "city\n"}), into)
    assert error.rule == "not_an_archive"
    assert f"“{name.replace(chr(92), '/')}”" in error.details["why"].text("en")  # type: ignore[attr-defined]
    assert sorted(tmp_path.rglob("*.csv")) == []


def test_backslashes_between_folders_are_read_as_slashes(tmp_path: Path, into: Path) -> None:
    path = tmp_path / "wave.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in ("2010\\", "2010\\frame.csv", "2010\\published\\zones.csv", "__MACOSX\\2010\\._frame.csv"):
            info = zipfile.ZipInfo()
            info.filename = name
            made.writestr(info, "" if name.endswith("\\") else "x")
    assert unpack(path, into) == into / "2010"
    files = [file.relative_to(into).as_posix() for file in into.rglob("*") if file.is_file()]
    assert sorted(files) == ["2010/frame.csv", "2010/published/zones.csv"]


def test_what_a_terminal_would_obey_in_a_name_is_shown(tmp_path: Path, into: Path) -> None:
    error = refused(zipped(tmp_path / "wave.zip", {"../a\x1b[2J\u061c\n.csv": "x"}), into)
    assert "“../a\\x1b[2J\\u061c\\n.csv”" in error.details["why"].text("en")  # type: ignore[attr-defined]


def test_a_link_is_refused(tmp_path: Path, into: Path) -> None:
    link = zipfile.ZipInfo("frame.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "wave.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    assert refused(tmp_path / "wave.zip", into).rule == "not_an_archive"
    assert list(into.iterdir()) == []


def test_a_name_that_is_file_and_folder_is_refused(tmp_path: Path, into: Path) -> None:
    assert refused(zipped(tmp_path / "wave.zip", {"a": "x", "a/b": "y"}), into).rule == "not_an_archive"


def test_a_name_that_no_file_may_have_is_refused(tmp_path: Path, into: Path) -> None:
    assert refused(zipped(tmp_path / "wave.zip", {"a" * 300: "x"}), into).rule == "not_an_archive"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["frame.csv", "FRAME.csv"])
def test_a_name_twice_is_refused(tmp_path: Path, second: str) -> None:
    with zipfile.ZipFile(tmp_path / "wave.zip", "w") as made:
        made.writestr("frame.csv", "a")
        made.writestr(second, "b")
    error = refused(tmp_path / "wave.zip")
    assert (error.rule, error.details) == ("archive_name_twice", {"name": second})


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"frame.csv": "city\n"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path).rule == "archive_encrypted"


def test_a_large_archive_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"a.csv": "x", "b.csv": "x"})
    size = (3_100_000_000).to_bytes(4, "little")
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02") + 24
    data[start : start + 4] = size
    path.write_bytes(data)
    error = refused(path)
    assert error.rule == "too_large"
    assert {name: text.text("en") for name, text in error.details.items()} == {  # type: ignore[attr-defined]
        "size": "3.1 GB",
        "limit": "of the uncompressed size",
        "most": "2.1 GB",
        "advice": "hand in the folder itself, or CSV files",
    }
    assert error.details["size"].text("fr") == "3,1\u00a0Go"  # type: ignore[attr-defined]


def test_a_member_that_packs_too_well_is_refused(tmp_path: Path) -> None:
    assert refused(zipped(tmp_path / "wave.zip", {"a.csv": bytes(11 << 20)})).rule == "too_large"
    bounded(zipped(tmp_path / "small.zip", {"a.csv": bytes(9 << 20)})).close()


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    most = archive.MOST_MEMBERS
    bounded(zipped(tmp_path / "most.zip", {str(number): "" for number in range(most)})).close()
    assert refused(zipped(tmp_path / "more.zip", {str(number): "" for number in range(most + 1)})).rule == "too_large"


def test_a_member_larger_than_it_declared_is_refused(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"a.csv": "x" * 100_000})
    data = path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    assert refused(path, into).rule == "not_an_archive"
    assert (into / "a.csv").stat().st_size <= 10


def test_an_unknown_compression_is_refused(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "wave.zip", {"a.csv": "x" * 100})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 10] = data[8] = 77
    path.write_bytes(data)
    error = refused(path, into)
    assert error.details["why"].text("en") == "its compression is unknown"  # type: ignore[attr-defined]


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wave.zip"
    path.write_text("city,population\n", encoding="utf-8")
    assert refused(path).rule == "not_an_archive"
    assert refused(tmp_path / "missing.zip").details["why"].text("en") == "No such file or directory"  # type: ignore[attr-defined]


def _real() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("2010/frame.csv", "city,population\nLille,225784\n" * 9)
        packed.writestr("2010/wave.toml", "wave = 'x'\n")
    return made.getvalue()


REAL = _real()


@given(cut=st.integers(0, len(REAL)), at=st.integers(0, len(REAL) - 1), byte=st.integers(0, 255), both=st.booleans())
def test_damaged_archives_are_refused_or_unpacked(
    tmp_path_factory: pytest.TempPathFactory, cut: int, at: int, byte: int, both: bool
) -> None:
    data = bytearray(REAL)
    data[at] = byte
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "a.zip").write_bytes(data[:cut] if both else data)
    rule = ""
    try:
        unpack(folder / "a.zip", folder / "into")
    except UnreadableError as error:
        rule = error.rule
    assert rule in {"", "not_an_archive", "archive_encrypted", "archive_name_twice", "too_large"}
    assert {path.name for path in folder.iterdir()} <= {"a.zip", "into"}


def test_numbers_are_written_as_people_do() -> None:
    assert [readable_size(size).en for size in (0, 999, 1000, 3_100_000_000, 25_000_000)] == [
        "0 B",
        "999 B",
        "1 kB",
        "3.1 GB",
        "25 MB",
    ]
    assert readable_count(200_000, "lignes", "rows").en == "200,000 rows"
    assert readable_count(200_000, "lignes", "rows").fr == "200\u202f000\u00a0lignes"
