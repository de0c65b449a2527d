"""A bug that is ready to be scored: what `repair images prepare defects4j` took down of it, in its image and, with the answer, on this machine."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

RECIPE = 1
"""Raised whenever images are made otherwise than before; a bug of another number is made again."""
WORKDIR = "/testbed"
RUNNER_DIR = "/opt/repair"
BUG_FILE = f"{RUNNER_DIR}/bug.json"
"""Where an image has its bug: readable by root only, without the answer."""
LIBRARY_DIR = f"{RUNNER_DIR}/lib"
"""Where an image has the jars that the framework brought."""
BUG_LABEL = "repair-envs.defects4j.bug"
RECIPE_LABEL = "repair-envs.defects4j.recipe"


class PreparedError(ValueError):
    """A bug's file cannot be read or written."""


class Compilation(BaseModel):
    """One run of javac by the project's own build, in full; paths are absolute in the image, those of `files` relative to the working tree."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flags: tuple[str, ...]
    """Everything but the output folder, the class path and the source path."""
    class_path: tuple[str, ...]
    source_path: tuple[str, ...] = ()
    destination: str
    files: tuple[str, ...]


class PreparedBug(BaseModel):
    """One bug. Paths are absolute in the image unless said otherwise; tests are named `package.Class::method`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: int = RECIPE
    project: str
    """As the framework names it, such as `JacksonCore`."""
    number: int
    framework: str
    """Release of Defects4J, such as `3.0.1`."""
    image: str
    workdir: str = WORKDIR

    source_dir: str
    """Of the program, relative to `workdir`."""
    test_dir: str
    """Relative to `workdir`."""
    classes: tuple[str, ...]
    """Folders of the compiled buggy program."""
    test_classes_dir: str
    class_path: tuple[str, ...]
    """Of the tests, without the two above, in the build's order; jars and folders, JUnit among them."""
    flags: tuple[str, ...]
    """Of the compilation that the modified classes came from."""
    program_compilations: tuple[Compilation, ...]
    """In the build's order; together a full compile of the program."""
    test_compilations: tuple[Compilation, ...]
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables that the framework sets around tests (the time zone)."""

    trigger_tests: tuple[str, ...]
    """Tests that the bug fails and the fix passes."""
    relevant_classes: tuple[str, ...]
    """Test classes in the framework's order, those that the build's own patterns leave out included."""
    modified_classes: tuple[str, ...]
    """Top-level classes that the fix changes."""
    passing_tests: tuple[str, ...]
    """Tests of the relevant classes that ran on the fixed version and did not fail there, in the order they ran; the trigger tests are among them.
    An assumption that does not hold counts as passing, as it does for the framework."""
    broken_tests: tuple[str, ...] = ()
    """Tests of the relevant classes that fail on the fixed version too, where the image was made."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """What each step of the preparation took."""

    # The rest never goes into an image.
    gold_patch: str = ""
    """From the buggy version to the fixed one, program sources only, as a git diff; text as in `sources`."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Buggy text of the files that the fix changes, by path relative to `workdir`; line ends kept."""
    test_sources: dict[str, str] = Field(default_factory=dict)
    """Text of the trigger tests' files."""
    encodings: dict[str, str] = Field(default_factory=dict)
    """Of those files that are not UTF-8, and of which a byte was read as a character of Latin-1."""
    trigger_messages: dict[str, str] = Field(default_factory=dict)
    """Trigger test to how it failed on the buggy version: message and stack trace."""

    @property
    def name(self) -> str:
        """As the framework's users write it, such as `Lang-1`."""
        return f"{self.project}-{self.number}"

    def for_image(self) -> PreparedBug:
        """The bug without its answer."""
        hidden = ("gold_patch", "sources", "test_sources", "encodings", "trigger_messages")
        return PreparedBug.model_validate(self.model_dump(exclude=set(hidden)))

    @classmethod
    def read(cls, path: Path) -> PreparedBug:
        """The bug in a file.

        Raises:
            PreparedError: there is no such file, or it is none, or of another recipe.
        """
        again = "make it with `repair images prepare defects4j`"
        try:
            bug = cls.model_validate(json.loads(path.expanduser().read_text("utf-8")))
        except OSError as error:
            raise PreparedError(f"prepared bug {path}: {error.strerror}; {again}") from None
        except ValidationError as error:
            problem = error.errors()[0]
            raise PreparedError(f"prepared bug {path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}; {again}") from None
        except ValueError as error:
            raise PreparedError(f"prepared bug {path}: {error}; {again}") from None
        if bug.recipe != RECIPE:
            raise PreparedError(f"prepared bug {path}: made by recipe {bug.recipe}, this version has recipe {RECIPE}; {again}")
        return bug

    def write(self, path: Path) -> None:
        """Replace the file at once, so that it is whole whatever happens.

        Raises:
            OSError
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            json.dump(self.model_dump(), file, indent=1)
            file.write("\n")
        os.replace(file.name, path)


def image_name(project: str, number: int) -> str:
    """What the image of a bug is called."""
    return f"repair-envs/defects4j-{project.lower()}-{number}:latest"


def prepared_folder() -> Path:
    """Where prepared bugs are kept unless another place is named: one `<Project>-<number>.json` each."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "repair-envs" / "defects4j"
