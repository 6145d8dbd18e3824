"""The server: what programs ask and get, what is refused, and its pages in a browser."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy.engine import URL

from jumelage.database.asking import Limits
from jumelage.serving import guard, server
from jumelage.serving.app import Served, make_app
from jumelage.serving.guard import Tokens, is_loopback, is_own
from jumelage.serving.problems import MEDIA
from jumelage.serving.questions import Question
from jumelage.serving.service import Job, Service, Settings
from tests.conftest import ROOT, Databases, address, run
from tests.test_browser import DESKTOP, OF_COLOURS, PHONE, broken_rules
from tests.test_html import checked

with warnings.catch_warnings():  # it would rather have the successor of httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOME = "http://127.0.0.1:8006"
QUERY = "/api/v1/query"
ENDLESS = "with recursive a(n) as (select 1 union all select a.n % 2 from a) select a.n from a where a.n < 0"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
TOKEN = "correct horse battery staple"  # noqa: S105


@cache
def _service(url: URL, seconds: float, rows: int) -> Service:
    """A service that looks its tables up once for all tests."""
    return Service(url, Settings(Limits(seconds, 500), rows, 2))


def client(
    url: URL,
    out: Path,
    *,
    tokens: Path | None = None,
    queries: Path | None = None,
    seconds: float = 30,
    rows: int = 50,
    proxy: bool = False,
    said: list[str] | None = None,
    service: Service | None = None,
) -> TestClient:
    """Make a client of an app of its own."""
    service = service or _service(url, seconds, rows)
    tell = (said if said is not None else []).append
    app = make_app(Served(service, out, queries, Tokens(tokens), tell, is_own("127.0.0.1", proxy=proxy), proxy))
    return TestClient(app, base_url=HOME, raise_server_exceptions=False)


@pytest.fixture
def asked(wave_2006: URL, tmp_path: Path) -> TestClient:
    return client(wave_2006, tmp_path / "public")


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """The 2006 wave, on the engine that needs no server."""
    return Databases("duckdb", tmp_path_factory.mktemp("served"), None).loaded()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A publication: a link to a folder, beside what is nobody's business."""
    folder = tmp_path / ".public-1"
    (folder / "fr" / "data").mkdir(parents=True)
    for name, text in (("index.html", "<p>one"), ("fr/a.html", "<p>a"), ("fr/data/a.csv", "a\n1\n"), ("CHANGES", "é"),
                       ("a.json", "{}"), ("a.parquet", "PAR1"), ("a.duckdb", "DUCK"), (".hidden", "no")):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    (tmp_path / "public").symlink_to(".public-1")
    return tmp_path / "public"


def test_a_query_gives_columns_rows_and_its_scope(asked: TestClient) -> None:
    sql = "select code, position, 12345678901234567890.5 as large, null as nothing from zones where code = $zone"
    done = asked.post(QUERY, json={"sql": sql, "parameters": {"zone": "eu"}, "wave": "2006"})
    assert done.status_code == 200, done.text
    found = json.loads(done.text, parse_float=str)
    assert [one["name"] for one in found["columns"]] == ["code", "position", "large", "nothing"]
    assert found["rows"] == [["eu", 1, "12345678901234567890.5", None]]
    assert (found["more"], found["scope"]["revisions"]) == (False, ["2006@1"])
    assert set(found) == {"columns", "rows", "more", "seconds", "scope"}


def test_more_rows_than_an_answer_holds_are_told_and_a_file_has_all(asked: TestClient) -> None:
    found = asked.post(QUERY, json={"sql": "select code from cities"}).json()
    assert (len(found["rows"]), found["more"]) == (50, True)
    csv = asked.post(QUERY, json={"sql": "select code from cities", "format": "csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.text.splitlines()) > 51
    lines = asked.post(QUERY, json={"sql": "select code from zones order by code", "format": "jsonl"}).text.splitlines()
    assert json.loads(lines[0]) == {"code": "asia"}


def test_a_file_of_parquet_holds_the_rows(asked: TestClient, tmp_path: Path) -> None:
    done = asked.post(QUERY, json={"sql": "select code, position from zones", "format": "parquet"})
    assert done.headers["content-disposition"] == 'attachment; filename="result.parquet"'
    (tmp_path / "a.parquet").write_bytes(done.content)
    found = duckdb.sql(f"select count(*), sum(position) from '{tmp_path}/a.parquet'")
    assert found is not None
    assert found.fetchall() == [(8, 36)]


@pytest.mark.parametrize(
    ("question", "fr", "en"),
    [
        ({"sql": "select frm zones"}, "ligne 1, colonne 8", "line 1, column 8"),
        ({"sql": "select '\ud800' as a"}, "pas de l’Unicode valide", "not valid Unicode"),
        ({"sql": "delete from survey.cities"}, "ne fait que lire", "only reads"),
        ({"sql": "select * from zone"}, "vouliez-vous dire zones", "did you mean zones"),
        ({"sql": "select 1 as a; select 2 as a"}, "une requête à la fois", "one query at a time"),
        ({"sql": ""}, "pas de requête", "no query"),
        ({"sql": "select $a as a"}, "valeur manquante", "no value is given"),
        ({"sql": "select 1 as a", "wave": "1999"}, "pas de vague '1999'", "no wave '1999'"),
        ({"sql": "select 1 as a", "kind": "parish"}, "aucune autorité", "no authority"),
        ({"sql": "select 1 as a", "as_of": "soon"}, "pas un instant", "not a time"),
        ({"sql": "select 1 as a", "format": "xlsx"}, "n’est pas de la forme", "not of the form"),
        ({"sql": "select 1 as a", "without_inferred": "no"}, "n’est pas de la forme", "not of the form"),
        ({"sql": 1}, "n’est pas de la forme", "not of the form"),
        ({"sql": "select 1 as a", "waves": "2006"}, "vouliez-vous dire wave", "did you mean wave"),
        ({}, "il manque le champ sql", "the field sql is missing"),
    ],
)
@pytest.mark.on_duckdb
def test_what_is_wrong_is_a_problem_in_the_language_that_is_asked_for(
    asked: TestClient, question: dict[str, Any], fr: str, en: str
) -> None:
    for lang, words in (("fr", fr), ("en", en)):
        headers = {"Accept-Language": lang, "Content-Type": "application/json"}
        done = asked.post(
            QUERY, content=json.dumps(question | {"lang": lang}), headers=headers
        )  # halves of characters, too
        assert (done.status_code, done.headers["content-type"]) == (400, MEDIA), done.text
        said = done.json()
        assert said["type"] == "urn:jumelage:problem:wrong-query"
        assert words in said["detail"], said


def test_a_query_that_takes_too_long_is_stopped(wave_2006: URL, tmp_path: Path) -> None:
    done = client(wave_2006, tmp_path, seconds=0.3).post(QUERY, json={"sql": ENDLESS})
    assert (done.status_code, done.json()["type"]) == (408, "urn:jumelage:problem:limit"), done.text


def test_beyond_the_places_there_are_nobody_is_answered_until_a_query_is_given_up(
    wave_2006: URL, tmp_path: Path
) -> None:
    service = Service(wave_2006, Settings(Limits(60, 500), 50, 1))
    served = client(wave_2006, tmp_path, service=service)
    job, ended = service.job(Question(ENDLESS)), []
    first = threading.Thread(target=lambda: ended.append(_ending(job)))
    first.start()
    assert _until(lambda: served.post(QUERY, json={"sql": "select 1 as a"}).status_code == 503)
    done = served.post(QUERY, json={"sql": "select 1 as a"})
    assert (done.status_code, done.json()["type"]) == (503, "urn:jumelage:problem:busy")
    assert int(done.headers["retry-after"]) > 0
    job.stop()
    first.join(5)
    assert ended == ["GivenUpError"]
    assert served.post(QUERY, json={"sql": "select 1 as a"}).status_code == 200


def _ending(job: Job) -> str:
    try:
        job.run()
    except Exception as error:  # noqa: BLE001 - which one is what is asked
        return type(error).__name__
    return ""


def test_where_a_query_is_wrong_is_a_member_of_the_problem(asked: TestClient) -> None:
    said = asked.post(QUERY, json={"sql": "select code,\n  'é' as e, frm\nfrom zones"}).json()
    assert (said["line"], said["column"]) == (2, 13)
    said = asked.post(QUERY, json={"sql": "select 1 as a\nfrom zone", "lang": "fr"}).json()
    assert (said["line"], said["column"]) == (2, 6)


@pytest.mark.on_duckdb
def test_a_database_that_is_not_there_is_not_named_to_readers(tmp_path: Path) -> None:
    said: list[str] = []
    url = Databases("duckdb", tmp_path, None).missing()
    served = client(url, tmp_path, said=said)
    done = served.post(QUERY, json={"sql": "select 1 as a"})
    assert (done.status_code, done.headers["retry-after"]) == (503, "30")
    assert str(tmp_path) not in done.text
    assert str(tmp_path) in said[0]
    assert "The database does not answer" in served.get("/sql").text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": HOME}, 200),
        ({"Origin": HOME, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": HOME}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8007"}, 403),
        ({"Origin": "http://127.0.0.1:8006.evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:8006"}, 421),
        ({"Host": "evil.example", "X-Forwarded-Host": "127.0.0.1"}, 421),
        ({"Host": "a b"}, 421),
        ({"Host": "localhost:8006"}, 200),
    ],
)
def test_requests_of_other_sites_are_refused(
    on_duckdb: URL, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    body = json.dumps({"sql": "select 1 as a"})
    done = client(on_duckdb, tmp_path).post(
        QUERY, content=body, headers={"Content-Type": "application/json", **headers}
    )
    assert done.status_code == status, done.text
    assert "access-control-allow-origin" not in done.headers
    assert "set-cookie" not in done.headers
    assert done.headers["x-content-type-options"] == "nosniff"
    assert done.headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in done.headers["content-security-policy"]
    if status >= 400:
        assert done.headers["content-type"] == MEDIA


def test_a_form_of_another_site_is_refused_too(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert served.post("/sql", data={"sql": "select 1 as a"}, headers=headers).status_code == 403
    assert served.options(QUERY, headers={"Origin": "http://evil.example"}).status_code == 403
    assert served.get(QUERY).status_code == 405


def test_behind_a_proxy_its_name_for_us_counts(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path, proxy=True)
    headers = {"Host": "127.0.0.1:8006", "X-Forwarded-Host": "data.example", "Origin": "https://data.example"}
    assert served.post(QUERY, json={"sql": "select 1 as a"}, headers=headers).status_code == 200
    headers["Origin"] = "https://other.example"
    assert served.post(QUERY, json={"sql": "select 1 as a"}, headers=headers).status_code == 403


def test_what_is_too_large_is_refused(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path)
    large = json.dumps({"sql": "x" * (1 << 20)}).encode()
    headers = {"Content-Type": "application/json"}
    assert served.post(QUERY, content=large, headers=headers).status_code == 413
    pieces = (large[at : at + 1000] for at in range(0, len(large), 1000))
    assert served.post(QUERY, content=pieces, headers=headers).status_code == 413
    assert served.post(QUERY, json={"sql": "select 1 as a -- " + "x" * 200_000}).status_code == 400
    assert served.post(QUERY, content=b"[" * 100_000, headers=headers).status_code == 400
    assert served.post("/sql", content=b"a=1&" * 99).status_code == 400


def test_only_who_has_a_token_is_answered(on_duckdb: URL, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# readers\n{hashlib.sha256(TOKEN.encode()).hexdigest()}  ann\n")
    served = client(on_duckdb, tmp_path, tokens=file)
    question = {"sql": "select 1 as a"}
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "},
    ):
        done = served.post(QUERY, json=question, headers=headers)
        assert (done.status_code, done.json()["type"]) == (401, "urn:jumelage:problem:unauthorized")
        assert done.headers["www-authenticate"].startswith("Bearer")
    assert served.post(f"{QUERY}?token={TOKEN}", json=question).status_code == 401
    assert served.post(QUERY, json=question, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert served.post("/sql", data=question).status_code == 401
    shown = served.post("/sql", data=question | {"token": TOKEN})
    assert shown.status_code == 200
    assert TOKEN not in shown.text
    assert served.get("/api/v1/openapi.json").json()["components"]["securitySchemes"]
    file.write_text("")  # revoked
    assert served.post(QUERY, json=question, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401


def test_a_published_folder_is_shown_and_nothing_else(on_duckdb: URL, site: Path) -> None:
    served = client(on_duckdb, site)
    kinds = {"/": "text/html; charset=utf-8", "/fr/a.html": "text/html; charset=utf-8", "/a.json": "application/json",
             "/fr/data/a.csv": "text/csv; charset=utf-8", "/CHANGES": "text/plain; charset=utf-8",
             "/a.parquet": "application/vnd.apache.parquet", "/a.duckdb": "application/octet-stream"}  # fmt: skip
    for path, kind in kinds.items():
        done = served.get(path)
        assert (done.status_code, done.headers["content-type"]) == (200, kind), path
        assert "frame-ancestors 'none'" in done.headers["content-security-policy"]
        assert served.get(path, headers={"If-None-Match": done.headers["etag"]}).status_code == 304
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/fr/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt", "/out.txt",
                 "/up/secret.txt", "/.hidden", "//etc/passwd", "/%2fetc/passwd", "/a%00.html", "/..%5csecret.txt",
                 "/" + "a" * 5000, "/fr/a.html/b", "/fr", "/sql/assets/..%2f__init__.py"):  # fmt: skip
        done = served.get(path)
        assert done.status_code == 404, path
        assert "secret" not in done.text
    assert served.post("/fr/a.html").status_code == 405


def test_a_publication_may_be_replaced_while_it_is_shown(on_duckdb: URL, site: Path) -> None:
    served = client(on_duckdb, site)
    assert served.get("/").text == "<p>one"
    two = site.with_name(".public-2")
    two.mkdir()
    (two / "index.html").write_text("<p>two")
    site.with_name("next").symlink_to(two.name)
    site.with_name("next").rename(site)
    assert served.get("/").text == "<p>two"
    site.unlink()
    for lang, words in (("fr", "Rien n’est encore publié"), ("en", "Nothing is published yet")):
        done = served.get(f"/?lang={lang}")
        assert (done.status_code, words in done.text, "jumelage publish" in done.text) == (404, True, True)


@pytest.mark.on_duckdb
def test_values_are_texts_on_the_page_whatever_they_are(asked: TestClient) -> None:
    for sql in (f"select '{EVIL}' as \"{EVIL}\"", f"select {EVIL}", f"-- {EVIL}\nselect 1 as a"):
        done = asked.post("/sql", data={"sql": sql, "parameters": f"a={EVIL}", "wave": "2006", "lang": "fr"})
        assert "<script>alert" not in done.text
        assert "<img" not in done.text
        assert "&lt;script&gt;" in done.text
    assert EVIL not in asked.get(f"/sql?query={EVIL}&lang={EVIL}").text


def test_each_page_has_a_number_of_its_own_that_lets_its_script_run(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path)
    seen = set()
    for _ in range(2):
        done = served.get("/sql")
        nonce = re.findall(r"script-src 'nonce-([\w-]+)'", done.headers["content-security-policy"])
        assert len(nonce) == 1
        assert f'nonce="{nonce[0]}"' in done.text
        assert "unsafe" not in done.headers["content-security-policy"]
        seen |= set(nonce)
    assert len(seen) == 2


def test_a_form_gives_a_page_or_a_file(asked: TestClient) -> None:
    done = asked.post("/sql", data={"sql": "select code, position from zones", "lang": "fr", "wave": "2006"})
    assert "8\u00a0lignes" in done.text.replace("\u202f", "\u00a0")
    assert "Union" not in done.text
    assert "<td>sub_saharan_africa</td>" in done.text
    wrong = asked.post("/sql", data={"sql": "select frm zones"})
    assert (wrong.status_code, "line 1, column 8" in wrong.text) == (400, True)
    file = asked.post("/sql", data={"sql": "select 1 as a", "format": "csv"})
    assert (file.text, file.headers["content-disposition"]) == ("a\n1\n", 'attachment; filename="result.csv"')
    file = asked.post("/sql", data={"sql": "select 1 as a", "format": "json"})
    assert (file.json(), file.headers["content-disposition"]) == ([{"a": 1}], 'attachment; filename="result.json"')
    plan = asked.post("/sql", data={"sql": "explain select 1 as a"})
    assert 'class="plan"' in plan.text


def test_queries_that_are_kept_are_offered_by_their_titles(on_duckdb: URL, tmp_path: Path) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    (folder / "zones.sql").write_text("-- All <b>zones</b>\nselect code from zones")
    (folder / "no.sql").write_bytes(b"\xff")
    (tmp_path / "secret.sql").write_text("-- secret\nselect 1")
    (folder / "out.sql").symlink_to(tmp_path / "secret.sql")
    served = client(on_duckdb, tmp_path, queries=folder)
    page = served.get("/sql").text
    assert "All &lt;b&gt;zones&lt;/b&gt;" in page
    assert "secret" not in page
    assert "select code from zones</textarea>" in served.get("/sql?query=zones").text
    for name in ("out", "../secret", "none"):
        assert "select 1</textarea>" not in served.get("/sql", params={"query": name}).text


def test_the_interface_is_described_for_people_and_machines(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path)
    said = served.get("/api/v1/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    question = said["components"]["schemas"]["Question"]
    for lang in ("fr", "en"):
        page = served.get(f"/api?lang={lang}")
        assert page.status_code == 200
        assert all(f"<code>{name}</code>" in page.text for name in question["properties"])
    answers = set(said["paths"][QUERY]["post"]["responses"])
    assert {"200", "400", "401", "408", "413", "503"} <= answers
    assert [(done.status_code, done.headers["content-type"]) for done in [served.get("/api/v2")]] == [(404, MEDIA)]


def test_served_pages_are_valid_html(on_duckdb: URL, tmp_path: Path) -> None:
    served = client(on_duckdb, tmp_path / "public")
    texts = [served.get(path).text for path in ("/", "/api?lang=fr", "/sql?lang=fr")]
    sql = "select code, position from zones"
    texts += [served.post("/sql", data={"sql": one}).text for one in (sql, f"explain {sql}", "select frm zones")]
    files = [tmp_path / f"{number}.html" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    assert checked(files) == []


def test_the_editor_is_small_and_what_it_is_made_of_is_pinned_without_an_address() -> None:
    assets = ROOT / "src" / "jumelage" / "serving" / "assets"
    assert (assets / "editor.js").stat().st_size < 400_000
    text = (ROOT / "editor" / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    locked = {name.removeprefix("node_modules/"): one for name, one in json.loads(text)["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in locked.values())
    licences = (assets / "editor.LICENSE.txt").read_text(encoding="utf-8")
    for name in ("@codemirror/view", "@codemirror/lang-sql", "style-mod"):
        assert f"{name} {locked[name]['version']}\n" in licences


# The command.


@pytest.mark.on_duckdb
def test_other_machines_are_let_in_only_on_purpose(wave_2006: URL, tmp_path: Path) -> None:
    done = run("serve", "--host", "0.0.0.0", "--db", address(wave_2006), "--lang", "fr")  # noqa: S104
    assert done.code == 2
    assert "--token-file" in done.err
    empty = tmp_path / "tokens"
    empty.write_text("not a hash\n")
    done = run("serve", "--host", "0.0.0.0", "--token-file", empty, "--db", address(wave_2006))  # noqa: S104
    assert (done.code, "no token" in done.err) == (2, True)
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")] == [  # noqa: S104
        True, True, True, False, False
    ]  # fmt: skip


@contextmanager
def serving(url: URL, *options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a process of its own, on a port that is free; give its address."""
    command = [sys.executable, "-m", "jumelage", "serve", "--port", "0", "--db", address(url), *map(str, options)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://\S+/", line)
            assert found, line + process.stderr.read()
            yield process, found[0]
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            process.wait(20)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for one in (task / "children").read_text().split()
    ]


def _until(what: Any, seconds: float = 8) -> bool:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_query_ends_with_its_reader_and_the_server_with_a_signal(on_duckdb: URL, tmp_path: Path) -> None:
    with serving(on_duckdb, "--out", tmp_path, "--concurrency", 1) as (process, home):
        with suppress(httpx.ReadTimeout):
            httpx.post(f"{home}api/v1/query", json={"sql": ENDLESS}, timeout=1.0)
        assert _until(lambda: not _children(process.pid)), "the query goes on without its reader"
        assert httpx.post(f"{home}api/v1/query", json={"sql": "select 1 as a"}).json()["rows"] == [[1]]
        with _sending(home) as leaving:  # a reader who leaves in the middle of a question is nobody's fault
            leaving.sendall(b'{"sql"')
        told: list[httpx.Response] = []
        last = threading.Thread(target=lambda: told.append(_endless(home)))
        last.start()
        assert _until(lambda: bool(_children(process.pid)))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5
        last.join()
        assert [(one.status_code, one.headers["content-type"], one.json()["type"]) for one in told] == [
            (503, MEDIA, "urn:jumelage:problem:stopping")
        ]
        assert int(told[0].headers["retry-after"]) > 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def _endless(home: str) -> httpx.Response:
    return httpx.post(f"{home}api/v1/query", json={"sql": ENDLESS}, timeout=20)


def _sending(home: str, *, begun: int | None = None) -> socket.socket:
    """Begin to send a question, of which so many bytes of the head, or all of it, come at once."""
    found = httpx.URL(home)
    head = (
        f"POST {QUERY} HTTP/1.1\r\nHost: {found.host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    )
    sending = socket.create_connection((found.host, found.port or 80), timeout=10)
    sending.sendall(head.encode()[:begun])
    return sending


def test_a_request_that_does_not_come_is_not_waited_for(
    on_duckdb: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (guard, server):
        monkeypatch.setattr(module, "LONGEST_WAIT", 0.4)
    with closing(server.bound("127.0.0.1", 0)) as listening:
        home = server.address(listening)
        app = client(on_duckdb, tmp_path).app
        running = uvicorn.Server(uvicorn.Config(app, http=server.Timely, lifespan="off", log_config=None))
        thread = threading.Thread(target=lambda: running.run(sockets=[listening]))
        thread.start()
        with _sending(home, begun=0) as silent, _sending(home, begun=30) as half, _sending(home) as whole:
            assert [silent.recv(9), half.recv(9)] == [b"", b""]
            said = b"".join(iter(lambda: whole.recv(1 << 16), b""))
        for module in (guard, server):
            monkeypatch.setattr(module, "LONGEST_WAIT", 20.0)
        done = httpx.post(f"{home}api/v1/query", json={"sql": "select 1 as a"}, timeout=20)
        running.should_exit = True
        thread.join(10)
    assert done.json()["rows"] == [[1]]
    assert b" 408 " in said
    assert b"urn:jumelage:problem:too-slow" in said


# The pages in a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium for the tests of pages: apt-get install chromium")
    with sync_playwright() as playwright, closing(playwright.chromium.launch(executable_path=path)) as started:
        yield started


@pytest.fixture(scope="module")
def home(on_duckdb: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the 2006 wave."""
    folder = tmp_path_factory.mktemp("queries")
    (folder / "zones.sql").write_text("-- Zones\nselect code from zones order by code\n")
    with serving(on_duckdb, "--out", folder / "public", "--queries", folder, "--concurrency", 4) as (_, found):
        yield found


@contextmanager
def looking(browser: Browser, **options: Any) -> Iterator[tuple[BrowserContext, Page, list[str], list[str]]]:
    """Open a page; give what it asks for and what it complains of."""
    asked: list[str] = []
    said: list[str] = []
    with closing(browser.new_context(**options)) as context:
        context.on("request", lambda request: asked.append(request.url))
        context.on("console", lambda message: said.append(message.text))
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        yield context, page, asked, said


def _type(page: Page, sql: str) -> None:
    """Type a query where a person does."""
    page.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(sql)


def test_a_query_is_typed_run_kept_and_passed_on(browser: Browser, home: str) -> None:
    with looking(browser) as (context, page, asked, said):
        page.goto(f"{home}sql?lang=fr")
        _type(page, "select code, position from zones where code = 'eu'")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#result td")
        assert page.locator("#result td").all_inner_texts() == ["eu", "1"]
        assert page.locator("#said").inner_text().startswith("1")
        assert page.locator("#history li").count() == 1
        link = page.get_by_role("link", name="Lien vers cette requête").get_attribute("href")
        assert link
        assert link.startswith("#")
        assert "select" in link
        assert [one for one in asked if not one.startswith(home)] == []
        assert [one for one in asked if "select" in one.partition("#")[0]] == []
        assert said == []
        other = context.new_page()
        other.goto(f"{home}sql?lang=fr{link}")
        assert "where code = 'eu'" in other.locator("#sql").input_value()
        _type(other, "-- é\nselect frm zones")
        other.keyboard.press("Control+Enter")
        other.wait_for_selector("#result .because")
        assert "ligne 2, colonne 8" in other.locator("#result").inner_text()
        other.keyboard.type("!")
        assert other.locator("#sql").input_value() == "-- é\nselect !frm zones"
        _type(other, "select 1 as a")
        for form, text in (("csv", "a\n1\n"), ("json", '[\n{"a":1}\n]\n')):
            with other.expect_download() as download:
                other.get_by_role("button", name=f"Télécharger : {form}").click()
            assert Path(download.value.path()).read_text() == text


def test_the_page_works_without_scripts(browser: Browser, home: str) -> None:
    with looking(browser, java_script_enabled=False) as (_, page, _, said):
        page.goto(f"{home}sql?lang=en")
        page.get_by_role("link", name="Zones").click()
        page.get_by_role("button", name="Run").click()
        assert page.locator("#result td").first.inner_text() == "asia"
        assert page.get_by_label("Query").input_value().strip() == "-- Zones\nselect code from zones order by code"
        page.get_by_role("link", name="En français").click()
        assert page.locator("html").get_attribute("lang") == "fr"
        assert said == []


# Of the many tables beside the query a few, unfolded, are as good as all of them.
_THINNED = """() => document.querySelectorAll("details").forEach((one, at) => {
    one.open = true;
    if (at > 4) one.remove();
})"""


@pytest.mark.parametrize("width", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.long)])
def test_no_served_page_breaks_a_rule_of_wcag(browser: Browser, home: str, width: int) -> None:
    with looking(browser, viewport={"width": width, "height": 900}, bypass_csp=True) as (_, page, _, _):
        for address_ in ("sql?lang=fr", "api?lang=en", ""):
            page.goto(home + address_)
            if address_.startswith("sql"):
                _type(page, "select * from partnerships limit 3")
                page.keyboard.press("Control+Enter")
                page.wait_for_selector("#result td")
                page.evaluate(_THINNED)
            page.emulate_media(color_scheme="light")
            assert broken_rules(page) == [], address_
            if width == DESKTOP:  # by night only colours change
                page.emulate_media(color_scheme="dark")
                assert broken_rules(page, OF_COLOURS) == [], address_
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, address_


_FOCUSED = """() => {
    const one = document.activeElement;
    return [one.outerHTML.slice(0, 90), getComputedStyle(one.closest(".cm-editor") || one).outlineStyle !== "none"];
}"""


def test_a_keyboard_reaches_everything(browser: Browser, home: str) -> None:
    with looking(browser, viewport={"width": DESKTOP, "height": 900}) as (_, page, _, _):
        page.goto(f"{home}sql?lang=en#sql=select+1+as+a")
        page.get_by_role("button", name="Run").click()
        page.wait_for_selector("#result td")
        page.goto(f"{home}sql?lang=en#sql=select+1+as+a")
        page.reload()
        page.wait_for_selector(".cm-content")
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("a[href], summary, button, input, select, textarea, [tabindex='0'], "
            + ".cm-content")].filter(one => one.checkVisibility() && one.type !== "hidden" && (one.tabIndex >= 0 || one.isContentEditable)).length"""
        )
        seen = []
        for _ in range(wanted + 8):
            page.keyboard.press("Escape")
            page.keyboard.press("Tab")
            what, outlined = page.evaluate(_FOCUSED)
            if what.startswith("<body"):
                break
            assert outlined, what
            seen.append(what)
        assert len(seen) == wanted > 40
