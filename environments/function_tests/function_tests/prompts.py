"""What the model is asked."""

from function_tests.problem import FunctionProblem

PROMPT = """\
Write the Python function that this signature and docstring describe.

```python
{signature}
```

Answer with the whole function, its signature included, in one code block that starts with ```python. Put imports and helper functions that it needs
into the same block; there is nothing but the standard library. You may think before you answer; only the last code block that defines `{name}` is
taken as your answer."""


def build_prompt(problem: FunctionProblem) -> str:
    """The prompt of a problem."""
    return PROMPT.format(signature=problem.signature.rstrip(), name=problem.entry_point)
