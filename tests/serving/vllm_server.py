"""A real vLLM server on this machine's processors, with a tiny model that knows a few bundled bugs by heart."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import verifiers.v1 as vf
from repair_corpus import corpus_tasks
from repair_rubrics import Patch
from repair_tasks import task_sources
from vf_commands import free_port

MODEL = "tiny"
LEARNED = {
    "swe-bench-tests": ("corpus-py__cellgraph-1", "corpus-py__contactbook-1", "corpus-py__pagewise-1", "corpus-py__rangebook-1"),
    "defects4j-repair": ("corpus-java__glob-1",),
    "function-tests": ("bundled/mask_account", "bundled/next_due_day"),
}
"""Tasks of which the model learns the human answer and a wrong one: short ones. `swe-bench-diff` asks as `swe-bench-tests` does."""
CONTEXT_TOKENS = 4096
MAKING_S, STARTING_S, STOPPING_S = 600, 600, 30
"""Each takes under a minute on an idle machine."""
LOG_LINES = 40


@dataclass(frozen=True)
class Answers:
    """What the model learned to reply to one task, each half of the time."""

    gold: str
    wrong: str


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    url: str
    pid: int
    learned: dict[str, Answers]
    """By instance id."""


@contextmanager
def vllm_server(python: str, folder: Path) -> Iterator[Server]:
    """Make the model in `folder`, serve it, and stop the server and its children at the end.

    Raises:
        RuntimeError: making or serving failed; ends with what the program printed last.
    """
    learned = write_prompts(folder / "prompts.jsonl")
    making = [python, str(Path(__file__).with_name("tiny_model.py")), "prompts.jsonl", "model"]
    with (folder / "making.log").open("wb") as log:
        made = subprocess.run(making, cwd=folder, stdout=log, stderr=log, check=False, timeout=MAKING_S)
    if made.returncode:
        raise RuntimeError(f"{python} could not make the model:\n{end_of(folder / 'making.log')}")
    port = free_port()
    serving = [python, "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", str(port)]
    serving += ["--model", str(folder / "model"), "--served-model-name", MODEL, "--max-model-len", str(CONTEXT_TOKENS)]
    serving += ["--dtype", "float32", "--enforce-eager"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(serving, cwd=folder, env=server_environment(), stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until_healthy(process, port, folder / "server.log")
        yield Server(f"http://127.0.0.1:{port}/v1", process.pid, learned)
    finally:
        stop(process)


def write_prompts(path: Path) -> dict[str, Answers]:
    """Write every bundled prompt, and the replies to those that are learned, for `tiny_model.py`."""
    learned, lines = {}, []
    for env_id in ("swe-bench-diff", *LEARNED):
        for task in vf.load_taskset(vf.taskset_config_type(env_id)(id=env_id)):
            replies: list[str] = []
            if task.key in LEARNED.get(env_id, ()):
                learned[task.key] = Answers(task.gold_reply, wrong_reply(env_id, task))
                replies = [learned[task.key].gold, learned[task.key].wrong]
            lines.append(json.dumps({"prompt": task.data.prompt, "replies": replies}))
    path.write_text("\n".join(lines), encoding="utf-8")
    return learned


def wrong_reply(env_id: str, task: vf.Task) -> str:
    """An answer that its tests fail."""
    if env_id == "function-tests":
        return str(task.noop_reply)
    [bug] = [bug for bug in corpus_tasks() if bug.instance_id == task.key]
    return Patch.parse(bug.answer("wrong")).to_blocks(task_sources(str(task.data.prompt), task.data))


def server_environment() -> dict[str, str]:
    """One thread for the model, which is too small for two; nothing is looked up or reported."""
    threads = {"OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_CPU_KVCACHE_SPACE": "1"}
    return {**os.environ, **threads, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + STARTING_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"vLLM ended with exit code {process.returncode}:\n{end_of(log)}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
        else:
            return
    raise RuntimeError(f"vLLM did not answer within {STARTING_S} s:\n{end_of(log)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; what it leaves of its own processes is killed."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPPING_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
