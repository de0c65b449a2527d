"""`repair images` and what is under it, against the real engine and a small registry on 127.0.0.1."""

import dataclasses
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from repair_cli.image_records import record, recorded
from repair_cli.main import main
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import EngineError, ImageMissing
from repair_sandbox.images import LocalImage

pytestmark = pytest.mark.docker


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Registry:
    """One image of one file, served as the registry protocol has it, and what was asked for."""

    refusals: int = 0
    """So many requests for the manifest are answered 429 first."""
    manifests: int = 0
    """Manifests handed out."""
    layers: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifest: bytes = b""
    url: str = ""

    def __post_init__(self) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            content = uuid.uuid4().hex.encode()
            entry = tarfile.TarInfo("only-file")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        layer = gzip.compress(archive.getvalue())
        rootfs = {"type": "layers", "diff_ids": [digest_of(archive.getvalue())]}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
        self.blobs = {digest_of(layer): layer, digest_of(config): config}
        kind = "application/vnd.docker"
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{kind}.distribution.manifest.v2+json",
            "config": {"mediaType": f"{kind}.container.image.v1+json", "size": len(config), "digest": digest_of(config)},
            "layers": [{"mediaType": f"{kind}.image.rootfs.diff.tar.gzip", "size": len(layer), "digest": digest_of(layer)}],
        }
        self.manifest = json.dumps(manifest).encode()

    def answer(self, path: str, body: bool) -> tuple[int, str, bytes]:
        """Status, media type and content for a request; counts those that ask for the body."""
        if path == "/v2/":
            return 200, "application/json", b"{}"
        if "/manifests/" in path:
            if "/nothing/" in path:
                return 404, "application/json", b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
            if self.refusals > 0:
                self.refusals -= 1
                return 429, "application/json", b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'
            self.manifests += body
            return 200, "application/vnd.docker.distribution.manifest.v2+json", self.manifest
        content = self.blobs[path.rpartition("/")[2]]
        self.layers += body and content[:2] == b"\x1f\x8b"
        return 200, "application/octet-stream", content


@pytest.fixture
def registry() -> Iterator[Registry]:
    served = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(body=True)

        def do_HEAD(self) -> None:
            self.reply(body=False)

        def reply(self, body: bool) -> None:
            status, kind, content = served.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", digest_of(content))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.url = f"127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def engine() -> Engine:
    return Engine(patience_s=2)


@pytest.fixture
def reference(registry: Registry, engine: Engine) -> Iterator[str]:
    name = f"{registry.url}/project/image:1"
    yield name
    images.remove(engine, name)


def test_an_image_is_pulled_once_however_many_ask(registry: Registry, reference: str, engine: Engine) -> None:
    assert images.local_image(engine, reference) is None
    with ThreadPoolExecutor(6) as pool:
        pulled = list(pool.map(lambda _: images.pull(engine, reference), range(6)))
    assert (registry.manifests, registry.layers) == (1, 1)
    assert {image.digest for image in pulled} == {next(digest for digest, blob in registry.blobs.items() if blob[:1] == b"{")}
    assert pulled[0].repo_digest.endswith(digest_of(registry.manifest))
    assert images.local_image(engine, reference) == pulled[0]


def test_a_rate_limit_is_waited_out(registry: Registry, reference: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "RATE_PAUSE_S", 0.05)
    registry.refusals = 3
    assert images.pull(engine, reference).reference == reference
    assert registry.refusals == 0


def test_a_registry_that_keeps_refusing_is_an_error(
    registry: Registry, reference: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "RATE_PAUSE_S", 0.001)
    registry.refusals = 10_000
    with pytest.raises(EngineError, match="cannot be pulled"):
        images.pull(engine, reference)
    assert images.local_image(engine, reference) is None


def test_an_image_that_nobody_has_is_missing_at_once(registry: Registry, engine: Engine) -> None:
    with pytest.raises(ImageMissing, match="manifest unknown"):
        images.pull(engine, f"{registry.url}/nothing/here:1")


def write_rows(path: Path, image: str) -> str:
    from repair_corpus import corpus_rows

    rows = [{**row, "image": image} for row in list(corpus_rows())[:2]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_the_command_pulls_lists_and_removes(
    registry: Registry, reference: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")
    dataset = ("swe-bench-tests", "--env.taskset.dataset", write_rows(tmp_path / "rows.jsonl", reference))
    assert main(["images", "pull", *dataset]) == 0
    assert "1 pulled, 0 were here, 0 could not be had" in capsys.readouterr().out
    image = images.local_image(engine, reference)
    assert image is not None
    assert recorded(reference) == image
    assert main(["images", "list", *dataset]) == 0
    listed = capsys.readouterr().out
    assert "not what was recorded" not in listed
    assert image.digest.removeprefix("sha256:")[:12] in listed
    assert "1 of 1 here; nothing to pull" in listed
    record(dataclasses.replace(image, digest="sha256:other"))
    assert main(["images", "list", *dataset]) == 0
    assert "yes, not what was recorded" in capsys.readouterr().out
    assert main(["images", "prune", *dataset]) == 0
    assert "nothing was removed: add --yes true" in capsys.readouterr().out
    assert images.local_image(engine, reference) == image
    assert main(["images", "prune", *dataset, "--yes", "true"]) == 0
    assert images.local_image(engine, reference) is None


def test_the_command_says_what_could_not_be_had(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = write_rows(tmp_path / "rows.jsonl", f"{registry.url}/nothing/here:1")
    assert main(["images", "pull", "swe-bench-tests", "--env.taskset.dataset", dataset]) == 1
    said = capsys.readouterr().out
    assert "manifest unknown" in said
    assert "0 pulled, 0 were here, 1 could not be had" in said


RECORDS = """
import sys
from repair_cli.image_records import record
from repair_sandbox.images import LocalImage
for number in range(60):
    record(LocalImage(f"{sys.argv[1]}/image:{number}", f"sha256:{sys.argv[1]}", "", number))
"""


def test_no_process_writes_over_anothers_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    processes = [subprocess.Popen([sys.executable, "-c", RECORDS, f"writer-{number}"]) for number in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    for writer in range(4):
        for number in range(60):
            assert recorded(f"writer-{writer}/image:{number}") == LocalImage(f"writer-{writer}/image:{number}", f"sha256:writer-{writer}", "", number)
    (damaged,) = (path for path in tmp_path.rglob("*.json") if '"writer-0/image:7"' in path.read_text())
    damaged.write_text("{")
    assert recorded("writer-0/image:7") is None


def test_a_template_names_other_images(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    flags = ("--env.taskset.image-template", "mirror.invalid/{instance_id}")
    assert main(["images", "list", "swe-bench-tests", *flags]) == 0
    assert "mirror.invalid/corpus-py__pagewise-1" in capsys.readouterr().out


def test_a_failed_build_quotes_its_output(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/Dockerfile").write_text("FROM scratch\nCOPY no-such-file /\n")
    monkeypatch.setattr(images, "image_folder", lambda: tmp_path)
    with pytest.raises(EngineError, match="no-such-file"):
        images.build(engine, "broken")
    with pytest.raises(ValueError, match="no image 'other'; there are broken"):
        images.build(engine, "other")


def test_a_build_takes_arguments_and_reports_the_content_id(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "Dockerfile").write_text("FROM scratch\nARG word=none\nLABEL word=$word\n")
    monkeypatch.setattr(images, "image_folder", lambda: tmp_path)
    said: list[str] = []
    built = images.build(engine, name, {"word": "given"}, "host", said.append)
    try:
        labels = engine.call("look", lambda client: client.inspect_image(built.reference))["Config"]["Labels"]
        assert labels == {"word": "given"}
        assert built.reference == f"repair-envs/{name}:latest"
        assert any("Successfully" in line for line in said)
    finally:
        images.remove(engine, built.reference)


def test_the_corpus_image_takes_its_packages_from_a_mirror(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if images.local_image(engine, "debian:bookworm-slim") is None:
        pytest.skip("there is no image debian:bookworm-slim")
    name, asked = f"test-{uuid.uuid4().hex[:8]}", set()
    shutil.copytree(images.image_folder() / "corpus-python", tmp_path / name)
    monkeypatch.setattr(images, "image_folder", lambda: tmp_path)

    class Mirror(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mirror = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(EngineError, match=mirror):
            images.build(engine, name, {"apt_mirror": f"{mirror}/all", "no_proxy": "127.0.0.1"}, "host")
        server.shutdown()
    assert any(path.startswith("/all/") and "/dists/bookworm/" in path for path in asked), asked


def test_the_corpus_image_is_among_those_to_build() -> None:
    assert "corpus-python" in images.image_names()


@pytest.mark.parametrize("arguments", [["images", "list", "swe-bench-tests"], ["sandbox", "status"]], ids=" ".join)
def test_without_an_engine_there_is_one_clear_line(arguments: list[str], tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("repair")), *arguments]
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert f"no container engine answers at unix://{tmp_path}/none.sock" in done.stderr
    assert done.stderr.count("\n") == 1
