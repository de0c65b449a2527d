"""Shows that GRPO on these rewards teaches: a tiny model, three seeds, and beside each a control whose rewards are shuffled. Nothing is downloaded.

  uv run --extra train python examples/grpo/prove.py                    # rewarded by likeness to the human fix
  uv run --extra train python examples/grpo/prove.py --reward tests     # rewarded by the tests, in containers

Writes curves, figures and the settings that all runs share to examples/grpo/results/ (--results), all else below outputs/tiny. A run that ended is
not made again, one that was cut short goes on. Ends with exit code 1 unless the reward on held-out bugs rises by 0.2 in the mean, and the control's
does not move by more than 0.1.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from run_file import RolloutsFailed, RunFile, RunFileError, read_run_file

HERE = Path(__file__).parent
NEEDED_RISE, ALLOWED_DRIFT = 0.2, 0.1
KINDS = ("reward", "control")
WARM_STEPS = {"diff": 400, "tests": 1000}
"""Of the warm start. Tests pay nothing for an answer that is nearly right: there the model has to begin with some right ones."""


@dataclass(frozen=True)
class Curve:
    """One run: its mean reward at each step, and on held-out bugs before and after."""

    kind: str
    seed: int
    rewards: list[float]
    before: float
    after: float


def play(kind: str, seed: int, run: RunFile) -> Curve:
    """Train once, in a process of its own; a run that ended earlier is read, not run again.

    Raises:
        RunFileError: it was begun with other settings.
    """
    from train import train

    settings, begun = run.output_dir / "settings.json", run.model_dump_json(indent=1)
    if settings.exists() and settings.read_text(encoding="utf-8") != begun:
        raise RunFileError(f"{run.output_dir}: begun with other settings: remove it, or name another folder with --work")
    run.output_dir.mkdir(parents=True, exist_ok=True)
    settings.write_text(begun, encoding="utf-8")
    if not (run.output_dir / "final").is_dir():
        with _printing_beside(run.output_dir):
            train(run, resume=True)
    with (run.output_dir / "log.jsonl").open(encoding="utf-8") as log:
        lines = [json.loads(line) for line in log]
    evaluations = [line["eval_reward"] for line in lines if "eval_reward" in line]
    return Curve(kind, seed, [line["reward"] for line in lines if "reward" in line], evaluations[0], evaluations[-1])


def warm_up(seed: int, steps: int, model: Path) -> None:
    """Make a seed's model, in a process of its own, unless it is there."""
    sys.path.insert(0, str(HERE / "tiny"))
    from warm_start import warm_start

    made = model / "warm_start.json"  # written last
    if not made.is_file() or json.loads(made.read_text(encoding="utf-8"))["steps"] != steps:
        with _printing_beside(model.parent):
            warm_start(model, seed, steps)


@contextlib.contextmanager
def _printing_beside(folder: Path) -> Iterator[None]:
    """Make a folder; what is printed goes to a file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    with Path(f"{folder}.out").open("w") as out, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        yield


def play_all(base: RunFile, name: str, seeds: int, work: Path) -> list[Curve]:
    """Every seed's warm start, then its run and its control, as many at once as there are processors."""
    os.environ["OMP_NUM_THREADS"] = "1"  # a tiny model's threads would only wait for one another
    curves: list[Curve] = []
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        warm = {pool.submit(warm_up, seed, WARM_STEPS[name], _model(name, seed, work)): seed for seed in range(seeds)}
        running = []
        try:
            for future in as_completed(warm):
                future.result()
                running += [pool.submit(play, kind, warm[future], _run(base, name, kind, warm[future], work)) for kind in KINDS]
                print(f"{time.monotonic() - began:6.0f} s  seed {warm[future]}: warm start", flush=True)
            for done in as_completed(running):
                curve = done.result()
                curves.append(curve)
                print(f"{time.monotonic() - began:6.0f} s  seed {curve.seed}: {curve.kind} {curve.before:.2f} -> {curve.after:.2f}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sorted(curves, key=lambda curve: (curve.kind, curve.seed))


def _model(name: str, seed: int, work: Path) -> Path:
    return work / f"{name}-model-{seed}" / "final"


def _run(base: RunFile, name: str, kind: str, seed: int, work: Path) -> RunFile:
    rollouts = base.rollouts.model_copy(update={"shuffle_rewards": kind == "control"})
    own = {"model": str(_model(name, seed, work)), "output_dir": work / f"{name}-{kind}-{seed}", "grpo": {**base.grpo, "seed": seed}}
    return base.model_copy(update={**own, "rollouts": rollouts})


def plot(curves: list[Curve], title: str, path: Path) -> None:
    """Reward by step: a thin line for each seed, a thick one for the mean."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for kind, colour in zip(KINDS, ("tab:blue", "tab:grey"), strict=True):
        rewards = [curve.rewards for curve in curves if curve.kind == kind]
        steps = range(1, min(map(len, rewards)) + 1)
        for values in rewards:
            axes.plot(steps, values[: len(steps)], color=colour, alpha=0.3, linewidth=1)
        label = "environment's rewards" if kind == "reward" else "control: shuffled rewards"
        axes.plot(steps, [statistics.fmean(values) for values in zip(*rewards, strict=False)], color=colour, linewidth=2, label=label)
    axes.set(xlabel="GRPO step", ylabel="mean reward of a step's rollouts", ylim=(0, 1), title=title)
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reward", choices=("diff", "tests"), default="diff", help="whose rewards (default %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="(default %(default)s)")
    parser.add_argument("--work", type=Path, default=Path("outputs/tiny"), help="where the runs go (default %(default)s)")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="where curve and figures go (default %(default)s)")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds {arguments.seeds}: at least 1")
    sys.path.insert(0, str(HERE / "tiny"))
    from bugs import write

    try:
        base = read_run_file(HERE / "tiny" / f"{arguments.reward}.toml")
        work: Path = arguments.work
        work.mkdir(parents=True, exist_ok=True)
        tables = {}
        for table, held_out, count in (("env", False, 512), ("eval_env", True, 128)):
            write(work / f"{table}.jsonl", count, held_out)
            given = getattr(base, table)
            tables[table] = {**given, "taskset": {**given["taskset"], "dataset": str(work / f"{table}.jsonl")}}
        curves = play_all(base.model_copy(update=tables), arguments.reward, arguments.seeds, work)
    except (RunFileError, RolloutsFailed, OSError) as error:
        sys.exit(str(error))
    sys.exit(report(curves, arguments.reward, base, arguments.results))


def report(curves: list[Curve], name: str, base: RunFile, results: Path) -> int:
    """Print and keep what came of it; the exit code."""
    change = {kind: [curve.after - curve.before for curve in curves if curve.kind == kind] for kind in KINDS}
    for kind, values in change.items():
        spread = f"{min(values):+.3f} to {max(values):+.3f}"
        print(f"{kind}: {statistics.fmean(values):+.3f} on held-out bugs in the mean of {len(values)} seeds ({spread})")
    results.mkdir(parents=True, exist_ok=True)
    plot(curves, f"One-line bugs, {name} reward, {len(change['reward'])} seeds", results / f"{name}.png")
    shared = {"environment": base.env["taskset"]["id"], "warm_start_steps": WARM_STEPS[name], "grpo": {**base.grpo, "seed": "each run's"}}
    figures = {"curves": [vars(curve) for curve in curves], "settings": shared}
    (results / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"curve and figures: {results / name}.png, .json")
    learned = statistics.fmean(change["reward"]) >= NEEDED_RISE and abs(statistics.fmean(change["control"])) <= ALLOWED_DRIFT
    return 0 if learned else 1


if __name__ == "__main__":
    main()
