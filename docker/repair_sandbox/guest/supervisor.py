"""The trusted program of a container, its PID 1: takes one request, prepares the tree, runs the tests as another user, says what came of it.

It never imports code of the repository. Nothing that the tests print or report decides whether a failure is ours; they only fill fields of the
result. Lines on standard output are `NONCE JSON`; the last is the result:

    status      done | apply_failed | patch_rejected | install_failed | timeout | resource_limit | broken
    reason      for people
    kind        of a resource_limit: memory | pids | disk | output | file_size
    stages_s    seconds by stage: tree, apply, install, twins, tests
    apply_rung  how forgiving applying the patch had to be; empty when it was not applied
    changed     paths that the patch wrote
    tests       for pytest, of the expected tests: [{id, phases: {phase: {outcome: count}}, xfail, duration_s}]
    collected   node ids that the expected names stand for, as collected; null when collection did not end
    end         {exitstatus} of pytest's own end, null when it did not get there
    after_end   reports that came after that end
    foreign     lines on the private channel that lacked its key
    exit_code   of the test command; negative for a signal, null when it was ended
    output      its end (pytest) or all of it (log), base64
    twins       of a control run: {available, reason, files}
    cpu_s, max_rss_mb
"""

import base64
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional

from repair_sandbox.guest import patching, process
from repair_sandbox.guest.names import nodes_by_name

PREPARING_S = 600
"""What PID 1 may take over everything but the commands that it bounds."""
INTERPRETER_S = 120.0
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HAS_PYTEST = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pytest') is None)"


class Stop(Exception):
    """Ends the request with a status other than `done`."""

    def __init__(self, status: str, reason: str) -> None:
        Exception.__init__(self, reason)
        self.status = status
        self.reason = reason


def main(payload: Dict[str, Any]) -> None:
    """Serve the one request and end the process."""
    request = payload["request"]
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
        line = "{} {}\n".format(request["nonce"], json.dumps(event)).encode("ascii")
        while line:
            line = line[os.write(out, line) :]

    result = {"event": "result", "status": "done", "reason": "", "kind": "", "stages_s": {}, "apply_rung": "", "changed": [], "tests": []}  # type: Dict[str, Any]
    result.update({"collected": None, "end": None, "after_end": 0, "foreign": 0, "exit_code": None, "output": "", "twins": None, "cpu_s": 0.0, "max_rss_mb": 0.0})
    try:
        Session(payload, result, say).serve()
    except Stop as stop:
        result.update(status=stop.status, reason=stop.reason)
    say(**result)
    os._exit(0)


class Session:
    """One request, stage by stage."""

    def __init__(self, payload: Dict[str, Any], result: Dict[str, Any], say: Any) -> None:
        self.sources = payload["sources"]
        self.request = payload["request"]
        self.result = result
        self.say = say
        self.workdir = self.request["workdir"]
        self.account = None if self.request["uid"] is None else (self.request["uid"], self.request["gid"])
        self.python = ""
        self.environment = {}  # type: Dict[str, str]

    def serve(self) -> None:
        with self.stage("tree"):
            checking = self.check_place()
            files = self.request["tree"] or {}
            patching.write_files({path: None if content is None else base64.b64decode(content) for path, content in files.items()}, self.workdir)
            self.finish_check(checking)
        with self.stage("apply"):
            self.apply()
        if self.request["install"]:
            with self.stage("install"):
                self.install()
        if self.request["twins"]:
            with self.stage("twins"):
                self.write_twins()
        with self.stage("tests"):
            if self.request["writable_tree"] and self.account is not None:
                self.open_tree(0o1777)
            self.test()

    def stage(self, name: str) -> "Stage":
        self.say(event="stage", stage=name)
        return Stage(name, self.result["stages_s"])

    def check_place(self) -> Any:
        """Whether this image can run the request, before a byte of the model's is in it; returns the interpreter's own check, under way."""
        if self.request["tree"] is not None and not os.path.isdir(self.workdir):
            os.makedirs(self.workdir)
        if not os.path.isdir(self.workdir):
            raise Stop("broken", "{}: no such folder in the image".format(self.workdir))
        repository = os.path.join(self.workdir, ".git")
        if os.path.isdir(repository):
            os.chmod(repository, 0o700)  # its history may hold the fix
        self.environment = self.make_environment()
        if shutil.which("git") is None:
            raise Stop("broken", "no git in the image")
        if self.request["runner"] != "pytest":
            return None
        names = ["python"] if self.request["path_prefix"] else ["python3", "python"]
        found = [path for path in (shutil.which(name, path=self.environment["PATH"]) for name in names) if path]
        if not found:
            raise Stop("broken", "no {} in {}".format(names[0], self.environment["PATH"]))
        self.python = found[0]
        identity = self.account
        return subprocess.Popen(
            [self.python, "-c", HAS_PYTEST],
            cwd="/",
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: become(identity)) if identity else None,
        )

    def finish_check(self, checking: Any) -> None:
        if checking is not None:
            error = checking.communicate(timeout=INTERPRETER_S)[1]
            if checking.returncode != 0:
                raise Stop("broken", "{} has no pytest: {}".format(self.python, error.decode("utf-8", "replace")[-300:]))

    def make_environment(self) -> Dict[str, str]:
        """The image's own variables, a home and a scratch folder, then the task's."""
        home = "/tmp/home" if self.account is not None else os.environ.get("HOME", "/tmp")
        if self.account is not None:
            os.mkdir(home, 0o700)
            os.chown(home, *self.account)
            self.name_account(home)
        path = os.environ.get("PATH", SYSTEM_PATH)
        if self.request["path_prefix"]:
            path = "{}:{}".format(self.request["path_prefix"], path)
        environment = {name: value for name, value in os.environ.items() if name not in ("HOSTNAME", "PWD", "OLDPWD", "SHLVL", "_")}
        environment.update(HOME=home, TMPDIR=os.environ.get("TMPDIR", "/tmp"), USER="tester", LOGNAME="tester", PATH=path)
        environment.update(self.request["environment"])
        return environment

    def name_account(self, home: str) -> None:
        """Give the tests' user a name: programs look it up."""
        try:
            with open("/etc/passwd", "a") as accounts:
                accounts.write("tester:x:{}:{}::{}:/bin/sh\n".format(self.request["uid"], self.request["gid"], home))
        except OSError:
            pass

    def apply(self) -> None:
        """The model's patch, then the trusted one. A trusted patch that only fails after the model's is the model's doing."""
        patch, test_patch = base64.b64decode(self.request["patch"]), base64.b64decode(self.request["test_patch"])
        if test_patch:
            done = patching.git(["apply", "--check"], self.workdir, test_patch)
            if done.returncode != 0:
                raise Stop("broken", "the test patch does not apply to the image's tree: " + patching.complaint(done))
        if patch:
            try:
                applied = patching.apply_ladder(patch, self.workdir, self.request["declared"])
            except patching.Rejected as rejected:
                raise Stop("patch_rejected", str(rejected))
            if not applied.rung:
                raise Stop("apply_failed", applied.reason)
            self.result.update(apply_rung=applied.rung, changed=applied.changed)
        if test_patch:
            done = patching.git(["apply", "--whitespace=nowarn"], self.workdir, test_patch)
            if done.returncode != 0:
                raise Stop("patch_rejected", "with this patch the trusted tests cannot be put in place: " + patching.complaint(done))

    def install(self) -> None:
        """The project's own installation, as the tests' user, with the folders that it writes to opened meanwhile."""
        raise Stop("broken", "reinstalling is not there yet")

    def write_twins(self) -> None:
        raise Stop("broken", "control runs are not there yet")

    def open_tree(self, mode: int) -> None:
        """Let the tests create files; the sticky bit keeps them from replacing or removing what is there."""
        for folder, folders, _ in os.walk(self.workdir):
            if ".git" in folders:
                folders.remove(".git")
            os.chmod(folder, mode)

    def test(self) -> None:
        if self.request["runner"] == "log":
            ended = process.run(self.command([shell(), "-c", self.request["arguments"][0]], keep_all=True))
        else:
            ours, theirs = socket.socketpair()
            listener = Listener(self.request, ours, os.path.dirname(self.python))
            command = self.command([self.python, "-c", self.sources["pytest_runner"]], keep_all=False)
            ended = process.run(command, (ours, theirs), listener.hear)
            self.result.update(listener.results())
        self.result.update(exit_code=ended.exit_code, cpu_s=round(ended.cpu_s, 3), max_rss_mb=round(ended.max_rss_mb, 1), kind=ended.kind)
        self.result["output"] = base64.b64encode(ended.output).decode("ascii")
        if ended.timed_out:
            raise Stop("timeout", "the tests ran longer than {} s".format(self.request["limits"]["tests_s"]))
        unfinished = self.request["runner"] == "log" or self.result["end"] is None
        if ended.kind == "output" or (ended.kind and ended.exit_code != 0 and unfinished):
            raise Stop("resource_limit", "the tests ran into the bound on " + ended.kind)

    def command(self, argv: List[str], keep_all: bool) -> process.Command:
        return process.Command(argv, self.workdir, self.environment, self.account, self.request["limits"], keep_all)


class Stage:
    """Times a block."""

    def __init__(self, name: str, stages_s: Dict[str, float]) -> None:
        self.name = name
        self.stages_s = stages_s
        self.started = 0.0

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, *_: Any) -> None:
        self.stages_s[self.name] = round(time.monotonic() - self.started, 4)


class Listener:
    """Our end of the private channel: tells the runner its key and plan, takes in its reports."""

    def __init__(self, request: Dict[str, Any], channel: Any, program_folder: str) -> None:
        self.request = request
        self.channel = channel
        self.key = base64.b16encode(os.urandom(16)).decode("ascii")
        self.expected = request["expected"]["fail_to_pass"] + request["expected"]["pass_to_pass"]
        self.pending = bytearray()
        self.tests = {}  # type: Dict[str, Dict[str, Any]]
        self.collected = None  # type: Optional[List[str]]
        self.marked = set()  # type: Any
        self.end = None  # type: Optional[Dict[str, Any]]
        self.after_end = 0
        self.foreign = 0
        self.send({"key": self.key, "arguments": self.arguments(), "program_folder": program_folder})

    def arguments(self) -> List[str]:
        """The task's arguments, with pytest's cache out of the tree, where it could not be written."""
        return ["-o", "cache_dir=" + os.path.join(os.environ.get("TMPDIR", "/tmp"), "pytest-cache")] + self.request["arguments"]

    def send(self, message: Dict[str, Any]) -> None:
        self.channel.sendall(json.dumps(message).encode("ascii") + b"\n")

    def hear(self, chunk: bytes) -> None:
        self.pending += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(self.pending).split(b"\n")
            self.pending[:] = rest
            for line in lines:
                self.take(line)

    def take(self, line: bytes) -> None:
        key, _, text = line.partition(b" ")
        try:
            event = json.loads(text.decode("ascii")) if key == self.key.encode("ascii") else None
        except ValueError:
            event = None
        try:
            if event is None:
                self.foreign += 1
            elif self.end is not None:
                self.after_end += 1
            elif event["event"] == "report":
                self.take_report(event)
            elif event["event"] == "collected":
                self.marked = set(event["xfail"])
                self.plan(event["ids"])
            elif event["event"] == "xdist":
                self.collected = event["ids"]
            elif event["event"] == "end":
                self.end = {"exitstatus": event["exitstatus"]}
        except (KeyError, TypeError, OSError):  # not what our runner sends
            self.foreign += 1

    def plan(self, node_ids: List[str]) -> None:
        """Answer a collection: what runs first, what to stop on."""
        self.collected = node_ids
        by_name = nodes_by_name(self.expected, node_ids)
        places = {node_id: index for index, node_id in enumerate(node_ids)}
        to_fix = sorted({places[node] for name in self.request["expected"]["fail_to_pass"] for node in by_name[name]})
        expected = sorted({node for nodes in by_name.values() for node in nodes})
        control = self.request["twins"]
        self.send(
            {
                "first": to_fix if control or self.request["fail_to_pass_first"] else [],
                "stop_on": expected if self.request["stop_at_first_failure"] and not control else [],
                "stop_after": len(to_fix) if control else 0,
            }
        )

    def take_report(self, event: Dict[str, Any]) -> None:
        test = self.tests.setdefault(event["id"], {"id": event["id"], "phases": {}, "xfail": bool(event["xfail"]), "duration_s": 0.0})
        test["duration_s"] = round(test["duration_s"] + float(event["s"]), 6)
        if event["outcome"] == "rerun":  # a plugin repeats a flaky test, which is no second report
            test["phases"] = {}
            return
        phase = "subtest" if event["subtest"] else event["when"]
        counts = test["phases"].setdefault(phase, {})
        counts[event["outcome"]] = counts.get(event["outcome"], 0) + 1

    def results(self) -> Dict[str, Any]:
        """Fields of the result; of the expected tests only, a suite may have a hundred times as many."""
        by_name = nodes_by_name(self.expected, self.collected if self.collected is not None else self.tests)
        wanted = {node for nodes in by_name.values() for node in nodes}
        tests = [dict(test, xfail=test["xfail"] or test["id"] in self.marked) for test in self.tests.values() if test["id"] in wanted]
        collected = None if self.collected is None else [node for node in self.collected if node in wanted]
        return {"tests": tests, "collected": collected, "end": self.end, "after_end": self.after_end, "foreign": self.foreign}


def become(account: Any) -> None:
    os.setgroups([])
    os.setgid(account[1])
    os.setuid(account[0])


def shell() -> str:
    return next(path for path in ("/bin/bash", "/usr/bin/bash", "/bin/sh") if os.access(path, os.X_OK))
