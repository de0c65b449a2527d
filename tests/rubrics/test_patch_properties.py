"""What holds for every text: nothing raises, apply undoes and redoes, long inputs stay cheap."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from repair_rubrics import FileEdit, Hunk, Patch
from repair_rubrics.apply import Applied
from repair_rubrics.blocks import aligned_lines
from repair_rubrics.render import to_diff

FRAGMENTS = [
    *("diff --git a/x.py b/x.py\n", "--- a/x.py\n", "+++ b/x.py\n", "--- /dev/null\n", "@@ -1,2 +1,2 @@\n", "@@\n", "@@ -0,0 +1 @@\n"),
    *("@@ -9 +", " a\n", "-a\n", "+b\n", "+\n", "\n", "...\n", "# ...\n", "\\ No newline at end of file\n", "\r\n", "\x00", "\ud800"),
    *("```diff\n", "```\n", "~~~\n", "<think>\n", "</think>\n", "<patch>\n", "</patch>\n"),
    *("x.py\n", "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n"),
    *("rename from x.py\n", "rename to y.py\n", "Binary files a/x and b/x differ\n", "new file mode 100644\n", "deleted file mode 100644\n"),
    *('--- "a/\\303\\266"\n', '+++ "b/\\777\\q"\n', "@@ -99999999999999999999,1 +1,1 @@\n"),
]
SOURCES = {"x.py": "a\nb\na\n", "crlf.py": "a\r\nb\r\n", "empty.py": "", "no_newline.py": "a"}
texts = st.one_of(st.text(max_size=400), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
line_lists = st.lists(st.sampled_from(["a", "b", "c", "", "  a", "x = 1", "...", "-- x", "++ y", "@@ -1 +1 @@", "=======x"]), max_size=25)


@settings(max_examples=600, deadline=None)
@given(texts)
def test_no_text_raises(text: str) -> None:
    patch = Patch.parse(text)
    applied = patch.apply(SOURCES)
    str(applied.failure)
    patch.reversed().apply(SOURCES)
    Patch.parse(patch.to_text())
    if applied.ok:
        Patch.parse(patch.to_diff(SOURCES))
        Patch.parse(patch.to_blocks(SOURCES))


@settings(max_examples=300, deadline=None)
@given(line_lists, line_lists, st.booleans(), st.booleans())
def test_a_written_diff_applies_to_what_it_was_written_from(old: list[str], new: list[str], old_end: bool, new_end: bool) -> None:
    before, after = "\n".join(old) + "\n" * old_end, "\n".join(new) + "\n" * new_end
    diff = to_diff(Applied({"f": after}), {"f": before})
    applied = Patch.parse(diff).apply({"f": before})
    assert applied.ok, str(applied.failure)
    assert applied.files.get("f", before) == after


@settings(max_examples=300, deadline=None)
@given(line_lists, line_lists, st.integers(0, 3))
def test_a_diff_is_undone_and_said_again_in_blocks(old: list[str], new: list[str], context_lines: int) -> None:
    before, after = {"f": "".join(f"{line}\n" for line in old)}, {"f": "".join(f"{line}\n" for line in new)}
    patch = Patch.parse(to_diff(Applied({"f": after["f"]}), before, context_lines), "unified_diff")
    assert {**before, **patch.apply(before).files} == after
    undone = Patch.parse(patch.reversed().to_text(), "unified_diff").apply(after)
    assert {**after, **undone.files} == before
    if any(line.strip() for line in old):
        said_again = Patch.parse(patch.to_blocks(before), "search_replace").apply(before)
        assert said_again.ok, str(said_again.failure)
        assert (said_again.files.get("f", before["f"]) or "").rstrip("\n") == after["f"].rstrip("\n")


PATHS = ["x.py", "a/x.py", "b/b/z", "d e/f g.txt", "größe.py", 'q"uote.py', "tab\there.txt", "back\\slash.py", "日本.txt", "x b/y"]
CONTENTS = ["a", "", "-- x", "++ y", "@@ -1 +1 @@", "```", "x\r", "\f"]
marked_lines = st.lists(st.tuples(st.sampled_from(" +-"), st.sampled_from(CONTENTS)), min_size=1, max_size=6)


@st.composite
def edits(draw: st.DrawFn) -> FileEdit:
    """A change, a rename or a copy of one file, with one to three hunks in order."""
    old, new = draw(st.sampled_from(PATHS)), draw(st.sampled_from(PATHS))
    hunks, start = [], 1
    for lines in draw(st.lists(marked_lines, min_size=1, max_size=3)):
        hunks.append(Hunk(tuple(mark + text for mark, text in lines), start))
        start += len(hunks[-1].old) + 3
    return FileEdit(old, new, tuple(hunks), copied=old != new and draw(st.booleans()))


@settings(max_examples=500, deadline=None)
@given(edits())
def test_what_is_written_is_read_again(edit: FileEdit) -> None:
    patch = Patch((edit,))
    again = Patch.parse(patch.to_text(), "unified_diff")
    assert (again.files, again.repairs) == (patch.files, ())


@given(line_lists, line_lists)
def test_aligned_lines_hold_both_sides(old: list[str], new: list[str]) -> None:
    marked = aligned_lines(old, new)
    assert [line[1:] for line in marked if line[0] != "+"] == old
    assert [line[1:] for line in marked if line[0] != "-"] == new


def long_diff(hunks: int, header: str) -> str:
    body = "".join(header.format(n=n * 10 + 1) + f" line {n}\n-old {n}\n+new {n}\n+more\n end {n}\n" for n in range(hunks))
    return "--- a/x.py\n+++ b/x.py\n" + body


def test_ten_thousand_lines_in_every_way_take_well_under_a_second_each() -> None:
    sources = {"x.py": "".join(f"line {n}\nold {n}\nend {n}\n" + "z\n" * 7 for n in range(2000))}
    for header in ("@@ -{n},3 +{n},4 @@\n", "@@ -{n},9 +{n},9 @@\n", "@@\n"):
        started = time.process_time()
        patch = Patch.parse(long_diff(2000, header))
        assert patch.apply(sources).ok
        assert len(patch.files[0].hunks) == 2000
        # A bound on the order of growth, ten times above what it takes; the benchmark has the figures.
        assert time.process_time() - started < 5
