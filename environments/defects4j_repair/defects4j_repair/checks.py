"""Whether a Defects4J home can be worked with: each thing that is missing is one line that says how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from defects4j_repair.framework import ActiveBug, Framework, FrameworkError
from defects4j_repair.places import TIME_ZONE, Place

MAJOR_RELEASE = "3"
JAVA_RELEASE = "11"
VERSIONS = {"java": re.compile(r'version "(?:1\.)?(\d+)'), "javac": re.compile(r"javac (?:1\.)?(\d+)")}
MISSING_MODULE = re.compile(r"Can't locate (\S+)\.pm")
CHECK_S = 60.0
SHOWN_BUGS = 5


def problems(place: Place, framework: Framework, bugs: Iterable[ActiveBug], folder: Path) -> list[str]:
    """What keeps `bugs` from being prepared; empty when nothing does. `folder`: any that commands may stand in."""
    found = [*release_problems(place, framework), *tool_problems(place, folder)]
    if not found:  # the framework's own commands die of any of those
        found += [*initialisation_problems(place, folder), *repository_problems(place, framework, bugs, folder)]
    return found


def release_problems(place: Place, framework: Framework) -> Iterator[str]:
    """Whether it is a home at all, and of the right release."""
    release = framework.release
    if not framework.projects:
        yield f"{place.home}: not a Defects4J home (it has no framework/projects/*/active-bugs.csv)"
    elif not release:
        yield f"{place.home}: its release is unknown: README.md does not say it, nor does project_repos/README; run its init.sh"
    elif release.split(".")[0] != MAJOR_RELEASE:
        yield f"{place.home}: is Defects4J {release}; this needs {MAJOR_RELEASE}.x (git checkout a tag v{MAJOR_RELEASE}.*, run init.sh)"


def tool_problems(place: Place, folder: Path) -> Iterator[str]:
    """Whether Java 11, git, Perl and the time zone's data are there."""
    for program in ("java", "javac"):
        said = place.run([program, "-version"], folder, CHECK_S)
        if said.exit_code != 0:
            yield f"{program} does not run: install a JDK {JAVA_RELEASE} and set JAVA_HOME to it"
        elif problem := java_problem(program, said.output):
            yield problem
    for program in ("git", "perl"):
        if place.run([program, "--version"], folder, CHECK_S).exit_code != 0:
            yield f"{program} does not run: install it"
    # Without the zone's data, date(1) takes the name for an abbreviation of universal time.
    offset = place.run(["date", "+%z"], folder, CHECK_S, {"TZ": TIME_ZONE})
    if offset.output.strip() not in ("-0700", "-0800"):
        yield f"the data of time zone {TIME_ZONE} is missing: install tzdata"


def java_problem(program: str, output: str) -> str:
    """What is wrong with `program`, which said `output` of its version; empty when nothing is."""
    version = VERSIONS[program].search(output)
    if version and version[1] == JAVA_RELEASE:
        return ""
    found = version[1] if version else "unknown release"
    return f"{program} is of Java {found}; Defects4J {MAJOR_RELEASE} needs {JAVA_RELEASE}: set JAVA_HOME to a JDK {JAVA_RELEASE}"


def initialisation_problems(place: Place, folder: Path) -> Iterator[str]:
    """Whether the framework's commands start, which they do after its `init.sh` only."""
    program = f"{place.home}/framework/bin/defects4j"
    said = place.run([program, "pids"], folder, CHECK_S)
    if said.exit_code == 0:
        return
    module = MISSING_MODULE.search(said.output)
    if module:
        name = module[1].replace("/", "::")
        yield f"the Perl module {name} is missing: run `cpanm --installdeps {place.home}`, or install your system's package of it"
        return
    lines = [line.strip() for line in said.output.splitlines() if line.strip()] or [f"exit status {said.exit_code}"]
    yield f"`{program} pids` fails: {lines[0]}"


def repository_problems(place: Place, framework: Framework, bugs: Iterable[ActiveBug], folder: Path) -> Iterator[str]:
    """Whether the projects' histories are there, with both revisions of each bug."""
    by_project: dict[str, list[ActiveBug]] = {}
    for bug in bugs:
        by_project.setdefault(bug.project, []).append(bug)
    for project, members in by_project.items():
        try:
            name = framework.repository(project)
        except FrameworkError as error:
            yield str(error)
            continue
        repository = f"{place.home}/project_repos/{name}"
        if place.run(["test", "-d", repository], folder, CHECK_S).exit_code != 0:
            yield f"{repository}: the history of {project} is missing: run the home's init.sh (project_repos/get_repos.sh)"
        elif name.endswith(".git"):
            yield from _revisions(place, repository, members, folder)


def _revisions(place: Place, repository: str, bugs: list[ActiveBug], folder: Path) -> Iterator[str]:
    """Both revisions of each bug: the framework checks out one and takes the difference to the other."""
    needed = {revision: bug.name for bug in bugs for revision in (bug.buggy_revision, bug.fixed_revision)}
    queries = "\n".join(f"{revision}^{{commit}}" for revision in needed)
    script = 'printf "%s\\n" "$2" | git --git-dir "$1" cat-file --batch-check'
    said = place.run(["sh", "-c", script, "sh", repository, queries], folder, CHECK_S)
    answers = said.output.splitlines()
    if said.exit_code != 0 or len(answers) != len(needed):
        yield f"{repository}: git cannot read it: {said.output.strip()[-200:]}"
        return
    missing = sorted({name for answer, name in zip(answers, needed.values(), strict=True) if answer.endswith("missing")})
    if missing:
        some = ", ".join(missing[:SHOWN_BUGS]) + (", ..." if len(missing) > SHOWN_BUGS else "")
        yield f"{repository}: lacks revisions of {len(missing)} bugs ({some}): get the framework's own archive (get_repos.sh)"
