"""Run files of examples/grpo: the shipped ones are right, and what is wrong with another is said in a line, before any model loads."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from run_file import RunFile, RunFileError, check_environment, check_output, read_run_file

GRPO = Path(__file__).parents[2] / "examples" / "grpo"
SHIPPED = sorted(GRPO.rglob("*.toml"))
RIGHT = 'model = "m"\noutput_dir = "out"\n[env.taskset]\nid = "swe-bench-diff"\n'


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(GRPO).as_posix())
def test_shipped_files_are_right(path: Path) -> None:
    run = read_run_file(path)
    for name, table in (("env", run.env), ("eval_env", run.eval_env)):
        if table is not None:
            assert check_environment(name, table).taskset.id == table["taskset"]["id"]


@pytest.mark.train
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(GRPO).as_posix())
def test_shipped_files_name_fields_of_the_trainer(path: Path) -> None:
    trl = pytest.importorskip("trl", reason="needs the extra `train`: uv sync --extra train")
    peft = pytest.importorskip("peft", reason="needs the extra `train`: uv sync --extra train")
    run = read_run_file(path)
    for table, config in ((run.grpo, trl.GRPOConfig), (run.lora or {}, peft.LoraConfig)):
        assert table.keys() <= {field.name for field in dataclasses.fields(config)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("model = ", "not TOML", id="not TOML"),
        pytest.param(RIGHT.replace("output_dir", "output_folder"), "output_folder: no such key", id="unknown key"),
        pytest.param('model = "m"\noutput_dir = "out"\n', "env: Field required", id="no environment"),
        pytest.param(RIGHT + "[rollouts]\nmax_failed = 2\n", "rollouts.max_failed", id="out of range"),
        pytest.param(RIGHT + "[rollouts]\nat_once = 2\n", "rollouts.at_once: no such key", id="unknown key of a table"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(content)
    with pytest.raises(RunFileError, match=r"run\.toml") as refused:
        read_run_file(path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="No such file"):
        read_run_file(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param({"taskset": {}}, "env.taskset.id: names no environment", id="no id"),
        pytest.param({"taskset": {"id": "no-such-env"}}, "no environment 'no-such-env'", id="unknown id"),
        pytest.param({"taskset": {"id": "swe-bench-diff", "contxt": "window"}}, "env.taskset.contxt", id="unknown field"),
        pytest.param({"taskset": {"id": "swe-bench-diff", "context": "all"}}, "env.taskset.context", id="wrong value"),
    ],
)
def test_a_wrong_environment_is_refused_by_key(table: dict[str, object], said: str) -> None:
    with pytest.raises(RunFileError) as refused:
        check_environment("env", table)
    assert said in str(refused.value)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="output_dir"):
        check_output(tmp_path / "file" / "out")


def test_the_command_ends_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(RIGHT.replace("swe-bench-diff", "swe-bench-dif"))
    ended = subprocess.run([sys.executable, str(GRPO / "train.py"), str(path), "--check"], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith(f"{path}: env.taskset.id: no environment 'swe-bench-dif'")
    assert "Traceback" not in ended.stderr


def test_defaults_train_all_weights_without_a_control() -> None:
    run = RunFile(model="m", output_dir=Path("out"), env={"taskset": {"id": "swe-bench-diff"}})
    assert (run.lora, run.rollouts.shuffle_rewards, run.rollouts.generate_at_once) == (None, False, None)
