"""Train a model by GRPO on the rewards of an environment: TRL's trainer, rollouts and rewards of verifiers tasks.

  uv run --extra train python examples/grpo/train.py examples/grpo/swe-bench-diff.toml
  uv run --extra train python examples/grpo/train.py RUN.toml --resume     # from the newest checkpoint, where there is one
  uv run --extra train python examples/grpo/train.py RUN.toml --check      # says whether the file is right, and loads no model

On several GPUs: uv run --extra train accelerate launch examples/grpo/train.py RUN.toml
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from run_file import RolloutsFailed, RunFile, RunFileError, check_environments, check_lora, check_output, check_trainer, read_run_file


def train(run: RunFile, resume: bool = False) -> None:
    """Train as `run` says; `resume` goes on from the newest checkpoint in its folder, where there is one.

    Raises:
        RunFileError: the run cannot begin as described.
        RolloutsFailed: too many rollouts failed for a reason of ours.
    """
    check_output(run.output_dir)
    environments = check_environments(run)
    arguments, lora = check_trainer(run), check_lora(run)
    from datasets import Dataset
    from rollouts import Rollouts, keep_lines
    from transformers import PrinterCallback, ProgressCallback, TrainerCallback
    from trl import GRPOTrainer

    checkpoint = newest_checkpoint(run.output_dir)
    if checkpoint and not resume:
        raise RunFileError(f"output_dir {run.output_dir}: holds checkpoints of an earlier run: go on with --resume, or name another folder")
    log, rollout_log = run.output_dir / "log.jsonl", run.output_dir / "rollouts.jsonl"
    done = step_of(checkpoint) if checkpoint else 0
    if os.environ.get("RANK", "0") == "0":
        # What is played again is logged again. A checkpoint is written after its step's evaluation.
        evaluated = -1 if arguments.eval_on_start else done
        keep_lines(rollout_log, lambda line: line["step"] < done or (line["kind"], line["step"]) == ("eval", evaluated))
        keep_lines(log, lambda line: line["step"] <= done)

    class Log(TrainerCallback):  # type: ignore[misc]
        """All that the trainer logs as a JSON line a step, and what people look for on the terminal."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if state.is_world_process_zero and logs:
                with log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
                print(log_line(state.global_step, state.max_steps, logs), flush=True)

    tokenizer = _tokenizer(run.model)
    with Rollouts(environments, tokenizer, run.rollouts, rollout_log, arguments.chat_template_kwargs or {}) as rollouts:
        prompts = {name: rollouts.prompts(name) for name in environments}
        try:
            trainer = GRPOTrainer(
                model=run.model,
                args=arguments,
                reward_funcs=[rollouts.reward],
                train_dataset=Dataset.from_list(prompts["env"]),
                eval_dataset=Dataset.from_list(prompts["eval_env"]) if "eval_env" in prompts else None,
                processing_class=tokenizer,
                rollout_func=rollouts.rollout_func,
                peft_config=lora,
                callbacks=[Log()],
            )
        except (OSError, ValueError) as error:
            raise RunFileError(f"model {run.model}: {' '.join(str(error).split())[:300]}") from None
        for callback in (PrinterCallback, ProgressCallback):
            trainer.remove_callback(callback)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model(str(run.output_dir / "final"))


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest that was written to its end: the trainer's state comes last. None where there is none."""
    return max((state.parent for state in folder.glob("checkpoint-*/trainer_state.json")), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def log_line(step: int, steps: int, logs: dict[str, Any]) -> str:
    """A step's reward and its parts, failures, groups that taught nothing, and where its time went."""
    kind = "eval_" if "eval_reward" in logs else ""
    if f"{kind}reward" not in logs:
        return f"step {step} of {steps}: {json.dumps(logs)}"
    prefix = f"{kind}rewards/"
    parts = {name.removeprefix(prefix): value for name, value in logs.items() if name.startswith(prefix) and not name.endswith(("/mean", "/std"))}
    reward = logs[f"{kind}reward"]  # None where every rollout failed
    line = f"step {step} of {steps}  {'eval ' if kind else ''}reward {'none' if reward is None else format(reward, '.3f')}"
    line += f" ({', '.join(f'{name} {value:.2f}' for name, value in parts.items())})"
    line += f"  failed {logs[f'{kind}rollouts/failed']:.0%}  no variance {logs[f'{kind}rollouts/no_variance']:.0%}" if not kind else ""
    return f"{line}  generation {logs[f'{kind}time/generation_s']:.1f} s, waiting for rewards {logs[f'{kind}time/waiting_s']:.1f} s"


def _tokenizer(model: str) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise RunFileError(f"model {model}: neither the folder of a checkpoint nor a model that the hub gives: {reason}") from None
    if not tokenizer.chat_template:
        raise RunFileError(f"model {model}: its tokenizer has no chat template; train an instruct model")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run_file", type=Path, metavar="RUN.toml", help="the run (README lists its tables)")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint, where there is one")
    parser.add_argument("--check", action="store_true", help="only say whether the file is right")
    arguments = parser.parse_args()
    try:
        run = read_run_file(arguments.run_file)
        if arguments.check:
            check_environments(run)
            check_trainer(run)
            check_lora(run)
            print(f"{arguments.run_file}: right")
            return
        train(run, arguments.resume)
    except RunFileError as error:
        sys.exit(f"{arguments.run_file}: {error}" if str(arguments.run_file) not in str(error) else str(error))
    except RolloutsFailed as error:
        sys.exit(f"{error}\nMend that and go on with --resume.")


if __name__ == "__main__":
    main()
