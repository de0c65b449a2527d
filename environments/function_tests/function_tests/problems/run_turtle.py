def run_turtle(program: str) -> tuple[int, int]:
    """Where a turtle ends up that starts at (0, 0), looking north (along y).

    The program holds commands without blanks: `F` one step forward, `L` and `R` a quarter turn, each optionally followed by a whole number of times
    to do it; and `(...)` around commands, which may be nested, likewise followed by a number. A number of 0 skips what is before it.

    >>> run_turtle("F2R(F3L)2")
    (3, 5)
    """
    x, y, dx, dy = 0, 0, 0, 1
    for command in _expanded(program):
        if command == "F":
            x, y = x + dx, y + dy
        elif command == "L":
            dx, dy = -dy, dx
        else:
            dx, dy = dy, -dx
    return x, y


def _expanded(program: str) -> str:
    done = [""]
    at = 0
    while at < len(program):
        command = program[at]
        at += 1
        if command == "(":
            done.append("")
            continue
        piece = done.pop() if command == ")" else command
        start = at
        while at < len(program) and program[at].isdigit():
            at += 1
        done[-1] += piece * int(program[start:at] or 1)
    return done[0]


def test_steps_and_turns() -> None:
    assert run_turtle("F3") == (0, 3)
    assert run_turtle("F2RF1") == (1, 2)
    assert run_turtle("LF10") == (-10, 0)


def test_repeated_turns() -> None:
    assert run_turtle("R2F4") == (0, -4)
    assert run_turtle("L5F") == (-1, 0)


def test_groups() -> None:
    assert run_turtle("F2R(F3L)2") == (3, 5)
    assert run_turtle("(FR)4") == (0, 0)
    assert run_turtle("((F2)3R)2F") == (6, 5)


def test_nothing() -> None:
    assert run_turtle("") == (0, 0)
    assert run_turtle("F0(FRF)0L0F") == (0, 1)
