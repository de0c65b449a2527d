"""The batch scripts under a real SLURM: jobs that end, jobs that are stopped and go on, and where their files go."""

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path

import pytest
from conftest import User
from repair_cli.demo import prepared_answers
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_cli.scripted_policy import playback
from repair_corpus import PYTHON_IMAGE
from slurm_cluster import Cluster
from vf_commands import MODEL, needs_image, traces

pytestmark = [pytest.mark.slurm, pytest.mark.server, pytest.mark.timeout(600)]

EXAMPLES = Path("examples/eval")


def scores(run: Path) -> dict[str, dict[str, float]]:
    """Trace id to its rewards."""
    return {trace["id"]: {name: part["score"] for name, part in trace["rewards"].items()} for trace in traces(run / "traces.jsonl")}


def groups(run: Path) -> Counter[str]:
    """How many scored rollouts each task has; one with an error fails the test."""
    found = traces(run / "traces.jsonl")
    assert [trace["errors"] for trace in found if trace["errors"]] == []
    assert len({trace["id"] for trace in found}) == len(found)
    return Counter(trace["task"]["data"]["id"] for trace in found)


@pytest.mark.docker
def test_an_evaluation_in_containers_and_its_scores_once_more_elsewhere(slurm: Cluster, user: User) -> None:
    needs_image(PYTHON_IMAGE)
    answers = prepared_answers(2, language="python")
    with ScriptedEndpoint(playback(answers), model=MODEL) as url:
        job_id = slurm.submit(
            *("eval.sbatch", url, str(EXAMPLES / "swe-bench-tests.toml"), "-m", MODEL, "-n", "2", "-r", "3"),
            **user.environment(REPAIR_RUN="first"),
        )
        job = slurm.wait(job_id)
    assert (job.state, job.exit_code) == ("COMPLETED", "0:0"), slurm.log(job_id)
    run = user.project / "outputs/first"
    assert groups(run) == {answer.instance_id: 3 for answer in answers.values()}
    assert {score["resolved"] for score in scores(run).values()} == {0.0, 1.0}

    assert list(user.home.iterdir()) == []
    assert {path.name for path in user.project.iterdir()} == {"cache", "home", "images", "outputs", "tmp", "wandb"}
    assert list((user.project / "tmp").iterdir()) == []
    assert any((user.project / "cache/repair-envs/verdicts").rglob("*.json"))
    assert {path.name for path in user.node.iterdir()} == {"repair-envs", "storage.conf"}

    # Somewhere where no verdict is known.
    other = User(user.home, user.project.with_name("other"), user.node)
    other.project.mkdir()
    job_id = slurm.submit("score.sbatch", str(run), **other.environment())
    job = slurm.wait(job_id)
    assert (job.state, job.exit_code) == ("COMPLETED", "0:0"), slurm.log(job_id)
    scored = run.with_name("first-scored")
    assert scores(scored) == scores(run)
    tested = [trace for trace in traces(scored / "traces.jsonl") if trace["metrics"]["tests_run"]]
    assert {trace["info"]["repair"]["cached"] for trace in tested} == {False}
    assert list(user.home.iterdir()) == []


TASKS, GROUP, AT_ONCE = 8, 6, 4


def test_a_job_stopped_twice_loses_and_repeats_no_scored_rollout(slurm: Cluster, user: User) -> None:
    endpoint = ScriptedEndpoint(playback(prepared_answers(TASKS)), model=MODEL, latency_s=0.6)
    with endpoint as url:
        flags = ("-m", MODEL, "-n", str(TASKS), "-r", str(GROUP), "-c", str(AT_ONCE))
        job_id = slurm.submit("eval.sbatch", url, str(EXAMPLES / "swe-bench-diff.toml"), *flags, **user.environment())
        run = user.project / f"outputs/swe-bench-diff-{job_id}"

        # What SLURM sends when the time limit is near; the job itself goes back into the queue.
        after_some(slurm, job_id, run, 10)
        slurm.command("scancel", "--batch", "--signal=USR1", job_id)
        slurm.wait_for(lambda: slurm.job(job_id).state == "PENDING", job_id)
        assert processes(run) == []
        first = finished(run)

        # All of it dies at once, as with its node, and somebody requeues it.
        after_some(slurm, job_id, run, len(first) + 10)
        for pid in slurm.command("scontrol", "listpids", job_id).split("\n")[1:]:
            if pid.strip():
                kill(int(pid.split()[0]))
        assert slurm.wait(job_id, restarts=1).state == "FAILED"
        second = finished(run)
        slurm.command("scontrol", "requeue", job_id)

        job = slurm.wait(job_id, restarts=2)
    log = slurm.log(job_id)
    assert (job.state, job.exit_code) == ("COMPLETED", "0:0"), log
    assert len(re.findall(r"continuing .* rollouts are there", log)) == 2
    assert sorted(groups(run).values()) == [GROUP] * TASKS
    last = finished(run)
    assert 10 <= len(first) < len(second) < len(last) == TASKS * GROUP
    assert first.items() <= second.items() <= last.items()
    # Asked again was at most what nobody had an answer to.
    assert len(endpoint.requests) <= TASKS * GROUP + 2 * AT_ONCE


def finished(run: Path) -> dict[str, str]:
    """Trace id to its line, byte for byte; of scored rollouts only."""
    lines = (run / "traces.jsonl").read_text().splitlines(keepends=True)
    whole = [(json.loads(line), line) for line in lines if line.endswith("\n")]
    return {trace["id"]: line for row, line in whole for trace in row["traces"] if not trace["errors"]}


def after_some(slurm: Cluster, job_id: str, run: Path, count: int) -> None:
    """Wait until so many rollouts are written."""
    slurm.wait_for(lambda: (run / "traces.jsonl").exists() and (run / "traces.jsonl").read_bytes().count(b"\n") >= count, job_id)


def processes(run: Path) -> list[str]:
    """Command lines that name the run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if str(run) in line or run.name in line:
            found.append(line)
    return found


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
