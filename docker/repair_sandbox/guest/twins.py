"""Twins of tests, for the control run."""
