"""Defects4J bugs, rewarded by compiling and testing in locked containers (environment id `defects4j-repair`)."""
