"""Rollouts of verifiers tasks as TRL's GRPOTrainer takes them: `rollout_func` plays them, `reward` hands their rewards on.

A rollout that fails for a reason of ours (the engine is down, a dataset row is bad) has no reward. TRL leaves such a one out of its group's mean and
gives it no advantage; here its tokens are masked besides. One that the model spoiled is scored as the environment scores it.
"""

import asyncio
import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import verifiers.v1 as vf
from policy import Conversation, Policy, Replies, answer
from run_file import RolloutSettings, RolloutsFailed, RunFileError
from verifiers.v1.utils.loaders import load_environment

LULL_S = 0.05
"""Without a new request for so long, after the first turn, those that wait are answered."""
POLL_S = 0.005
MODEL = "policy"


class Rollouts:
    """Plays rollouts of the tasks of one or more environments with the trainer's model."""

    def __init__(
        self, environments: dict[str, Any], tokenizer: Any, settings: RolloutSettings, log: Path, chat_template_kwargs: dict[str, Any]
    ) -> None:
        """`environments`: verifiers' checked configs by a name each; `log`: a JSON line for each rollout goes there.

        Raises:
            RunFileError: a taskset cannot be loaded, has no end, or no task.
        """
        self.envs = {name: load_environment(config) for name, config in environments.items()}
        for name, env in self.envs.items():
            if not env.taskset.bounded:
                raise RunFileError(f"{name}: its taskset has no end; name a dataset or a bound in {name}.taskset")
        self.tasks: dict[str, tuple[Any, Any]] = {}
        for name, env in self.envs.items():
            try:
                self.tasks |= {f"{name} {number} {task.key}": (env, task) for number, task in enumerate(env.taskset)}
            except (OSError, ValueError) as error:
                raise RunFileError(f"{name}.taskset: {error}") from None
            if not self.prompts(name):
                raise RunFileError(f"{name}: its taskset holds no task")
        self.settings = settings
        self.log = log
        self.policy = Policy(tokenizer, chat_template_kwargs)
        self.end_id: int = tokenizer.eos_token_id
        self.step_times: dict[str, float] = {}
        self._over: list[str] = []
        """Trace ids of the step's rollouts that have ended."""
        self._loop = asyncio.new_event_loop()
        self._serving = AsyncExitStack()
        threading.Thread(target=self._loop.run_forever, name="rollouts", daemon=True).start()

    def prompts(self, name: str) -> list[dict[str, str]]:
        """Rows for the trainer: a prompt names its task, and the environment makes the real one."""
        return [{"prompt": key} for key in self.tasks if key.startswith(name + " ")]

    def __enter__(self) -> "Rollouts":
        self._await(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._serving.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)

    # --- what TRL calls --------------------------------------------------------------------------------------------------------------------

    def rollout_func(self, prompts: list[str], trainer: Any) -> dict[str, list[Any]]:
        """Play a rollout for each prompt; its token ids and mask, the sampler's log-probabilities where it says them, a record for `reward`."""
        began = time.monotonic()
        self.policy.conversations.clear()
        self._over.clear()

        def generate(ids: list[list[int]]) -> Replies:
            reply_ids, logprobs = trainer._generate_single_turn(ids, None, {}, num_generations=1)
            return Replies(reply_ids, logprobs)

        played = asyncio.run_coroutine_threadsafe(self._play(prompts), self._loop)
        several = trainer.accelerator.num_processes > 1
        generating_s = self._generate_until(played, len(prompts), generate, several)
        records = played.result()
        self._record(records, trainer)
        wall_s = time.monotonic() - began
        self.step_times = {"generation_s": generating_s, "waiting_s": wall_s - generating_s}
        conversations = [usable(record, self.policy.conversations, self.end_id) for record in records]
        return {
            "prompt_ids": [one.ids[: one.prompt_length] for one in conversations],
            "completion_ids": [one.ids[one.prompt_length :] for one in conversations],
            "logprobs": [one.logprobs for one in conversations] if trainer.use_vllm else None,  # type: ignore[dict-item]
            "env_mask": [one.mask for one in conversations],
            "record": records,
        }

    def reward(self, record: list[dict[str, Any]], log_metric: Any, trainer_state: Any, **_: Any) -> list[float | None]:
        """Each rollout's reward; None for one that failed. Logs every part of it, every metric, failures and times."""
        scored = [one for one in record if one["error"] is None]
        for kind in ("rewards", "metrics"):
            for name in sorted({name for one in scored for name in one[kind]}):
                log_metric(f"{kind}/{name}", statistics.fmean(one[kind][name] for one in scored if name in one[kind]))
        log_metric("rollouts/failed", 1 - len(scored) / len(record))
        for name, seconds in self.step_times.items():
            log_metric(f"time/{name}", seconds)
        totals = [one["reward"] if one["error"] is None else None for one in record]
        if self.settings.shuffle_rewards:
            random.Random(f"{trainer_state.global_step}").shuffle(totals)
        log_metric("rollouts/no_variance", without_variance([one["task"] for one in record], totals))
        return totals

    # --- the trainer's thread --------------------------------------------------------------------------------------------------------------

    def _generate_until(self, played: Any, rollouts: int, generate: Any, several: bool) -> float:
        """Answer requests until all rollouts have ended; seconds of generation. First turns are answered in as few calls as the settings allow:
        several processes generate together, and each has to call as often as the others."""
        at_once = rollouts if several else self.settings.generate_at_once or rollouts
        seconds, answered, quiet_since = 0.0, 0, time.monotonic()
        while not played.done() or self.policy.waiting():
            waiting = self.policy.waiting()
            first_turn = answered + waiting + self._ended_unasked() < rollouts
            lull = answered < rollouts or time.monotonic() - quiet_since > LULL_S
            if waiting and (waiting >= at_once or (lull and not first_turn)):
                taken = self.policy.take(at_once)
                seconds += answer(taken, generate)
                answered += len(taken)
                quiet_since = time.monotonic()
            else:
                time.sleep(POLL_S)
        if several and not answered:
            generate([[self.end_id]])
        return seconds

    def _ended_unasked(self) -> int:
        return sum(key not in self.policy.conversations for key in self._over)

    def _record(self, records: list[dict[str, Any]], trainer: Any) -> None:
        step, kind = trainer.state.global_step, "train" if trainer.model.training else "eval"
        with self.log.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"step": step, "kind": kind, **record}) + "\n" for record in records)
        failed = [record["error"] for record in records if record["error"] is not None]
        if len(failed) > self.settings.max_failed * len(records):
            raise RolloutsFailed(f"step {step}: {len(failed)} of {len(records)} rollouts failed, the first with: {failed[0]}")

    # --- the event loop ----------------------------------------------------------------------------------------------------------------------

    def _await(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _open(self) -> None:
        await self.policy.start()
        self._serving.push_async_callback(self.policy.stop)
        for env in self.envs.values():
            await self._serving.enter_async_context(env.serving())

    async def _play(self, prompts: Iterable[str]) -> list[dict[str, Any]]:
        return list(await asyncio.gather(*(self._play_one(prompt) for prompt in prompts)))

    async def _play_one(self, prompt: str) -> dict[str, Any]:
        env, task = self.tasks[prompt]
        client = vf.EvalClientConfig(base_url=self.policy.url, api_key_var="NONE")
        (slot,) = env.slots(task)
        began = time.monotonic()
        episode = await env.run_slot(slot, vf.ModelContext(model=MODEL, client=client))
        record = _record_of(prompt, episode, time.monotonic() - began)
        self._over.append(record["trace"])
        return record


def usable(record: dict[str, Any], conversations: dict[str, Conversation], end_id: int) -> Conversation:
    """The rollout's tokens; a single masked one for a rollout that is not to be trained on."""
    conversation = conversations.get(record["trace"])
    if record["error"] is None and conversation and any(conversation.mask):
        return conversation
    return Conversation(ids=[end_id, end_id], mask=[0], logprobs=[0.0])


def without_variance(tasks: list[str], rewards: list[float | None]) -> float:
    """Share of the tasks whose rollouts all have the same reward, failed ones aside: they teach nothing, however rewards are scaled. TRL's
    frac_reward_zero_std says so of groups only where it scales by group."""
    by_task: dict[str, set[float]] = {task: set() for task in tasks}
    for task, reward in zip(tasks, rewards, strict=True):
        if reward is not None:
            by_task[task].add(reward)
    return statistics.fmean(len(different) < 2 for different in by_task.values())


def _record_of(prompt: str, episode: Any, seconds: float) -> dict[str, Any]:
    trace = episode.traces[-1] if episode.traces else None
    # One that was played again after an error keeps it: `ok` says how it ended.
    errors = [f"{error.type}: {error.message}" for error in (*episode.errors, *(trace.errors if trace else ()))]
    scored = trace is not None and episode.ok
    return {
        "task": prompt,
        "trace": trace.id if trace else "",
        "error": None if scored else errors[-1] if errors else "no rollout was played",
        "reward": trace.reward if scored else None,
        "rewards": {name: part.score for name, part in trace.rewards.items() if part is not None} if scored else {},
        "metrics": dict(trace.metrics) if scored else {},
        "outcome": trace.info.get("repair", {}).get("outcome") if scored else None,
        "reply": trace.assistant_messages[-1].content if trace and trace.assistant_messages else None,
        "seconds": round(seconds, 3),
    }


def keep_lines(log: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Drop the other lines of a log, and one that was cut off."""

    def kept(line: str) -> bool:
        try:
            return wanted(json.loads(line))
        except json.JSONDecodeError:
            return False

    with suppress(FileNotFoundError):
        rest = log.with_suffix(".rest")
        with log.open(encoding="utf-8") as lines:
            rest.write_text("".join(line for line in lines if kept(line)), encoding="utf-8")
        rest.replace(log)
