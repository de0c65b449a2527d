def fold_header(line: str, width: int) -> list[str]:
    """Fold a header line at its blanks so that no piece is longer than `width`.

    Break at the last single blank at which the piece still fits; the blank itself is dropped, and every piece but the first starts with one tab,
    which counts as one character. A word that does not fit even on a piece of its own is left whole.

    >>> fold_header("Keywords: red green blue", 14)
    ['Keywords: red', '\\tgreen blue']
    """
    pieces = []
    current = ""
    for number, word in enumerate(line.split(" ")):
        if number == 0:
            current = word
        elif len(current) + 1 + len(word) <= width:
            current += " " + word
        else:
            pieces.append(current)
            current = "\t" + word
    return [*pieces, current]


def test_fits() -> None:
    assert fold_header("To: ann", 7) == ["To: ann"]
    assert fold_header("", 5) == [""]


def test_folds() -> None:
    assert fold_header("Keywords: red green blue", 14) == ["Keywords: red", "\tgreen blue"]
    assert fold_header("a b c d", 3) == ["a b", "\tc", "\td"]


def test_tab_counts() -> None:
    assert fold_header("a: bb cc", 5) == ["a: bb", "\tcc"]
    assert fold_header("x yyy z", 5) == ["x yyy", "\tz"]
    assert fold_header("x yyy z w", 4) == ["x", "\tyyy", "\tz w"]


def test_long_words_stay_whole() -> None:
    assert fold_header("References: <abcdef@example> <g@h>", 10) == ["References:", "\t<abcdef@example>", "\t<g@h>"]
