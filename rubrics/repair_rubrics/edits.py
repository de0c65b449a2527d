"""What a patch is made of, whatever format it was written in: file edits, made of hunks, made of marked lines."""

from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True)
class Hunk:
    """One contiguous change of one file."""

    lines: tuple[str, ...]
    """Each line with its marker in front (`" "` kept, `"-"` removed, `"+"` added), without a line end; a `"\\r"` stays."""
    old_start: int | None = None
    """1-based line of the old file where the hunk begins; None when the answer did not say (a bare `@@`, a SEARCH block)."""
    old_newline: bool = True
    """False when the old side ends the file without a final newline."""
    new_newline: bool = True
    """False when the new side ends the file without a final newline."""

    @cached_property
    def old(self) -> tuple[str, ...]:
        """The lines the hunk expects to find: kept and removed ones."""
        return tuple(line[1:] for line in self.lines if line[0] != "+")

    @cached_property
    def new(self) -> tuple[str, ...]:
        """The lines the hunk leaves behind: kept and added ones."""
        return tuple(line[1:] for line in self.lines if line[0] != "-")

    @property
    def removed(self) -> tuple[str, ...]:
        return tuple(line[1:] for line in self.lines if line[0] == "-")

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(line[1:] for line in self.lines if line[0] == "+")


@dataclass(frozen=True)
class FileEdit:
    """All changes to one file. `old_path` is None for a new file, `new_path` is None for a deleted one."""

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False
    """The patch says that the file differs but carries no text to apply."""
    copied: bool = False
    """The file at `old_path` stays as it is beside the new one."""

    @property
    def path(self) -> str:
        """The path after the change; for a deleted file the path before. Empty when the answer named none."""
        return self.new_path or self.old_path or ""


@dataclass(frozen=True)
class ParsedEdits:
    """What a parser found in a text, and what it had to put right to find it."""

    files: tuple[FileEdit, ...] = ()
    repairs: tuple[str, ...] = ()
    """Names of the repairs made, once for each place; empty for a well-formed text."""


def merge_by_path(files: list[FileEdit]) -> tuple[FileEdit, ...]:
    """Join the edits that name the same file, in order of first mention; a file that is created twice in different ways stays so."""
    merged: list[FileEdit] = []
    place: dict[tuple[str | None, str | None], int] = {}
    for edit in files:
        at = place.setdefault((edit.old_path, edit.new_path), len(merged))
        if at == len(merged) or (edit.old_path is None and edit != merged[at]):
            merged.append(edit)
        elif edit.old_path is not None:
            earlier = merged[at]
            merged[at] = replace(earlier, hunks=earlier.hunks + edit.hunks, binary=earlier.binary or edit.binary)
    return tuple(merged)
