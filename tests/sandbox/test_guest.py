"""The guest in real containers: right patches pass whatever their tests are like; tree, history and channel are out of the tests' reach."""

import base64
import dataclasses
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import docker
import pytest
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox import verdict
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.guest_protocol import build_request
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec

pytestmark = pytest.mark.docker
PYTHON_TASKS = [task for task in corpus_tasks() if task.metadata["language"] == "python"]
LIMITS = Limits(tests_s=60.0, memory_mb=512)
BUGGY = {"lib.py": b"def double(n):\n    return n + n + 1\n"}
FIX = """diff --git a/lib.py b/lib.py
--- a/lib.py
+++ b/lib.py
@@ -1,2 +1,2 @@
 def double(n):
-    return n + n + 1
+    return n + n
"""
USES = "from lib import double\n\n"
CHECK = USES + "def test_x():\n    assert double(2) == 4\n"

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def sandbox(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Scores patches as environments do, control run and all."""
    with Sandbox.docker(cache_folder=tmp_path_factory.mktemp("verdicts")) as scoring:
        yield scoring


@pytest.fixture(scope="module")
def run(image: str) -> Iterator[Run]:
    """Runs a patch on a tree: the guest's result."""
    backend = DockerBackend(standby=1)

    def run_one(spec: TestSpec, patch: str = FIX, **options: Any) -> dict[str, Any]:
        return backend.run(spec.image, build_request(spec, patch, **options), spec.limits).result

    yield run_one
    backend.close()


def spec_of(
    image: str, tests: Mapping[str, str], to_fix: tuple[str, ...], to_keep: tuple[str, ...] = (), tree: Mapping[str, bytes] = BUGGY, **values: Any
) -> TestSpec:
    """A task whose tests are in its tree, run with the tree's root on the path."""
    files = {
        **(tree or {}),
        **{path: text.encode() for path, text in tests.items()},
        "pyproject.toml": b"[tool.pytest.ini_options]\npythonpath = ['.']\n",
    }
    return TestSpec(
        **{
            "instance_id": "project__1",
            "image": image,
            "gold_patch": FIX,
            "fail_to_pass": to_fix,
            "pass_to_pass": to_keep,
            "tree": files,
            "limits": LIMITS,
            **values,
        }
    )


def corpus_spec(task: CorpusTask, image: str) -> TestSpec:
    to_fix, to_keep = tuple(task.metadata["fail_to_pass"]), tuple(task.metadata["pass_to_pass"])
    return TestSpec(task.instance_id, image, task.gold_patch, to_fix, to_keep, task.test_patch, tree=task.tree, limits=LIMITS)


def judged(spec: TestSpec, result: Mapping[str, Any]) -> TestReport:
    return verdict.judge(spec, result)


def log_of(result: Mapping[str, Any]) -> str:
    return base64.b64decode(result["output"]).decode("utf-8", "replace")


@pytest.mark.parametrize("task", PYTHON_TASKS, ids=lambda task: task.folder.name)
def test_corpus_task(task: CorpusTask, image: str, run: Run, sandbox: Sandbox) -> None:
    spec = corpus_spec(task, image)
    reordered = dataclasses.replace(spec, fail_to_pass_first=True)
    assert judged(reordered, run(reordered, task.gold_patch)).resolved
    for patch in (task.gold_patch, task.answer("different")):
        report = sandbox.score(spec, patch)
        assert report.resolved, report
    assert sandbox.score(spec, task.answer("wrong")).outcome == "tests_failed"
    everything = sandbox.score(spec, task.answer("partial"), stop_at_first_failure=False)
    assert everything.outcome == "tests_failed"
    assert "not_run" not in {**everything.fail_to_pass, **everything.pass_to_pass}.values()


KINDS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "blanks and brackets": (
        {
            "test_a.py": "import pytest\nfrom lib import double\n\n@pytest.mark.parametrize('n', [2, 3], ids=['a [b] c', ']['])\n"
            "def test_x(n):\n    assert double(n) == 2 * n\n"
        },
        ("test_a.py::test_x[a [b] c]", "test_a.py::test_x[][]"),
    ),
    "cut at a blank": (
        {
            "test_a.py": "import pytest\nfrom lib import double\n\n@pytest.mark.parametrize('n', [2, 3], ids=['a b', 'a c'])\n"
            "def test_x(n):\n    assert double(n) == 2 * n\n"
        },
        ("test_a.py::test_x[a",),
    ),
    "other letters": (
        {
            "test_ä.py": "import pytest\nfrom lib import double\n\n@pytest.mark.parametrize('n', [2], ids=['größe'])\n"
            "def test_größe(n):\n    assert double(n) == 4\n"
        },
        ("test_ä.py::test_größe[gr\\xf6\\xdfe]",),
    ),
    "unittest": (
        {"test_a.py": "import unittest\n" + USES + "class X(unittest.TestCase):\n    def test_x(self):\n        self.assertEqual(double(2), 4)\n"},
        ("test_a.py::X::test_x",),
    ),
    "asynchronous unittest": (
        {
            "test_a.py": "import unittest\n"
            + USES
            + "class X(unittest.IsolatedAsyncioTestCase):\n    async def test_x(self):\n        self.assertEqual(double(2), 4)\n"
        },
        ("test_a.py::X::test_x",),
    ),
    "same names": (
        {f"{folder}/{name}": text for folder in ("a", "b") for name, text in (("__init__.py", ""), ("test_x.py", CHECK))},
        ("a/test_x.py::test_x", "b/test_x.py::test_x"),
    ),
    "asynchronous by a plugin of its own": (
        {
            "conftest.py": "import asyncio, inspect, pytest\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n"
            "    if inspect.iscoroutinefunction(pyfuncitem.obj):\n        asyncio.run(pyfuncitem.obj())\n        return True\n",
            "test_a.py": USES + "async def test_x():\n    assert double(2) == 4\n",
        },
        ("test_a.py::test_x",),
    ),
    "plugin that reorders": (
        {"conftest.py": "def pytest_collection_modifyitems(items):\n    items.reverse()\n", "test_a.py": CHECK + "\ndef test_y():\n    pass\n"},
        ("test_a.py::test_x",),
    ),
    "reads its own source": (
        {
            "test_a.py": USES + "import inspect, pathlib\n\ndef test_x():\n    assert 'spot' in inspect.getsource(test_x)\n"
            "    assert 'spot' in pathlib.Path(__file__).read_text()\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "forks": (
        {
            "test_a.py": USES + "import os\n\ndef test_x():\n    pid = os.fork()\n    if pid == 0:\n        raise SystemExit(3)\n"
            "    os.waitpid(pid, 0)\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "pool of processes": (
        {
            "test_a.py": USES + "import multiprocessing\n\ndef test_x():\n    with multiprocessing.Pool(2) as pool:\n"
            "        assert pool.map(double, [1, 2]) == [2, 4]\n"
        },
        ("test_a.py::test_x",),
    ),
    "starts pytest": (
        {
            "test_a.py": USES + "import subprocess, sys\n\ndef test_x(tmp_path):\n"
            "    (tmp_path / 'test_b.py').write_text('def test_y(): pass')\n"
            "    assert subprocess.run([sys.executable, '-m', 'pytest', str(tmp_path)]).returncode == 0\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "calls pytest": (
        {
            "test_a.py": USES + "import pytest\n\ndef test_x(tmp_path):\n    (tmp_path / 'test_b.py').write_text('def test_y(): pass')\n"
            "    assert pytest.main([str(tmp_path)]) == 0\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "closes descriptors": (
        {"test_a.py": USES + "import os\n\ndef test_x():\n    os.closerange(20, 150)\n    assert double(2) == 4\n"},
        ("test_a.py::test_x",),
    ),
    "works once in a process": (
        {"test_a.py": USES + "import lib\n\ndef test_x():\n    assert not hasattr(lib, 'used')\n    lib.used = True\n    assert double(2) == 4\n"},
        ("test_a.py::test_x",),
    ),
    "prints a lot": ({"test_a.py": USES + "def test_x(capfd):\n    print('x' * 3_000_000)\n    assert double(2) == 4\n"}, ("test_a.py::test_x",)),
    "threads that stay": (
        {
            "test_a.py": USES + "import threading, time\n\ndef test_x():\n    threading.Thread(target=time.sleep, args=(1000,)).start()\n"
            "    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "child that stays": (
        {"test_a.py": USES + "import subprocess\n\ndef test_x():\n    subprocess.Popen(['sleep', '1000'])\n    assert double(2) == 4\n"},
        ("test_a.py::test_x",),
    ),
    "needs a user and a home": (
        {
            "test_a.py": USES + "import getpass, os, pathlib, pwd, tempfile\n\ndef test_x():\n"
            "    assert getpass.getuser() == pwd.getpwuid(os.getuid()).pw_name\n"
            "    (pathlib.Path.home() / 'settings').write_text('x')\n    tempfile.mkdtemp()\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
    "own descriptors and signals": (
        {
            "test_a.py": USES + "import signal, subprocess\n\ndef test_x():\n"
            "    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL\n"
            "    assert subprocess.run('yes | head -1', shell=True, capture_output=True).stderr == b''\n    assert double(2) == 4\n"
        },
        ("test_a.py::test_x",),
    ),
}
"""Trees of tests of every kind that projects have."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_patch_passes_whatever_the_tests_are_like(kind: str, image: str, run: Run, sandbox: Sandbox) -> None:
    tests, to_fix = KINDS[kind]
    spec = spec_of(image, tests, to_fix)
    report = sandbox.score(spec, FIX)
    assert report.resolved, report
    assert judged(spec, run(spec, "")).outcome == "tests_failed"


ARGUMENTS = {
    "options": ("-p", "no:doctest", "-o", "xfail_strict=true", "--tb=short", "-q", "test_a.py"),
    "keyword": ("-k", "test_x", "test_a.py"),
    "no cache": ("-p", "no:cacheprovider", "test_a.py"),
    "node": ("test_a.py::test_x",),
    "one dash of everything": ("-rA", "-vv", "-s", "--durations=3", "--color=yes"),
    "stop at the first": ("-x", "--maxfail=1", "test_a.py"),
    "other import mode": ("--import-mode=importlib", "test_a.py"),
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_of_pytest(arguments: tuple[str, ...], image: str, run: Run) -> None:
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",), arguments=arguments)
    assert judged(spec, run(spec)).resolved


def test_a_doctest_is_a_test_though_it_has_no_twin(image: str, sandbox: Sandbox) -> None:
    tree = {"lib.py": b"def double(n):\n    '''\n    >>> double(2)\n    4\n    '''\n    return n + n + 1\n"}
    fix = FIX.replace("@@ -1,2 +1,2 @@\n def double(n):\n", "@@ -6,1 +6,1 @@\n")
    spec = spec_of(image, {}, ("lib.py::lib.double",), tree=tree, arguments=("--doctest-modules", "lib.py"), gold_patch=fix)
    assert sandbox.score(spec, fix).resolved


def test_skips_and_expected_failures_are_no_regressions(image: str, run: Run) -> None:
    text = CHECK + (
        "\nimport pytest\n\ndef test_skips():\n    pytest.skip('here')\n\n@pytest.mark.xfail\ndef test_marked():\n    assert False\n"
        "\ndef test_xfails():\n    pytest.xfail('known')\n\n@pytest.mark.skip\ndef test_left_out():\n    assert False\n"
    )
    names = {
        f"test_a.py::{name}": status
        for name, status in (("test_skips", "skipped"), ("test_marked", "xfailed"), ("test_xfails", "xfailed"), ("test_left_out", "skipped"))
    }
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), tuple(names))
    report = judged(spec, run(spec))
    assert report.resolved
    assert report.pass_to_pass == names


@pytest.mark.parametrize("how", ["pytest.skip('no')", "pytest.xfail('no')", "raise unittest.SkipTest('no')"])
def test_a_patch_that_skips_a_test_breaks_it(how: str, image: str, run: Run) -> None:
    tree = {**BUGGY, "other.py": b"import pytest, unittest\n\ndef half(n):\n    return n / 2\n"}
    tests = {"test_a.py": CHECK, "test_b.py": "from other import half\n\ndef test_y():\n    assert half(4) == 2\n"}
    spec = spec_of(image, tests, ("test_a.py::test_x",), ("test_b.py::test_y",), tree)
    breaks = "diff --git a/other.py b/other.py\n--- a/other.py\n+++ b/other.py\n@@ -3,2 +3,2 @@\n def half(n):\n-    return n / 2\n+    {how}\n"
    report = judged(spec, run(spec, FIX + breaks))
    assert (report.outcome, report.pass_to_pass) == ("tests_failed", {"test_b.py::test_y": "failed"})


def test_the_tree_is_read_only_and_history_is_hidden(image: str, run: Run) -> None:
    text = CHECK + (
        "\nimport os, pathlib, pytest\n\ndef test_y():\n    for path in ('lib.py', 'test_a.py', 'new.py', 'conftest.py'):\n"
        "        with pytest.raises(PermissionError):\n"
        "            pathlib.Path(path).write_text('x')\n    with pytest.raises(PermissionError):\n"
        "        os.unlink('test_a.py')\n    with pytest.raises(PermissionError):\n"
        "        os.listdir('.git')\n    assert os.getuid() == os.geteuid() == 10001 and os.getgroups() == [] and os.getcwd() == '/testbed'\n"
    )
    spec = spec_of(image, {"test_a.py": text, ".git/HEAD": "ref: refs/heads/main\n"}, ("test_a.py::test_x",), ("test_a.py::test_y",))
    assert judged(spec, run(spec)).resolved


def test_a_writable_tree_takes_new_files_and_keeps_old_ones(image: str, run: Run) -> None:
    text = CHECK + (
        "\nimport os, pathlib, pytest\n\ndef test_y():\n    pathlib.Path('new.txt').write_text('x')\n"
        "    pathlib.Path('sub', 'build').mkdir()\n"
        "    with pytest.raises(PermissionError):\n        pathlib.Path('lib.py').write_text('x')\n"
        "    with pytest.raises(PermissionError):\n        os.unlink('test_a.py')\n"
        "    with pytest.raises(PermissionError):\n        os.rename('sub', 'other')\n    with pytest.raises(PermissionError):\n"
        "        os.listdir('.git')\n"
    )
    tests = {"test_a.py": text, ".git/HEAD": "ref: refs/heads/main\n", "sub/data": ""}
    spec = spec_of(image, tests, ("test_a.py::test_x",), ("test_a.py::test_y",), writable_tree=True)
    assert judged(spec, run(spec)).resolved


@pytest.mark.parametrize("writable_tree", [False, True])
def test_an_image_that_lets_everyone_write_anywhere(image: str, client: docker.APIClient, run: Run, writable_tree: bool) -> None:
    text = CHECK + (
        "\nimport os, pathlib, pytest\n\ndef test_y():\n    for path in ('test_a.py', 'sub/conftest.py'):\n"
        "        with pytest.raises(PermissionError):\n            pathlib.Path(path).write_text('x')\n"
        "    for path in ('test_a.py', 'lib.py', 'sub/conftest.py'):\n        with pytest.raises(PermissionError):\n            os.unlink(path)\n"
        f"    assert os.access('sub', os.W_OK) == os.access('.', os.W_OK) == {writable_tree}\n"
    )
    files = {"lib.py": BUGGY["lib.py"].decode(), "test_a.py": text, "sub/conftest.py": "", "pytest.ini": "[pytest]\npythonpath = .\n"}
    write = f"import os\nos.makedirs('/testbed/sub')\nfor path, text in {files!r}.items(): open('/testbed/' + path, 'w').write(text)"
    encoded = base64.b64encode(write.encode()).decode()
    lines = f"FROM {image}\nRUN echo {encoded} | base64 -d | python3 - && chmod -R 777 /testbed\n"
    name = f"repair-envs/test-open-tree:{writable_tree}"
    built = list(client.build(fileobj=io.BytesIO(lines.encode()), tag=name, decode=True, rm=True, network_mode="none"))
    try:
        spec = dataclasses.replace(spec_of(name, {}, ("test_a.py::test_x",), ("test_a.py::test_y",)), tree=None, writable_tree=writable_tree)
        report = judged(spec, run(spec))
        assert report.resolved, (report.reason, report.log_tail, built[-1])
    finally:
        client.remove_image(name, force=True)


def test_only_the_supervisor_holds_the_way_out(image: str, run: Run) -> None:
    text = CHECK + (
        "\nimport os, pytest\n\ndef test_y():\n"
        "    for place in ('/proc/1/fd', '/proc/1/fd/1', '/proc/1/mem', '/proc/1/environ'):\n        with pytest.raises(OSError):\n"
        "            os.listdir(place) if place.endswith('fd') else open(place, 'rb').read(1)\n"
        "    with pytest.raises(PermissionError):\n        os.kill(1, 9)\n"
        "    links = [os.readlink('/proc/self/fd/' + fd) for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)]\n"
        "    assert len([link for link in links if 'socket' in link]) == 1\n"
    )
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), ("test_a.py::test_y",))
    assert judged(spec, run(spec)).resolved


def test_environment_of_the_tests(image: str, run: Run) -> None:
    text = (
        CHECK + "\nimport os\n\ndef test_y():\n    assert os.environ['SETTING'] == 'a b'\n"
        "    assert os.environ['HOME'] == '/tmp/home' and os.environ['PATH'].startswith('/opt/bin:')\n"
    )
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), ("test_a.py::test_y",), environment={"SETTING": "a b"})
    report = judged(spec, run(spec))
    assert report.pass_to_pass == {"test_a.py::test_y": "failed"}
    with_prefix = spec_of(
        image, {"test_a.py": text.replace("/opt/bin:", "/usr/bin:")}, ("test_a.py::test_x",), ("test_a.py::test_y",), environment={"SETTING": "a b"}
    )
    assert judged(with_prefix, run(with_prefix)).fail_to_pass == {"test_a.py::test_x": "passed"}


def test_a_module_of_the_tree_does_not_stand_in_for_the_library(image: str, run: Run) -> None:
    shadows = dict.fromkeys(("json.py", "os.py", "fcntl.py", "contextlib.py", "typing.py"), "raise RuntimeError('shadow')\n")
    spec = spec_of(image, {"test_a.py": CHECK, **shadows}, ("test_a.py::test_x",))
    result = run(spec)
    assert result["collected"] == ["test_a.py::test_x"], log_of(result)


@pytest.mark.parametrize("as_module", [False, True])
def test_the_tree_is_where_python_m_pytest_looks_first(as_module: bool, image: str, run: Run) -> None:
    shadows = dict.fromkeys(("json.py", "os.py", "fcntl.py", "contextlib.py", "typing.py"), b"raise RuntimeError('shadow')\n")
    check = CHECK + "\ndef test_y():\n    import os, sys\n    assert sys.path.count(os.getcwd()) == 1\n"
    tree = {**BUGGY, **shadows, "tests/test_a.py": check.encode()}
    spec = TestSpec("project__1", image, FIX, ("tests/test_a.py::test_x", "tests/test_a.py::test_y"), (), tree=tree, workdir_on_path=as_module)
    report = judged(spec, run(spec))
    assert report.resolved == as_module, report
    assert as_module or "No module named 'lib'" in report.log_tail


RUNGS = {
    "exact": FIX,
    "whitespace": FIX.replace("@@\n def double(n):", "@@\n def  double(n):"),
    "recount": FIX.replace("@@ -1,2 +1,2 @@", "@@ -1,7 +1,3 @@"),
    "fuzz": FIX.replace("@@ -1,2 +1,2 @@\n def double(n):", "@@ -1,3 +1,3 @@\n # somebody else's line\n def triple(n):"),
}


@pytest.mark.parametrize("rung", RUNGS)
def test_rungs_of_applying(rung: str, image: str, run: Run) -> None:
    tree = {"lib.py": b"# a line\ndef double(n):\n    return n + n + 1\n"} if rung == "fuzz" else BUGGY
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",), tree=tree)
    result = run(spec, RUNGS[rung])
    assert (judged(spec, result).outcome, result["apply_rung"], result["changed"]) == ("resolved", rung, ["lib.py"])


def test_a_patch_that_fits_nowhere(image: str, run: Run) -> None:
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",))
    report = judged(spec, run(spec, FIX.replace("n + n + 1", "n * n")))
    assert (report.outcome, report.fail_to_pass) == ("apply_failed", {})
    assert "lib.py" in report.reason


def request_with(spec: TestSpec, **values: Any) -> dict[str, Any]:
    return {**build_request(spec, FIX), **values}


HOSTILE = {
    "other paths than declared": ("diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n", ["lib.py"]),
    "through a link": ("diff --git a/link/x b/link/x\nnew file mode 100644\n--- /dev/null\n+++ b/link/x\n@@ -0,0 +1 @@\n+x\n", ["link/x"]),
    "onto a link": ("diff --git a/link b/link\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-x\n+y\n", ["link"]),
    "into the repository": (
        "diff --git a/.git/config b/.git/config\nnew file mode 100644\n--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
        [".git/config"],
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_patches_that_got_past_the_policy(name: str, image: str) -> None:
    patch, declared = HOSTILE[name]
    # The link is the trusted patch's: it lies there before nothing of the model's, so it stands in the tree by way of a second request's patch.
    link = "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+/tmp\n\\ No newline at end of file\n"
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",))
    backend = DockerBackend(standby=0)
    text = link + patch if "link" in name else patch
    request = request_with(spec, patch=base64.b64encode(text.encode()).decode(), declared=[*declared, "link"])
    result = backend.run(image, request, spec.limits).result
    backend.close()
    assert result["status"] in ("patch_rejected", "apply_failed"), result
    assert "tests" not in result["stages_s"]


BROKEN = {
    "no tree": ({"tree": None, "workdir": "/nowhere"}, "no such folder"),
    "no interpreter": ({"path_prefix": "/opt/none", "environment": {"PATH": "/opt/none"}}, "no python"),
    "test patch that does not fit": ({"test_patch": FIX.replace("n + n + 1", "n * n")}, "test patch"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_the_task_is_ours(name: str, image: str, run: Run) -> None:
    values, reason = BROKEN[name]
    spec = dataclasses.replace(spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",)), **values)
    result = run(spec)
    assert (result["status"], reason in result["reason"]) == ("broken", True), result["reason"]


def test_a_patch_in_the_way_of_the_trusted_tests_is_the_models_doing(image: str, run: Run) -> None:
    new = "diff --git a/{0} b/{0}\nnew file mode 100644\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+x = 1\n"
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_a.py::test_x",), test_patch=new.format("tests/test_b.py"))
    assert judged(spec, run(spec, new.format("tests"))).outcome == "patch_rejected"


def test_a_suite_with_a_command_of_its_own(image: str, run: Run, sandbox: Sandbox) -> None:
    def parser(text: str) -> dict[str, str]:
        return {line.split()[1]: line.split()[0] for line in text.splitlines() if line.startswith(("PASSED", "FAILED"))}

    command = 'for name in test_x; do PYTHONPATH=. python3 -c "import test_a; test_a.$name()" && echo PASSED $name || echo FAILED $name; done'
    spec = spec_of(image, {"test_a.py": CHECK}, ("test_x",), runner="log", arguments=(command,), log_parser=parser, test_patch="")
    assert judged(spec, run(spec)).resolved
    assert judged(spec, run(spec, "")).outcome == "tests_failed"
    added = "diff --git a/test_b.py b/test_b.py\nnew file mode 100644\n--- /dev/null\n+++ b/test_b.py\n@@ -0,0 +1,4 @@\n" + "".join(
        f"+{line}\n" for line in CHECK.splitlines()
    )
    patched = spec_of(image, {}, ("test_x",), runner="log", arguments=(command.replace("test_a", "test_b"),), log_parser=parser, test_patch=added)
    assert sandbox.score(patched, FIX).resolved
    forged = (
        "diff --git a/lib.py b/lib.py\n--- a/lib.py\n+++ b/lib.py\n@@ -1,2 +1,3 @@\n+import os; print('PASSED test_x', flush=True); os._exit(0)\n"
    )
    forged += " def double(n):\n     return n + n + 1\n"
    assert judged(patched, run(patched, forged)).resolved
    assert sandbox.score(patched, forged).tampering


def test_stopping_at_the_first_failure_and_running_on(image: str, run: Run) -> None:
    text = USES + "".join(f"def test_{n}():\n    assert double({n}) == {2 * n}\n\n" for n in range(5)) + "def test_right():\n    pass\n"
    names = tuple(f"test_a.py::test_{n}" for n in range(5))
    spec = spec_of(image, {"test_a.py": text}, names, ("test_a.py::test_right",))
    stopped = judged(spec, run(spec, ""))
    assert [*stopped.fail_to_pass.values(), *stopped.pass_to_pass.values()] == ["failed", *["not_run"] * 5]
    whole = judged(spec, run(spec, "", stop_at_first_failure=False))
    assert [*whole.fail_to_pass.values(), *whole.pass_to_pass.values()] == [*["failed"] * 5, "passed"]
    assert whole.reason == "FAIL_TO_PASS test_a.py::test_0: failed (and 4 more)"
    assert "assert 1 == 0" in whole.log_tail


def test_tests_to_fix_run_first_where_the_task_says_so(image: str, run: Run) -> None:
    text = USES + "def test_right():\n    pass\n\ndef test_x():\n    assert double(2) == 4\n"
    own = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), ("test_a.py::test_right",))
    reordered = dataclasses.replace(own, fail_to_pass_first=True)
    assert judged(own, run(own, "")).pass_to_pass == {"test_a.py::test_right": "passed"}
    assert judged(reordered, run(reordered, "")).pass_to_pass == {"test_a.py::test_right": "not_run"}
    assert own.identity != reordered.identity


def test_other_failing_tests_do_not_stop_the_run(image: str, run: Run) -> None:
    text = "def test_known_failure():\n    assert False\n\n" + CHECK
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",))
    assert judged(spec, run(spec)).resolved


def test_reinstalling_after_a_patch_of_the_packaging(image: str, run: Run) -> None:
    install = (
        "python3 -c \"import shutil, sysconfig; shutil.copy('lib.py', sysconfig.get_path('purelib') + '/installed_lib.py')\" && echo x > built.txt"
    )
    text = (
        "import os, pytest\nfrom installed_lib import double\n\ndef test_x():\n    assert double(2) == 4\n"
        "    assert os.stat('built.txt').st_uid == 0\n"
    )
    text += (
        "    with pytest.raises(PermissionError):\n        open(os.path.join(os.path.dirname(__import__('installed_lib').__file__), 'new'), 'w')\n"
    )
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), install=install)
    report = judged(spec, run(spec))
    assert report.resolved, report
    assert report.stages_s["install"] > 0
    broken = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), install="echo no compiler; exit 1")
    failed = judged(broken, run(broken))
    assert (failed.outcome, failed.log_tail) == ("compile_failed", "no compiler\n")


def test_a_control_run_gets_to_its_end(image: str, run: Run) -> None:
    text = "import pytest\n" + USES + "def test_a():\n    with pytest.raises(KeyboardInterrupt):\n        raise KeyboardInterrupt\n\n"
    text += "def test_x():\n    assert double(2) == 4\n"
    spec = spec_of(image, {"test_a.py": text}, ("test_a.py::test_x",), ("test_a.py::test_a",))
    result = run(spec, control=True)
    assert "KeyboardInterrupt !" not in log_of(result)
    assert result["twins"] == {"test_a.py": ""}
