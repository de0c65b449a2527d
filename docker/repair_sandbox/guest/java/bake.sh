#!/bin/sh
# Compiles the programs beside this file into an image, where `guest/junit.py` looks for them: sh bake.sh CLASS_PATH_WITH_JUNIT_4 [JAVA_HOME]
# Without it they are compiled for every request, which takes a second. The archive holds what a JVM otherwise reads and verifies anew.
set -eu
LC_ALL=C
export LC_ALL
library=$1
bin=${2:+$2/bin/}
cd "$(dirname "$0")"
place=/opt/repair/java
digest=$(cat -- *.java | sha256sum | cut -d ' ' -f 1)
work=$(mktemp -d)
mkdir -p "$place" "$work/classes"
"${bin}javac" -nowarn -proc:none -source 8 -target 8 -encoding UTF-8 -cp "$library" -d "$work/classes" ./*.java
"${bin}jar" cf "$place/$digest.jar" -C "$work/classes" .
rm -rf "$work"
