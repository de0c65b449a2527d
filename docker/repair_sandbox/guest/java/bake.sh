#!/bin/sh
# Compiles the programs beside this file into an image, where `guest/junit.py` looks for them: sh bake.sh CLASS_PATH [JAVA_HOME]
# CLASS_PATH is that of the task's tests, JUnit 4 in it. Without this step the programs are compiled for every request, which takes a second. The
# archive saves a JVM from reading and verifying javac's classes anew; it serves where the class path of the request begins with CLASS_PATH.
set -eu
LC_ALL=C
export LC_ALL
library=$1
bin=${2:+$2/bin/}
cd "$(dirname "$0")"
source=$(pwd)
place=/opt/repair/java
name=$place/$(cat -- *.java | sha256sum | cut -d ' ' -f 1)
work=$(mktemp -d)
mkdir -p "$place" "$work/classes"
"${bin}javac" -nowarn -proc:none -source 8 -target 8 -encoding UTF-8 -cp "$library" -d "$work/classes" ./*.java
"${bin}jar" cf "$name.jar" -C "$work/classes" .

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
PLAN
echo "$library" | tr ':' '\n' | sed 's/^/class_path /' >>"$work/plan"
java="${bin}java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp $name.jar:$library"
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
