"""An image's JDK and our Java programs: where they are, how a JVM is started, and one started ahead to compile."""

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
FLAGS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-Djava.awt.headless=true")
"""Short runs: what the second compiler and parallel collectors cost, they never earn."""
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")


class Jdk:
    """What was found of it; an empty path for what is not there."""

    def __init__(self, programs: Dict[str, str], environment: Dict[str, str], limits: Dict[str, Any]) -> None:
        self.programs = programs
        self.limits = limits
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
        self._compiling: Optional[process.Waiting] = None

    def tools(self) -> List[str]:
        """The jar that holds javac in Java 8."""
        home = os.path.dirname(os.path.dirname(os.path.realpath(self.javac)))
        jar = os.path.join(home, "lib", "tools.jar")
        return [jar] if os.path.isfile(jar) else []

    def jvm(self, class_path: List[str], flags: Iterable[str]) -> List[str]:
        heap_mb = int(self.limits["memory_mb"] * HEAP_SHARE)
        archive = ["-XX:SharedArchiveFile=" + self.archive, "-Xlog:cds=off", "-Xlog:class+path=off"] if self.archive else []
        temporary = "-Djava.io.tmpdir=" + os.environ.get("TMPDIR", "/tmp")
        return [self.java, f"-Xmx{heap_mb}m", *FLAGS, *flags, *archive, temporary, "-cp", os.pathsep.join(class_path)]

    def start_compiling(self, account: process.Account) -> None:
        """Have a JVM load javac while there is no request yet; only where the image holds our programs compiled."""
        if self.java and self.javac and self.jar:
            self._compiling = process.start_waiting(self._compiler(account))

    def compile(self, plan: str, account: process.Account, limit_s: float) -> process.Ended:
        """Run `Prepare` on the plan in that file, the first time in the JVM that waits for it."""
        words = (plan + "\n").encode()
        waiting, self._compiling = self._compiling, None
        ended = process.finish(waiting, words, limit_s) if waiting else None
        if ended is None:
            command = self._compiler(account, plan)
            ended = process.run(command._replace(limits=dict(self.limits, tests_s=limit_s)))
        return ended

    def _compiler(self, account: process.Account, *arguments: str) -> process.Command:
        argv = [*self.jvm([self.jar, *self.tools()], self.machine_code), "repair.guest.Prepare", *arguments]
        return process.Command(argv, "/", self.environment, account, self.limits, keep_all=True)
