"""Getting model files: told with toy models, a local web server, and the real pip and npm set to no network."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from poise.errors import ModelCorrupt, ModelUnavailable, ModelUntrusted, UnknownName
from poise.vision import fetching, weights

NETWORK = bytes(range(256)) * 2000  # half a megabyte: several chunks


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bundle(**members: bytes) -> bytes:
    """A zip of those members, as the publisher bundles networks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


class Server:
    """A web server of some files; `cut` makes it hang up after so many bytes of an answer, `asked` is its log."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range")
                outer.asked.append((self.path, wanted))
                data = outer.files.get(self.path)
                if data is None:
                    self.send_error(404)
                    return
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and outer.ranges else 0
                if start >= len(data):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                self.wfile.write(data[start:][: outer.cut])
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no folder of the user's, and package clients that reach nothing."""
    folder = tmp_path / "cache" / "models"
    monkeypatch.setattr(weights, "_cache_folder", lambda: folder)
    monkeypatch.delenv(weights.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def offer(
    monkeypatch: pytest.MonkeyPatch, *files: weights._File, archives: tuple[weights._Archive, ...] = ()
) -> None:
    """Let those be all the published files there are."""
    names = {name: weights._Row("MIT") for file in files for name in file.holds}
    catalogue = weights._Catalogue(names, files, archives)
    monkeypatch.setattr(weights, "_catalogue", lambda: catalogue)


def plain(server: Server, name: str = "toy", data: bytes = NETWORK) -> weights._File:
    """A model in a file of its own, which the server has."""
    server.files[f"/{name}.tflite"] = data
    return weights._File(f"{name}.tflite", sha256(data), {name: ""}, len(data), f"{server.url}/{name}.tflite")


def leftovers(cache: Path) -> list[str]:
    """What lies in the cache beside whole models."""
    return sorted(
        path.name for path in cache.rglob("*") if path.is_file() and path.suffix not in (".tflite", ".lock")
    )


def test_what_a_release_brings_along_is_not_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    server.files.clear()
    (tmp_path / "toy.tflite").write_bytes(NETWORK)
    monkeypatch.setattr(weights, "_BUNDLED", tmp_path)
    assert weights.fetch("toy") == tmp_path / "toy.tflite"


def test_a_model_is_fetched_from_its_address_and_then_it_is_here(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    assert weights.locate("toy") is None
    assert weights.models()[0].path is None
    seen: list[tuple[str, int, int]] = []
    path = weights.fetch("toy", lambda what, done, total: seen.append((what, done, total)))
    assert path == cache / "toy.tflite"
    assert path.read_bytes() == weights.load("toy") == NETWORK
    assert weights.locate("toy") == weights.models()[0].path == path
    assert seen[-1] == ("toy.tflite", len(NETWORK), len(NETWORK))
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})
    assert len(server.asked) == 1
    assert leftovers(cache) == [".lock"]


def test_a_bundle_holds_several_models(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bundle(**{"a.tflite": b"network a", "b.tflite": b"network b"})
    server.files["/both.task"] = data
    holds = {"a": "a.tflite", "b": "b.tflite"}
    offer(monkeypatch, weights._File("both.task", sha256(data), holds, url=f"{server.url}/both.task"))
    assert weights.load("a") == b"network a"
    assert weights.load("b") == b"network b"
    assert len(server.asked) == 1


def test_the_users_folder_comes_first(
    server: Server, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    weights.fetch("toy")
    own = tmp_path / "mine"
    own.mkdir()
    (own / "toy.tflite").write_bytes(NETWORK)
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(own))
    assert weights.locate("toy") == own / "toy.tflite"
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path / "no such folder"))
    assert weights.locate("toy") == cache / "toy.tflite"


def test_wrong_bytes_in_the_users_folder_are_said_not_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    (tmp_path / "toy.tflite").write_bytes(NETWORK[:-1])
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    for use in (weights.locate, weights.fetch, weights.load):
        with pytest.raises(ModelCorrupt, match=r"toy\.tflite.*poise models fetch toy"):
            use("toy")
    assert weights.models()[0].path is None
    assert server.asked == []


def test_a_damaged_file_in_the_cache_is_fetched_again(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    weights.fetch("toy").write_bytes(b"damaged")
    assert weights.locate("toy") is None
    assert weights.load("toy") == NETWORK


def test_a_broken_connection_is_gone_on_from_where_it_broke(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    server.cut = 300_000
    assert weights.load("toy") == NETWORK
    assert [wanted for _, wanted in server.asked] == [None, "bytes=300000-"]
    assert leftovers(cache) == [".lock"]


def test_a_download_that_was_killed_is_gone_on_from_next_time(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))

    def killed(what: str, done: int, total: int) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.fetch("toy", killed)
    assert weights.locate("toy") is None
    (part,) = (cache / "unfinished").iterdir()
    here = part.stat().st_size
    assert 0 < here < len(NETWORK)
    assert weights.load("toy") == NETWORK
    assert server.asked[-1] == ("/toy.tflite", f"bytes={here}-")


def test_a_server_that_cannot_go_on_starts_again(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = plain(server)
    offer(monkeypatch, file)
    server.ranges = False
    (cache / "unfinished").mkdir(parents=True)
    (cache / "unfinished" / file.sha256).write_bytes(NETWORK[:1000])
    assert weights.load("toy") == NETWORK


def test_a_whole_but_unchecked_download_is_checked(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = plain(server)
    offer(monkeypatch, file)
    (cache / "unfinished").mkdir(parents=True)
    part = cache / "unfinished" / file.sha256
    part.write_bytes(NETWORK)
    assert weights.load("toy") == NETWORK
    weights.fetch("toy").unlink()
    part.write_bytes(bytes(len(NETWORK)))
    with pytest.raises(ModelUnavailable, match="other bytes than the published"):
        weights.fetch("toy")
    assert not part.exists()


def test_other_bytes_than_the_published_are_refused(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    server.files["/toy.tflite"] = NETWORK[:-1] + b"!"
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:\d+: it sent other bytes"):
        weights.fetch("toy")
    assert list(cache.glob("*.tflite")) == []
    assert leftovers(cache) == [".lock"]


def test_a_host_that_says_nothing_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_S", 0.05)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:  # accepts, never answers
        url = f"http://127.0.0.1:{silent.server_port}/toy.tflite"
        offer(monkeypatch, weights._File("toy.tflite", "0" * 64, {"toy": ""}, url=url))
        with pytest.raises(ModelUnavailable, match=r"no answer within 0\.05 s"):
            weights.fetch("toy")


def test_every_source_is_tried_and_told(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = weights._File(
        "toy.tflite",
        sha256(NETWORK),
        {"toy": ""},
        url=f"{server.url}/gone",
        within={"w": "w.bin", "n": "package/n.bin"},
    )
    other = weights._File("toy.task", "0" * 64, {"toy": "x"}, url=f"{server.url}/gone.task")
    archives = (weights._Archive("w", 1, pip="poise-toy==1.0"), weights._Archive("n", 1, npm="poise-toy@1.0.0"))
    offer(monkeypatch, gone, other, archives=archives)
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    with pytest.raises(ModelUnavailable) as failure:
        weights.fetch("toy")
    told = str(failure.value)
    assert "it answered 404" in told
    assert "pip download poise-toy==1.0: it ended with 1 (ERROR: Could not find a version" in told
    assert "npm pack poise-toy@1.0.0: there is no npm on this machine" in told
    assert f"poise models fetch toy. Or put toy.tflite (sha256 {sha256(NETWORK)})" in told
    assert len(server.asked) == 1, "a host that failed is not asked again"


def test_pip_brings_every_model_its_wheel_holds(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "poise_toy-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy/a.tflite", b"network a")
        wheel.writestr("toy/b.tflite", b"network b")
        wheel.writestr("poise_toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: poise-toy\nVersion: 1.0\n")
        wheel.writestr(
            "poise_toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("poise_toy-1.0.dist-info/RECORD", "")
    files = [
        weights._File(
            f"{name}.tflite", sha256(f"network {name}".encode()), {name: ""}, within={"w": f"toy/{name}.tflite"}
        )
        for name in ("a", "b")
    ]
    offer(monkeypatch, *files, archives=(weights._Archive("w", 1000, pip="poise-toy==1.0"),))
    assert weights.load("a") == b"network a"
    assert weights.locate("b") == cache / "b.tflite"
    assert leftovers(cache) == [".lock"]


def test_npm_brings_the_models_of_its_tarball_but_no_wrong_ones(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for npm, which leaves the tarball a registry would."""
    tarball = tmp_path / "poise-toy-1.0.0.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, data in (("package/a.tflite", b"network a"), ("package/b.tflite", b"something else")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\n[ "$1 $2" = "pack poise-toy@1.0.0" ] && cp "{tarball}" .\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    files = [
        weights._File(
            f"{name}.tflite", sha256(f"network {name}".encode()), {name: ""}, within={"n": f"package/{name}.tflite"}
        )
        for name in ("a", "b")
    ]
    offer(monkeypatch, *files, archives=(weights._Archive("n", 1000, npm="poise-toy@1.0.0"),))
    assert weights.load("a") == b"network a"
    with pytest.raises(ModelUnavailable, match=r"its package/b\.tflite is not the published file"):
        weights.fetch("b")
    assert leftovers(cache) == [".lock"]


def test_before_it_waits_for_others_it_says_what_for(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    told: list[tuple[str, int, int]] = []
    weights.fetch("toy", lambda what, done, total: told.append((what, done, total)))
    assert told[0] == ("toy", 0, 0)


def test_a_full_disk_leaves_nothing_behind(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, plain(server))

    def full(what: str, done: int, total: int) -> None:
        if done:
            raise OSError(28, "No space left on device")

    with pytest.raises(ModelUnavailable, match="No space left on device"):
        weights.fetch("toy", full)
    assert leftovers(cache) == [".lock"]
    assert weights.load("toy") == NETWORK


def test_a_cache_that_cannot_be_made_is_said(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, plain(server))
    cache.parent.write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailable, match=r"models: (File exists|Not a directory)"):
        weights.fetch("toy")


def test_several_processes_fetch_a_model_once(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = plain(server)
    code = f"""
from pathlib import Path
from poise.vision import weights
file = weights._File({file.name!r}, {file.sha256!r}, {{"toy": ""}}, url={file.url!r})
weights._catalogue = lambda: weights._Catalogue({{"toy": weights._Row("MIT")}}, (file,), ())
weights._cache_folder = lambda: Path({str(cache)!r})
weights.fetch("toy")
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (cache / "toy.tflite").read_bytes() == NETWORK
    assert len(server.asked) == 1


def test_unknown_models_are_said_with_what_is_known() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'blazepose-full'"):
        weights.fetch("blazepose-ful")


def test_the_catalogue_is_sound() -> None:
    known = weights._catalogue()
    for file in known.files:
        assert len(file.sha256) == 64
        by_hand = all(known.models[name].source for name in file.holds)
        assert file.url or file.within or by_hand, f"{file.name} is to be had nowhere"
        assert set(file.within) <= {archive.name for archive in known.archives}
        assert set(file.holds) <= set(known.models)
    assert len({file.sha256 for file in known.files}) == len(known.files)
    for name in known.models:
        sources = [type(source) for source in weights._sources(name)]
        assert sources == sorted(sources, key=[weights._File, weights._Archive].index), "package clients come last"
        if name.startswith("blazepose"):
            assert set(sources) == {weights._File, weights._Archive}, "the default backend is to be had both ways"
    assert all(bool(archive.pip) != bool(archive.npm) for archive in known.archives)


@pytest.mark.models
@pytest.mark.parametrize("name", ["blazepose-detector", "blazepose-full", "blazepose-lite"])
def test_the_published_models_can_be_had(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    data = weights.load(name)
    assert data[4:8] == b"TFL3", "a TFLite file"


def test_a_model_without_an_address_says_where_people_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = weights._File("toy", sha256(NETWORK), {"toy": ""})
    catalogue = weights._Catalogue({"toy": weights._Row("MIT", source="https://a.b/toys")}, (file,), ())
    monkeypatch.setattr(weights, "_catalogue", lambda: catalogue)
    with pytest.raises(ModelUnavailable, match=r"knows no address.*from https://a\.b/toys, and put toy \(sha256 "):
        weights.load("toy")


def test_a_known_file_of_the_users_own_needs_no_trust(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, plain(server))
    (tmp_path / "renamed.onnx").write_bytes(NETWORK)
    assert weights.network("toy", str(tmp_path / "renamed.onnx"), ()).data == NETWORK
    (tmp_path / "changed.onnx").write_bytes(NETWORK + b"!")
    with pytest.raises(ModelUntrusted, match=r"changed\.onnx.*sha256.*--trust"):
        weights.network("toy", str(tmp_path / "changed.onnx"), ())
    assert weights.network("toy", str(tmp_path / "changed.onnx"), (), trust=True).data == NETWORK + b"!"


def test_of_a_network_in_two_files_both_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, numbers = b"<?xml?><net/>", b"\x00\x01"
    rows = {"two-files": weights._Row("MIT", parameters="numbers"), "numbers": weights._Row("MIT")}
    files = (
        weights._File("two.xml", sha256(graph), {"two-files": ""}),
        weights._File("two.bin", sha256(numbers), {"numbers": ""}),
    )
    monkeypatch.setattr(weights, "_catalogue", lambda: weights._Catalogue(rows, files, ()))
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(tmp_path))
    (tmp_path / "two.xml").write_bytes(graph)
    (tmp_path / "two.bin").write_bytes(numbers)
    assert weights.network("two", "files", ("files",)) == weights.ModelFile(graph, numbers)
    (tmp_path / "two.bin").write_bytes(b"others")
    with pytest.raises(ModelUntrusted, match=r"two\.bin"):
        weights.network("two", str(tmp_path / "two.xml"), ())
