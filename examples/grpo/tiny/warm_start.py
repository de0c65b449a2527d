"""Makes the model that the tiny runs start from: `python warm_start.py FOLDER [--seed 0] [--steps 400]`, in some minutes, with nothing downloaded.

A Qwen3 of 0.6 million weights learns, from random ones, to answer the prompts of swe-bench-diff over `bugs.py`'s bugs in the format asked for: half
of the answers that it learns from change nothing, 3 in 10 are right, the others put in any wrong operator. So what it would answer most readily is
wrong, and only rewards tell it so.
"""

import argparse
import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tiny_qwen
from bugs import OPERATORS, Bug, bugs
from tiny_qwen import END

if TYPE_CHECKING:
    import torch

VOCABULARY, CONTEXT = 640, 512
HIDDEN, LAYERS, HEAD = 128, 3, 32
STEPS, BATCH, WARM_UP, LEARNING_RATE = 400, 32, 20, 3e-3
UNCHANGED, RIGHT = 0.5, 0.3
"""Shares of the answers to learn from."""
SAMPLE = 400
"""Bugs that the tokenizer is trained on."""

def prompt(bug: Bug) -> str:
    """The prompt that swe-bench-diff makes of a bug."""
    from repair_tasks.context import Excerpt
    from repair_tasks.prompts import build_prompt

    row = bug.row()
    shown = [Excerpt(path, text) for path, text in row["sources"].items()]
    return build_prompt(row["repo"], row["problem_statement"], "", shown, "search_replace").text


def make_tokenizer() -> Any:
    """Of the bugs' words, with one token for each line that all prompts have in common: what is always there need not be read."""
    sample = list(itertools.islice(bugs(seed=1, held_out=False), SAMPLE)) + list(itertools.islice(bugs(seed=1, held_out=True), SAMPLE))
    prompts = [prompt(bug).splitlines() for bug in sample]
    common = set.intersection(*map(set, prompts)) - {""}
    texts = ["\n".join(line for line in lines if line not in common) for lines in prompts]
    texts += [bug.answer(operator) for bug in sample for operator in OPERATORS]
    return tiny_qwen.make_tokenizer(texts, VOCABULARY, [line for line in sorted(common, key=len, reverse=True) if len(line) > 12])


def chosen_operator(bug: Bug, chance: random.Random) -> str:
    """What an answer to learn from puts in."""
    kinds = {bug.wrong: UNCHANGED, bug.right_operator: RIGHT}
    others = [operator for operator in OPERATORS if operator not in kinds]
    kinds |= dict.fromkeys(others, (1 - UNCHANGED - RIGHT) / len(others))
    return chance.choices(list(kinds), list(kinds.values()))[0]


def batches(tokenizer: Any, seed: int) -> Iterator[dict[str, "torch.Tensor"]]:
    """Prompts with a reply each; only the reply is learned."""
    import torch

    chance, source = random.Random(seed), bugs(seed=2, held_out=False)
    while True:
        rows = []
        for bug in itertools.islice(source, BATCH):
            asked = tokenizer.apply_chat_template([{"role": "user", "content": prompt(bug)}], add_generation_prompt=True, tokenize=False)
            ids = tokenizer(asked, add_special_tokens=False)["input_ids"]
            reply = tokenizer(bug.answer(chosen_operator(bug, chance)) + END, add_special_tokens=False)["input_ids"]
            rows.append((torch.tensor(ids + reply), torch.tensor([-100] * len(ids) + reply)))
        ids, labels = zip(*rows, strict=True)
        padded = torch.nn.utils.rnn.pad_sequence(list(ids), batch_first=True, padding_value=tokenizer.pad_token_id)
        yield {
            "input_ids": padded,
            "attention_mask": (padded != tokenizer.pad_token_id).long(),
            "labels": torch.nn.utils.rnn.pad_sequence(list(labels), batch_first=True, padding_value=-100),
        }


def warm_start(folder: Path, seed: int, steps: int = STEPS) -> float:
    """Write tokenizer and model to `folder`; the loss at the end, in nats a token."""
    import torch

    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    model = tiny_qwen.make_model(tokenizer, HIDDEN, LAYERS, HEAD, CONTEXT)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    losses = []
    for step, batch in enumerate(itertools.islice(batches(tokenizer, seed), steps)):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, (steps - step) / (steps / 3))
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if sys.stderr.isatty():
            print(f"\rwarm start: step {step + 1} of {steps}, {losses[-1]:.3f} nats a token", end="", file=sys.stderr, flush=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "warm_start.json").write_text(json.dumps({"seed": seed, "steps": steps, "loss": sum(losses[-10:]) / 10}))
    return sum(losses[-10:]) / 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="of 32 answers (default %(default)s)")
    arguments = parser.parse_args()
    print(f"{warm_start(arguments.folder, arguments.seed, arguments.steps):.4f} nats a token")


if __name__ == "__main__":
    main()
