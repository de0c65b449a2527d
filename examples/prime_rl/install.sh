#!/bin/sh
# Puts these environments, and the verifiers that they need, into prime-rl's own Python: `sh .../examples/prime_rl/install.sh` in prime-rl's folder.
set -e
ours=$(cd "$(dirname "$0")/../../environments" && pwd)
uv pip install -e "$ours/swe_bench_diff" -e "$ours/swe_bench_tests" -e "$ours/defects4j_repair" -e "$ours/function_tests"
