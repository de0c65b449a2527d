"""`ast.parse` for code that many threads score at once.

CPython before 3.11.8 and 3.12.2 counts the depth of all trees under construction in one variable: when garbage collection lets another thread parse
half-way, both calls may end in a SystemError (python/cpython#106905).
"""

import ast
import gc
import threading

_lock = threading.RLock()


def parse_python(text: str) -> ast.Module:
    """The tree of a Python file; one thread at a time, and without garbage collection meanwhile.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse` does.
    """
    with _lock:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return ast.parse(text)
        finally:
            if was_enabled:
                gc.enable()
