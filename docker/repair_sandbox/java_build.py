"""How a Java program and its tests are compiled and run: what a build tool was told, taken down once, so that no build tool runs for a verdict."""

from dataclasses import dataclass


@dataclass(frozen=True)
class JavaBuild:
    """Paths are relative to the task's `workdir`, or absolute in its image."""

    source_dir: str
    """Root of the program's sources, such as `src/main/java`."""
    test_dir: str
    """Root of the tests' sources."""
    classes: tuple[str, ...] = ()
    """Folders and jars of the program compiled from the buggy tree. Empty: the image holds none, so all of `source_dir` is compiled each time."""
    test_classes_dir: str = ""
    """Folder of the tests compiled from the tree without `test_patch`; empty as for `classes`."""
    class_path: tuple[str, ...] = ()
    """Jars and folders besides, for compiling and testing; JUnit 4 is among them."""
    flags: tuple[str, ...] = ()
    """javac's, as the build passed them (`-source`, `-target`, `-encoding`, `-g`); no class path and no output folder."""
    test_flags: tuple[str, ...] = ()
    """Those for the tests, where the build had others; empty for the same."""
    test_class_names: tuple[str, ...] = ()
    """The relevant test classes in the order in which they run; those of FAIL_TO_PASS come first in any case."""
    isolated: tuple[str, ...] = ()
    """Those of them that run in a JVM of their own."""
    full_compile: tuple[str, ...] = ()
    """Command line that compiles everything, into `classes` and `test_classes_dir`, for a patch that changes what other classes were compiled
    against. Empty: javac compiles every source that `classes` and `test_classes_dir` hold the class of."""
