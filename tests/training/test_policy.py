"""The endpoint of a model in training: what is trained on are the tokens that were shown and sampled, told apart."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp
import pytest
from policy import Conversation, Policy, Replies, answer
from verifiers.v1.clients.client import SESSION_ID_HEADER
from warm_start import END, make_tokenizer

ASKED = [{"role": "user", "content": "net_cost must give the sum of price and rate."}]
FIRST, SECOND = "ledger.py", "    return price + rate"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer()


class Talk(NamedTuple):
    """What came of a conversation."""

    responses: list[dict[str, Any]]
    kept: Conversation
    prompts: list[list[int]]
    """Those generated for."""


def talk(tokenizer: Any, replies: list[str], turns: Callable[[str], list[dict[str, str]]]) -> Talk:
    """Post a conversation that grows by `turns`, and answer with `replies` at log-probabilities of -0.5."""
    prompts: list[list[int]] = []

    def generate(ids: list[list[int]]) -> Replies:
        prompts.extend(ids)
        reply = tokenizer(replies[len(prompts) - 1], add_special_tokens=False)["input_ids"]
        return Replies([reply], [[-0.5] * len(reply)])

    async def run() -> tuple[list[dict[str, Any]], Conversation]:
        policy, responses, messages = Policy(tokenizer, {}), [], list(ASKED)
        await policy.start()
        try:
            async with aiohttp.ClientSession(headers={SESSION_ID_HEADER: "trace"}) as session:
                for _ in replies:
                    posted = asyncio.create_task(post(session, policy.url, messages))
                    while not posted.done():
                        await asyncio.sleep(0.001)
                        answer(policy.take(8), generate) if policy.waiting() else None
                    responses.append(posted.result())
                    if "error" in responses[-1]:
                        break
                    messages = [*messages, *turns(responses[-1]["choices"][0]["message"]["content"])]
        finally:
            await policy.stop()
        return responses, policy.conversations["trace"]

    responses, conversation = asyncio.run(run())
    return Talk(responses, conversation, prompts)


async def post(session: aiohttp.ClientSession, url: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    async with session.post(f"{url}/chat/completions", json={"model": "policy", "messages": messages}) as response:
        found: dict[str, Any] = await response.json()
        return found


def test_a_single_turn_is_its_prompt_and_the_sampled_tokens(tokenizer: Any) -> None:
    (response,), conversation, (prompt,) = talk(tokenizer, [FIRST + END], lambda reply: [])
    shown = tokenizer.apply_chat_template(ASKED, tokenize=False, add_generation_prompt=True)
    reply = tokenizer(FIRST + END, add_special_tokens=False)["input_ids"]
    assert response["choices"][0] == {"index": 0, "message": {"role": "assistant", "content": FIRST}, "finish_reason": "stop"}
    assert prompt == tokenizer(shown, add_special_tokens=False)["input_ids"]
    assert conversation.ids == prompt + reply
    assert (conversation.prompt_length, conversation.mask, conversation.logprobs) == (len(prompt), [1] * len(reply), [-0.5] * len(reply))


def test_a_reply_that_was_cut_off_says_so(tokenizer: Any) -> None:
    (response,), conversation, _ = talk(tokenizer, [FIRST], lambda reply: [])
    assert response["choices"][0]["finish_reason"] == "length"
    assert sum(conversation.mask) == response["usage"]["completion_tokens"]


def test_later_turns_are_shown_without_their_own_credit(tokenizer: Any) -> None:
    def go_on(reply: str) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": reply}, {"role": "user", "content": "Go on."}]

    responses, conversation, prompts = talk(tokenizer, [FIRST + END, SECOND + END], go_on)
    assert [response["choices"][0]["message"]["content"] for response in responses] == [FIRST, SECOND]
    assert conversation.ids[: len(prompts[1])] == prompts[1]
    assert prompts[1][: len(prompts[0])] == prompts[0]
    trained = [token for token, credit in zip(conversation.ids[conversation.prompt_length :], conversation.mask, strict=True) if credit]
    assert tokenizer.decode(trained) == FIRST + END + SECOND + END
    assert tokenizer.decode(conversation.ids) == conversation.text
    assert conversation.logprobs == [-0.5 * credit for credit in conversation.mask]


def test_a_history_that_changes_is_no_sequence_to_train_on(tokenizer: Any) -> None:
    def rewrite(reply: str) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": reply.upper()}, {"role": "user", "content": "Go on."}]

    responses, conversation, prompts = talk(tokenizer, [FIRST + END, SECOND + END], rewrite)
    assert "changes earlier turns" in responses[1]["error"]["message"]
    assert (len(prompts), tokenizer.decode(conversation.ids)) == (1, conversation.text)
