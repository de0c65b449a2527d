"""Reinstalls the project for patches that an editable install does not serve: packaging metadata, entry points, compiled code.

The build runs the model's code, so it runs as the tests' user, before the trusted tests are written. Meanwhile that user owns what git does not
track (build products) and may write in the folders of the tree and of the environment; afterwards all of it is root's again. A build could replace
a package of the environment in that time; only the control run would show it.
"""

import os
import stat
from typing import Any, Callable, Dict, List, Tuple

from repair_sandbox.guest import patching

METADATA = (".dist-info", ".egg-info")


def installed(run: Callable[[], Any], workdir: str, places: List[str], account: Tuple[int, int]) -> Any:
    """What `run()` gives, with `workdir` and `places` (site-packages, scripts) opened to `account` meanwhile."""
    modes: Dict[str, int] = {}
    for folder in _folders(workdir):
        _open(folder, 0o1777, modes)
    for place in places:
        _open(place, 0o777, modes)
        for name in os.listdir(place):
            if name.endswith(METADATA) and os.path.isdir(os.path.join(place, name)):
                _open(os.path.join(place, name), 0o777, modes)
    for path in _untracked(workdir):
        _give(path, account, workdir)
    try:
        return run()
    finally:
        for folder in sorted(modes):
            if os.path.isdir(folder) and not os.path.islink(folder):
                os.chmod(folder, modes[folder])
        for root in [workdir, *places]:
            _take_back(root, account[0])


def _folders(workdir: str) -> List[str]:
    found = []
    for folder, folders, _ in os.walk(workdir):
        if ".git" in folders:
            folders.remove(".git")
        found.append(folder)
    return found


def _open(folder: str, mode: int, modes: Dict[str, int]) -> None:
    modes[folder] = stat.S_IMODE(os.stat(folder).st_mode)
    os.chmod(folder, mode)


def _untracked(workdir: str) -> List[str]:
    if not os.path.isdir(os.path.join(workdir, ".git")):
        return [os.path.join(folder, name) for folder in _folders(workdir) for name in os.listdir(folder)]
    place = {"GIT_DIR": os.path.join(workdir, ".git"), "GIT_WORK_TREE": workdir}
    listed = patching.git(["ls-files", "--others", "-z"], workdir, b"", place)
    return [os.path.join(workdir, os.fsdecode(name)) for name in listed.stdout.split(b"\0") if name]


def _give(path: str, account: Tuple[int, int], workdir: str) -> None:
    """Hand over a file and, when it lies in a folder of nothing but untracked files, such as an .egg-info, that folder."""
    if os.path.islink(path):
        return
    os.chown(path, *account)
    folder = os.path.dirname(path)
    if folder != workdir and (folder.endswith(METADATA) or os.path.basename(folder) == "build"):
        os.chown(folder, *account)


def _take_back(root: str, user: int) -> None:
    for folder, folders, files in os.walk(root):
        for path in [folder] + [os.path.join(folder, name) for name in folders + files]:
            status = os.lstat(path)
            if status.st_uid == user:
                os.chown(path, 0, 0, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    os.chmod(path, 0o755)
