def text_table(rows: list[list[str]], right: set[int]) -> str:
    """Lay rows of cells out as columns of text, two blanks apart.

    Every column is as wide as its longest cell. Cells of the columns in `right` (counted from 0) are flush right, others flush left. Rows may have
    fewer cells than others; what is missing is blank. No line ends in a blank, lines are joined by newlines, and no rows give an empty text.

    >>> text_table([["tea", "7"], ["coffee", "12"]], {1})
    'tea      7\\ncoffee  12'
    """
    columns = max((len(row) for row in rows), default=0)
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(columns)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=False))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def test_two_columns() -> None:
    assert text_table([["tea", "7"], ["coffee", "12"]], {1}) == "tea      7\ncoffee  12"
    assert text_table([["tea", "7"], ["coffee", "12"]], set()) == "tea     7\ncoffee  12"


def test_no_blank_at_the_end() -> None:
    assert text_table([["a", "long"], ["b", "x"]], set()) == "a  long\nb  x"
    assert text_table([["a", ""], ["b", "x"]], {1}) == "a\nb  x"


def test_uneven_rows() -> None:
    assert text_table([["one"], ["a", "b", "c"]], set()) == "one\na    b  c"
    assert text_table([[], ["a"]], {0}) == "\na"


def test_nothing() -> None:
    assert text_table([], set()) == ""
    assert text_table([["only"]], {0}) == "only"
