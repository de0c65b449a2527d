"""A Defects4J home: what it says of its bugs, and whether it can be worked with."""

from defects4j_repair.prepared import PreparedBug

__all__ = ["PreparedBug"]
