"""What models write, one sample file per quirk: each is parsed, and either applied to the sample tree or refused for the right reason."""

from pathlib import Path

import pytest
from repair_rubrics import Patch

SAMPLES = Path(__file__).parent.parent / "samples"
ANSWERS = SAMPLES / "answers"


def sample_tree() -> dict[str, str]:
    root = SAMPLES / "tree"
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in root.rglob("*") if path.is_file()}


def answer(name: str) -> str:
    return (ANSWERS / name).read_bytes().decode()


TREE = sample_tree()
STOCK = TREE["shop/stock.py"]
FIXED = {"shop/stock.py": STOCK.replace("have <= count", "have < count")}
LOG = {"shop/log.py": "import logging\nlog = logging.getLogger(__name__)\n"}
ENDS = "".join(f"# end {n}\n" for n in range(9))

# file, what it does to the tree, what the parser put right, the rung it needed
APPLIES = [
    ("clean.diff", FIXED, set(), "exact"),
    ("no_diff_git_line.diff", FIXED, set(), "exact"),
    ("no_prefixes.diff", FIXED, set(), "exact"),
    ("timestamps.diff", FIXED, set(), "exact"),
    ("no_final_newline.diff", FIXED, set(), "exact"),
    ("zero_context.diff", FIXED, set(), "exact"),
    ("fenced.txt", FIXED, set(), "exact"),
    ("tilde_fenced.txt", FIXED, set(), "exact"),
    ("thinking.txt", FIXED, set(), "exact"),
    ("answer_tag.txt", FIXED, set(), "exact"),
    ("repeated_fence.txt", FIXED, set(), "exact"),
    ("prose_around.txt", FIXED, set(), "exact"),
    ("crlf.diff", FIXED, {"crlf"}, "exact"),
    ("wrong_hunk_counts.diff", FIXED, {"hunk_counts"}, "exact"),
    ("too_small_hunk_counts.diff", FIXED, {"hunk_counts"}, "exact"),
    ("stripped_trailing_whitespace.diff", FIXED, {"stripped_blank_line"}, "exact"),
    ("bare_hunk_header.diff", FIXED, {"bare_hunk_header"}, "exact"),
    ("dotted_hunk_header.diff", FIXED, {"bare_hunk_header"}, "exact"),
    ("section_only_hunk_header.diff", FIXED, {"bare_hunk_header"}, "exact"),
    ("no_minus_header.diff", FIXED, {"half_file_header"}, "exact"),
    ("no_file_header.diff", FIXED, {"missing_file_header"}, "exact"),
    ("wrong_start_line.diff", FIXED, set(), "moved"),
    ("lost_context_space.diff", FIXED, {"stripped_blank_line"}, "indentation"),
    ("truncated_in_context.diff", FIXED, {"hunk_counts", "truncated"}, "exact"),
    ("elided_context.diff", FIXED, {"hunk_counts", "elided_context"}, "exact"),
    ("marked_elision.diff", FIXED, {"hunk_counts"}, "elided_context"),
    ("indentation_drift.diff", FIXED, set(), "indentation"),
    ("misremembered_context.diff", FIXED, set(), "less_context"),
    ("block.txt", FIXED, set(), "exact"),
    ("block_fenced_path_outside.txt", FIXED, set(), "exact"),
    ("block_fenced_path_inside.txt", FIXED, set(), "exact"),
    ("block_path_in_fence_line.txt", FIXED, set(), "exact"),
    ("block_bold_path.txt", FIXED, set(), "exact"),
    ("block_file_label.txt", FIXED, set(), "exact"),
    ("block_path_after_marker.txt", FIXED, set(), "exact"),
    ("block_longer_markers.txt", FIXED, set(), "exact"),
    ("block_with_blank_line.txt", FIXED, set(), "exact"),
    ("block_shorter_path.txt", FIXED, set(), "exact"),
    ("block_in_answer_tag.txt", FIXED, set(), "exact"),
    ("block_crlf.txt", FIXED, {"crlf"}, "exact"),
    ("block_indentation_drift.txt", FIXED, set(), "indentation"),
    ("block_trailing_whitespace.txt", FIXED, set(), "trailing_whitespace"),
    ("block_elision.txt", FIXED, set(), "elided_context"),
    ("removed_dashes.diff", {"schema.sql": TREE["schema.sql"].replace("-- old", "++ new")}, set(), "exact"),
    ("removed_dashes_wrong_counts.diff", {"schema.sql": TREE["schema.sql"].replace("-- old", "++ new")}, {"hunk_counts"}, "exact"),
    ("crlf_file.diff", {"shop.cfg": TREE["shop.cfg"].replace("low", "high")}, set(), "exact"),
    ("crlf_file_lf_answer.diff", {"shop.cfg": TREE["shop.cfg"].replace("low", "high")}, set(), "trailing_whitespace"),
    ("no_newline_marker.diff", {"notes.txt": "a newline here\nand a line\n"}, set(), "exact"),
    ("no_newline_marker_kept.diff", {"notes.txt": "still none"}, set(), "exact"),
    ("quoted_path.diff", {"größe.py": TREE["größe.py"].replace("1", "2")}, set(), "exact"),
    ("unicode_path.diff", {"größe.py": TREE["größe.py"].replace("1", "2")}, set(), "exact"),
    ("new_file.diff", LOG, set(), "exact"),
    ("new_file_wrong_counts.diff", LOG, {"hunk_counts"}, "exact"),
    ("block_new_file.txt", LOG, set(), "exact"),
    ("deleted_file.diff", {"shop/errors.py": None}, set(), "exact"),
    ("renamed_file.diff", {"shop/errors.py": None, "shop/failures.py": TREE["shop/errors.py"]}, set(), "exact"),
    (
        "renamed_and_edited.diff",
        {"shop/errors.py": None, "shop/failures.py": TREE["shop/errors.py"].replace("Errors", "Failures")},
        set(),
        "exact",
    ),
    ("repeated_hunk.diff", FIXED, {"repeated_hunk"}, "exact"),
    ("repeated_file.diff", FIXED, {"repeated_hunk"}, "exact"),
    (
        "hunks_out_of_order.diff",
        {"shop/stock.py": STOCK.replace("have = self.levels.get(article, 0)", "have = self.levels[article]", 1) + ENDS},
        set(),
        "exact",
    ),
    (
        "two_insertions_without_context.diff",
        {
            "shop/stock.py": STOCK.replace("REORDER_BELOW = 5\n", "REORDER_BELOW = 5\nKEEP = 1\n").replace(
                "dict(levels or {})\n", "dict(levels or {})\n        self.kept = KEEP\n"
            )
        },
        set(),
        "exact",
    ),
    (
        "overlapping_hunks.diff",
        {"shop/stock.py": FIXED["shop/stock.py"].replace("OutOfStock(article)", "OutOfStock(article, have)")},
        set(),
        "exact",
    ),
    (
        "file_mentioned_twice.diff",
        {
            "shop/stock.py": FIXED["shop/stock.py"].replace("REORDER_BELOW = 5", "REORDER_BELOW = 6"),
            "shop/errors.py": TREE["shop/errors.py"].replace("Errors of the shop", "The shop's errors"),
        },
        set(),
        "exact",
    ),
    ("copied_file.diff", {"shop/failures.py": TREE["shop/errors.py"].replace("Errors of", "Failures of")}, set(), "exact"),
    ("mode_only.diff", {"shop/stock.py": STOCK}, set(), "exact"),
    ("symlink.diff", {"shop/link": "stock.py"}, set(), "exact"),
    (
        "no_newline_marker_where_there_is_one.diff",
        {"shop/stock.py": STOCK.replace("low.append(article)", "low += [article]")},
        set(),
        "exact",
    ),
    (
        "truncated_in_a_change.txt",
        {"shop/stock.py": STOCK.replace("        if have <= count:\n", "        if have < \n")},
        {"hunk_counts", "truncated"},
        "exact",
    ),
    ("two_files.txt", {**FIXED, "shop/errors.py": TREE["shop/errors.py"].replace("There are not", "Not")}, set(), "exact"),
]

# file, reason, path and hunk of the refusal, a part of the nearest match
REFUSED = [
    ("search_not_found.txt", "hunk_not_found", "shop/stock.py", 1, ""),
    ("search_found_twice.txt", "hunk_ambiguous", "shop/stock.py", 1, "have = self.levels.get(article, 0)"),
    ("empty_search_existing_file.txt", "file_exists", "shop/stock.py", 0, ""),
    ("unknown_file.txt", "missing_file", "shop/stocks.py", 0, ""),
    ("block_no_path.txt", "no_path", "", 0, ""),
    ("stale_diff.diff", "hunk_not_found", "shop/stock.py", 1, "raise OutOfStock(article)"),
    ("renamed_onto_existing_file.diff", "file_exists", "shop/stock.py", 0, ""),
    ("created_twice.diff", "file_exists", "shop/log.py", 0, ""),
    ("binary.diff", "binary", "logo.png", 0, ""),
]

NO_PATCH = ["prose_only.txt", "empty.txt", "code_only.txt", "unclosed_thinking.txt", "block_truncated.txt"]


@pytest.mark.parametrize(("name", "changes", "repairs", "rung"), APPLIES, ids=[case[0] for case in APPLIES])
def test_sample_applies(name: str, changes: dict[str, str | None], repairs: set[str], rung: str) -> None:
    patch = Patch.parse(answer(name))
    applied = patch.apply(TREE)
    assert applied.ok, str(applied.failure)
    assert applied.files == changes
    assert set(patch.repairs) == repairs
    assert applied.rung == rung


@pytest.mark.parametrize(("name", "reason", "path", "hunk", "nearest"), REFUSED, ids=[case[0] for case in REFUSED])
def test_sample_is_refused(name: str, reason: str, path: str, hunk: int, nearest: str) -> None:
    applied = Patch.parse(answer(name)).apply(TREE)
    assert applied.files == {}
    assert applied.failure is not None
    assert (applied.failure.reason, applied.failure.path, applied.failure.hunk) == (reason, path, hunk)
    assert nearest in applied.failure.nearest


@pytest.mark.parametrize("name", NO_PATCH)
def test_sample_holds_no_patch(name: str) -> None:
    assert not Patch.parse(answer(name))


def test_every_sample_file_is_used() -> None:
    used = {case[0] for case in APPLIES} | {case[0] for case in REFUSED} | set(NO_PATCH)
    assert used == {path.name for path in ANSWERS.iterdir()}


def test_block_without_path_means_the_only_file_shown() -> None:
    assert Patch.parse(answer("block_no_path.txt")).apply({"shop/stock.py": STOCK}).files == FIXED


def test_refusal_reads_like_a_report() -> None:
    failure = Patch.parse(answer("stale_diff.diff")).apply(TREE).failure
    assert str(failure) == (
        "shop/stock.py, hunk 1: hunk_not_found, looked for:\n"
        "        if have <= wanted:\n            raise OutOfStock(article)"
        "; nearest match at line 18:\n"
        "        if have <= count:\n            raise OutOfStock(article)"
    )


@pytest.mark.parametrize("name", [case[0] for case in APPLIES])
def test_what_a_sample_does_can_be_undone_and_written_down(name: str) -> None:
    patch = Patch.parse(answer(name))
    after = {path: text for path, text in {**TREE, **patch.apply(TREE).files}.items() if text is not None}
    written = Patch.parse(patch.to_diff(TREE))
    assert {path: text for path, text in {**TREE, **written.apply(TREE).files}.items() if text is not None} == after
    undone = Patch.parse(written.reversed().to_text()).apply(after)
    assert {path: text for path, text in {**after, **undone.files}.items() if text is not None} == TREE
