"""Where the framework's commands run: on this machine, or in a container of an image that has Defects4J.

Isolation: none on this machine, a container without network but with ordinary rights otherwise. Only the projects' own code runs, never a patch of
a model's.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import docker
from repair_sandbox import reaper
from repair_sandbox.commands import CommandResult, kill_group
from repair_sandbox.engine import Engine

from defects4j_repair.framework import FrameworkError

TIME_ZONE = "America/Los_Angeles"
"""The framework's own; dates in its tests are of that zone."""
ENVIRONMENT = {
    "TZ": TIME_ZONE,
    "LC_ALL": "C.UTF-8",
    # Every command starts JVMs that live for seconds: the optimising compiler never pays (measured: 40-50% less processor time without it).
    "ANT_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
GIT_CONFIG = """\
[safe]
\tdirectory = *
[init]
\tdefaultBranch = master
"""
"""Instead of the caller's own, whose hooks, signing or line ends would get into checkouts; the repositories may belong to another user."""
CONTAINER_UID = 1000
"""Of commands in a container when root calls: some projects' tests fail for root."""
USUAL_HOME = "/defects4j"
"""In the image that the framework's own Dockerfile makes."""
POLL_S = 0.1
LONGEST_CONTAINER_S = 4 * 3600.0


class Place(Protocol):
    """Runs commands beside a Defects4J home; files under the work folder have the same path there and here."""

    @property
    def home(self) -> str:
        """The home's path there."""
        ...

    def run(self, argv: Sequence[str], cwd: Path, timeout_s: float, environment: Mapping[str, str] | None = None) -> CommandResult: ...

    def hand_over(self, folder: Path) -> None:
        """Let the commands write in `folder`, which is empty."""
        ...

    def close(self) -> None:
        """End what runs, from whatever thread; nothing runs here any more."""
        ...


class LocalPlace:
    """This machine, as the user who calls or, where root calls, as another."""

    def __init__(self, home: str, work: Path, user: str | None = None) -> None:
        """
        Raises:
            FrameworkError: root calls and names nobody else, or somebody who does not exist.
        """
        if os.geteuid() == 0 and user is None:
            raise FrameworkError("Defects4J's tests are not reproducible for root: call as another user, or name one with --user")
        try:
            self._account = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
        except KeyError:
            raise FrameworkError(f"--user {user}: there is no such user on this machine") from None
        self.home, self.work, self.user = home, work, user
        self._running: set[int] = set()
        self._closed = False
        (work / "gitconfig").write_text(GIT_CONFIG)
        reaper.close_at_exit(self)

    def run(self, argv: Sequence[str], cwd: Path, timeout_s: float, environment: Mapping[str, str] | None = None) -> CommandResult:
        if self._closed:
            return CommandResult(-signal.SIGKILL, "", False, 0.0)
        java = os.environ.get("JAVA_HOME")
        folders = [*([f"{java}/bin"] if java else []), f"{self.home}/framework/bin", os.environ.get("PATH", os.defpath)]
        settings = {**ENVIRONMENT, "GIT_CONFIG_GLOBAL": f"{self.work}/gitconfig", "HOME": self._account.pw_dir, "PATH": ":".join(folders)}
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env={**os.environ, **settings, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._account.pw_uid if self.user else None,
                group=self._account.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )
        except (FileNotFoundError, PermissionError) as error:  # the latter where PATH has folders of root's
            return CommandResult(127, f"{argv[0]}: {error.strerror}", False, 0.0)
        self._running.add(process.pid)
        try:
            output, _ = process.communicate(timeout=timeout_s)
            timed_out = False
        except subprocess.TimeoutExpired:
            kill_group(process)
            output, timed_out = b"", True
        finally:
            self._running.discard(process.pid)
        return CommandResult(process.returncode, output.decode("utf-8", "replace"), timed_out, time.monotonic() - started)

    def hand_over(self, folder: Path) -> None:
        if self.user:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)

    def close(self) -> None:
        self._closed = True
        for pid in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


class ContainerPlace:
    """A container of an image that has Defects4J, the work folder mounted at its own path. The engine must be on this machine."""

    def __init__(self, engine: Engine, image: str, work: Path) -> None:
        """
        Raises:
            FrameworkError: the image has no Defects4J.
            InfrastructureError: the engine, or no such image.
        """
        self.engine, self.image, self.work = engine, image, work
        self.uid = os.getuid() or CONTAINER_UID
        self.name = f"repair-defects4j-{uuid.uuid4().hex}"
        reaper.close_at_exit(self)
        self.hand_over(work)
        (work / "gitconfig").write_text(GIT_CONFIG)
        try:
            self._start()
            self.home = self._find_home()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        def create(client: docker.APIClient) -> None:
            client.create_container(
                self.image,
                name=self.name,
                entrypoint=["sleep"],
                command=["infinity"],
                user=f"{self.uid}:{self.uid}",
                labels=reaper.labels(LONGEST_CONTAINER_S),
                host_config=client.create_host_config(network_mode="none", binds=[f"{self.work}:{self.work}:rw"], init=True),
            )
            client.start(self.name)

        self.engine.call(f"{self.image}: cannot start a container", create)

    def _find_home(self) -> str:
        found = self.run(["sh", "-c", 'readlink -f "$(command -v defects4j)"'], self.work, 60.0)
        program = Path(found.output.strip() or f"{USUAL_HOME}/framework/bin/defects4j")
        home = str(program.parents[2]) if len(program.parts) > 3 else USUAL_HOME
        if self.run(["test", "-f", f"{home}/framework/bin/defects4j"], self.work, 60.0).exit_code != 0:
            raise FrameworkError(f"image {self.image}: no `defects4j` on its PATH and none in {USUAL_HOME}; build the framework's own Dockerfile")
        return home

    def run(self, argv: Sequence[str], cwd: Path, timeout_s: float, environment: Mapping[str, str] | None = None) -> CommandResult:
        report = self.work / f".run-{uuid.uuid4().hex}"
        variables = {**ENVIRONMENT, "GIT_CONFIG_GLOBAL": f"{self.work}/gitconfig", "HOME": "/tmp", **(environment or {})}
        # Not through the API's own stream: it breaks where a command is silent for longer than the client waits for an answer.
        script = 'cd "$1" && report="$2" && shift 2 && exec "$@" >"$report" 2>&1 </dev/null'

        def start(client: docker.APIClient) -> str:
            command = ["sh", "-c", script, "sh", str(cwd), str(report), *argv]
            made = client.exec_create(self.name, command, environment=variables, user=f"{self.uid}:{self.uid}")
            client.exec_start(made["Id"], detach=True)
            return str(made["Id"])

        started = time.monotonic()
        running = self.engine.call(f"{self.image}: cannot run {argv[0]}", start)
        while True:
            state = self.engine.call(f"{self.image}: cannot follow {argv[0]}", lambda client: client.exec_inspect(running))
            wall_s = time.monotonic() - started
            if not state["Running"] or wall_s > timeout_s:
                break
            time.sleep(POLL_S)
        output = report.read_bytes().decode("utf-8", "replace") if report.exists() else ""
        report.unlink(missing_ok=True)
        if state["Running"]:
            self.close()  # nothing less ends what runs in there
            return CommandResult(-signal.SIGKILL, output, True, wall_s)
        return CommandResult(int(state["ExitCode"]), output, False, wall_s)

    def hand_over(self, folder: Path) -> None:
        if os.getuid() == 0:
            os.chown(folder, self.uid, self.uid)

    def close(self) -> None:
        self.engine.discard(self.name)


def is_home(name: str) -> bool:
    """Whether `--from NAME` means a folder of this machine rather than an image."""
    return Path(name).expanduser().is_dir()


def copy_metadata(place: Place, folder: Path) -> Path:
    """A copy of the files that `Framework` reads, for a home that is not on this machine; returns the copy's root.

    Raises:
        FrameworkError
    """
    root = folder / "home"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    place.hand_over(root)
    # Not the jars: each bug brings the few that it needs.
    script = (
        'cd "$1" && mkdir -p "$2/project_repos" && (cp README.md "$2/"; cp project_repos/README "$2/project_repos/"; true) 2>/dev/null'
        ' && tar -c --exclude=lib framework/core/Project framework/projects | tar -x -C "$2"'
    )
    done = place.run(["sh", "-c", script, "sh", place.home, str(root)], folder, 600.0)
    if done.exit_code != 0:
        raise FrameworkError(f"{place.home}: the framework's files cannot be read: {done.output.strip()[-300:]}")
    return root
