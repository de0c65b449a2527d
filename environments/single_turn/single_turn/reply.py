"""What a model answered."""

import verifiers.v1 as vf


def last_message(trace: vf.Trace) -> str:
    """The model's last message to the letter: `trace.last_reply` strips it, and blanks at the end of a diff are lines of it."""
    messages = trace.assistant_messages
    return (messages[-1].content or "") if messages else ""
