"""Applies patches inside the image as root without trusting a byte of them.

Only `git apply` reads paths from a patch, outside any repository (no hooks, filters or configuration of one); patch(1), the benchmark's last
resort, gets one section and an explicit target at a time, so that it never chooses a file.
"""

import os
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

GIT_S = 120.0
GIT_ENVIRONMENT = {
    "GIT_DIR": "/nonexistent/repository",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
}
RUNGS: Tuple[Tuple[str, List[str]], ...] = (
    ("exact", []),
    ("whitespace", ["--ignore-whitespace"]),
    ("recount", ["--ignore-whitespace", "--recount", "-C1"]),
)
FUZZ = "5"
"""As in the benchmark's `patch --batch --fuzz=5 -p1`."""
NOT_A_PLAIN_EDIT = (b"new file mode", b"deleted file mode", b"rename ", b"copy ", b"old mode", b"new mode", b"GIT binary patch", b"Binary files")


class Applied(NamedTuple):
    rung: str
    """Empty: it does not apply."""
    changed: List[str]
    reason: str


class Rejected(Exception):
    """The patch asks for something that no honest patch needs."""


def git(arguments: List[str], workdir: str, patch: bytes, repository: Optional[Dict[str, str]] = None) -> Any:
    """One run of git in `workdir` with `patch` on its standard input; `repository`: variables that name one."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *arguments]
    environment = dict(os.environ, **GIT_ENVIRONMENT)
    environment.update(repository or {})
    return run(command, workdir, patch, environment)


def run(command: List[str], cwd: str, content: bytes, environment: Dict[str, str]) -> Any:
    pipe = subprocess.PIPE  # capture_output is of Python 3.7
    return subprocess.run(command, cwd=cwd, input=content, stdout=pipe, stderr=pipe, env=environment, timeout=GIT_S)


def targets(patch: bytes, flags: List[str], workdir: str) -> Tuple[Optional[List[str]], str]:
    """The paths that git would write, and git's complaint when it cannot read the patch."""
    counted = git(["apply", "--numstat", "-z", *flags], workdir, patch)
    if counted.returncode != 0:
        return None, complaint(counted)
    rows = [row.split(b"\t", 2)[-1] for row in counted.stdout.split(b"\0") if row]
    return sorted({os.fsdecode(row) for row in rows}), ""


def complaint(done: Any) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(lines[-3:])[:500]


def apply_ladder(patch: bytes, workdir: str, declared: Optional[List[str]]) -> Applied:
    """Apply a model's patch by the strictest way that works.

    `declared`: the paths that the host read in the patch; None skips the comparison.

    Raises:
        Rejected: git reads other paths than the host did, or a path goes through a symbolic link or into .git.
    """
    reasons = []
    for rung, flags in RUNGS:
        paths, reason = targets(patch, flags, workdir)
        if paths is not None:
            check_paths(paths if declared is None else sorted(set(paths) | set(declared)), workdir)
            if declared is not None and not set(paths) <= set(declared):
                raise Rejected(f"git reads other paths in the patch than declared: {sorted(set(paths) - set(declared))[:5]}")
            done = git(["apply", "--whitespace=nowarn", *flags], workdir, patch)
            if done.returncode == 0:
                return Applied(rung, paths, "")
            reason = complaint(done)
        reasons.append(f"{rung}: {reason}")
    applied, reason = _fuzz(patch, workdir, declared)
    if applied is not None:
        return Applied("fuzz", applied, "")
    return Applied("", [], "; ".join([reasons[0], "fuzz: " + reason]))


def check_paths(paths: List[str], workdir: str) -> None:
    """Refuse paths outside the tree, in .git, through symbolic links or onto anything but a plain file.

    Raises:
        Rejected
    """
    for path in paths:
        parts = path.split("/")
        if path.startswith("/") or not all(parts) or any(part in (".", "..") or part.lower() == ".git" for part in parts):
            raise Rejected(f"{path}: not a path in the tree")
        place = workdir
        for index, part in enumerate(parts):
            place = os.path.join(place, part)
            if os.path.islink(place):
                raise Rejected(f"{path}: goes through a symbolic link")
            if index + 1 == len(parts) and os.path.lexists(place) and not os.path.isfile(place):
                raise Rejected(f"{path}: not a plain file")


def sections(patch: bytes) -> List[bytes]:
    """The patch cut at its `diff --git` lines; content lines of a hunk start with a sign, so never with those words."""
    found: List[List[bytes]] = []
    for line in patch.splitlines(True):
        if line.startswith(b"diff --git "):
            found.append([])
        if found:
            found[-1].append(line)
    return [b"".join(lines) for lines in found]


def _fuzz(patch: bytes, workdir: str, declared: Optional[List[str]]) -> Tuple[Optional[List[str]], str]:
    """Section by section: plain edits by patch(1), the rest by git. What was written when a later section fails stays: the tree is thrown away."""
    program = next((path for path in ("/usr/bin/patch", "/bin/patch", "/usr/local/bin/patch") if os.access(path, os.X_OK)), "")
    parts = sections(patch)
    if not program or not parts:
        return None, "no patch program in the image" if parts else "no diff --git line"
    changed: List[str] = []
    for part in parts:
        header = part.split(b"\n@@", 1)[0].splitlines()
        if any(line.startswith(NOT_A_PLAIN_EDIT) for line in header):
            paths, reason = targets(part, [], workdir)
            if paths is None:
                return None, reason
            _check_declared(paths, declared, workdir)
            done = git(["apply", "--whitespace=nowarn", "--ignore-whitespace"], workdir, part)
            if done.returncode != 0:
                return None, complaint(done)
            changed += paths
            continue
        named = [line[6:].split(b"\t")[0].rstrip(b"\r") for line in header if line.startswith(b"+++ b/")]
        if len(named) != 1:
            return None, "a section without one +++ line"
        path = os.fsdecode(named[0])
        _check_declared([path], declared, workdir)
        reason = _fuzz_one(program, os.path.join(workdir, path), part)
        if reason:
            return None, f"{path}: {reason}"
        changed.append(path)
    return changed, ""


def _check_declared(paths: List[str], declared: Optional[List[str]], workdir: str) -> None:
    check_paths(paths, workdir)
    if declared is not None and not set(paths) <= set(declared):
        raise Rejected(f"a section names other paths than declared: {paths[:5]}")


def _fuzz_one(program: str, target: str, section: bytes) -> str:
    """Apply one section's hunks to one file; empty on success, else why not."""
    if not os.path.isfile(target):
        return "no such file"
    result = f"/tmp/.fuzz-{os.getpid()}"
    command = [program, "-u", "--forward", f"--fuzz={FUZZ}", "--no-backup-if-mismatch", "-r", "-", "-o", result, target]
    done = run(command, "/", section, {"LC_ALL": "C"})
    try:
        if done.returncode != 0:
            return str(done.stdout.decode("utf-8", "replace")).strip().replace("\n", "; ")[-300:]
        with open(result, "rb") as source:
            content = source.read()
    finally:
        if os.path.lexists(result):
            os.unlink(result)
    with open(target, "wb") as sink:
        sink.write(content)
    return ""


def write_files(files: Dict[str, Optional[bytes]], workdir: str) -> None:
    """Write trusted files (None removes one)."""
    for path, content in files.items():
        place = os.path.join(workdir, path)
        if content is None:
            if os.path.lexists(place):
                os.unlink(place)
            continue
        folder = os.path.dirname(place)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        with open(place, "wb") as sink:
            sink.write(content)
