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
mkdir -p "$place" "$work/classes" "$work/tests"
javac -nowarn -proc:none -source 8 -target 8 -encoding UTF-8 -cp "$junit" -d "$work/classes" ./*.java
jar cf "$name.jar" -C "$work/classes" .

# What javac loads and runs is found out by compiling these programs with themselves, once as tests of a patch and once for a control run.
cat >"$work/tests/SampleTest.java" <<'SAMPLE'
import static org.junit.Assert.*;
import org.junit.Test;
public class SampleTest {
    @Test public void numbers() { assertEquals("sum", 3, 1 + 2); assertEquals(0.5, 1 / 2.0, 1e-9); }
    @Test public void texts() { assertEquals("ab", "a" + "b"); assertTrue("ab".startsWith("a")); assertNull(null); }
    @Test(expected = IllegalStateException.class) public void raises() { throw new IllegalStateException(); }
}
SAMPLE
cp ./*.java "$work/tests"
cat >"$work/plan" <<PLAN
workdir $work
source_dir $work/none
test_dir $work/tests
main_out $work/main
test_out $work/out
has_full_compile no
test_flag -source
test_flag 8
test_flag -target
test_flag 8
class_path $junit
PLAN
cat "$work/plan" - >"$work/control" <<PLAN
trusted $work/tests/SampleTest.java
arrangement sample
mixed_out $work/mixed
to_fix SampleTest::numbers
to_keep SampleTest::texts
to_keep SampleTest::raises
PLAN
java="java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp $name.jar"
prepared() {
    plan=$1
    shift
    $java "$@" repair.guest.Prepare "$work/$plan" >"$work/$plan.said"
    grep -q '"status":"done"' "$work/$plan.said" || {
        cat "$work/$plan.said" >&2
        exit 1
    }
}
prepared control "-XX:DumpLoadedClassList=$work/list"
$java -Xshare:dump "-XX:SharedClassListFile=$work/list" "-XX:SharedArchiveFile=$name.jsa" >"$work/said" 2>&1 || {
    echo "no archive: $(tail -n 1 "$work/said")" >&2
    rm -f "$name.jsa"
}

# Java 11 can compile them ahead of time as well, where it has a linker: javac, cold, then takes half the processor time. Java 17 has lost that.
if command -v jaotc >/dev/null && command -v ld >/dev/null; then
    for plan in plan control; do
        prepared "$plan" -XX:+UnlockDiagnosticVMOptions -XX:+LogTouchedMethods -XX:+PrintTouchedMethodsAtExit
        sed -n 's|^\([^ .]*\)\.\([^ .]*\):\((.*\)$|\1 \2\3|p' "$work/$plan.said"
    done | awk '{ gsub("/", ".", $1); print "compileOnly " $1 "." $2 }' | sort -u >"$work/methods"
    jaotc -J-XX:+UseSerialGC --compile-commands "$work/methods" --output "$name.so" --module java.base --module java.compiler --module jdk.compiler
fi
rm -rf "$work"
