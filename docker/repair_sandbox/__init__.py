"""Scoring patches by running a project's own tests in containers. Knows nothing of rewards, prompts or frameworks."""

from repair_sandbox.commands import CommandLimits, CommandResult, run_local
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.java_build import JavaBuild
from repair_sandbox.limits import Limits
from repair_sandbox.report import Outcome, TestReport, TestStatus
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec

__all__ = [
    "CommandLimits",
    "CommandResult",
    "InfrastructureError",
    "JavaBuild",
    "Limits",
    "Outcome",
    "Sandbox",
    "TestReport",
    "TestSpec",
    "TestStatus",
    "run_local",
]
