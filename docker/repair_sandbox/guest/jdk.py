"""An image's JDK and our Java programs: where they are, how a JVM is started, and two that are started ahead, to compile and to test."""

import hashlib
import os
import shutil
from typing import Any, Dict, Iterable, List, Optional

from repair_sandbox.guest import process

BAKED = "/opt/repair/java"
"""Where an image may hold the programs compiled: `DIGEST.jar`, and to start them faster `DIGEST.jsa`, the classes that they load, and `DIGEST.so`,
javac as machine code."""
HEAP_SHARE = 0.6
"""Of the memory limit for Java's heap; the rest is the JVM's own, and /tmp."""
FLAGS = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-Djava.awt.headless=true"),
    *("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote"),
)
"""Short runs: what the second compiler and parallel collectors cost, they never earn. Nor does the check of code that javac has just written, a tenth
to a third of the time where each test class loads much anew. Code that is bent on breaking its JVM has simpler ways, and gains nothing by it."""
CLOSED = ("-XX:+DisableAttachMechanism",)
"""No other process of the tests may load an agent into the one that tests."""
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")


class Jdk:
    """What was found of it; an empty path for what is not there."""

    def __init__(self, programs: Dict[str, str], environment: Dict[str, str], limits: Dict[str, Any], account: process.Account) -> None:
        self.programs = programs
        self.limits = limits
        self.account = account
        if not set(LOCALE) & environment.keys():
            environment["LC_ALL"] = "C.UTF-8"  # else Java reads and writes ASCII
        self.environment = environment
        self.java, self.javac = (shutil.which(name, path=environment["PATH"]) or "" for name in ("java", "javac"))
        text = b"".join(programs[name].encode("utf-8") for name in sorted(programs))
        baked = os.path.join(BAKED, hashlib.sha256(text).hexdigest())
        self.jar = baked + ".jar" if os.path.isfile(baked + ".jar") else ""
        self.archive = baked + ".jsa" if os.path.isfile(baked + ".jsa") else ""
        # Java 11 calls it experimental: it serves javac alone, and no test.
        self.machine_code = ["-XX:+UnlockExperimentalVMOptions", f"-XX:AOTLibrary={baked}.so"] if os.path.isfile(baked + ".so") else []
        self._compiling: Optional[process.Running] = None
        self._testing: Optional[process.Running] = None
        self._library: List[str] = []

    def tools(self) -> List[str]:
        """The jar that holds javac in Java 8."""
        home = os.path.dirname(os.path.dirname(os.path.realpath(self.javac)))
        jar = os.path.join(home, "lib", "tools.jar")
        return [jar] if os.path.isfile(jar) else []

    def start(self, library: List[str], folder: str) -> None:
        """Start the JVMs while there is no request yet, where the image holds our programs compiled.

        `library`: what the tests need besides; `folder`: where they run, which is not there yet where the tree comes with the request.
        """
        if not (self.java and self.javac and self.jar):
            return
        self._compiling = process.start(self._compiler(), has_channel=True)
        if os.path.isdir(folder):
            self._library = library
            self._testing = process.start(self._tester(library, folder), has_channel=True)

    def compile(self, plan: str, limit_s: float) -> process.Ended:
        """Run `Prepare` on the plan in that file, the first time in the JVM that waits for it."""
        running, self._compiling = self._compiling, None
        if running is None or not process.still_runs(running):
            running = process.start(self._compiler(), has_channel=True)
        running.channel.sendall(plan.encode() + b"\n")
        return process.finish(running, limit_s)

    def testing(self, library: List[str], folder: str) -> process.Running:
        """A JVM that waits for what it shall test."""
        running, self._testing = self._testing, None
        if running is None or library != self._library or not process.still_runs(running):
            running = process.start(self._tester(library, folder), has_channel=True)
        return running

    def _compiler(self) -> process.Command:
        argv = [*self._jvm([self.jar, *self.tools()], self.machine_code), "repair.guest.Prepare"]
        return process.Command(argv, "/", self.environment, self.account, self.limits, keep_all=True, is_ours=True)

    def _tester(self, library: List[str], folder: str) -> process.Command:
        argv = [*self._jvm([self.jar, *library], CLOSED), "repair.guest.Run"]
        return process.Command(argv, folder, self.environment, self.account, self.limits, keep_all=False)

    def _jvm(self, class_path: List[str], flags: Iterable[str]) -> List[str]:
        heap_mb = int(self.limits["memory_mb"] * HEAP_SHARE)
        archive = ["-XX:SharedArchiveFile=" + self.archive, "-Xlog:cds=off", "-Xlog:class+path=off"] if self.archive else []
        temporary = "-Djava.io.tmpdir=" + os.environ.get("TMPDIR", "/tmp")
        return [self.java, f"-Xmx{heap_mb}m", *FLAGS, *flags, *archive, temporary, "-cp", os.pathsep.join(class_path)]
