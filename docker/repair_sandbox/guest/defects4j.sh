# The supervisor of a container of an image with Defects4J: one patch, tested by the framework's own commands, as `guest/supervisor.py` does it by ours.
# It hears `PROJECT VERSION ACCOUNT` when it starts, and checks that out; then `NONCE SECONDS BYTES` and the patch. What it says back is of the same kind.
# What the tests write is believed, as the framework does: a patch that writes `failing_tests` itself passes.
set -u
exec 3>&1 >/tmp/log 2>&1
IFS=' ' read -r project version account || exit 0
tree=/repair/tree
stages= current= rung=

say() { printf '%s %s\n' "$nonce" "$1" >&3; }

# Name the stage that begins; the one before is over, and its time known.
stage() {
    now=$(date +%s%N)
    [ -z "$current" ] || stages="$stages${stages:+,}\"$current\":$(awk "BEGIN { print ($now - $begun) / 1e9 }")"
    begun=$now current=$1
    say "{\"event\":\"stage\",\"stage\":\"$1\"}"
}

# end STATUS REASON EXIT_CODE: the last word. The log's end and, behind a line of its own, what failed.
end() {
    stage "end"
    output=$({
        tail -c 65536 /tmp/log
        printf '\n=== failing_tests\n'
        [ "$1" = done ] && cat "$tree/failing_tests"
    } | base64 -w 0)
    rest='"kind":"","changed":[],"tests":[],"collected":null,"end":null,"after_end":0,"foreign":0,"twins":null,"copies":{},"cpu_s":0,"max_rss_mb":0'
    head="\"event\":\"result\",\"status\":\"$1\",\"reason\":\"$2\",\"exit_code\":$3,\"apply_rung\":\"$rung\",\"stages_s\":{$stages}"
    printf '%s {%s,%s,"output":"%s"}\n' "$nonce" "$head" "$rest" "$output" >&3
    exit 0
}

# The end of the log as a reason: nothing that JSON would have to escape.
complaint() { tail -n 3 /tmp/log | tr -c 'A-Za-z0-9 ._:/(),=-' ' ' | tail -c 300; }

# As the tests' account.
as_tester() { setpriv --reuid=$account --regid=$account --clear-groups "$@" </dev/null 3>&-; }

# The same in the tree, within what is left of the time.
run() {
    left=$((limit_s - ($(date +%s%N) - started) / 1000000000))
    [ "$left" -gt 0 ] || left=1
    (cd "$tree" && as_tester timeout -s KILL "$left" "$@")
    code=$?
    [ "$code" -ne 137 ] || end timeout "the framework's commands took longer than $limit_s s" null
}

PATH=$PATH:/defects4j/framework/bin
export HOME=/tmp/home TZ=America/Los_Angeles LC_ALL=C.UTF-8 GIT_CONFIG_GLOBAL=/tmp/gitconfig
mkdir -p "$HOME" /repair
printf '[safe]\n\tdirectory = *\n' >$GIT_CONFIG_GLOBAL
chown $account:$account "$HOME" /repair
broken=
if ! command -v defects4j >/dev/null; then
    broken="no defects4j on the PATH of the image, and none in /defects4j"
elif ! (cd /repair && as_tester defects4j checkout -p "$project" -v "$version" -w "$tree"); then
    broken="defects4j checkout fails: $(complaint)"
fi

IFS=' ' read -r nonce limit_s bytes || exit 0
begun=$(date +%s%N)
stage tree
head -c "$bytes" >/tmp/patch
[ -z "$broken" ] || end broken "$broken" null

stage apply
rung=exact
if ! as_tester git -C "$tree" apply --whitespace=nowarn /tmp/patch; then
    rung=fuzz
    as_tester patch --batch --fuzz=5 -p1 -d "$tree" -i /tmp/patch || {
        rung=
        end apply_failed "$(complaint)" null
    }
fi

stage compile
started=$(date +%s%N)
run defects4j compile
[ "$code" -eq 0 ] || end compile_failed "defects4j compile fails: $(complaint)" "$code"

stage tests
rm -f "$tree/failing_tests"
run defects4j test -r
[ -f "$tree/failing_tests" ] && [ "$code" -eq 0 ] || end compile_failed "defects4j test fails: $(complaint)" "$code"
end done "" "$code"
