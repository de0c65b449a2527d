"""The trusted program of a container, its PID 1: gets ready, takes one request, prepares the tree, runs the tests as another user, says what came
of it.

It never imports code of the repository. Nothing that the tests print or report decides whether a failure is ours; they only fill fields of the
result. Lines on standard output are `NONCE JSON`; the last is the result:

    status      done | apply_failed | patch_rejected | install_failed | compile_failed | timeout | resource_limit | broken
    reason      for people
    kind        the bound that was run into, if any: memory | pids | disk | output | file_size
    stages_s    seconds by stage: tree, apply, install, compile, twins, tests, and for junit of the tests: trigger_tests, relevant_tests
    apply_rung  how forgiving applying the patch had to be; empty when it was not applied
    changed     paths that the patch wrote
    tests       for pytest, of the expected tests: [{id, phases: {phase: {outcome: count}}, xfail, raised_in, duration_s}]
    collected   node ids that the expected names stand for, as collected; null when collection did not end
    end         {exitstatus} of pytest's own end, null when it did not get there
    after_end   reports that came after that end
    foreign     lines on the private channel that were not our runner's
    exit_code   of the test command; negative for a signal, null when it was ended
    output      its end (pytest) or all of it (log), base64
    twins       of a control run: {path: "" or why there are none in it}
    copies      of a control run: {expected name: {real: names that must do as before, twins: names that must fail}}
    cpu_s, max_rss_mb
"""

import base64
import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from repair_sandbox.guest import control_files, installing, patching, process
from repair_sandbox.guest.channel import Listener
from repair_sandbox.guest.jdk import Jdk
from repair_sandbox.guest.junit import Java
from repair_sandbox.guest.outcome import Stop

PREPARING_S = 600
"""What PID 1 may take over everything but the commands that it bounds."""
INTERPRETER_S = 120.0
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SETTINGS = ("conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")
"""Files that decide how tests run."""
ABOUT_PYTHON = (
    "import importlib.util, json, sysconfig; has = importlib.util.find_spec('pytest') is not None;"
    "print(json.dumps([has, sorted({sysconfig.get_path(name) for name in ('purelib', 'platlib', 'scripts')})]))"
)
EMPTY_RESULT: Dict[str, Any] = {
    "event": "result",
    "status": "done",
    "reason": "",
    "kind": "",
    "apply_rung": "",
    "collected": None,
    "end": None,
    "after_end": 0,
    "foreign": 0,
    "exit_code": None,
    "output": "",
    "twins": None,
    "copies": {},
    "cpu_s": 0.0,
    "max_rss_mb": 0.0,
}


class Ready(NamedTuple):
    """What can be made of a container before its request is known."""

    programs: Dict[str, str]
    environment: Dict[str, str]
    jdk: Optional[Jdk]


def stand_by(payload: Dict[str, Any]) -> Ready:
    """Get ready for requests like `payload["setup"]` (`guest_protocol.SETUP`); nothing of a patch is in the container yet."""
    setup = payload["setup"]
    account = account_of(setup)
    environment = make_environment(setup, account)
    jdk = None
    if setup["runner"] == "junit":
        jdk = Jdk(payload["programs"], environment, setup["limits"], account)
        jdk.start(setup["class_path"], setup["workdir"])
    return Ready(payload["programs"], environment, jdk)


def account_of(request: Dict[str, Any]) -> process.Account:
    return None if request["uid"] is None else (request["uid"], request["gid"])


def make_environment(setup: Dict[str, Any], account: process.Account) -> Dict[str, str]:
    """The image's own variables, a home and a scratch folder, then the task's."""
    scratch = os.environ.get("TMPDIR", "/tmp")
    home = os.path.join(scratch, "home")
    os.mkdir(home, 0o700)
    if account is not None:
        os.chown(home, *account)
        with contextlib.suppress(OSError), open("/etc/passwd", "a") as accounts:  # programs look their user's name up
            accounts.write(f"tester:x:{account[0]}:{account[1]}::{home}:/bin/sh\n")
    path = os.environ.get("PATH", SYSTEM_PATH)
    if setup["path_prefix"]:
        path = f"{setup['path_prefix']}:{path}"
    environment = {name: value for name, value in os.environ.items() if name not in ("HOSTNAME", "PWD", "OLDPWD", "SHLVL", "_")}
    environment.update(HOME=home, TMPDIR=scratch, USER="tester", LOGNAME="tester", PATH=path)
    environment.update(setup["environment"])
    return environment


def main(ready: Ready, request: Dict[str, Any]) -> None:
    """Serve the one request and end the process."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(4))
    signal.alarm(int(2 * request["limits"]["tests_s"] + PREPARING_S))
    out = os.dup(1)  # children get pipes; nothing but this program holds the way to the host
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.umask(0o022)
    if os.getpid() != 1:
        process.adopt_orphans()

    def say(**event: Any) -> None:
        line = f"{request['nonce']} {json.dumps(event)}\n".encode("ascii")
        while line:
            line = line[os.write(out, line) :]

    result = dict(EMPTY_RESULT, stages_s={}, changed=[], tests=[])
    try:
        Session(ready, request, result, say).serve()
    except Stop as stop:
        result.update(status=stop.status, reason=stop.reason)
    say(**result)
    os._exit(0)


class Session:
    """One request, stage by stage."""

    def __init__(self, ready: Ready, request: Dict[str, Any], result: Dict[str, Any], say: Any) -> None:
        self.programs = ready.programs
        self.environment = ready.environment
        self.jdk = ready.jdk
        self.request = request
        self.result = result
        self.say = say
        self.workdir: str = request["workdir"]
        self.account = account_of(request)
        self.test_patch = base64.b64decode(request["test_patch"])
        self.python = ""
        self.places: List[str] = []
        self.trusted: List[str] = []
        """What the trusted patch writes."""
        self.java = Java(self) if request["runner"] == "junit" else None

    def serve(self) -> None:
        with self.stage("tree"):
            checking = self.check_place()
            files = self.request["tree"] or {}
            patching.write_files({path: None if content is None else base64.b64decode(content) for path, content in files.items()}, self.workdir)
            repository = os.path.join(self.workdir, ".git")
            if os.path.isdir(repository):
                os.chmod(repository, 0o700)  # its history may hold the fix
            self.finish_check(checking)
            self.check_test_patch()
        with self.stage("apply"):
            self.apply()
        if self.request["install"]:
            with self.stage("install"):
                self.install()
        with self.stage("twins" if self.request["twins"] else "apply"):
            self.write_tests()
        if self.java is not None:
            with self.stage("compile"):
                self.java.prepare()
        with self.stage("tests"):
            if self.account is not None:
                self.guard_tree()
            self.test()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce and time a stage."""
        self.say(event="stage", stage=name)
        started = time.monotonic()
        try:
            yield
        finally:
            taken_s = self.result["stages_s"].get(name, 0.0) + time.monotonic() - started
            self.result["stages_s"][name] = round(taken_s, 4)

    def check_place(self) -> Any:
        """Whether this image can run the request, before a byte of the model's is in it; returns the interpreter's own check, under way."""
        if self.request["tree"] is not None and not os.path.isdir(self.workdir):
            os.makedirs(self.workdir)
        if not os.path.isdir(self.workdir):
            raise Stop("broken", f"{self.workdir}: no such folder in the image")
        if shutil.which("git") is None:
            raise Stop("broken", "no git in the image")
        if self.java is not None:
            self.java.check()
        if self.request["runner"] != "pytest" and not self.request["install"]:
            return None
        names = ["python"] if self.request["path_prefix"] else ["python3", "python"]
        found = [path for path in (shutil.which(name, path=self.environment["PATH"]) for name in names) if path]
        if not found:
            raise Stop("broken", f"no {names[0]} in {self.environment['PATH']}")
        self.python = found[0]
        identity = self.account
        return subprocess.Popen(
            [self.python, "-c", ABOUT_PYTHON],
            cwd="/",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: process.become(identity)) if identity else None,
        )

    def finish_check(self, checking: Any) -> None:
        if checking is None:
            return
        answer, error = checking.communicate(timeout=INTERPRETER_S)
        if checking.returncode != 0:
            raise Stop("broken", f"{self.python} does not run: {error.decode('utf-8', 'replace')[-300:]}")
        has_pytest, places = json.loads(answer.decode("utf-8", "surrogateescape"))
        self.places = [place for place in places if os.path.isdir(place)]
        if self.request["runner"] == "pytest" and not has_pytest:
            raise Stop("broken", f"{self.python} has no pytest")

    def check_test_patch(self) -> None:
        if self.test_patch:
            done = patching.git(["apply", "--check"], self.workdir, self.test_patch)
            if done.returncode != 0:
                raise Stop("broken", "the test patch does not apply to the image's tree: " + patching.complaint(done))
            self.trusted = patching.targets(self.test_patch, [], self.workdir)[0] or []

    def apply(self) -> None:
        patch = base64.b64decode(self.request["patch"])
        if not patch:
            return
        try:
            applied = patching.apply_ladder(patch, self.workdir, self.request["declared"])
        except patching.Rejected as rejected:
            raise Stop("patch_rejected", str(rejected)) from rejected
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise Stop("apply_failed", f"{type(error).__name__}: {error}"[:500]) from error
        if not applied.rung:
            raise Stop("apply_failed", applied.reason)
        self.result.update(apply_rung=applied.rung, changed=applied.changed)

    def install(self) -> None:
        def run() -> process.Ended:
            return process.run(self.command([shell(), "-c", self.request["install"]], keep_all=False))

        ended = run() if self.account is None else installing.installed(run, self.workdir, self.places, self.account)
        if ended.exit_code != 0:
            self.result.update(output=base64.b64encode(ended.output).decode("ascii"), exit_code=ended.exit_code, kind=ended.kind)
            how = "took too long" if ended.timed_out else "failed"
            raise Stop("install_failed", f"reinstalling the project {how}")

    def write_tests(self) -> None:
        """The trusted patch, or for a control run the tests' twins. A patch that applied before the model's and does not now is the model's doing."""
        if self.test_patch:
            done = patching.git(["apply", "--whitespace=nowarn"], self.workdir, self.test_patch)
            if done.returncode != 0:
                raise Stop("patch_rejected", "with this patch the trusted tests cannot be put in place: " + patching.complaint(done))
        if self.request["twins"] and self.java is None:
            written = control_files.write(self.test_files(), self.workdir, self.request["expected"], self.request["arrangement"])
            self.result.update(twins=written.twins, copies=written.copies)
            self.request["copies"] = [copy for copies in written.copies.values() for kind in copies.values() for copy in kind]

    def test_files(self) -> List[str]:
        """The files of the expected tests, as far as names tell; for a suite whose names do not, those of the trusted patch."""
        named = {name.split("::")[0] for names in self.request["expected"].values() for name in names if "::" in name}
        if self.request["runner"] == "log" or not named:
            named.update(self.trusted)
        return sorted(path for path in named if path.endswith(".py") and os.path.isfile(os.path.join(self.workdir, path)))

    def guard_tree(self) -> None:
        """Folders in which the tests can replace nothing, trusted tests and settings that they cannot edit: an image may let everyone write anywhere.

        `writable_tree` lets them create files; the sticky bit keeps what is there. Other files keep their modes, since a new mode copies the file.
        """
        trusted = {os.path.join(self.workdir, path) for path in [*self.test_files(), *self.trusted]}
        for folder, folders, files in os.walk(self.workdir):
            if ".git" in folders:
                folders.remove(".git")
            if self.request["writable_tree"]:
                os.chmod(folder, 0o1777)
            else:
                _shut(folder)
            for name in files:
                path = os.path.join(folder, name)
                if (name in SETTINGS or path in trusted) and not os.path.islink(path):
                    _shut(path)

    def test(self) -> None:
        if self.java is not None:
            self.java.test()
            return
        if self.request["runner"] == "log":
            ended = process.run(self.command([shell(), "-c", self.request["arguments"][0]], keep_all=True))
        else:
            first = self.workdir if self.request["workdir_on_path"] else os.path.dirname(self.python)
            command = self.command([self.python, "-c", self.programs["pytest_runner"], first], keep_all=False)
            running = process.start(command, has_channel=True)
            listener = Listener(self.request, running.channel)
            listener.on_fixed = self.say_fixed
            ended = process.finish(running, command.limits["tests_s"], listener.hear)
            self.result.update(listener.results())
        self.result.update(exit_code=ended.exit_code, cpu_s=round(ended.cpu_s, 3), max_rss_mb=round(ended.max_rss_mb, 1), kind=ended.kind)
        self.result["output"] = base64.b64encode(ended.output).decode("ascii")
        if ended.timed_out:
            raise Stop("timeout", f"the tests ran longer than {self.request['limits']['tests_s']:g} s")
        unfinished = ended.exit_code != 0 if self.request["runner"] == "log" else self.result["end"] is None
        if ended.kind and (ended.exit_code is None or unfinished):
            raise Stop("resource_limit", "the tests ran into the bound on " + ended.kind)

    def say_fixed(self) -> None:
        """What the bug broke works: the rest of the tests may tell otherwise, and will seldom."""
        self.say(event="stage", stage="fixed")

    def command(self, argv: List[str], keep_all: bool) -> process.Command:
        return process.Command(argv, self.workdir, self.environment, self.account, self.request["limits"], keep_all)


def _shut(path: str) -> None:
    """Take write access from all but the owner."""
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & 0o022:
        os.chmod(path, mode & ~0o022)


def shell() -> str:
    return next(path for path in ("/bin/bash", "/usr/bin/bash", "/bin/sh") if os.access(path, os.X_OK))
