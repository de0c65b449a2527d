"""Java functions found by position, answers read into patches, prompts: on the bundled sources, and on real bugs where some are prepared."""

import dataclasses
import gzip
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from defects4j_repair.answers import Defects4jCase, bug_fields
from defects4j_repair.bugs import EVAL_PROJECTS, Bug, BugOptions, NoBugs, select_bugs
from defects4j_repair.function_answers import function_patch
from defects4j_repair.functions import Member, functions, members
from defects4j_repair.prepared import PreparedError, prepared_folder
from defects4j_repair.prompts import NotShown, PromptOptions, bug_prompt, code_of, shortened
from repair_corpus import corpus_tasks
from repair_rubrics import Patch
from repair_rubrics.format import patch_format_score
from repair_rubrics.rewards import answer_format, compiles, quality, similarity
from repair_rubrics.rubric import TestFigures
from repair_sandbox.limits import Limits

BUNDLED = list(select_bugs(BugOptions()))
CORPUS_SOURCES = {
    f"{task.folder.name}/{path.rpartition('/')[2]}": content.decode()
    for task in corpus_tasks()
    if task.metadata["language"] == "java"
    for path, content in task.tree.items()
    if path.endswith(".java")
}

TWINS = """\
package a;

class Pair {
    /** First. */
    static class Left {
        int size() {
            return 1;
        }
    }

    static class Right {
        int size() {
            return 1;
        }

        int size(int more) { return 1; } int half() { return size() / 2; } // both on one line
    }

    // A brace in a string, a character and a comment: }
    String odd(final java.util.Map<String, int[]> map, char c, int[] rows[], String... rest) {
        Runnable later = new Runnable() {
            @Override
            public void run() {
                System.out.println("}" + '}' /* } */);
            }
        };
        return \"\"\"
            } text block {
            \"\"\";
    }

    enum Kind { A { @Override int size() { return 0; } }; int size() { return 1; } Kind() {} }
}
"""


def function(source: str, signature: str, owner: str) -> Member:
    return next(found for found in functions(source) if (found.signature, found.owner) == (signature, owner))


def answered(reply: str, source: str, signature: str, owner: str) -> str | None:
    """The source after the reply."""
    patch = function_patch(reply, "a/Pair.java", source, function(source, signature, owner))
    return patch.apply({"a/Pair.java": source}).files.get("a/Pair.java") if patch else None


def test_functions_are_told_by_class_and_parameters() -> None:
    assert [(found.owner, found.signature) for found in functions(TWINS)] == [
        ("Pair.Left", "size()"),
        ("Pair.Right", "size()"),
        ("Pair.Right", "size(int)"),
        ("Pair.Right", "half()"),
        ("Pair", "odd(Map,char,int[][],String...)"),
        ("Pair.Kind", "size()"),
        ("Pair.Kind", "size()"),
        ("Pair.Kind", "Kind()"),
    ]
    odd = function(TWINS, "odd(Map,char,int[][],String...)", "Pair")
    assert TWINS[odd.start : odd.end].startswith("String odd(")
    assert TWINS[odd.start : odd.end].endswith('""";\n    }')
    assert TWINS[odd.described_from : odd.start].strip() == "// A brace in a string, a character and a comment: }"


def test_a_comment_belongs_to_the_function_below_it_alone() -> None:
    source = "class A {\n  int x; // of x\n  void a() {}\n\n  /** far */\n\n  void b() {}\n  // near\n  /* and */\n  void c() {}\n}\n"
    assert {f.name: source[f.described_from : f.start] for f in functions(source)} == {"a": "", "b": "", "c": "// near\n  /* and */\n  "}


def test_positions_count_characters_whatever_the_bytes() -> None:
    source = "class Ä {\n  // ü€😀\n  String ö = \"é\"; String f() { return \"€\"; }\n}\n"
    (found,) = functions(source)
    assert source[found.start : found.end] == 'String f() { return "€"; }'
    assert [member.signature for member in members(source)] == ["type Ä", "field ö", "f()"]


def test_broken_code_hides_no_function_before_it() -> None:
    assert [found.name for found in functions("class A { void a() {} void b( { int c() { return 1; } }")][:1] == ["a"]


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("path", CORPUS_SOURCES)
def test_every_function_put_in_its_own_place_changes_nothing(path: str, crlf: bool) -> None:
    """Whatever its indentation in the answer, with its comment and without, among overloads and repeated text."""
    source = CORPUS_SOURCES[path].replace("\n", "\r\n") if crlf else CORPUS_SOURCES[path]
    for found in functions(source):
        for begin in (found.start, found.described_from):
            code = source[source.rfind("\n", 0, begin) + 1 : found.end].replace("\r", "")
            for text in (code, textwrap.dedent(code), textwrap.indent(code, "      ")):
                patch = function_patch(f"Here:\n\n```java\n{text}\n```\n", path, source, found)
                assert patch.apply({path: source}).files == {path: source}, (found, text)
                assert patch_format_score(patch, "function") == 1.0


def test_only_the_function_asked_for_is_replaced_however_often_its_text_stands_there() -> None:
    reply = "```java\nint size() {\n    return 2;\n}\n```"
    after = answered(reply, TWINS, "size()", "Pair.Right")
    assert after is not None
    assert after.count("return 2;") == 1
    assert after.index("return 2;") > after.index("class Right")
    assert after.replace("return 2;", "return 1;") == TWINS


def test_what_shares_the_functions_lines_stays() -> None:
    after = answered("```java\nint half() { return 0; }\n```", TWINS, "half()", "Pair.Right")
    assert after == TWINS.replace("{ return size() / 2; }", "{ return 0; }")


READ = [
    ("in-its-class", "```java\npackage a;\n\nimport java.util.*;\n\nclass Pair {\n    static class Right {\n        int size() {\n"
     "            return 2;\n        }\n    }\n}\n```"),
    ("with-siblings", "```java\nint size(int more) { return 9; }\n\nint size() {\n    return 2;\n}\n```"),
    ("no-fence", "The fix:\n\nint size() {\n    return 2;\n}\n"),
    ("last-of-two", "Before:\n```java\nint size() { return 1; }\n```\nAfter:\n```java\nint size() {\n    return 2;\n}\n```"),
    ("example-behind", "```java\nint size() {\n    return 2;\n}\n```\nUse it so:\n```java\npair.size();\n```"),
    ("reasoning", "<think>\n```java\nint size() { return 7; }\n```\n</think>\n```java\nint size() {\n    return 2;\n}\n```"),
    ("annotated", "```java\n@Override\nint size() {\n    return 2;\n}\n```"),
    ("cut-off", "```java\nint size() {\n    return 2;\n}\n"),
    ("other-format", "a/Pair.java\n<<<<<<< SEARCH\n    static class Right {\n        int size() {\n            return 1;\n=======\n"
     "    static class Right {\n        int size() {\n            return 2;\n>>>>>>> REPLACE\n"),
]  # fmt: skip


@pytest.mark.parametrize("reply", [case[1] for case in READ], ids=[case[0] for case in READ])
def test_answers_as_models_write_them(reply: str) -> None:
    after = answered(reply, TWINS, "size()", "Pair.Right")
    assert after is not None
    assert after.count("return 2;") == 1
    assert "return 9" not in after
    assert after.replace("return 2;", "return 1;").replace("        @Override\n        int size", "        int size") == TWINS


FORMATS = [("in-its-class", 0.7), ("with-siblings", 0.7), ("no-fence", 0.8), ("cut-off", 0.6), ("other-format", 0.3), ("last-of-two", 1.0)]


@pytest.mark.parametrize(("name", "score"), FORMATS, ids=[case[0] for case in FORMATS])
def test_more_than_was_asked_for_costs_format(name: str, score: float) -> None:
    patch = function_patch(dict(READ)[name], "a/Pair.java", TWINS, function(TWINS, "size()", "Pair.Right"))
    assert patch_format_score(patch, "function") == pytest.approx(score)


def test_helpers_of_a_function_come_along() -> None:
    reply = "```java\nprivate static final int TWO = 2;\n\nint size() {\n    return two();\n}\n\nprivate int two() {\n    return TWO;\n}\n```"
    after = answered(reply, TWINS, "size()", "Pair.Right")
    assert after is not None
    added = {found.signature for found in members(after) if found.owner == "Pair.Right"} - {f.signature for f in members(TWINS)}
    assert added == {"two()", "field TWO"}
    assert len(functions(after)) == len(functions(TWINS)) + 1


NOT_READ = {
    "prose": "I would return 2.",
    "another-name": "```java\nint length() { return 2; }\n```",
    "another-overload": "```java\nint size(int more) { return 2; }\n```",
    "only-thoughts": "<think>int size() { }",
    "empty": "",
}


@pytest.mark.parametrize("reply", NOT_READ.values(), ids=NOT_READ)
def test_an_answer_without_the_function_is_no_patch(reply: str) -> None:
    assert answered(reply, TWINS, "size()", "Pair.Right") is None


def test_a_new_comment_takes_the_old_ones_place_and_none_keeps_it() -> None:
    source = "class A {\n    /** Old. */\n    int a() { return 1; }\n}\n"
    assert answered("```java\n/** New. */\nint a() { return 2; }\n```", source, "a()", "A") == source.replace("Old", "New").replace("1", "2")
    assert answered("```java\nint a() { return 2; }\n```", source, "a()", "A") == source.replace("1", "2")
    noted = answered("```java\n// fixed\nint a() { return 2; }\n```", source, "a()", "A")
    assert noted == source.replace("    int", "    // fixed\n    int").replace("1", "2")


def case_of(bug: Bug, options: PromptOptions) -> Defects4jCase:
    prompt = bug_prompt(bug, options)
    return Defects4jCase(bug.instance_id, prompt.text, bug_fields(bug, prompt, options))


OPTIONS = [
    PromptOptions(context=context, edit_format=edit_format)
    for context in ("file", "function")
    for edit_format in ("search_replace", "unified_diff", "function")
]


def check_gold(bug: Bug, options: PromptOptions) -> None:
    """The human fix answered in the form asked for is the human fix, to the byte, and full marks."""
    case = case_of(bug, options)
    answer = case.read(case.gold_reply())
    assert answer.diff.failure == ""
    assert answer.diff.text == case.spec("", Limits()).gold_patch
    attempt = dataclasses.replace(answer.attempt, tests=TestFigures(True, 1.0, 1.0))
    assert [answer_format(attempt), similarity(attempt), quality(attempt), compiles(attempt)] == [1.0] * 4
    gold_lines = [line for line in bug.prepared.gold_patch.splitlines() if line.startswith("+") and not line.startswith("+++") and len(line) > 30]
    assert not [line for line in gold_lines if line[1:] + "\n" in case.prompt and line[1:] not in "".join(bug.prepared.sources.values())]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: f"{options.context}-{options.edit_format}")
@pytest.mark.parametrize("bug", BUNDLED, ids=lambda bug: bug.instance_id)
def test_gold_answers(bug: Bug, options: PromptOptions) -> None:
    if options.edit_format == "function" and not bug.single_function:
        with pytest.raises(NotShown, match="not all in one function"):
            bug_prompt(bug, options)
    else:
        check_gold(bug, options)


def in_latin_1(bug: Bug) -> Bug:
    """The bug with a comment in Latin-1 above its first changed line, and Windows line ends."""
    sources = {path: "// d\xe9j\xe0 vu\n" + text for path, text in bug.prepared.sources.items()}
    gold = Patch.parse(bug.prepared.gold_patch).apply(bug.prepared.sources)
    fixed = {path: f"// d\xe9j\xe0 vu\n{text}" for path, text in gold.files.items()}
    sources, fixed = ({path: text.replace("\n", "\r\n") for path, text in files.items()} for files in (sources, fixed))
    rewrite = "".join(f"{path}\n<<<<<<< SEARCH\n{text}=======\n{fixed[path]}>>>>>>> REPLACE\n" for path, text in sources.items())
    patch = Patch.parse(rewrite).to_diff(sources)
    prepared = bug.prepared.model_copy(update={"sources": sources, "gold_patch": patch, "encodings": dict.fromkeys(sources, "latin-1")})
    return Bug(bug.instance_id, prepared)


def test_files_keep_their_encoding_and_their_line_ends() -> None:
    bug = in_latin_1(next(bug for bug in BUNDLED if bug.single_function))
    (path,) = bug.prepared.sources
    case = case_of(bug, PromptOptions(edit_format="search_replace"))
    block = f"{path}\n<<<<<<< SEARCH\n// d\xe9j\xe0 vu\n=======\n// d\xe9j\xe0 vu \xfc \u2192 \U0001f600\n>>>>>>> REPLACE\n"
    diff = case.read(block).diff.text.encode("utf-8", "surrogateescape")
    assert b"-// d\xe9j\xe0 vu\r\n" in diff
    assert b"+// d\xe9j\xe0 vu \xfc \\u2192 \\ud83d\\ude00\r\n" in diff
    for options in OPTIONS:
        check_gold(bug, options)


def test_a_search_that_is_unique_in_what_was_shown_is_unique() -> None:
    bug = next(bug for bug in BUNDLED if bug.single_function)
    (place,) = bug.changed_functions
    source = bug.prepared.sources[place.path]
    line = source.split("\n")[place.function.last_line - 2]
    head = source[: source.index("class ")]
    doubled = source.replace(head, head + f"// first\n{line}\n// then\n")
    moved = bug.prepared.model_copy(update={"sources": {place.path: doubled}})
    case = case_of(Bug("doubled", moved), PromptOptions(context="function"))
    answer = case.read(f"{place.path}\n<<<<<<< SEARCH\n{line}\n=======\n{line} // here\n>>>>>>> REPLACE\n")
    assert answer.diff.failure == ""
    added = [text for text in answer.diff.text.splitlines() if text.startswith("+") and not text.startswith("+++")]
    assert added == [f"+{line} // here"]
    assert f"@@ -{place.function.last_line + 3 - 4}," in answer.diff.text
    whole = case_of(Bug("doubled", moved), PromptOptions(context="file"))
    assert "hunk_ambiguous" in whole.read(f"{place.path}\n<<<<<<< SEARCH\n{line}\n=======\n{line} // here\n>>>>>>> REPLACE\n").diff.failure


def test_a_patch_that_changes_no_code_does_not_earn_that_it_compiles() -> None:
    bug = next(bug for bug in BUNDLED if bug.single_function)
    (place,) = bug.changed_functions
    case = case_of(bug, PromptOptions(context="function", edit_format="function"))
    function_text = "\n".join(bug.prepared.sources[place.path].split("\n")[place.function.first_line - 1 : place.function.last_line])
    head, brace, rest = function_text.partition("{")
    for body, earned in ((f"{head}{brace} // looked at{rest}", 0.0), (f"{head}{brace} assert true;{rest}", 1.0)):
        attempt = case.read(f"```java\n{body}\n```").attempt
        assert compiles(dataclasses.replace(attempt, tests=TestFigures(False, 0.0, 0.0, ran=True))) == earned
        assert compiles(dataclasses.replace(attempt, tests=TestFigures(False, 0.0, 0.0, ran=False))) == 0.0


def test_prompts_show_what_was_asked_for() -> None:
    bug = BUNDLED[0]
    test = bug.prepared.trigger_tests[0]
    method = test.partition("::")[2]
    full = bug_prompt(bug, PromptOptions(context="function", edit_format="function")).text
    bare = bug_prompt(bug, PromptOptions(test_messages=False, test_sources=False)).text
    assert f"public void {method}()" in full
    assert f"[fails with]\n{bug.prepared.trigger_messages[test]}\n" in full
    assert f"[{test}]" in bare
    assert f"public void {method}()" not in bare
    assert "[fails with]" not in bare
    (place,) = bug.changed_functions
    assert f"`{place.function.signature}` of {place.function.owner} ({place.path}, lines {place.function.first_line} to" in full
    assert bug.prepared.sources[place.path] in bare
    assert bug.prepared.sources[place.path] not in full


def test_a_trace_is_shown_down_to_the_test_without_junit() -> None:
    deep = [f"\tat org.a.Deep.f{n}(Deep.java:{n})" for n in range(12)]
    runner = ["\tat java.base/reflect.Method.invoke(Method.java:1)", "\tat org.apache.tools.ant.Main.run(Main.java:1)"]
    frames = ["\tat junit.framework.Assert.fail(Assert.java:1)", *deep, "\tat org.a.ATest.b(ATest.java:2)", *runner]
    shown = shortened("\n".join(["org.a.Bad: two", "lines", *frames]), "org.a.ATest::b").split("\n")
    assert shortened("\n".join(["org.a.Bad: two", *frames[:2], *frames[-3:]]), "org.a.ATest::b") == f"org.a.Bad: two\n{deep[0]}\n{frames[-3]}"
    assert shown[:3] == ["org.a.Bad: two", "lines", "\tat org.a.Deep.f0(Deep.java:0)"]
    assert len(shown) == 2 + 10 + 1
    assert shown[-1] == "\t..."
    assert shortened("org.a.Bad: one", "org.a.ATest::b") == "org.a.Bad: one"


def test_selection() -> None:
    def names(**options: str) -> list[str]:
        return [bug.instance_id for bug in select_bugs(BugOptions.model_validate(options))]

    assert names(bugs="*glob*,*-java__q?ota-1") == ["corpus-java__glob-1", "corpus-java__quota-1"]
    assert names(kind="single_function") == ["corpus-java__glob-1", "corpus-java__objpool-1", "corpus-java__ringlog-1"]
    assert names(kind="single_hunk") == ["corpus-java__glob-1", "corpus-java__ringlog-1"]
    assert len(names(split="train")) == len(names()) == len(BUNDLED)
    with pytest.raises(NoBugs, match=r"none of its 7 bugs .* split 'eval'"):
        names(split="eval")


def test_prepared_bugs_are_read_from_a_folder_by_project_and_number(tmp_path: Path) -> None:
    with pytest.raises(NoBugs, match="repair images prepare defects4j"):
        list(select_bugs(BugOptions(dataset=str(tmp_path))))
    base = BUNDLED[0].prepared
    for project, number in (("Cli", 11), ("Cli", 2), ("Lang", 1)):
        base.model_copy(update={"project": project, "number": number}).write(tmp_path / f"{project}-{number}.json")
    (tmp_path / "notes.json").write_text("{}")
    found = list(select_bugs(BugOptions(dataset=str(tmp_path))))
    assert [bug.instance_id for bug in found] == ["Cli-2", "Cli-11", "Lang-1"]
    assert found[0].prepared == base.model_copy(update={"project": "Cli", "number": 2})
    parts = {split: {bug.prepared.project for bug in select_bugs(BugOptions(dataset=str(tmp_path), split=split))} for split in ("train", "eval")}
    assert parts == {"train": {"Cli"}, "eval": {"Lang"}}
    assert parts["eval"] <= EVAL_PROJECTS
    (tmp_path / "Lang-1.json").write_text('{"project": 3}')
    with pytest.raises(PreparedError, match=r"Lang-1\.json"):
        list(select_bugs(BugOptions(dataset=str(tmp_path), bugs="Lang-*")))


# --- real bugs ----------------------------------------------------------------------------------------------------------------------


def prepared_bugs() -> list[Bug]:
    try:
        return list(select_bugs(BugOptions(dataset="prepared")))
    except NoBugs:
        return []


@pytest.fixture(scope="session")
def real_bugs() -> list[Bug]:
    bugs = prepared_bugs()
    if not bugs:
        pytest.skip(f"measuring data: no bug of Defects4J is prepared in {prepared_folder()}")
    return bugs


@pytest.mark.defects4j
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: f"{options.context}-{options.edit_format}")
def test_gold_answers_of_real_bugs(real_bugs: list[Bug], options: PromptOptions) -> None:
    checked = 0
    for bug in real_bugs:
        try:
            check_gold(bug, options)
            checked += 1
        except NotShown:
            assert options.context == "function" or options.edit_format == "function"
    assert checked


@pytest.mark.defects4j
def test_trigger_tests_of_real_bugs_have_code_and_message(real_bugs: list[Bug]) -> None:
    tests = [(bug.prepared, test) for bug in real_bugs for test in bug.prepared.trigger_tests]
    with_code = [test for prepared, test in tests if f" {test.partition('::')[2]}(" in code_of(prepared, test)]
    with_message = [test for prepared, test in tests if prepared.trigger_messages.get(test)]
    assert len(with_code) >= 0.9 * len(tests)  # some are inherited
    assert len(with_message) == len(tests)


def model_patches(shared_data: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(shared_data / "patch_outcomes.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["dataset"] == "d4j":
                yield row["instance_id"].removeprefix("d4j__"), row["model_patch"]


@pytest.mark.defects4j
@pytest.mark.shared_data
def test_real_model_patches_are_the_same_change_when_answered_as_functions(real_bugs: list[Bug], shared_data: Path) -> None:
    single = {bug.instance_id: bug for bug in real_bugs if bug.single_function}
    compared = 0
    for name, text in model_patches(shared_data):
        if name not in single:
            continue
        (place,) = single[name].changed_functions
        source = single[name].prepared.sources[place.path]
        after = Patch.parse(text).apply({place.path: source}).files.get(place.path)
        new = after and next((f for f in functions(after) if (f.signature, f.owner) == (place.function.signature, place.function.owner)), None)
        before_and_behind = after and new and (after[: new.start], after[new.end :])
        if before_and_behind != (source[: place.function.start], source[place.function.end :]):
            continue
        assert after
        assert new
        reply = f"```java\n{textwrap.dedent(after[after.rfind(chr(10), 0, new.start) + 1 : new.end])}\n```"
        answer = function_patch(reply, place.path, source, place.function).apply({place.path: source}).files[place.path]
        assert answer is not None
        assert [line.rstrip() for line in answer.split("\n")] == [line.rstrip() for line in after.split("\n")]
        compared += 1
    assert compared or not single
