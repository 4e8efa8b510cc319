from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from poise.server.guard import COOKIE, Allowance
from poise.server.limits import Limits
from tests.server.conftest import Running, Serve

TOKEN = "t" * 43


@pytest.fixture
def paired(serve: Serve) -> Running:
    return serve(token=TOKEN)


@pytest.mark.parametrize("path", ["/", "/docs", "/api/health", "/api/nothing", "/nothing"])
def test_every_answer_forbids_what_comes_from_elsewhere(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["connect-src"] == policy["style-src"] == "'self'"
    assert not any("http" in sources or "*" in sources or "unsafe-inline" in sources for sources in policy.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == ("no-store" if path.startswith("/api") else "no-cache")
    assert "server" not in answer.headers


def test_what_is_not_there_is_said_in_the_same_words(web: httpx.Client) -> None:
    assert web.get("/api/nothing").json().keys() == {"message", "hint"}
    assert web.post("/api/health", content=b"").status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "192.168.1.5", ""])
def test_on_loopback_no_foreign_name_leads_here(web: httpx.Client, host: str) -> None:
    assert web.get("/api/health", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8765", "[::1]:8765"])
def test_on_loopback_its_own_names_do(web: httpx.Client, host: str) -> None:
    assert web.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
def test_other_pages_change_nothing(web: httpx.Client, headers: dict[str, str]) -> None:
    assert web.post("/api/profiles", json={"name": "Eve"}, headers=headers).status_code == 403
    assert [one["name"] for one in web.get("/api/profiles").json()] == ["Me"]


def test_a_request_must_say_how_long_it_is_and_not_be_too_long(serve: Serve) -> None:
    server = serve(limits=Limits(body=100, requests=1000))
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        assert web.post("/api/profiles", json={"name": "x" * 200}).status_code == 413
        assert web.post("/api/profiles", content=iter([b"{}"])).status_code == 411
        assert web.post("/api/profiles", json={"name": "Ada"}).status_code == 201


def test_from_elsewhere_nobody_comes_in_without_the_token(paired: Running) -> None:
    with httpx.Client(base_url=paired.url, trust_env=False) as web:
        assert web.get("/api/profiles").status_code == 401
        assert web.get("/openapi.json").status_code == 401
        page = web.get("/")
        assert (page.status_code, "QR code" in page.text) == (401, True)
        with pytest.raises(InvalidStatus), paired.socket():
            pass
        assert web.get("/pair", params={"token": "x"}).status_code == 401
        assert web.get("/api/profiles", headers={"authorization": "Bearer x"}).status_code == 401


def test_pairing_lets_a_device_in_for_good(paired: Running) -> None:
    with httpx.Client(base_url=paired.url, trust_env=False) as web:
        answer = web.get("/pair", params={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert web.get("/api/profiles").status_code == 200
        with paired.socket(additional_headers={"Cookie": f"{COOKIE}={TOKEN}"}) as talk:
            assert talk.start()["type"] == "ready"
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{paired.url}/api/health", headers=bearer, trust_env=False).status_code == 200
    with paired.socket(additional_headers=bearer) as talk:
        assert talk.start()["type"] == "ready"


def test_tokens_cannot_be_guessed_for_long(serve: Serve) -> None:
    server = serve(token=TOKEN, limits=Limits(tokens=3, requests=1000))
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        said = [web.get("/pair", params={"token": f"guess{i}"}).status_code for i in range(5)]
        assert said[-1] == 429
        assert 401 in said
        bearers = [
            web.get("/api/health", headers={"authorization": f"Bearer guess{i}"}).status_code for i in range(3)
        ]
        assert set(bearers) == {429}
        assert web.get("/pair", params={"token": TOKEN}).status_code == 303


def test_who_asks_too_often_must_wait(serve: Serve) -> None:
    server = serve(limits=Limits(requests=5, requests_s=0.01))
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        answers = [web.get("/api/health") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert answers[-1].headers["retry-after"] == "5"
        assert web.get("/").status_code == 200


def test_an_allowance_comes_back_with_time() -> None:
    now = [0.0]
    allowance = Allowance(2, 0.5, lambda: now[0])
    assert [allowance.take("a") for _ in range(3)] == [True, True, False]
    assert allowance.take("b")
    now[0] = 2.0
    assert [allowance.take("a") for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert [allowance.take("a") for _ in range(3)] == [True, True, False]


def test_pages_and_what_they_run_on_are_served_as_what_they_are(serve: Serve, tmp_path: Path) -> None:
    page, vendor = tmp_path / "page", tmp_path / "vendor"
    for folder in (page, vendor):
        folder.mkdir()
    (page / "index.html").write_text("<!doctype html>the page")
    (page / "app.js").write_text("export {}")
    (vendor / "runtime.wasm").write_bytes(b"\0asm")
    server = serve(page=page, vendor=("abc", vendor))
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        assert "the page" in web.get("/").text
        assert web.get("/app.js").headers["content-type"].startswith("text/javascript")
        assert web.get("/api/page").json()["vendor"] == "/vendor/abc/"
        runtime = web.get("/vendor/abc/runtime.wasm")
        assert runtime.headers["content-type"] == "application/wasm"
        assert "immutable" in runtime.headers["cache-control"]
        athlete = web.get("/athlete.mp4")
        assert (athlete.status_code, athlete.headers["content-type"]) == (200, "video/mp4")
        assert web.get("/..%2f..%2fpoise.sqlite").status_code == 404


def test_its_own_certificate_is_good(tmp_path: Path) -> None:
    from poise.server.pairing import certificate, fingerprint

    cert, key = certificate(tmp_path, ["localhost", "192.168.1.5"])
    context = ssl.create_default_context(cafile=cert)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    assert context.cert_store_stats()["x509"] == 1
    assert len(fingerprint(cert)) == 95
