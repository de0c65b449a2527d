"""Python's parser in many threads at once."""

import gc
import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest
from repair_rubrics.python_ast import parse_python

SOURCE = inspect.getsource(inspect)


class Parses:
    """Rubbish that is collected by running Python, where another thread may take over."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        parse_python("a = 1\n")


def parses_beside_rubbish(_: int) -> int:
    for _ in range(100):
        Parses()
    return len(parse_python(SOURCE).body)


def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    before = gc.get_threshold()
    gc.set_threshold(50)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(parses_beside_rubbish, range(40)))) == 1
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_garbage_collection_is_as_it_was(is_enabled: bool) -> None:
    try:
        if not is_enabled:
            gc.disable()
        with pytest.raises(SyntaxError):
            parse_python("a = = 1")
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()
