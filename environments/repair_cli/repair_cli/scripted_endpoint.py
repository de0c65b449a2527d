"""A scripted stand-in for a model: an OpenAI-compatible endpoint whose replies come from a Python function.

Covers what an evaluation needs of `/v1/models` and `/v1/chat/completions`, streamed or plain, on loopback
only. It is no model: sampling settings are checked for form and change nothing, tools and `n` > 1 are
refused, and there are no logprobs. Use it for demonstrations, gold runs and tests, and say so wherever
its figures show.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import uuid4

from aiohttp import web

MAX_REQUEST_BYTES = 64 * 1024**2
"""Prompts of whole source files pass aiohttp's 1 MiB default."""
KEPT_REQUESTS = 256
"""How many request bodies `ScriptedEndpoint.requests` remembers."""
START_TIMEOUT_S = 10.0
SHUTDOWN_TIMEOUT_S = 0.1
"""Grace for unanswered requests at the end; aiohttp takes 0 for no limit."""


@dataclass(frozen=True)
class Usage:
    """Counts in whitespace-separated words, the only honest unit without a tokenizer."""

    prompt_words: int
    completion_words: int

    def as_openai(self) -> dict[str, int]:
        """Build the `usage` block of a reply."""
        return {
            "prompt_tokens": self.prompt_words,
            "completion_tokens": self.completion_words,
            "total_tokens": self.prompt_words + self.completion_words,
        }


class RequestError(ValueError):
    """A request the endpoint refuses; becomes an error reply in OpenAI's shape."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        """`status` is the HTTP status, `param` the offending field, `code` OpenAI's error code."""
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code


class ScriptedEndpoint:
    """Serve `answer` as a chat model on loopback, on `port` or a free one, for as long as the context is open.

    `async with ScriptedEndpoint(answer) as url` serves on the running event loop, a plain `with` on a
    thread of its own; `url` is `http://127.0.0.1:<port>/v1`. Leaving either closes the socket, cancels
    unanswered requests and ends the thread. One instance serves once at a time and may be used again.

    `answer` gets the request's messages as sent and returns the reply's text. It runs on the serving loop, so
    it must be quick. A `RequestError` from it is sent with the status it names, any other exception as a 500.
    `latency_s` seconds pass before each reply.

    Usage counts are whitespace-separated words of the message texts, not tokens of any model.
    """

    def __init__(
        self,
        answer: Callable[[list[dict[str, Any]]], str],
        model: str = "scripted-policy",
        latency_s: float = 0.0,
        port: int = 0,
    ) -> None:
        """Configure only; nothing is bound before the context is entered."""
        self.model = model
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        """The newest well-formed request bodies, oldest first, whatever the answer was."""
        self._answer = answer
        self._latency_s = latency_s
        self._port = port
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> str:
        """Bind a free port and serve on the running loop; the base URL."""
        if self._runner is not None:
            raise RuntimeError("this ScriptedEndpoint is already serving; make a second one")
        app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[_errors_in_openai_shape])
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_post("/v1/chat/completions", self._complete)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S, handler_cancellation=True
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket and every connection."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def __enter__(self) -> str:
        """Serve from a thread with an event loop of its own; the base URL."""
        if self._thread is not None:
            raise RuntimeError("this ScriptedEndpoint is already serving; make a second one")
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_run_loop, args=(loop,), name="scripted-endpoint", daemon=True)
        thread.start()
        self._loop, self._thread = loop, thread
        try:
            return asyncio.run_coroutine_threadsafe(self.__aenter__(), loop).result(START_TIMEOUT_S)
        except BaseException:
            self._stop_thread()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket and every connection, and join the thread."""
        assert self._loop is not None
        try:
            asyncio.run_coroutine_threadsafe(self.__aexit__(kind, error, trace), self._loop).result()
        finally:
            self._stop_thread()

    def _stop_thread(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    async def _list_models(self, request: web.Request) -> web.Response:
        models = [{"id": self.model, "object": "model", "created": 0, "owned_by": "repair-envs (scripted)"}]
        return web.json_response({"object": "list", "data": models})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = _checked_request(await request.read(), self.model)
        self.requests.append(body)
        text = self._answer(body["messages"])
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        usage = Usage(sum(_words(message.get("content")) for message in body["messages"]), len(text.split()))
        if not body.get("stream"):
            return web.json_response(_completion(self.model, text, usage))
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await reply.prepare(request)
        for event in _events(self.model, text, usage if wants_usage else None):
            await reply.write(event)
        await reply.write_eof()
        return reply


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _checked_request(raw: bytes, model: str) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise RequestError("the body is not a JSON object")
    if not isinstance(body.get("model"), str):
        raise RequestError("you must provide a model", param="model")
    if body["model"] != model:
        raise RequestError(
            f"the model `{body['model']}` does not exist; this endpoint serves `{model}`",
            status=404,
            param="model",
            code="model_not_found",
        )
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RequestError("`messages` must be a non-empty list", param="messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise RequestError("a message must be an object with a `role`", param=f"messages[{index}]")
        if not isinstance(message.get("content"), str | list | None):
            raise RequestError(
                "`content` must be text or a list of parts", param=f"messages[{index}].content"
            )
    _check_settings(body)
    return body


def _check_settings(body: dict[str, Any]) -> None:
    if body.get("n") not in (None, 1):
        raise RequestError("only n=1 is served", param="n")
    if body.get("tools"):
        raise RequestError("tools are not served", param="tools")
    if not isinstance(body.get("stream_options"), dict | None):
        raise RequestError("`stream_options` must be an object", param="stream_options")
    temperature = body.get("temperature")
    if temperature is not None and (not isinstance(temperature, int | float) or not 0 <= temperature <= 2):
        raise RequestError(f"`temperature` must lie in [0, 2], got {temperature!r}", param="temperature")
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name)
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise RequestError(f"`{name}` must be a positive integer, got {limit!r}", param=name)


def _words(content: str | list[Any] | None) -> int:
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return sum(len(text.split()) for text in texts if isinstance(text, str))
    return len((content or "").split())


def _completion(model: str, text: str, usage: Usage) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
        "logprobs": None,
    }
    return {**_head(model, "chat.completion"), "choices": [choice], "usage": usage.as_openai()}


def _events(model: str, text: str, usage: Usage | None) -> Iterator[bytes]:
    """Yield the reply as server-sent events, one per line of text; then the usage block, where asked for."""
    head = _head(model, "chat.completion.chunk")
    pieces: list[dict[str, str]] = [{"role": "assistant", "content": ""}]
    pieces.extend({"content": line} for line in text.splitlines(keepends=True))
    for delta in pieces:
        yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage is not None:
        yield _event({**head, "choices": [], "usage": usage.as_openai()})
    yield b"data: [DONE]\n\n"


def _event(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _head(model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": model}


@web.middleware
async def _errors_in_openai_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        kind = "invalid_request_error" if error.status < 500 else "server_error"
        return _error(error.status, str(error), kind, error.param, error.code)
    except web.HTTPException as error:  # aiohttp's own: no such route, body too large
        return _error(error.status, error.reason, "invalid_request_error")
    except Exception as error:  # the script's fault, told to the client as a server's
        return _error(500, f"the scripted answer raised {type(error).__name__}: {error}", "server_error")


def _error(
    status: int, message: str, kind: str, param: str | None = None, code: str | None = None
) -> web.Response:
    return web.json_response(
        {"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status
    )
