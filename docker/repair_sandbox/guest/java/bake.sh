#!/bin/sh
# Compiles the programs beside this file into an image, where `guest/junit.py` looks for them: sh bake.sh JUNIT_4_JAR
# Without this step they are compiled for every request, which takes a second. The archive saves a JVM from reading and verifying javac's classes anew.
set -eu
LC_ALL=C
export LC_ALL
junit=$1
cd "$(dirname "$0")"
source=$(pwd)
place=/opt/repair/java
name=$place/$(cat -- *.java | sha256sum | cut -d ' ' -f 1)
work=$(mktemp -d)
mkdir -p "$place" "$work/classes"
javac -nowarn -proc:none -source 8 -target 8 -encoding UTF-8 -cp "$junit" -d "$work/classes" ./*.java
jar cf "$name.jar" -C "$work/classes" .

# What javac loads is found out by compiling these programs with themselves.
cat >"$work/plan" <<PLAN
workdir $source
source_dir $work/none
test_dir $source
main_out $work/main
test_out $work/tests
has_full_compile no
test_flag -source
test_flag 8
test_flag -target
test_flag 8
class_path $junit
PLAN
java="java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp $name.jar"
$java "-XX:DumpLoadedClassList=$work/list" repair.guest.Prepare "$work/plan" >"$work/said"
tail -n 1 "$work/said" | grep -q '"status":"done"' || {
    cat "$work/said" >&2
    exit 1
}
$java -Xshare:dump "-XX:SharedClassListFile=$work/list" "-XX:SharedArchiveFile=$name.jsa" >"$work/said" 2>&1 || {
    echo "no archive: $(tail -n 1 "$work/said")" >&2
    rm -f "$name.jsa"
}
rm -rf "$work"
