def page_selection(text: str, pages: int) -> list[int]:
    """The pages that a print dialog's selection such as `1-3, 7, 12-` names, sorted and each once.

    Parts between commas are a page, a range `a-b` (in either order), `a-` (to the end) or `-b` (from the first). Blanks do not count. Pages beyond
    1 to `pages` are left out, and so are parts that are none of these.

    >>> page_selection("7, 1-3, 2", 10)
    [1, 2, 3, 7]
    """
    chosen: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if not (first or last) or not all(end.isdecimal() for end in (first, last) if end):
            continue
        begin = int(first or 1)
        end = int(last or (pages if dash else begin))
        if first and last and end < begin:
            begin, end = end, begin
        chosen.update(range(max(1, begin), min(pages, end) + 1))
    return sorted(chosen)


def test_pages_and_ranges() -> None:
    assert page_selection("7, 1-3, 2", 10) == [1, 2, 3, 7]
    assert page_selection("5-3", 10) == [3, 4, 5]


def test_open_ranges() -> None:
    assert page_selection("8-", 10) == [8, 9, 10]
    assert page_selection("-2", 10) == [1, 2]
    assert page_selection("12-", 10) == []


def test_out_of_range() -> None:
    assert page_selection("0, 4, 11", 5) == [4]
    assert page_selection("3-99", 4) == [3, 4]


def test_nonsense() -> None:
    assert page_selection("", 3) == []
    assert page_selection("a, -, 1-2-3, 2", 3) == [2]
    assert page_selection("1 - 2", 3) == [1, 2]
