"""What the Java images bring: the JDK that their projects ask for, and the sandbox's own programs in the form that starts fastest."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from repair_sandbox.guest_protocol import java_sources

sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))
from vf_commands import needs_image

pytestmark = [pytest.mark.docker]
RELEASES = {"repair-envs/corpus-java:latest": 17, "repair-envs/defects4j-base:latest": 11}


@pytest.fixture(params=RELEASES, ids=lambda name: name.partition("/")[2].partition(":")[0])
def image(request: pytest.FixtureRequest) -> str:
    return needs_image(request.param)


def baked() -> str:
    """Where an image holds our programs, compiled from the sources as they are now."""
    text = "".join(text for _, text in sorted(java_sources().items()))
    return f"/opt/repair/java/{hashlib.sha256(text.encode()).hexdigest()}"


def said(image: str, *command: str) -> str:
    done = subprocess.run(["docker", "run", "--rm", "--network", "none", image, *command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_java_is_the_release_that_the_projects_ask_for(image: str) -> None:
    for program in ("java", "javac"):
        assert f" {RELEASES[image]}." in said(image, program, "-version").replace('"', " ")


def test_the_archive_of_our_programs_fits_that_java(image: str) -> None:
    archive = f"-XX:SharedArchiveFile={baked()}.jsa"
    assert "mixed mode" in said(image, "java", "-XX:+UseSerialGC", "-Xshare:on", archive, "-cp", f"{baked()}.jar", "-version")


def test_java_11_has_javac_as_machine_code(image: str) -> None:
    if RELEASES[image] != 11:
        assert f"{baked()}.so" not in said(image, "sh", "-c", "ls /opt/repair/java/*")
        return
    library = f"-XX:AOTLibrary={baked()}.so"
    shown = said(image, "java", "-XX:+UseSerialGC", "-XX:+UnlockExperimentalVMOptions", library, "-XX:+PrintAOT", "-cp", f"{baked()}.jar", "-version")
    assert f"loaded    {baked()}.so" in shown
