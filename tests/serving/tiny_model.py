"""Makes a tiny Qwen3 that answers some prompts from memory: run by the Python of a vLLM installation, `tiny_model.py PROMPTS FOLDER`.

PROMPTS holds one JSON object a line: a prompt and the replies to learn for it, each equally likely. All texts train the tokenizer; a prompt without
replies is answered with whatever comes. Nothing is downloaded. What it learns it learns by heart: it is there so that what a real server samples is
worth testing, wrong turns included, and says nothing about repair.

Learning costs half a minute of one core, because early steps read a tenth of each prompt, drawn anew each time, every token at its own position.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "grpo" / "tiny"))
from tiny_qwen import END, make_model, make_tokenizer

VOCABULARY = 4096
CONTEXT = 4096
HIDDEN, LAYERS, HEAD = 128, 2, 64
STEPS, WARM_UP, LEARNING_RATE, COOL_DOWN = 160, 10, 3e-3, 30
SHARE_READ = 0.1
"""Of a prompt's tokens, in most steps."""
GROWING = 50
"""Last steps, over which that share grows to the whole prompt."""
ALWAYS_READ = 8
"""Tokens at the end of a prompt: there the reply begins."""


@dataclass(frozen=True)
class Lesson:
    """A prompt and its replies, as token ids."""

    prompt: list[int]
    replies: list[list[int]]


@dataclass(frozen=True)
class Batch:
    """One reply to each prompt, padded on the right."""

    ids: torch.Tensor
    positions: torch.Tensor
    read: torch.Tensor
    """1 where there is a token, 0 where padding."""
    learned: torch.Tensor
    """Whether a token is one of the reply."""


def main() -> None:
    """Write tokenizer and model to the folder, and how well the replies were learned to standard output."""
    prompts, folder = Path(sys.argv[1]), Path(sys.argv[2])
    rows = [json.loads(line) for line in prompts.read_text(encoding="utf-8").splitlines()]
    # More threads wait for each other by spinning: on a busy machine that takes twelve times the processor time.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = make_tokenizer([text for row in rows for text in (row["prompt"], *row["replies"])], VOCABULARY)
    model = make_model(tokenizer, HIDDEN, LAYERS, HEAD, CONTEXT)
    loss = learn(model, [lesson(tokenizer, row["prompt"], row["replies"]) for row in rows if row["replies"]])
    print(f"{loss:.4f} nats a token")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def lesson(tokenizer: PreTrainedTokenizerFast, prompt: str, replies: list[str]) -> Lesson:
    """The tokens that a server sees and has to write."""
    asked = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False)
    return Lesson(tokenizer(asked)["input_ids"], [tokenizer(reply + END)["input_ids"] for reply in replies])


def learn(model: Qwen3ForCausalLM, lessons: list[Lesson]) -> float:
    """Train on all lessons in every step, with each reply in its turn; the mean loss of the last few steps, in nats a token."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    rates = [min(1.0, (step + 1) / WARM_UP, (STEPS - step) / COOL_DOWN) for step in range(STEPS)]
    losses = []
    for step, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
        loss = loss_on(model, batch(lessons, step, SHARE_READ ** min(1.0, (STEPS - 1 - step) / GROWING)))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-4:]) / 4


def loss_on(model: Qwen3ForCausalLM, given: Batch) -> torch.Tensor:
    """Cross-entropy of the replies' tokens; logits are made for those alone."""
    hidden = model.model(input_ids=given.ids, position_ids=given.positions, attention_mask=given.read).last_hidden_state
    target = given.learned[:, 1:]
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[:, :-1][target]), given.ids[:, 1:][target])


def batch(lessons: list[Lesson], step: int, share_read: float) -> Batch:
    """Each lesson's reply of this step, after a part of its prompt."""
    texts, places, lengths = [], [], []
    for offset, one in enumerate(lessons):
        reply = one.replies[(step + offset) % len(one.replies)]
        tokens = torch.tensor(one.prompt + reply)
        kept = torch.rand(len(tokens)) < share_read
        kept[len(one.prompt) - ALWAYS_READ :] = True
        texts.append(tokens[kept])
        places.append(torch.arange(len(tokens))[kept])
        lengths.append(len(reply))
    ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    sizes = torch.tensor([[len(text)] for text in texts])
    column = torch.arange(ids.shape[1])
    return Batch(
        ids,
        torch.nn.utils.rnn.pad_sequence(places, batch_first=True),
        (column < sizes).long(),
        (column < sizes) & (column >= sizes - torch.tensor(lengths)[:, None]),
    )


if __name__ == "__main__":
    main()
