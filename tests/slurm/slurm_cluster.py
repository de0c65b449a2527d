"""A real SLURM of one node on this machine: munged, slurmctld and slurmd, with their files in one folder and ports of their own."""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vf_commands import free_port

ROOT = Path(__file__).parents[2]
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
STARTING_S, STOPPING_S = 30, 20
POLL_S = 0.2
CREDENTIAL_S = 5
"""So long, and a second, a requeued job waits after it ended; SLURM takes less for its default of 120."""
CONFIG = """
ClusterName=repair
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire={credential_s}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1
KillWait=10
ReturnToService=2
MailProg=/bin/true
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus}
PartitionName=main Nodes=node Default=YES State=UP
"""


@dataclass(frozen=True)
class Job:
    """What SLURM says of a job."""

    state: str
    reason: str
    restarts: int
    exit_code: str
    """Exit status and signal, such as `1:0`."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that takes jobs."""

    folder: Path

    def command(self, *arguments: str, **environment: str) -> str:
        """What a program of SLURM's prints, called from the root of the checkout."""
        environ = {"PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf"), **environment}
        done = subprocess.run(arguments, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=STARTING_S)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def submit(self, script: str, *arguments: str, **environment: str) -> str:
        """The id of a new job that runs examples/slurm/`script` in exactly `environment`."""
        log = self.folder / "job-%j.log"
        return self.command("sbatch", "--parsable", f"--output={log}", f"examples/slurm/{script}", *arguments, **environment).strip()

    def job(self, job_id: str) -> Job:
        fields = dict(field.split("=", 1) for field in self.command("scontrol", "--oneliner", "show", "job", job_id).split() if "=" in field)
        return Job(fields["JobState"], fields["Reason"], int(fields["Restarts"]), fields["ExitCode"])

    def log(self, job_id: str) -> str:
        path = self.folder / f"job-{job_id}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait(self, job_id: str, *, restarts: int = 0, timeout_s: float = 300) -> Job:
        """The job when it has ended after so many restarts."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            job = self.job(job_id)
            if job.restarts >= restarts and job.state not in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING"):
                return job
            time.sleep(POLL_S)
        raise AssertionError(f"job {job_id} did not end within {timeout_s} s: {self.job(job_id)}\n{self.log(job_id)}")

    def wait_for(self, holds: Callable[[], bool], job_id: str, timeout_s: float = 300) -> None:
        """Return once `holds`, which the job brings about."""
        end = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < end, (self.job(job_id), self.log(job_id))
            time.sleep(POLL_S)


def missing_programs() -> list[str]:
    """Those of `PROGRAMS` that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start the daemons in `folder`; at the end, cancel what runs and stop them.

    Raises:
        RuntimeError: one did not start; ends with what it printed.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o600)
    settings = {"folder": folder, "host": socket.gethostname().split(".")[0], "user": getpass.getuser(), "cpus": os.cpu_count()}
    text = CONFIG.format(controller_port=free_port(), node_port=free_port(), credential_s=CREDENTIAL_S, **settings)
    (folder / "slurm.conf").write_text(text)
    (folder / "cgroup.conf").write_text("")
    files = {name: folder / f"munge.{name}" for name in ("key", "socket", "pid", "log", "seed")}
    munge = [f"--{option}={files[name]}" for option, name in zip(("key-file", "socket", "pid-file", "log-file", "seed-file"), files, strict=True)]
    found = Cluster(folder)
    with ExitStack() as daemons:
        daemons.enter_context(daemon(folder, "munged", "--foreground", "--force", *munge))
        until(files["socket"].exists, folder / "munged.out")
        daemons.enter_context(daemon(folder, "slurmctld", "-D"))
        daemons.enter_context(daemon(folder, "slurmd", "-D", "-N", "node"))
        until(lambda: "idle" in sinfo(found), folder / "slurmctld.out")
        try:
            yield found
        finally:
            found.command("scancel", "--full", "--user", getpass.getuser())
            until(lambda: not found.command("squeue", "--noheader").strip(), folder / "slurmd.out")


def sinfo(found: Cluster) -> str:
    """The node's state; empty while the controller does not answer."""
    environ = {"PATH": PATH, "SLURM_CONF": str(found.folder / "slurm.conf")}
    return subprocess.run(["sinfo", "--noheader", "--format=%T"], env=environ, capture_output=True, text=True, check=False).stdout


@contextmanager
def daemon(folder: Path, *command: str) -> Iterator[None]:
    """A program in the foreground, its output in `folder`; stopped by its process id at the end."""
    environ = {"PATH": PATH, "SLURM_CONF": str(folder / "slurm.conf")}
    with (folder / f"{command[0]}.out").open("wb") as output:
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOPPING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(holds: Callable[[], bool], output: Path) -> None:
    end = time.monotonic() + STARTING_S
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"SLURM is not ready after {STARTING_S} s:\n{output.read_text(errors='replace')[-2000:]}")
        time.sleep(POLL_S)
