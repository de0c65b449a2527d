"""Java tasks: the supervisor's side of the trusted programs in `java/`.

`Prepare` compiles what the patch changed into fresh folders, in a JVM that runs no code of the repository; then `Run` tests it, in one JVM for all
test classes but those that need their own. Both run as the test account. What was compiled belongs to root before the tests begin.
"""

import base64
import contextlib
import json
import os
import subprocess
import tempfile
import time
import zipfile
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote

from repair_sandbox.guest import installing, patching, process
from repair_sandbox.guest.channel import Listener, texts
from repair_sandbox.guest.jdk import Jdk
from repair_sandbox.guest.outcome import Stop

COMPILE_S = 120.0
NO_JVM = ("Error occurred during initialization of VM", "Error: Could not", "Unrecognized", "Error: ")
STOPPED = 2
"""Exit status of `Run` when it was told to stop."""


class JUnitListener(Listener):
    """Hears one JVM; `begun`: the test classes that it began."""

    def __init__(self, request: Dict[str, Any], channel: Any, names: List[str], places: List[str], source_dir: str) -> None:
        self.names = names
        self.places = places
        self.source_dir = source_dir
        self.begun: List[str] = []
        self.marks = [("", time.monotonic())]
        Listener.__init__(self, request, channel)
        self.wanted = set(self.expected)
        self.to_fix = set(request["expected"]["fail_to_pass"])
        self.classes_to_fix = {name.partition("::")[0] for name in self.to_fix}

    def greet(self) -> None:
        lines = [("key", self.key), ("source", self.source_dir), *(("place", place) for place in self.places)]
        self.say(*lines, *(("class", name) for name in self.names), ("run",))

    def say(self, *lines: Tuple[str, ...]) -> None:
        """All in one message: the other end reads none before it has loaded, and the system queues few."""
        self.channel.sendall("".join(" ".join(map(quote, words)) + "\n" for words in lines).encode("ascii"))

    def take_event(self, kind: str, event: Dict[str, Any]) -> bool:
        if kind == "class":
            self.begun += texts([event["name"]])
            self.marks.append(("trigger_tests" if event["name"] in self.classes_to_fix else "relevant_tests", time.monotonic()))
        elif kind == "collected":
            self.collected = (self.collected or []) + texts(event["ids"])
        elif kind == "failed":
            self.say(("stop" if self.stops() else "go",))
        elif kind == "end":
            self.marks.append(("", time.monotonic()))
            return Listener.take_event(self, kind, event)
        else:
            return Listener.take_event(self, kind, event)
        return True

    def stops(self) -> bool:
        return not self.request["twins"] and Listener.stops(self)

    def stages_s(self) -> Dict[str, float]:
        """Seconds by kind of test class; the JVM's start counts to the first."""
        found = {"trigger_tests": 0.0, "relevant_tests": 0.0}
        marks = [(self.marks[1][0] if len(self.marks) > 1 and self.marks[1][0] else "trigger_tests", self.marks[0][1]), *self.marks[1:]]
        marks.append(("", time.monotonic()))
        for (name, start), (_, end) in zip(marks, marks[1:]):
            if name:
                found[name] += end - start
        return found


class Java:
    """The build of one request and where its parts are."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.request = session.request
        self.build = self.request["java"]
        self.jdk: Jdk = session.jdk
        self.folder = ""
        self.stages_s: Dict[str, float] = {}
        self.deadline = 0.0

    def check(self) -> None:
        """Find a JDK and our programs; before a byte of the model's is in the image."""
        for name, path in (("java", self.jdk.java), ("javac", self.jdk.javac)):
            if not path:
                raise Stop("broken", f"no {name} in {self.session.environment['PATH']}")
        self.folder = tempfile.mkdtemp(prefix="repair-java-")
        os.chmod(self.folder, 0o755)
        self.library = [self.place(path) for path in self.build["class_path"]]
        self.classes = [self.place(path) for path in self.build["classes"]]
        self.test_classes = [self.place(self.build["test_classes_dir"])] if self.build["test_classes_dir"] else []
        self.jdk.jar = self.jdk.jar or self.compiled_programs()

    def place(self, path: str) -> str:
        return os.path.join(self.session.workdir, path)

    def compiled_programs(self) -> str:
        """Compile our own programs, for an image that does not hold them."""
        source, output = os.path.join(self.folder, "source"), os.path.join(self.folder, "programs")
        patching.write_files({name: text.encode("utf-8") for name, text in self.jdk.programs.items()}, source)
        os.mkdir(output)
        command = [self.jdk.javac, "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-nowarn", "-proc:none", "-source", "8", "-target", "8"]
        command += ["-encoding", "UTF-8", "-cp", os.pathsep.join([*self.library, *self.jdk.tools()]), "-d", output]
        command += [os.path.join(source, name) for name in sorted(self.jdk.programs)]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMPILE_S)
        if done.returncode != 0:
            said = done.stdout.decode("utf-8", "replace")[-500:]
            raise Stop("broken", f"our runner does not compile in this image (JUnit 4 on the class path?): {said}")
        jar = os.path.join(self.folder, "programs.jar")
        with zipfile.ZipFile(jar, "w") as archive:
            for folder, _, files in os.walk(output):
                for name in files:
                    path = os.path.join(folder, name)
                    archive.write(path, os.path.relpath(path, output))
        os.chmod(jar, 0o644)
        return jar

    # --- compiling -------------------------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Compile, in the control run with twins beside the tests; ends the request when the patch does not compile."""
        self.deadline = time.monotonic() + self.request["limits"]["tests_s"]
        answer = self.run_prepare(self.request["declared"], bool(self.build["full_compile"]))
        if answer["status"] == "full_compile":
            self.full_compile()
            answer = self.run_prepare([], False)
        if answer["status"] != "done":
            raise Stop(answer["status"], str(answer["reason"])[:1000])
        for name in answer["stale"]:
            for place in [*self.classes, *self.test_classes]:
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(place, name))
        if self.request["twins"]:
            self.put_control(answer)

    def put_control(self, answer: Dict[str, Any]) -> None:
        """Twins in the place of the tests' sources, and no class of those left: what is compared with them shows which copy is real."""
        for name in answer["mixed"]:
            with open(os.path.join(self.out, "mixed", name), "rb") as source:
                patching.write_files({os.path.join(self.build["test_dir"], name): source.read()}, self.session.workdir)
            os.unlink(os.path.join(self.out, "mixed", name))
            for place in self.test_classes:
                folder, file = os.path.split(os.path.join(place, name))
                for one in os.listdir(folder) if os.path.isdir(folder) else []:
                    if one == file[: -len("java")] + "class" or one.startswith(file[: -len(".java")] + "$"):
                        os.unlink(os.path.join(folder, one))
        self.control_classes: List[str] = answer["classes"]
        self.session.result.update(twins=answer["twins"], copies=answer["copies"])
        self.request["copies"] = [copy for copies in answer["copies"].values() for kind in copies.values() for copy in kind]

    def run_prepare(self, changed: List[str], has_full_compile: bool) -> Dict[str, Any]:
        self.out = tempfile.mkdtemp(prefix="compiled-", dir=self.folder)
        if self.session.account is not None:
            os.chown(self.out, *self.session.account)
        plan = os.path.join(self.folder, "plan")
        with open(plan, "w") as sink:
            sink.writelines(f"{name} {quote(value)}\n" for name, value in self.prepare_plan(changed, has_full_compile))
        ended = self.jdk.compile(plan, self.left_s())
        os.unlink(plan)
        self.session.result.update(cpu_s=round(ended.cpu_s, 3), max_rss_mb=round(ended.max_rss_mb, 1), kind=ended.kind)
        self.session.result["output"] = base64.b64encode(ended.output[-process.TAIL_BYTES :]).decode("ascii")
        if ended.timed_out:
            raise Stop("timeout", f"compiling took longer than {self.request['limits']['tests_s']:g} s")
        text = ended.output.decode("utf-8", "replace")
        if ended.exit_code != 0:
            if ended.kind:
                raise Stop("resource_limit", "compiling ran into the bound on " + ended.kind)
            status = "broken" if text.startswith(NO_JVM) else "compile_failed"
            raise Stop(status, f"javac ended with {ended.exit_code}: {text.strip()[-300:]}")
        _give_to_root(self.out)
        answer: Dict[str, Any] = json.loads(text.rstrip("\n").rpartition("\n")[2])
        return answer

    def prepare_plan(self, changed: List[str], has_full_compile: bool) -> Iterator[Tuple[str, str]]:
        yield "workdir", self.session.workdir
        yield "source_dir", self.place(self.build["source_dir"])
        yield "test_dir", self.place(self.build["test_dir"])
        yield "main_out", os.path.join(self.out, "main")
        yield "test_out", os.path.join(self.out, "tests")
        yield "has_full_compile", "yes" if has_full_compile else "no"
        lists = {
            "classes": self.classes,
            "test_classes": self.test_classes,
            "class_path": self.library,
            "changed": changed,
            "trusted": self.session.trusted,
        }
        for name, paths in lists.items():
            for path in paths:
                yield name, self.place(path)
        for flag in self.build["flags"]:
            yield "flag", flag
        for flag in self.build["test_flags"] or self.build["flags"]:
            yield "test_flag", flag
        if self.request["twins"]:
            yield "arrangement", self.request["arrangement"]
            yield "mixed_out", os.path.join(self.out, "mixed")
            for kind, name in (("fail_to_pass", "to_fix"), ("pass_to_pass", "to_keep")):
                for test in self.request["expected"][kind]:
                    yield name, test

    def full_compile(self) -> None:
        """The build's own compilation of everything, as the test account, which may write in the tree meanwhile."""

        def run() -> process.Ended:
            return process.run(self.command(list(self.build["full_compile"]), keep_all=False))

        session = self.session
        ended = run() if session.account is None else installing.installed(run, session.workdir, [], session.account)
        if ended.timed_out:
            raise Stop("timeout", f"compiling everything took longer than {self.request['limits']['tests_s']:g} s")
        if ended.exit_code != 0:
            session.result.update(output=base64.b64encode(ended.output).decode("ascii"), exit_code=ended.exit_code, kind=ended.kind)
            said = ended.output.decode("utf-8", "replace").strip()[-500:]
            raise Stop("compile_failed", f"compiling everything ended with {ended.exit_code}: {said}")

    # --- testing ---------------------------------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Run the test classes, JVM by JVM, until the supervisor has heard enough."""
        self.deadline = time.monotonic() + self.request["limits"]["tests_s"]
        heard: List[Tuple[JUnitListener, process.Ended]] = []
        waiting = self.groups()
        while waiting:
            names = waiting.pop(0)
            listener, ended = self.run_classes(names)
            heard.append((listener, ended))
            if ended.timed_out or ended.kind or listener.end is None or listener.end["exitstatus"] == STOPPED:
                break
        self.conclude(heard, [name for names in waiting for name in names])

    def groups(self) -> List[List[str]]:
        """Test classes by JVM; those of FAIL_TO_PASS first, each kind in its own order."""
        to_fix = {name.partition("::")[0] for name in self.request["expected"]["fail_to_pass"]}
        expected = sorted(name.partition("::")[0] for kind in self.request["expected"].values() for name in kind)
        names = list(dict.fromkeys([*self.build["test_class_names"], *expected]))
        if self.request["twins"]:
            names = [name for name in names if name in self.control_classes]
        ordered = [name for name in names if name in to_fix] + [name for name in names if name not in to_fix]
        alone = set(self.build["isolated"])
        together = [name for name in ordered if name not in alone]
        return [group for group in [together, *([name] for name in ordered if name in alone)] if group]

    def run_classes(self, names: List[str]) -> Tuple[JUnitListener, process.Ended]:
        running = self.jdk.testing(self.library, self.session.workdir)
        listener = JUnitListener(self.request, running.channel, names, self.places(), self.place(self.build["source_dir"]))
        listener.on_fixed = self.session.say_fixed
        return listener, process.finish(running, self.left_s(), listener.hear)

    def command(self, argv: List[str], keep_all: bool) -> process.Command:
        """A command within what is left of its stage's time."""
        command: process.Command = self.session.command(argv, keep_all)
        return command._replace(limits=dict(command.limits, tests_s=self.left_s()))

    def left_s(self) -> float:
        return max(1.0, self.deadline - time.monotonic())

    def places(self) -> List[str]:
        """The class path of the tests. First what was compiled from the patched program: `Prepare` lets no class of it stand in for a test's, and a
        build may leave copies of the program's classes among those of the tests."""
        compiled = [os.path.join(self.out, name) for name in ("main", "tests")]
        return [*compiled, *self.test_classes, *self.classes, *self.library]

    def conclude(self, heard: List[Tuple[JUnitListener, process.Ended]], unheard: List[str]) -> None:
        """Fields of the result: what all JVMs said together, the end that of the one that fell short most."""
        result = self.session.result
        expected = heard[0][0].expected
        found = [listener.results() for listener, _ in heard]
        begun = {name for listener, _ in heard for name in listener.begun}
        tests = [test for one in found for test in one["tests"]]
        collected = [name for one in found for name in one["collected"] or []]
        worst = max(range(len(heard)), key=lambda at: _badness(*heard[at]))
        listener, ended = heard[worst]
        if any(one["collected"] is not None for one in found):  # a class that was never begun would have been collected
            collected += [name for name in expected if name.partition("::")[0] not in begun]
        result.update(
            tests=tests,
            collected=collected if begun else None,
            end=listener.end,
            after_end=sum(one["after_end"] for one in found),
            foreign=sum(one["foreign"] for one in found),
            exit_code=ended.exit_code,
            cpu_s=round(result["cpu_s"] + sum(one.cpu_s for _, one in heard), 3),
            max_rss_mb=round(max(result["max_rss_mb"], *(one.max_rss_mb for _, one in heard)), 1),
            kind=ended.kind,
            output=base64.b64encode(b"".join(one.output for _, one in heard)[-process.TAIL_BYTES :]).decode("ascii"),
        )
        self.stages_s = {name: round(sum(one.stages_s()[name] for one, _ in heard), 4) for name in ("trigger_tests", "relevant_tests")}
        result["stages_s"].update(self.stages_s)
        if ended.timed_out:
            raise Stop("timeout", f"the tests ran longer than {self.request['limits']['tests_s']:g} s")
        if ended.kind and (ended.exit_code is None or listener.end is None):
            raise Stop("resource_limit", "the tests ran into the bound on " + ended.kind)


def _badness(listener: JUnitListener, ended: process.Ended) -> int:
    if listener.end is None or listener.end["exitstatus"] != ended.exit_code:
        return 3
    return int(listener.end["exitstatus"])


def _give_to_root(folder: str) -> None:
    """Take over what the compiler wrote, so that the tests can read it and nothing else."""
    if os.getuid() != 0:
        return
    for place, _, files in os.walk(folder):
        os.chown(place, 0, 0)
        os.chmod(place, 0o755)
        for name in files:
            path = os.path.join(place, name)
            os.chown(path, 0, 0, follow_symlinks=False)
            os.chmod(path, 0o644)
