"""Format reward: was an answer given in the format asked for, and how much did the parser have to put right to read it."""

from collections import Counter

from repair_rubrics.extract import AnswerFormat, EditFormat
from repair_rubrics.patch import Patch

REPAIR_COST = {
    "crlf": 0.05,
    "stripped_blank_line": 0.05,
    "half_file_header": 0.15,
    "bare_hunk_header": 0.2,
    "hunk_counts": 0.2,
    "lost_context_space": 0.2,
    "no_code_block": 0.2,
    "repeated_hunk": 0.2,
    "beside_the_function": 0.3,
    "elided_context": 0.3,
    "missing_file_header": 0.3,
    "missing_path": 0.3,
    "truncated": 0.4,
}
"""What a repair costs when every hunk needed it; half of it when only one of many did."""

OTHER_FORMAT_SHARE = 0.3
"""What is left of the score of a patch in the format that was not asked for."""


def format_score(reply: str, edit_format: EditFormat | None = "unified_diff") -> float:
    """How well-formed the answer in `reply` is, in [0, 1]: 0 without a patch in it, 1 when it could be read as it stands.

    Says nothing of whether the patch applies or is any good. `edit_format` None accepts either format.
    """
    return patch_format_score(Patch.parse(reply), edit_format)


def patch_format_score(patch: Patch, edit_format: AnswerFormat | None) -> float:
    """`format_score` of a reply that has been parsed."""
    if not patch:
        return 0.0
    hunks = max(1, sum(len(edit.hunks) for edit in patch.files))
    score = 1.0
    for repair, count in Counter(patch.repairs).items():
        score *= 1 - REPAIR_COST[repair] * (0.5 + 0.5 * min(1.0, count / hunks))
    return score if edit_format in (None, patch.edit_format) else score * OTHER_FORMAT_SHARE
