"""What is said to a container's PID 1 and what it says back.

The container runs `LAUNCH` under /bin/sh with `BOOT` as $0. It reads two messages, each a line with a length, then that many bytes of JSON. The
first comes when it starts: the guest's modules as text, and what is known of the request ahead of it. The second, when there is a patch, is the
request. It answers with lines `NONCE JSON`; what does not start with this request's nonce counts for nothing.
"""

import base64
import dataclasses
import hashlib
import json
import math
import posixpath
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from repair_sandbox.git_diff import parse_diff
from repair_sandbox.limits import Limits
from repair_sandbox.spec import TestSpec

MODULES = ("outcome", "process", "names", "channel", "patching", "installing", "twins", "control", "control_files", "jdk", "junit", "supervisor")
"""Guest modules in the order in which they import each other."""
PYTEST_PROGRAM = "pytest_runner"
"""Guest program that is handed on as text; those in Java are, too."""
SETUP = ("runner", "workdir", "class_path", "environment", "path_prefix", "uid", "gid", "limits")
"""Fields of a request that a container gets ahead of it: it serves only a request in which they are the same."""

LONGEST_STANDBY_S = 3600
"""A container that got no request by then ends itself."""
PREPARING_S = 600
"""What PID 1 may take besides the commands it bounds (`guest.supervisor.PREPARING_S`)."""
TEST_ACCOUNT = 10001
"""User and group of the tests; no image has it."""

INTERPRETERS = ("/usr/bin/python3", "/usr/local/bin/python3", "/opt/miniconda3/bin/python3")
LAUNCH = (
    f'for python in {" ".join(INTERPRETERS)}; do [ -x "$python" ] && exec "$python" -I -S -c "$0"; done; echo no python3 in this image >&2; exit 127'
)
BOOT = f"""
import json, os, signal, sys, types
signal.signal(signal.SIGALRM, lambda *_: os._exit(3))
signal.alarm({LONGEST_STANDBY_S})
def hear():
    length = sys.stdin.buffer.readline()
    if not length:
        os._exit(0)
    return json.loads(sys.stdin.buffer.read(int(length)).decode("ascii"))
payload = hear()
for name in ("repair_sandbox", "repair_sandbox.guest"):
    sys.modules[name] = types.ModuleType(name)
for name in payload["modules"]:
    module = types.ModuleType("repair_sandbox.guest." + name)
    sys.modules[module.__name__] = module
    setattr(sys.modules["repair_sandbox.guest"], name, module)
    exec(compile(payload["sources"][name], name + ".py", "exec"), module.__dict__)
ready = module.stand_by(payload)
request = hear()
signal.alarm(0)
module.main(ready, request)
"""


@cache
def guest_sources() -> dict[str, str]:
    """Text of every guest module and of the program that runs pytest."""
    folder = files("repair_sandbox") / "guest"
    return {name: (folder / f"{name}.py").read_text("utf-8") for name in (*MODULES, PYTEST_PROGRAM)}


@cache
def java_sources() -> dict[str, str]:
    """Text of the programs that compile and test Java, by file name."""
    folder = files("repair_sandbox") / "guest" / "java"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".java")}


@cache
def framework_supervisor() -> str:
    """Shell program that is PID 1 where the runner is `defects4j`."""
    return (files("repair_sandbox") / "guest" / "defects4j.sh").read_text("utf-8")


@cache
def guest_digest() -> str:
    """Hash of all that runs in an image, 64 hex digits."""
    return hashlib.sha256(json.dumps([BOOT, guest_sources(), sorted(java_sources().items()), framework_supervisor()]).encode()).hexdigest()


def launch(setup: Mapping[str, Any]) -> list[str]:
    """What /bin/sh -c is given in a container."""
    return [framework_supervisor()] if setup.get("runner") == "defects4j" else [LAUNCH, BOOT]


def build_request(
    spec: TestSpec,
    patch: str,
    *,
    stop_at_first_failure: bool = True,
    control: bool = False,
    arrangement: str = "",
) -> dict[str, Any]:
    """The request to score `patch`, which has been through the policy, as JSON values.

    `control`: with twins, tests that must fail, beside the task's own. `arrangement`: a secret that decides their names and order; empty for
    one by chance.
    """
    return {
        **build_setup(spec),
        "nonce": secrets.token_hex(16),
        "tree": None if spec.tree is None else {path: _base64(content) for path, content in spec.tree.items()},
        "patch": _base64(_bytes(patch)),
        "declared": patch_paths(patch),
        "test_patch": _base64(_bytes(spec.test_patch)),
        "java": dataclasses.asdict(spec.java) if spec.java else None,
        "arguments": list(spec.arguments),
        "workdir_on_path": spec.workdir_on_path,
        "expected": {"fail_to_pass": list(spec.fail_to_pass), "pass_to_pass": list(spec.pass_to_pass)},
        "stop_at_first_failure": stop_at_first_failure,
        "fail_to_pass_first": spec.fail_to_pass_first,
        "twins": control,
        "arrangement": arrangement or secrets.token_hex(16),
        "install": spec.install,
        "writable_tree": spec.writable_tree,
    }


def build_setup(spec: TestSpec) -> dict[str, Any]:
    """What all requests of a task have in common and a container gets ahead of them."""
    return {
        **({"arguments": list(spec.arguments)} if spec.runner == "defects4j" else {}),
        "runner": spec.runner,
        "workdir": spec.workdir,
        "class_path": [posixpath.join(spec.workdir, path) for path in spec.java.class_path] if spec.java else [],
        "path_prefix": spec.path_prefix,
        "environment": dict(spec.environment),
        "uid": TEST_ACCOUNT,
        "gid": TEST_ACCOUNT,
        "limits": {name: getattr(spec.limits, name) for name in ("tests_s", "memory_mb", "file_mb", "open_files", "output_mb")},
    }


def encode_setup(setup: Mapping[str, Any]) -> bytes:
    """The first message to PID 1: its programs, and of `setup` what a container gets ahead of a request; for the framework's, bug and account."""
    if setup.get("runner") == "defects4j":
        return " ".join([*setup["arguments"], str(setup["uid"])]).encode("ascii") + b"\n"
    sources = guest_sources()
    programs = java_sources() if setup.get("runner") == "junit" else {PYTEST_PROGRAM: sources[PYTEST_PROGRAM]}
    known = {name: setup[name] for name in SETUP if name in setup}
    return encode({"modules": MODULES, "sources": {name: sources[name] for name in MODULES}, "programs": programs, "setup": known})


def encode_request(request: Mapping[str, Any]) -> bytes:
    """The second message to PID 1."""
    if request.get("runner") != "defects4j":
        return encode(request)
    patch = base64.b64decode(request["patch"])
    return f"{request['nonce']} {math.ceil(request['limits']['tests_s'])} {len(patch)}\n".encode("ascii") + patch


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as our own PID 1 reads it, its length line included."""
    payload = json.dumps(message).encode("ascii")
    return b"%d\n" % len(payload) + payload


def guest_deadline_s(limits: Limits) -> float:
    """After how long PID 1 ends itself at the latest, counted from the request: the tests and an installation, each at its limit, and the rest."""
    return 2 * limits.tests_s + PREPARING_S


def most_reply_bytes(limits: Limits) -> int:
    """More than an honest reply can have: output in base64, and reports of the expected tests."""
    return int(limits.output_mb * 1024**2) * 2 + 64 * 1024**2


def parse_line(line: bytes, nonce: str) -> dict[str, Any] | None:
    """The event of one line of PID 1's standard output; None for a line that is not this request's."""
    prefix = nonce.encode() + b" "
    if not line.startswith(prefix):
        return None
    event: dict[str, Any] = json.loads(line[len(prefix) :])
    return event


def patch_paths(patch: str) -> list[str]:
    """Every path that a clean patch names, a rename's source included; the guest refuses a patch in which git reads another."""
    return sorted({path for change in parse_diff(patch) for path in change.paths})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
