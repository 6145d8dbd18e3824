"""The shell of `jumelage sql`, typed into through a real pseudo-terminal; what it offers, without one; and pagers."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy.engine import URL

from jumelage import database
from jumelage.database.free_queries import readable
from jumelage.errors import BusyError, UsageError
from jumelage.querying.completing import Code, Known, is_whole, offers, order_below
from jumelage.querying.known import known_of
from jumelage.querying.orders import ORDERS, read_order
from jumelage.revisions.scope import find_scope
from tests.conftest import Databases, address, run
from tests.test_streams import pager_of

ENDLESS = "with recursive a(n) as (select 1 union all select a.n + 1 from a) select count(*) from a;"
_START = (
    "import fcntl, signal, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(one, signal.default_int_handler if one == signal.SIGINT else signal.SIG_DFL)\n"
    "from jumelage.cli import main\n"
    "main()"
)
_ORDERS_TO_THE_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal of 40 lines, 120 characters wide, in which jumelage runs."""

    def __init__(self, keys: int, process: subprocess.Popen[bytes]) -> None:
        self.keys, self.process, self.raw, self.told = keys, process, "", 0

    def type(self, text: str) -> None:
        """Type a text; Enter is a carriage return."""
        os.write(self.keys, text.encode())

    def see(self, what: str, seconds: float = 8) -> str:
        """Wait for a text after what was seen before, and return all that came up to it."""
        until = time.monotonic() + seconds
        while (at := self.plain.find(what, self.told)) < 0:
            assert time.monotonic() < until, f"no {what!r} in:\n{self.plain[self.told :]}"
            if not self._more():
                at = self.plain.find(what, self.told)
                assert at >= 0, f"ended without {what!r}:\n{self.plain[self.told :]}"
                break
        before, self.told = self.told, at + len(what)
        return self.plain[before : self.told]

    @property
    def plain(self) -> str:
        return _ORDERS_TO_THE_TERMINAL.sub("", self.raw).replace("\r", "")

    def _more(self) -> bool:
        if not select.select([self.keys], [], [], 0.2)[0]:
            return True
        try:
            piece = os.read(self.keys, 1 << 16)
        except OSError:  # nobody has the terminal open any more
            return False
        self.raw += piece.decode(errors="replace")
        return bool(piece)

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        while self.process.poll() is None and self._more():
            pass
        return self.process.wait(5)


@contextmanager
def terminal(folder: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """Run jumelage in a terminal, with what it keeps in a folder."""
    keys, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    names = {"XDG_STATE_HOME": str(folder), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PAGER": "cat"}
    kept = {name: value for name, value in os.environ.items() if name not in {"JUMELAGE_PAGER", "NO_COLOR", "LESS"}}
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *arguments],
        stdin=screen, stdout=screen, stderr=screen, start_new_session=True, env=kept | names | environment,
    )  # fmt: skip
    os.close(screen)
    try:
        yield Terminal(keys, process)
    finally:
        process.kill()
        process.wait()
        os.close(keys)


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """The 2006 wave on one engine, to read only: what a terminal shows does not depend on it."""
    return Databases("duckdb", tmp_path_factory.mktemp("shell"), None).loaded()


def test_a_shell_asks_stops_and_goes_on(wave_2006: URL, tmp_path: Path) -> None:
    with terminal(tmp_path, "sql", "--db", address(wave_2006)) as shell:
        shell.see("2006@1>")
        shell.type("select code, label_en\r")
        shell.see("...>")
        shell.type("from zones where code = 'eu';\r")
        shell.see("European Union")
        shell.see(" s\n")
        shell.type("select nothing from zones;\r")
        shell.see("line 1, column 8: ")
        shell.see("2006@1>")
        shell.type(f"{ENDLESS}\r")
        shell.see("computing")
        time.sleep(0.3)  # it is being computed, and not only about to be
        since = time.monotonic()
        shell.type("\x03")
        shell.see("stopped")
        shell.see("2006@1>")
        assert time.monotonic() - since < 3
        shell.type("select 40 + 1\r")
        shell.see("...>")
        shell.type("\\wave\r")
        shell.see("seen: 2006@1")
        shell.see("2006@1>")
        shell.type("as still_here;\r")
        assert "41" in shell.see(" s\n")
        shell.type("select 40 + 2 as it_goes_on;\r")
        assert "42" in shell.see(" s\n")
        shell.type("\\q\r")
        assert shell.end() == 0
        assert "Traceback" not in shell.plain


def test_orders_show_what_there_is_and_set_how_it_is_shown(wave: URL, tmp_path: Path) -> None:
    with terminal(tmp_path, "sql", "--db", address(wave), "-p", "code=eu") as shell:
        shell.see("2006@1>")
        for typed, seen in (
            ("\\d", "survey.withdrawals"),
            ("\\d zones", "text"),
            ("\\d zonse", "did you mean zones?"),
            ("\\report zones", "Sub-Saharan Africa"),
            ("\\reports", "agreements_by_country"),
            ("\\waves", "45606a55"),
            ("\\wave 1900", "there is no wave '1900'"),
            ("\\as-of 2001-01-01", "no revision stands"),
            ("\\wave 2006@1", "seen: 2006@1"),
            ("select code from zones where false;", "0 rows"),
            (".mode", ".mode table"),
            (".labels", ".labels off"),
            (".rows", ".rows 500"),
            (".timeout", ".timeout 60"),
            (".mode json", ">"),
            ("select code from zones where code = $code;", '{"code":"eu"}'),
            (f".output {tmp_path / 'zones.csv'}", ">"),
            (".mode csv", ">"),
            ("select code as only from zones where code = $code;", "written: "),
            ("select 1 as here;", "here\n1\n"),
            (f".output {tmp_path / 'table.csv'}", ">"),
            (".mode table", ">"),
            ("select code from zones;", "table.csv holds a table as a terminal shows it; .mode csv"),
            (".mode parquet", ">"),
            ("select 1;", ".output FILE first"),
            (".mode table", ">"),
            (".rows 2", ">"),
            ("select code from zones;", "all of them: .rows 0"),
            (".labels on", ">"),
            ("select zone from country_zones;", "zone_label"),
            ("select 'eu' as zone, 1 as zone_label;", "a column is called zone_label already"),
            (".timing off", ">"),
            (".labels perhaps", "write one of on, off"),
            (".timeout 0.5", ">"),
            (ENDLESS, "here: .timeout SECONDS"),
            (".lang fr", ">"),
            ("\\nothing", "il n’y a pas d’ordre"),
            ("\\?", "quitte, comme Ctrl-D"),
        ):
            shell.type(f"{typed}\r")
            shell.see(seen)
            shell.see("2006@1>")
        shell.type("\x04")
        assert shell.end() == 0
        assert "Traceback" not in shell.plain
    assert (tmp_path / "zones.csv").read_text(encoding="utf-8") == "only\neu\n"
    assert "\x1b" not in (tmp_path / "table.csv").read_text(encoding="utf-8")
    history = tmp_path / "jumelage" / "sql_history"
    assert "+.labels perhaps\n" in history.read_text(encoding="utf-8")
    assert history.stat().st_mode & 0o777 == 0o600


def test_tab_completes_a_code_by_its_name(wave: URL, tmp_path: Path) -> None:
    with terminal(tmp_path, "sql", "--db", address(wave), NO_COLOR="1") as shell:
        shell.see("2006@1>")
        shell.type("select label_fr from zones where code = 'Oce\t")
        shell.see("oceania")
        shell.type("';\r")
        shell.see("Océanie")
        shell.type("\\q\r")
        assert shell.end() == 0
        assert not re.search(r"\x1b\[[0-9;]*\b[34]\d(;|m)", shell.raw)


def test_an_idle_shell_lets_others_write(tmp_path: Path) -> None:
    url = Databases("duckdb", tmp_path, None).loaded()
    with terminal(tmp_path, "sql", "--db", address(url)) as shell:
        shell.see("2006@1>")
        until = time.monotonic() + 5
        while True:
            try:
                with database.writing(url):
                    break
            except BusyError:
                assert time.monotonic() < until
                time.sleep(0.2)
        shell.type("select 40 + 2 as n;\r")
        shell.see("42")


def test_a_shell_that_is_told_to_end_ends_even_while_it_computes(wave: URL, tmp_path: Path) -> None:
    with terminal(tmp_path, "sql", "--db", address(wave)) as shell:
        shell.see("2006@1>")
        shell.type(f"{ENDLESS}\r")
        shell.see("computing")
        shell.process.send_signal(signal.SIGTERM)
        assert shell.end() == 143


def test_a_terminal_that_only_shows_lines_is_sent_nothing_else(wave: URL, tmp_path: Path) -> None:
    with terminal(tmp_path, "sql", "--db", address(wave), TERM="dumb") as shell:
        shell.see("2006@1>")
        shell.type("select code\n")
        shell.see("...>")
        shell.type("from zones where code = 'eu';\n")
        shell.see("\n  eu\n")
        shell.see("2006@1>")
        shell.type(f"{ENDLESS}\n")
        time.sleep(0.5)
        shell.type("\x03")
        shell.see("stopped")
        shell.see("2006@1>")
        shell.type("select 40\n")
        shell.see("...>")
        shell.type("\\wave\n")
        shell.see("seen: 2006@1")
        shell.see("...>")
        shell.type("+ 3;\n")
        shell.see("43")
        shell.see("2006@1>")
        shell.type("select 1\n")
        shell.see("...>")
        shell.type("quit\n")
        assert shell.end() == 0
        assert "\x1b" not in shell.raw


def test_a_shell_without_its_package_says_how_to_install_it(wave: URL, tmp_path: Path) -> None:
    (tmp_path / "prompt_toolkit.py").write_text("raise ImportError\n", encoding="utf-8")
    source = os.pathsep.join([str(tmp_path), *sys.path])
    with terminal(tmp_path, "sql", "--db", address(wave), PYTHONPATH=source) as shell:
        shell.see("pip install 'jumelage[shell]'")
        assert shell.end() == 2


KNOWN = Known(
    {
        "zones": {"code": "varchar", "label_en": "varchar"},
        "partnerships": {"city": "varchar", "country": "varchar", "zone": "varchar"},
        "survey.waves": {"wave": "varchar"},
    },
    ("count", "coalesce"),
    (
        Code("zone", "eu", "European Union"),
        Code("zone", "oceania", "Oceania"),
        Code("country", "DE", "Germany"),
        Code("country", "EE", "Estonia"),
    ),
    ("zones", "countries"),
    ("2006", "2006@1"),
    ("table", "csv"),
)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("sel|", ["select"]),
        ("SEL|", ["SELECT"]),
        ("select * from |", ["zones", "partnerships", "survey.waves"]),
        ("select * from zones z, p|", ["partnerships"]),
        ("select * from survey.w|", ["survey.waves"]),
        ("select | from zones", ["code", "label_en"]),
        ("select c| from partnerships", ["city", "country", "case", "cast", "coalesce", "cross", "count", "code"]),
        ("select p.c| from partnerships p", ["city", "country"]),
        ("select zones.l| from zones join partnerships as p on true", ["label_en"]),
        ("select wave| from survey.waves", ["wave"]),
        ("select cou|", ["country", "count"]),
        ("where zone = '|", ["eu", "oceania"]),
        ("where zone = 'Uni|", ["eu"]),
        ("where zone in ('eu', 'O|", ["oceania"]),
        ("where p.country <> 'E|", ["EE"]),
        ("from zones where code = 'e|", ["eu"]),
        ("where x = 'e|", ["eu", "EE"]),
        ("where country = 'nothing|", []),
        ("select 'it''s' || 'e|", ["eu", "EE"]),
        ("-- from |", []),
        ('select "co|', []),
        ("select 1 /* from |", []),
        ("select 1\n\\rep|", ["\\reports", "\\report"]),
        ("select '\n\\rep|", []),
        ("\\rep|", ["\\reports", "\\report"]),
        ("\\report z|", ["zones"]),
        ("\\d p|", ["partnerships"]),
        ("\\wave 2006@|", ["2006@1"]),
        (".mode c|", ["csv"]),
        (".labels |", ["on", "off"]),
        ("\\q |", []),
    ],
)
def test_what_may_stand_at_the_cursor_is_offered(text: str, offered: list[str]) -> None:
    before, _, after = text.partition("|") if text.count("|") == 1 else text.rpartition("|")
    found = offers(before, after, KNOWN)
    assert [offer.text for offer in found] == offered
    for offer in found:
        assert offer.replaces <= len(before)


def test_a_code_is_offered_with_what_it_is_called() -> None:
    assert [offer.shown for offer in offers("where zone = 'eu", "", KNOWN)] == ["eu — European Union"]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("select 1", False),
        ("select 1;", True),
        ("select 1;\n", True),
        ("select ';", False),
        ("select 'a;b' -- ;", False),
        ("select 1; -- and that is all", True),
        ("select 1 /* ;", False),
        ("select 'it''s';", True),
        ('select ";', False),
        ("select $$;", False),
        ("\\d zones", True),
        (".mode csv", True),
        ("exit", True),
        ("quit;", True),
        ("select 1\n\\q", True),
        ("select 1\n .mode csv", True),
        ("select 1\nexit", True),
        ("select 1\nexit,", False),
        ("select 1\nhelp", False),
        ("select a\n.modest", False),
        ("select '\n\\q", False),
        ("/* \n\\q", False),
        ("select 1 --'\n\\q", True),
        ("", False),
    ],
)
def test_a_text_is_whole_with_its_semicolon(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


def test_a_query_goes_on_below_an_order() -> None:
    assert order_below("select 1\n, 2\n  \\wave 2006") == ("select 1\n, 2\n", "\\wave 2006")
    assert order_below("select 1\n") == ("select 1\n", "")
    assert order_below("\\q") == ("\\q", "")


def test_orders_are_known_by_either_mark_and_by_the_words_of_other_shells() -> None:
    assert read_order(".d  zones ") == ("\\d", "zones")
    assert read_order("\\mode csv") == (".mode", "csv")
    assert [read_order(word)[0] for word in ("exit", "quit;", ".quit", ".help", "help")] == ["\\q"] * 3 + ["\\?"] * 2
    assert [read_order(name)[0] for name in ORDERS] == list(ORDERS)
    with pytest.raises(UsageError, match=r"did you mean \\reports"):
        read_order("\\reprots")


def test_what_there_is_to_ask_about_is_read_alike_on_both_engines(both: dict[str, URL]) -> None:
    found = []
    for url in both.values():
        with database.reading(url) as connection:
            found.append(known_of(connection, find_scope(connection, None), ["count"], "fr"))
    one, other = found
    assert set(one.tables) == readable()
    assert {name: list(columns) for name, columns in one.tables.items()} == {
        name: list(columns) for name, columns in other.tables.items()
    }
    assert next(iter(one.tables)) < "b"
    assert list(one.tables)[-1] == "survey.zones"
    assert one.codes == other.codes
    assert Code("zone", "eu", "Union européenne") in one.codes
    assert one.waves == ("2006", "2006@1")
    assert "zones" in one.reports


@pytest.mark.parametrize("asked", ["report zones", "sql table+zones"])
def test_a_table_on_a_terminal_goes_through_thepager_of(wave: URL, tmp_path: Path, asked: str) -> None:
    words = [word.replace("+", " ") for word in asked.split()]
    pager = pager_of(tmp_path, "echo through $LESS; cat")
    with terminal(tmp_path, *words, "--db", address(wave), JUMELAGE_PAGER=pager, PAGER="false") as screen:
        screen.see("through FRSX")
        screen.see("North Africa")
        assert screen.end() == 0


def test_what_is_no_table_or_on_no_terminal_knows_nopager_of(wave: URL, tmp_path: Path) -> None:
    pager = pager_of(tmp_path, "echo through the pager")
    asked = "report", "zones", "--db", address(wave)
    with patch.dict(os.environ, {"PAGER": pager, "TERM": "xterm"}):
        assert run(*asked).out.startswith("Agreements by")
    with terminal(tmp_path, *asked, "--format", "csv", PAGER=pager) as screen:
        screen.see("eu,78")
        assert screen.end() == 0
        assert "through the pager" not in screen.plain


def test_a_table_in_a_file_is_no_text_for_a_terminal(wave: URL, tmp_path: Path) -> None:
    file = tmp_path / "zones.csv"
    with terminal(tmp_path, "report", "zones", "--db", address(wave), "-o", str(file)) as screen:
        screen.see("zones.csv holds a table as a terminal shows it; --format csv")
        assert screen.end() == 0
    assert "\x1b" not in file.read_text(encoding="utf-8")
    assert run("report", "zones", "--db", address(wave), "-o", tmp_path / "zones.parquet").err.endswith("shows it\n")
    assert run("report", "zones", "--db", address(wave), "-o", file, "--format", "csv").err == ""
    assert run("report", "zones", "--db", address(wave), "-o", tmp_path / "zones.txt").err == ""
