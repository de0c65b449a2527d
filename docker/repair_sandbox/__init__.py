"""Running a project's own tests and commands on a tree of files, bounded in time, memory and output."""

from repair_sandbox.commands import CommandLimits, CommandResult, run_local

__all__ = ["CommandLimits", "CommandResult", "run_local"]
