"""The command line itself: help, version, formats, output files, an installed wheel outside the checkout."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy.engine import URL

from jumelage import report_file
from jumelage.cli import app
from jumelage.render.words import counted
from jumelage.rules import NOT_LOADED, said_of
from tests.conftest import ENGINES, ROOT, WAVE_2006, address, run


def tree(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Return a command and those below it, each with the words that call it."""
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from tree(f"{name} {word}".strip(), below)


COMMANDS = dict(tree("", typer.main.get_command(app)))


def is_said(text: str | None) -> bool:
    """Say whether a help text begins with a whole sentence of some words."""
    first = (text or "").split("\n\n")[0].strip()
    return len(first.split()) > 1 and first[0].isupper() and first[-1] in ".])"


def test_every_command_and_every_parameter_has_a_help_text() -> None:
    said = {name: command.help for name, command in COMMANDS.items()}
    said |= {f"{name} {one.name}": one.help for name, command in COMMANDS.items() for one in command.params}
    assert [name for name, text in said.items() if not is_said(text)] == []
    assert len(said) > 80


def test_help_prints_every_command_and_parameter_with_its_text() -> None:
    for name, command in COMMANDS.items():
        done = run(*name.split(), "--help")
        assert done.code == 0
        printed = "".join(done.out.split())
        below = [(word, one.get_short_help_str(1000)) for word, one in getattr(command, "commands", {}).items()]
        for word, text in (*below, *((one.opts[0], one.help) for one in command.params if one.opts[0][0] == "-")):
            assert word in printed, (name, word)
            assert "".join(text.split()) in printed, (name, word, text)


def test_help_loads_no_heavy_library() -> None:
    code = "import sys; sys.argv = ['jumelage', '--help']\nfrom jumelage.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"sqlalchemy", "alembic", "duckdb", "duckdb_engine", "psycopg", "jinja2"})


def test_a_report_loads_neither_alembic_nor_the_other_engine(both: dict[str, URL]) -> None:
    code = "import sys\nfrom jumelage.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    for engine, absent in zip(
        ENGINES, ({"alembic", "psycopg", "jinja2"}, {"alembic", "duckdb", "jinja2"}), strict=True
    ):
        command = [sys.executable, "-c", code, "report", "zones", "--db", address(both[engine])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert set(done.stdout.split()).isdisjoint(absent)


@pytest.mark.parametrize(
    ("shell", "how"),
    [
        ("bash", {"COMP_WORDS": "jumelage rep", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "jumelage rep"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "jumelage rep", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_shells_complete_commands(shell: str, how: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_JUMELAGE_COMPLETE", f"complete_{shell}")
    for name, value in how.items():
        monkeypatch.setenv(name, value)
    done = run()
    assert {"report", "reports"} <= set(re.findall(r"\breports?\b", done.out))
    assert "migrate\n" not in done.out
    assert done.err == ""


def test_completion_is_installed_for_the_shell_that_asks(tmp_path: Path) -> None:
    jumelage = Path(sysconfig.get_path("scripts")) / "jumelage"
    # the shell is known by the process above, so no command may take bash's place: the last of a line would
    line = "; ".join(
        f"PS1= HOME={tmp_path} {jumelage} {option}" for option in ("--install-completion", "--show-completion")
    )
    done = subprocess.run(["bash", "-c", f"{line}; exit"], capture_output=True, text=True, check=True)
    assert "complete -o default -F _jumelage_completion jumelage" in done.stdout
    assert (tmp_path / ".bashrc").exists()


def test_a_database_that_is_not_there_is_told_with_why_it_was_looked_for_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUMELAGE_DATABASE_URL", raising=False)
    for asked in (("report", "zones"), ("sql", "select 1")):
        done = run(*asked)
        assert done.code == 3
        assert (
            "(where it is unless --db or $JUMELAGE_DATABASE_URL names one); create it with: jumelage migrate"
            in done.err
        )
        assert "créez-la\u00a0: jumelage migrate" in run(*asked, "--lang", "fr").err
        assert " (" not in run(*asked, "--db", tmp_path / "other.duckdb").err
    monkeypatch.setenv("JUMELAGE_DATABASE_URL", str(tmp_path / "other.duckdb"))
    assert "other.duckdb ($JUMELAGE_DATABASE_URL); create" in run("report", "zones").err


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").out == "jumelage 0.1.0\n"


def test_reports_lists_every_report(wave_2006: URL) -> None:
    assert wave_2006
    listed = run("reports", "--format", "csv").out.splitlines()
    assert [line.split(",")[0] for line in listed[1:]] == report_file.report_names()


def test_the_database_may_be_named_before_the_command(wave_2006: URL) -> None:
    assert run("--db", address(wave_2006), "report", "zones").code == 0


def test_an_output_file_is_written_whole_or_not_at_all(wave_2006: URL, tmp_path: Path) -> None:
    file = tmp_path / "zones.csv"
    assert run("report", "zones", "--db", address(wave_2006), "--format", "csv", "-o", file).code == 0
    assert file.read_bytes().startswith(b"zone,agreements,agreements_inferred")
    done = run("report", "zones", "--db", address(wave_2006), "-o", tmp_path / "nowhere" / "zones.csv")
    assert done.code == 3
    assert "cannot be written" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["zones.csv"]


@pytest.mark.parametrize("output", ["/", ".", ""])
def test_an_output_that_is_no_file_is_refused(wave_2006: URL, output: str) -> None:
    done = run("report", "zones", "--db", address(wave_2006), "-o", output)
    assert done.code == 3
    assert "cannot be written" in done.err


def test_an_output_that_is_a_link_or_a_device_stays_one(wave_2006: URL, tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to("zones.csv")
    assert run("report", "zones", "--db", address(wave_2006), "--format", "csv", "-o", link).code == 0
    assert link.is_symlink()
    assert (tmp_path / "zones.csv").read_text(encoding="utf-8").startswith("zone,")
    assert run("report", "zones", "--db", address(wave_2006), "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()
    assert run("report", "zones", "--db", address(wave_2006), "-o", "/dev/full").code == 3


def test_a_full_disk_behind_standard_output_is_told(wave_2006: URL) -> None:
    for what in (f"report zones --db '{address(wave_2006)}'", "--help", "sql --help", "--version"):
        command = f"{sys.executable} -m jumelage {what} > /dev/full"
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == 3, what
        assert done.stderr == "error: standard output cannot be written: No space left on device\n"


def test_a_printed_cell_that_no_row_computes_has_no_rows_behind_it(wave_2006: URL) -> None:
    done = run("explain", "distribution", "7", "cities", "--db", address(wave_2006), "--format", "json")
    assert (done.code, done.out) == (0, "[]\n")
    assert run("explain", "distribution", "11", "cities", "--db", address(wave_2006)).code == 2


def test_an_empty_address_is_not_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("migrate", "--db", "").code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_stops_early_is_no_error(wave_2006: URL) -> None:
    command = f"{sys.executable} -m jumelage check --db '{address(wave_2006)}' | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command line of the built wheel, in an environment that knows nothing of the checkout.

    Its dependencies are those of this environment, added by path: files that point to the checkout are not read.
    """
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "env" / "bin" / "jumelage"


@pytest.mark.long
def test_a_wheel_needs_nothing_but_the_locked_dependencies(installed: Path, tmp_path: Path) -> None:
    """Nothing of the tests and of this environment: what a user installs, from the package index."""
    (wheel,) = installed.parents[2].glob("*.whl")
    venv.create(tmp_path / "env", symlinks=True, with_pip=True)
    programs = tmp_path / "env" / "bin"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for command in (
        ("pip", "install", "--quiet", "--require-hashes", "-r", str(ROOT / "requirements.lock")),
        ("pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)),
        ("jumelage", "--version"),
        ("jumelage", "reproduce", "waves/2006", "--out", "public"),
        ("jumelage", "report", "zones", "--format", "csv"),
    ):
        program = [str(programs / command[0]), *command[1:]]
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "eu,78,1" in done.stdout
    assert (tmp_path / "public" / "fr.html").is_file()


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_an_installed_wheel_does_the_main_job_outside_the_checkout(
    installed: Path, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine == "postgresql":
        from tests.conftest import Databases

        url = Databases(engine, tmp_path, request.getfixturevalue("postgres")).missing()
    else:
        url = None
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    if url is not None:
        environment["JUMELAGE_DATABASE_URL"] = address(url)

    def jumelage(*arguments: str) -> str:
        command = [str(installed), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    python = installed.with_name("python")
    where = subprocess.run(
        [python, "-c", "from jumelage import content; print(content.root())"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert where.startswith(str(installed.parents[1]))
    jumelage("migrate")
    jumelage("load", "waves/2006")  # the wheel carries it
    jumelage("check", "--wave", "2006")
    assert "eu,78,1" in jumelage("report", "zones", "--format", "csv")
    jumelage("publish", "--out", "public")
    assert (tmp_path / "public" / "fr.html").is_file()
    jumelage("load", "waves/2012-demo")  # and the made-up one, which is never the default
    assert "eu,78,1" in jumelage("report", "zones", "--format", "csv")
    assert "eu,71,0" in jumelage("report", "zones", "--wave", "2012-demo", "--format", "csv")


@pytest.mark.parametrize(
    "command", [("report", "zones"), ("waves",), ("check",), ("explain", "zones", "eu", "agreements")]
)
def test_output_never_goes_over_the_database(loaded: URL, tmp_path: Path, command: tuple[str, ...]) -> None:
    if loaded.get_backend_name() != "duckdb":
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        assert run(*command, "--db", address(loaded), "-o", tmp_path / "link").code == 0
        return
    file = Path(str(loaded.database))
    before = file.read_bytes()
    (tmp_path / "link").symlink_to(file)
    for out in (file, tmp_path / "link", Path(f"{file}.wal")):
        done = run(*command, "--db", address(loaded), "-o", out)
        assert (done.code, done.out) == (2, "")
        assert "would overwrite what this command reads" in done.err
    assert file.read_bytes() == before
    assert not Path(f"{file}.wal").exists()


def test_output_never_goes_over_what_is_handed_in(loaded: URL, tmp_path: Path) -> None:
    file = tmp_path / "partnerships.csv"
    text = (WAVE_2006 / "partnerships.csv").read_bytes()
    file.write_bytes(text)
    done = run(
        "load",
        file,
        "--table",
        "partnerships",
        "--wave",
        "2006",
        "--reason",
        "x",
        "--dry-run",
        "--format",
        "csv",
        "--db",
        address(loaded),
        "-o",
        file,
    )
    assert done.code == 2, done.err
    assert file.read_bytes() == text


_SAID_IN_BOTH = {"UsageError", "ReportError", "DatabaseError", "BusyError", "OutputError"}


def test_what_a_command_refuses_is_said_in_both_languages() -> None:
    """A text of our own is a Label; what an engine says is quoted as it is."""
    for path in sorted((ROOT / "src" / "jumelage").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _SAID_IN_BOTH:
                said = node.args[0]
                ours = [part.value for part in (said, *getattr(said, "values", ())) if isinstance(part, ast.Constant)]
                plain = isinstance(said, ast.Constant | ast.JoinedStr) and re.search(
                    "[a-z]{3}", "".join(map(str, ours))
                )
                assert not plain, f"{path.name}: {ast.unparse(said)}"


@pytest.mark.parametrize(
    ("number", "fr", "en"),
    [(0, "difficulté", "findings"), (1, "difficulté", "finding"), (2, "difficultés", "findings")],
)
def test_what_is_counted_agrees_with_its_number(number: int, fr: str, en: str) -> None:
    """In French zero is in the singular, in English it is not."""
    assert counted("city_difficulties", number).fr == f"{number} {fr}"
    assert said_of(Path("wave"), number, NOT_LOADED).en == f"wave: {number} {en}; nothing was loaded"


def test_french_is_french(loaded: URL) -> None:
    """Each with the exit code that it has in English, and no word of it left."""
    asked = {
        ("report", "zonez"): "erreur\u00a0: il n’y a pas de rapport 'zonez'\u00a0; vouliez-vous dire zones\u00a0?",
        ("report", "zones", "--wave", "2006@9"): "erreur\u00a0: la vague 2006 n’a pas de révision '9'\u00a0; elle a 1",
        ("withdraw", "2006@1", "--reason", " "): "erreur\u00a0: dites pourquoi elle est retirée\u00a0: --reason TEXTE",
        ("migrate", "--to", "9"): "erreur\u00a0: il n’y a pas de migration '9'\u00a0; possibles\u00a0: ",
        ("load", "nowhere"): "erreur\u00a0: nowhere\u00a0: il n’y a pas de tel fichier ou dossier\u00a0; ",
    }
    for command, said in asked.items():
        done = run(*command, "--db", address(loaded), "--lang", "fr")
        assert done.code == run(*command, "--db", address(loaded)).code != 0
        assert done.err.startswith(said)
