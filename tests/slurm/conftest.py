"""One cluster for all tests here, and a user's folders for each."""

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))
from slurm_cluster import PATH, Cluster, cluster, missing_programs


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if missing := missing_programs():
        pytest.skip(f"{', '.join(missing)} not found: install slurm-wlm and munge")
    with cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@dataclass(frozen=True)
class User:
    """Somebody with a home folder, a project folder, and a folder on the node."""

    home: Path
    project: Path
    node: Path

    def environment(self, **more: str) -> dict[str, str]:
        """What their jobs see: no variable that names a cache, but the one."""
        found = {"PATH": PATH, "HOME": str(self.home), "REPAIR_PROJECT_DIR": str(self.project), "REPAIR_NODE_DIR": str(self.node)}
        engine = {"DOCKER_HOST": os.environ["DOCKER_HOST"]} if "DOCKER_HOST" in os.environ else {}
        return {**found, **engine, "UV_PROJECT_ENVIRONMENT": sys.prefix, "REPAIR_MINIMUM_FREE_GB": "1", **more}


@pytest.fixture
def user() -> Iterator[User]:
    """Their folders have short paths: sockets go below them."""
    with tempfile.TemporaryDirectory(prefix="user-") as name:
        found = User(Path(name, "home"), Path(name, "project"), Path(name, "node"))
        for folder in (found.home, found.project):
            folder.mkdir()
        yield found
