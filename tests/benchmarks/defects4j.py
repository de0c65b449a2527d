"""Our verdicts on patches of Defects4J bugs beside those of its own commands, from one run:

    python tests/benchmarks/defects4j.py --home HOME [--user NAME] [--prepared FOLDER] [--bugs 'Cli-*,Lang-6'] [--only agreement speed load]
        [--wrong 5] [--out ROWS.jsonl] [--workers 2] [--limit-s 120] [--rounds 1] [--cli-image IMAGE] [--patches 32]

agreement the failing tests of the buggy version, the human fix and up to --wrong wrong patches of each bug, by our runner and by `defects4j
          compile && defects4j test -r` in a fresh copy of its checkout. Every row goes to --out; rows that are there are not run again.
speed     seconds for a verdict on a patch that fails, one that does not compile, and the fix, with its control run and without; --rounds of each,
          medians
load      so many different patches of 8 bugs handed in at once, with standby containers and without

HOME is a Defects4J 3 home on this machine, NAME who runs its commands where root calls, FOLDER where `repair images prepare defects4j` left the
bugs. Wrong patches are models' (../shared/data), and where too few of those apply, made from the fix: their names begin with `made`.
No verdict cache is used.
"""

import argparse
import difflib
import gzip
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

from defects4j_cli import CliBug, CliHome, Row, compared
from defects4j_repair.answers import repository_diff
from defects4j_repair.bugs import Bug, BugOptions, NoBugs, select_bugs
from defects4j_repair.framework import FrameworkError
from defects4j_repair.prepared import PreparedError, prepared_folder
from defects4j_repair.specs import java_tests, sandbox_spec
from repair_rubrics import Applied, Hunk, Patch
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.guest_protocol import build_setup
from repair_sandbox.limits import Limits
from repair_sandbox.reaper import OWNER, owner_label
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec
from sandbox import STANDBY, Watch, distinct, fresh_sandbox

OUTCOMES = Path(__file__).parents[3] / "shared" / "data" / "patch_outcomes.jsonl.gz"
CLI_PATIENCE = 3
"""The framework's commands get so many times our own limit: they take that much longer."""
LOAD_BUGS, LOAD_WRONG = 8, 3
NEAR = 4
"""Lines around a change of the fix in which wrong patches are made."""
KNOWN_BY_SPEED = 12
"""Wrong patches that are looked through for one that compiles and one that does not."""
TURNED = {" == ": " != ", " != ": " == ", " < ": " >= ", " >= ": " < ", " > ": " <= ", " <= ": " > ", " && ": " || ", " || ": " && "}
TYPE_ERROR = 'private int doesNotCompile = "";\n'


# --- patches ---------------------------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A patch and what it is."""

    name: str
    patch: str
    """Git diff in the files' own bytes."""

    @property
    def digest(self) -> str:
        return sha256(self.patch.encode("utf-8", "surrogateescape")).hexdigest()


def fix(bug: Bug) -> Case:
    return Case("fix", diff(bug, {path: bug.fixed_sources.get(path) for path in {**bug.prepared.sources, **bug.fixed_sources}}))


def nothing() -> Case:
    return Case("buggy", distinct("", 0))


def diff(bug: Bug, files: dict[str, str | None]) -> str:
    return repository_diff(Applied(files), bug.prepared.sources, dict(bug.prepared.encodings))


def wrong_patches(bug: Bug, answers: list[dict[str, Any]]) -> Iterator[Case]:
    """Those of models in an order by chance, then made ones; each another change, and neither the fix nor nothing."""
    seen = {"", fix(bug).patch}
    for case in (*model_patches(bug, answers), *made_patches(bug)):
        if case.patch not in seen:
            seen.add(case.patch)
            yield case


def model_patches(bug: Bug, answers: list[dict[str, Any]]) -> Iterator[Case]:
    """Their context was taken from a source without comments: where it does not fit, the changed lines alone say where they belong."""
    for answer in sorted(answers, key=lambda answer: sha256(answer["model_patch"].encode()).hexdigest()):
        whole = Patch.parse(answer["model_patch"], "unified_diff")
        applied = [patch.apply(bug.prepared.sources) for patch in (whole, without_context(whole))]
        patch = next((diff(bug, dict(one.files)) for one in applied if one.ok), "")
        case = Case(answer["submission"].rpartition("/")[2], patch)
        yield case._replace(name=f"{case.name} {case.digest[:6]}")


def without_context(patch: Patch) -> Patch:
    return replace(patch, files=tuple(replace(edit, hunks=tuple(run for hunk in edit.hunks for run in runs(hunk))) for edit in patch.files))


def runs(hunk: Hunk) -> Iterator[Hunk]:
    """Each run of changed lines; with the line before where it only adds."""
    at = 0
    for changed, group in groupby(hunk.lines, key=lambda line: line[0] != " "):
        lines = tuple(group)
        if changed:
            first = at - (at > 0 and all(line[0] == "+" for line in lines))
            before = sum(line[0] != "+" for line in hunk.lines[:first])
            yield Hunk(hunk.lines[first : at + len(lines)], (hunk.old_start or 1) + before)
        at += len(lines)


def made_patches(bug: Bug) -> Iterator[Case]:
    """The fix with one of its changes left out, one that does not compile, the fix with an operator turned around or a line left out at a change."""
    for path, fixed in bug.fixed_sources.items():
        old, new = (text.splitlines(keepends=True) for text in (bug.prepared.sources.get(path, ""), fixed))
        changes = [code for code in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if code[0] != "equal"]
        made = partial(made_patch, bug, path)
        for _, old_start, old_end, start, end in changes:
            yield made(f"change at {start + 1} left out", [*new[:start], *old[old_start:old_end], *new[end:]])
        yield does_not_compile(bug)
        added = [at for *_, start, end in changes for at in range(start, end)]
        near = [at for *_, start, end in changes for at in range(max(0, start - NEAR), min(len(new), end + NEAR)) if at not in added]
        for at in (*added, *near):
            for operator in (operator for operator in TURNED if operator in new[at]):
                turned = new[at].replace(operator, TURNED[operator], 1)
                yield made(f"{operator.strip()} turned around at {at + 1}", [*new[:at], turned, *new[at + 1 :]])
        for at in (*added, *(at for at in near if new[at].rstrip().endswith(";"))):
            yield made(f"line {at + 1} left out", [*new[:at], *new[at + 1 :]])


def made_patch(bug: Bug, path: str, what: str, lines: list[str]) -> Case:
    return Case(f"made: {what} of {path.rpartition('/')[2]}", diff(bug, {**bug.fixed_sources, path: "".join(lines)}))


def does_not_compile(bug: Bug) -> Case:
    path, text = next(iter(bug.fixed_sources.items()))
    end = text.rindex("}")
    return made_patch(bug, path, "a text for a number at the end", [text[:end], TYPE_ERROR, text[end:]])


def model_answers(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Failing answers by bug; none where the file is absent."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in (json.loads(line) for line in file):
                if row["dataset"] == "d4j" and not row["resolved"]:
                    found[row["instance_id"].removeprefix("d4j__")].append(row)
    return found


def spec_of(bug: Bug, limits: Limits) -> TestSpec:
    return sandbox_spec(bug.instance_id, fix(bug).patch, java_tests(bug), limits)


# --- agreement -------------------------------------------------------------------------------------------------------------------------


class Rows:
    """The rows of this call and of those before, on disk as soon as they are known. Safe to use from several threads."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.known: dict[tuple[str, str], Row] = {}
        self.failed: list[str] = []
        """What became no row, and why."""
        self._lock = threading.Lock()
        if path and path.is_file():
            rows = (Row.of(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip())
            self.known = {row.key: row for row in rows}

    def add(self, row: Row) -> None:
        with self._lock:
            self.known[row.key] = row
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(row)) + "\n")
            show_row(row)

    def fail(self, what: str) -> None:
        with self._lock:
            self.failed.append(what)
            print(f"NO ROW   {' '.join(what.split())}", flush=True)


def show_row(row: Row) -> None:
    word = "agree" if row.agrees else "DIFFER"
    counts = f"{len(row.ours_failing):>5}{len(row.theirs_failing):>7}{row.ours_s:>8.1f}{row.theirs_s:>8.1f}"
    print(f"{word:<9}{row.bug:<16}{row.ours:<16}{row.theirs:<16}{counts}  {row.patch}", flush=True)
    for item in row.differences:
        print(f"         {item.test}; {item.ours}; {item.theirs}", flush=True)
    if row.ours != row.theirs:
        print(f"         ours: {row.ours_reason or 'no reason'}\n         theirs: {row.theirs_reason or 'no reason'}", flush=True)


def show_agreement(bugs: list[Bug], answers: dict[str, list[dict[str, Any]]], cli: CliHome, arguments: argparse.Namespace) -> None:
    cases = {bug.instance_id: [nothing(), fix(bug), *islice(wrong_patches(bug, answers[bug.instance_id]), arguments.wrong)] for bug in bugs}
    pairs = [(name, case.digest) for name, known in cases.items() for case in known]
    rows, entries = Rows(arguments.out), cli.bugs(list(cases))
    print(f"\nAgreement: {len(pairs)} pairs of {len(bugs)} bugs, {sum(key in rows.known for key in pairs)} known; CLI on this machine")
    print(f"{'':<9}{'bug':<16}{'ours':<16}{'defects4j':<16}{'fail':>5}{'theirs':>7}{'ours s':>8}{'cli s':>8}  patch", flush=True)

    def run(bug: Bug) -> None:
        missing = [case for case in cases[bug.instance_id] if (bug.instance_id, case.digest) not in rows.known]
        if missing:
            theirs = CliBug(cli, entries[bug.instance_id], frozenset(bug.prepared.broken_tests))
            try:
                compare_bug(sandbox, bug, missing, theirs, rows, arguments.limit_s)
            finally:
                theirs.remove()

    with fresh_sandbox(arguments.workers) as sandbox, ThreadPoolExecutor(arguments.workers) as pool:
        list(pool.map(run, bugs))
    found = [rows.known[key] for key in pairs if key in rows.known]
    agreeing = sum(row.agrees for row in found)
    print(f"{len(found)} of {len(pairs)} pairs compared: {agreeing} agree, {len(found) - agreeing} differ; {len(rows.failed)} failures")
    for row in (row for row in found if not row.agrees):
        show_row(row)


def compare_bug(sandbox: Sandbox, bug: Bug, cases: list[Case], theirs: CliBug, rows: Rows, limit_s: float) -> None:
    spec = spec_of(bug, Limits(tests_s=limit_s))
    try:
        theirs.make(compiled=False)
    except PreparedError as error:
        rows.fail(f"{bug.instance_id}: {error}")
        return
    for case in cases:
        began = time.monotonic()
        try:
            report = sandbox.score(spec, case.patch, stop_at_first_failure=False)
            ours_s = time.monotonic() - began - report.stages_s.get("queue", 0.0)
            cli = theirs.verdict(case.patch, CLI_PATIENCE * limit_s)
        except (PreparedError, InfrastructureError) as error:
            rows.fail(f"{error} ({case.name})")
            continue
        rows.add(compared(bug.instance_id, case.name, case.digest, report, ours_s, cli))


# --- speed -----------------------------------------------------------------------------------------------------------------------------


class Times(NamedTuple):
    """Seconds of one verdict."""

    standby: float
    started: float
    """Ours, with no container that stood by."""
    cli: float


WRONG = {"tests_failed": "fails", "compile_failed": "does not compile"}
"""Outcome to kind of patch."""
KINDS = (*WRONG.values(), "fix", "fix, no control")


def show_speed(bugs: list[Bug], answers: dict[str, list[dict[str, Any]]], cli: CliHome, arguments: argparse.Namespace) -> None:
    entries = cli.bugs([bug.instance_id for bug in bugs])
    where = f"in a container of {arguments.cli_image}, started for each" if arguments.cli_image else "WITHOUT a container, to its advantage"
    print(f"\nSeconds for a verdict, median of {arguments.rounds}. Ours: the first failure decides; how the fix does in a control run is known.")
    print(f"defects4j: git apply, compile and test -r, {where}, in a checkout compiled before.")
    print(f"{'bug':<16}{'patch':<18}{'standby':>9}{'started':>9}{'defects4j':>11}{'ratio':>8}{'ratio':>8}", flush=True)
    found: dict[str, list[Times]] = {kind: [] for kind in KINDS}
    for bug in bugs:
        theirs = CliBug(cli, entries[bug.instance_id], frozenset(bug.prepared.broken_tests), arguments.cli_image)
        try:
            theirs.make(compiled=True)
            for kind, case in one_of_each(bug, answers[bug.instance_id], arguments.limit_s).items():
                for shown, times in timed(bug, kind, case, theirs, arguments.rounds, arguments.limit_s).items():
                    found[shown].append(times)
                    show_times(bug.instance_id, shown, times)
        except (PreparedError, InfrastructureError) as error:
            print(f"NO ROW   {bug.instance_id}: {error}", flush=True)
        finally:
            theirs.remove()
    for kind, rows in found.items():
        if rows:
            ratios = [statistics.median(row.cli / getattr(row, side) for row in rows) for side in ("standby", "started")]
            show_times(f"median of {len(rows)}", kind, Times(*map(statistics.median, zip(*rows, strict=True))), ratios)


def show_times(bug: str, kind: str, times: Times, ratios: list[float] | None = None) -> None:
    shown = ratios or [times.cli / times.standby, times.cli / times.started]
    print(f"{bug:<16}{kind:<18}{times.standby:>9.2f}{times.started:>9.2f}{times.cli:>11.2f}", end="")
    print("".join(f"{ratio:>7.1f}x" for ratio in shown), flush=True)


def one_of_each(bug: Bug, answers: list[dict[str, Any]], limit_s: float) -> dict[str, Case]:
    """The first wrong patch of each kind; no `fails` where none is among them."""
    found = {"fix": fix(bug)}
    with fresh_sandbox(standby=0) as sandbox:
        for case in (*islice(wrong_patches(bug, answers), KNOWN_BY_SPEED), does_not_compile(bug)):
            report = sandbox.score(spec_of(bug, Limits(tests_s=limit_s)), case.patch)
            if report.outcome in WRONG:
                found.setdefault(WRONG[report.outcome], case)
            if found.keys() >= set(WRONG.values()):
                break
    return {kind: found[kind] for kind in KINDS if kind in found}


def timed(bug: Bug, kind: str, case: Case, theirs: CliBug, rounds: int, limit_s: float) -> dict[str, Times]:
    """By kind; the fix is timed with its control run and without."""
    spec = spec_of(bug, Limits(tests_s=limit_s))
    modes = {"fix": True, "fix, no control": False} if kind == "fix" else {kind: False}
    times: dict[str, list[Times]] = {name: [] for name in modes}
    for _ in range(rounds):
        ours = {name: [timed_score(spec, case.patch, standby, control) for standby in (2, 0)] for name, control in modes.items()}
        verdict = theirs.verdict(case.patch, CLI_PATIENCE * limit_s, stock=True)
        for name, timings in ours.items():
            for seconds, report in timings:
                if report.outcome != verdict.outcome:
                    print(f"outcomes differ: {bug.instance_id} {case.name}: ours {report.outcome} {report.reason} ({seconds:.1f} s), ", end="")
                    print(f"defects4j {verdict.outcome} {verdict.reason}")
            times[name].append(Times(timings[0][0], timings[1][0], verdict.wall_s))
    return {name: Times(*map(statistics.median, zip(*found, strict=True))) for name, found in times.items()}


def timed_score(spec: TestSpec, patch: str, standby: int, control: bool) -> tuple[float, TestReport]:
    with fresh_sandbox(standby) as sandbox:
        sandbox.backend.digest(spec.image)
        if control:
            sandbox.score(spec, distinct(patch, 0))
        if standby:
            sandbox.backend.prepare(spec.image, build_setup(spec), spec.limits, standby)
            time.sleep(2.0)  # a model's reply takes longer
        began = time.monotonic()
        report = sandbox.score(spec, patch, control_run=control)
        return time.monotonic() - began, report


# --- load ------------------------------------------------------------------------------------------------------------------------------


class Handed(NamedTuple):
    """A patch under load."""

    spec: TestSpec
    name: str
    patch: str


def show_load(bugs: list[Bug], answers: dict[str, list[dict[str, Any]]], arguments: argparse.Namespace) -> None:
    chosen = bugs[:LOAD_BUGS]
    cases = [[fix(bug), *islice(wrong_patches(bug, answers[bug.instance_id]), LOAD_WRONG)] for bug in chosen]
    work = []
    for number in range(arguments.patches):
        at, turn = number % len(chosen), number // len(chosen)
        case = cases[at][turn % len(cases[at])]
        work.append(Handed(spec_of(chosen[at], Limits(tests_s=arguments.limit_s)), case.name, distinct(case.patch, number)))
    print(f"\n{len(work)} different patches of {len(chosen)} bugs at once, {sum(item.name == 'fix' for item in work)} of them fixes")
    print(f"{'mode':<14}{'wall s':>8}{'patches/min':>13}{'failures':>10}{'fixes failed':>14}{'wrong passed':>14}", end="")
    print(f"{'containers':>12}{'memory MB':>11}{'left':>6}")
    for mode, standby in (("standby off", 0), ("standby on", STANDBY)) * 2:
        with fresh_sandbox(standby) as sandbox:
            watch = Watch(sandbox)
            began = time.monotonic()
            with ThreadPoolExecutor(len(work)) as pool:
                results = list(pool.map(partial(resolved_or_error, sandbox), work))
            wall = time.monotonic() - began
            watch.stop()
        left = len(watch.engine.call("counting what is left", own_containers))
        fixes = sum(result is False for result, item in zip(results, work, strict=True) if item.name == "fix")
        passed = sum(result is True for result, item in zip(results, work, strict=True) if item.name != "fix")
        print(f"{mode:<14}{wall:>8.1f}{len(work) / wall * 60:>13.1f}{results.count(None):>10}{fixes:>14}{passed:>14}", end="")
        print(f"{watch.most_containers:>12}{watch.most_memory_mb:>11.0f}{left:>6}", flush=True)


def own_containers(client: Any) -> list[Any]:
    found: list[Any] = client.containers(all=True, filters={"label": f"{OWNER}={owner_label(os.getpid())}"})
    return found


def resolved_or_error(sandbox: Sandbox, item: Handed) -> bool | None:
    """None for no verdict."""
    try:
        sandbox.prepare(item.spec)
        report = sandbox.score(item.spec, item.patch)
    except InfrastructureError as error:
        print(f"  {error}", flush=True)
        return None
    if report.resolved is not (item.name == "fix"):
        print(f"  {item.spec.instance_id} {item.name}: {report.outcome} {report.reason}", flush=True)
    return report.resolved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("agreement", "speed", "load"), default=("agreement", "speed", "load"))
    parser.add_argument("--home", help="a Defects4J 3 home, after its init.sh")
    parser.add_argument("--user", help="who runs its commands, where root calls")
    parser.add_argument("--prepared", type=Path, default=prepared_folder(), help="prepared bugs (default %(default)s)")
    parser.add_argument("--bugs", default="*", help="names or patterns, by comma (default: all that are prepared)")
    parser.add_argument("--outcomes", type=Path, default=OUTCOMES, help="models' patches (default %(default)s)")
    parser.add_argument("--wrong", type=int, default=5, help="wrong patches of each bug (default %(default)s)")
    parser.add_argument("--out", type=Path, help="JSON lines file of the agreement's rows")
    parser.add_argument("--workers", type=int, default=2, help="bugs at once, for agreement (default %(default)s)")
    parser.add_argument("--limit-s", type=float, default=120.0, help=f"of our tests; the CLI gets {CLI_PATIENCE} times that (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="of speed (default %(default)s)")
    parser.add_argument("--cli-image", help="image with Defects4J on its PATH, for speed; without it the CLI runs on this machine")
    parser.add_argument("--patches", type=int, default=32, help="of load (default %(default)s)")
    arguments = parser.parse_args()
    if not arguments.home and {"agreement", "speed"} & set(arguments.only):
        parser.error("agreement and speed need --home, a Defects4J home")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # checkouts are large: ended by a scheduler, it removes them, too
    try:
        run(arguments)
    except (FrameworkError, InfrastructureError, NoBugs, PreparedError) as error:
        raise SystemExit(f"defects4j.py: {error}") from None


def run(arguments: argparse.Namespace) -> None:
    bugs = list(select_bugs(BugOptions(dataset=str(arguments.prepared), bugs=arguments.bugs)))
    answers = model_answers(arguments.outcomes)
    if not answers:
        print(f"{arguments.outcomes} is not there: every wrong patch is made")
    with tempfile.TemporaryDirectory(prefix="repair-benchmark-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        cli = CliHome(str(Path(arguments.home or ".").expanduser().resolve()), arguments.user, work)
        if "agreement" in arguments.only:
            show_agreement(bugs, answers, cli, arguments)
        if "speed" in arguments.only:
            show_speed(bugs, answers, cli, arguments)
    if "load" in arguments.only:
        show_load(bugs, answers, arguments)


if __name__ == "__main__":
    main()
