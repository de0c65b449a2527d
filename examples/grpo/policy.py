"""The model in training as an OpenAI-compatible endpoint, so that rollouts of any environment can be played with it.

Requests come in on a thread of their own and wait; the trainer's thread, which alone touches the model, generates for those that wait, all at once.
What a rollout's requests were rendered to and answered with is kept as token ids: these are trained on, never a text that was tokenized anew.

Covers chat completions of text. Does not cover tools, streaming, or the request's own sampling: the trainer's settings hold.
"""

import asyncio
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from aiohttp import web
from verifiers.v1.clients.client import SESSION_ID_HEADER

Generate = Callable[[list[list[int]]], "Replies"]


class Replies(NamedTuple):
    """What the model sampled after some prompts, in their order."""

    ids: list[list[int]]
    logprobs: list[list[float]] | None
    """Of those tokens, where the sampler says; None where the trainer computes them itself."""


@dataclass
class Conversation:
    """One rollout as the model saw it."""

    text: str = ""
    """All of it, rendered."""
    ids: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    """After the prompt: 1 for a token of the model's, 0 for one that it was shown."""
    logprobs: list[float] = field(default_factory=list)
    """As `mask`; 0.0 for a token that the model was shown."""

    @property
    def prompt_length(self) -> int:
        """Tokens before the model's first."""
        return len(self.ids) - len(self.mask)

    def add_shown(self, text: str, ids: list[int]) -> None:
        if self.ids:
            self.mask += [0] * len(ids)
            self.logprobs += [0.0] * len(ids)
        self.text += text
        self.ids = self.ids + ids

    def add_reply(self, text: str, ids: list[int], logprobs: list[float]) -> None:
        self.text += text
        self.ids = self.ids + ids
        self.mask += [1] * len(ids)
        self.logprobs += logprobs or [0.0] * len(ids)


@dataclass(frozen=True)
class Waiting:
    """A request that waits for its reply."""

    ids: list[int]
    reply: "Future[tuple[list[int], list[float]]]" = field(default_factory=Future)


class Policy:
    """The endpoint. `take` and `answer` are the trainer's thread's; all else runs on the event loop."""

    def __init__(self, tokenizer: Any, chat_template_kwargs: dict[str, Any]) -> None:
        self.tokenizer = tokenizer
        self.chat_template_kwargs = chat_template_kwargs
        self.conversations: dict[str, Conversation] = {}
        """By trace id."""
        self.url = ""
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        app = web.Application(client_max_size=2**28)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def waiting(self) -> int:
        """Requests without a reply."""
        return self._waiting.qsize()

    def take(self, most: int) -> list[Waiting]:
        """Some of those that wait, oldest first."""
        return [self._waiting.get() for _ in range(min(most, self._waiting.qsize()))]

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body.get("tools") or body.get("stream"):
            return _refuse("this endpoint of a model in training answers in plain text: no tools, no streaming")
        conversation = self.conversations.setdefault(request.headers.get(SESSION_ID_HEADER, uuid4().hex), Conversation())
        try:
            self._show(conversation, body["messages"])
        except ValueError as error:
            return _refuse(str(error))
        waiting = Waiting(conversation.ids)
        self._waiting.put(waiting)
        ids, logprobs = await asyncio.wrap_future(waiting.reply)
        ended = bool(ids) and ids[-1] in self._ends()
        text = self.tokenizer.decode(ids[:-1] if ended else ids, skip_special_tokens=True)
        conversation.add_reply(text + (self.tokenizer.decode(ids[-1:]) if ended else ""), ids, logprobs)
        return web.json_response(_completion(body.get("model", ""), text, ended, len(waiting.ids), len(ids)))

    def _show(self, conversation: Conversation, messages: list[dict[str, Any]]) -> None:
        """Append what the model has not seen yet.

        Raises:
            ValueError: the messages do not continue what it has seen.
        """
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **self.chat_template_kwargs)
        if not text.startswith(conversation.text):
            raise ValueError("the chat template, or the harness, changes earlier turns: such a rollout is no single sequence to train on")
        added = text[len(conversation.text) :]
        conversation.add_shown(added, self.tokenizer(added, add_special_tokens=False)["input_ids"])

    def _ends(self) -> set[int]:
        return {self.tokenizer.eos_token_id, self.tokenizer.pad_token_id}


def answer(waiting: Sequence[Waiting], generate: Generate) -> float:
    """Generate for those that wait and hand out the replies; seconds that it took."""
    began = time.monotonic()
    try:
        replies = generate([one.ids for one in waiting])
    except BaseException as error:
        for one in waiting:
            one.reply.set_exception(error)
        raise
    logprobs: Sequence[list[float]] = replies.logprobs or [[]] * len(waiting)
    for one, ids, values in zip(waiting, replies.ids, logprobs, strict=True):
        one.reply.set_result((ids, values))
    return time.monotonic() - began


def _completion(model: str, text: str, ended: bool, prompt_tokens: int, reply_tokens: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop" if ended else "length"}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": reply_tokens, "total_tokens": prompt_tokens + reply_tokens},
    }


def _refuse(reason: str) -> web.Response:
    return web.json_response({"error": {"message": reason, "type": "invalid_request_error", "code": 400}}, status=400)
