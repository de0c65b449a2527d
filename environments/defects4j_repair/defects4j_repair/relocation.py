"""From the paths of a build to those of a bug's image: the checkout becomes the working tree, jars from elsewhere get fixed places."""

from __future__ import annotations

import hashlib
import os.path
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from defects4j_repair.ant_log import JavacCall
from defects4j_repair.places import Place
from defects4j_repair.prepared import LIBRARY_DIR, WORKDIR, Compilation, PreparedError

FRAMEWORK_JUNIT = "framework/projects/lib/junit-4.12-hamcrest-1.3.jar"
JUNIT_CLASSES = ("org/junit/runner/JUnitCore.class", "org/hamcrest/Matcher.class")
COPY_S = 600.0


@dataclass(frozen=True)
class Relocation:
    """Where each path of a build is in the image."""

    tree: str
    """The checkout, as the build saw it."""
    paths: dict[str, str]
    """Path outside the checkout to its path in the image."""
    libraries: dict[str, str]
    """What to bring: file or folder to its place under `LIBRARY_DIR`, relative."""

    def path(self, original: str) -> str | None:
        """None for a path that is not brought along."""
        path = os.path.normpath(original)
        if path == self.tree or path.startswith(f"{self.tree}/"):
            return WORKDIR + path[len(self.tree) :]
        return self.paths.get(path)

    def all(self, originals: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for original in originals if (path := self.path(original))))

    def compilation(self, call: JavacCall) -> Compilation:
        """
        Raises:
            PreparedError: it reads or writes outside the checkout.
        """
        destination = self.path(call.destination)
        files = [self.path(file) for file in call.files]
        outside = next((file for file, path in zip(call.files, files, strict=True) if not path or not path.startswith(f"{WORKDIR}/")), None)
        if destination is None or outside:
            raise PreparedError(f"the build compiles {outside or call.destination}, which is outside its checkout")
        return Compilation(
            flags=tuple(flag.replace(self.tree, WORKDIR) for flag in call.flags),
            class_path=self.all(call.class_path),
            source_path=self.all(call.source_path),
            destination=destination,
            files=tuple(file.removeprefix(f"{WORKDIR}/") for file in files if file),
        )


def relocation(place: Place, tree: Path, exported: Sequence[str], compiled: Sequence[str]) -> Relocation:
    """How to move the class paths of a build.

    `exported`: elements of the class paths that the framework exports: all that exist are brought. `compiled`: elements of javac's own, of which
    ant's runtime is left behind: it is there only because ant adds itself.
    """
    wanted = [path for path in exported if not _inside(path, tree)]
    wanted += [path for path in compiled if not _inside(path, tree) and path.startswith(f"{place.home}/framework/")]
    wanted = list(dict.fromkeys(os.path.normpath(path) for path in wanted))
    existing = _existing(place, [*wanted, f"{place.home}/{FRAMEWORK_JUNIT}"], tree.parent)
    paths: dict[str, str] = {}
    libraries: dict[str, str] = {}
    for path in existing:
        source, target = _library(path, place.home)
        libraries[source] = target
        paths[path] = f"{LIBRARY_DIR}/{target}{path[len(source) :]}"
    return Relocation(str(tree), paths, libraries)


def with_junit(class_path: tuple[str, ...], moved: Relocation, place: Place, tree: Path, library: Path) -> tuple[str, ...]:
    """The tests' class path with JUnit 4 on it: where the build leaves it to ant, the framework's own comes first.

    `library`: where `LIBRARY_DIR` is being put together.

    Raises:
        PreparedError: there is none in the framework either.
    """
    here = [_host_path(path, tree, library) for path in class_path]
    if all(any(_holds(path, name) for path in here) for name in JUNIT_CLASSES):
        return class_path
    junit = moved.path(f"{place.home}/{FRAMEWORK_JUNIT}")
    if junit is None:
        raise PreparedError(f"the tests' class path has no JUnit 4, and {place.home}/{FRAMEWORK_JUNIT} does not exist")
    return (junit, *(path for path in class_path if path != junit))


def copy_libraries(place: Place, moved: Relocation, library: Path) -> None:
    """Bring the jars into `library`, which is empty.

    Raises:
        PreparedError: one cannot be copied.
    """
    place.hand_over(library)
    script = 'while [ $# -gt 1 ]; do mkdir -p "$(dirname "$2")" && cp -rL "$1" "$2" || exit 1; shift 2; done'
    pairs = [path for source, target in sorted(moved.libraries.items()) for path in (source, str(library / target))]
    done = place.run(["sh", "-c", script, "sh", *pairs], library, COPY_S)
    if done.exit_code != 0:
        raise PreparedError(f"the jars cannot be copied: {done.output.strip()[-200:]}")


def _library(path: str, home: str) -> tuple[str, str]:
    """What to copy for `path`, and where to. A project's jars go together, so that its bugs share the layer."""
    framework = f"{home}/framework/"
    if path.startswith(f"{framework}projects/"):
        parts = path.removeprefix(framework).split("/")
        if len(parts) > 3 and parts[2] == "lib":
            return framework + "/".join(parts[:3]), "/".join(parts[:3])
        return path, path.removeprefix(framework)
    return path, f"other/{hashlib.sha256(path.encode()).hexdigest()[:8]}/{os.path.basename(path)}"


def _existing(place: Place, paths: Sequence[str], folder: Path) -> list[str]:
    script = 'for path in "$@"; do if [ -e "$path" ]; then printf "%s\\n" "$path"; fi; done'
    return place.run(["sh", "-c", script, "sh", *paths], folder, COPY_S).output.splitlines()


def _inside(path: str, tree: Path) -> bool:
    return os.path.normpath(path).startswith(f"{tree}/")


def _host_path(path: str, tree: Path, library: Path) -> Path:
    if path.startswith(f"{LIBRARY_DIR}/"):
        return library / path.removeprefix(f"{LIBRARY_DIR}/")
    return tree / path.removeprefix(f"{WORKDIR}/")


def _holds(path: Path, name: str) -> bool:
    if path.is_dir():
        return (path / name).is_file()
    try:
        with zipfile.ZipFile(path) as jar:
            return name in jar.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
