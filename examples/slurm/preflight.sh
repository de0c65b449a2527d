#!/bin/bash
# Says what a job would miss on this node, one line each with what to do about it, and exits with 1 if anything. Every job runs it first. By hand:
#   bash examples/slurm/preflight.sh [--gpus N] [--vllm] [--no-endpoint] [@ CONFIG.toml [flags of vf-eval]]
#   bash examples/slurm/preflight.sh [--gpus N] [--vllm] --train RUN.toml
# --vllm: the job serves a model itself. --no-endpoint: it asks none. With a config: its endpoint, its dataset, its images and the engine for them.
# --train: the same for a run file of examples/grpo, but for an endpoint.
set -euo pipefail
cd "$(dirname "$0")/../.."
. examples/slurm/env.sh

MINIMUM_FREE_GB=${REPAIR_MINIMUM_FREE_GB:-20}
SOCKET_BYTES=107
LONGEST_SOCKET_NAME=36 # /pymp-xxxxxxxx/listener-xxxxxxxx and its like
missing=0
ok() { printf 'ok       %s\n' "$*"; }
missing() {
    printf 'MISSING  %s\n' "$*"
    missing=1
}

gpus=0 vllm='' train='' endpoint=(--endpoint)
while [ $# -gt 0 ]; do
    case $1 in
    --gpus) gpus=${2:?--gpus needs a number} && shift 2 ;;
    --vllm) vllm=1 endpoint=() && shift ;;
    --no-endpoint) endpoint=() && shift ;;
    --train) train=${2:?--train needs a run file} endpoint=() && break ;;
    @) break ;;
    *) echo "preflight.sh: no flag $1; there are --gpus N, --vllm, --no-endpoint, and last @ CONFIG with flags of vf-eval, or --train RUN.toml" >&2 && exit 2 ;;
    esac
done

if probe=$(mktemp "$REPAIR_PROJECT_DIR/.preflight-XXXXXX" 2>/dev/null); then
    rm -f "$probe"
    free_gb=$(($(df -Pk "$REPAIR_PROJECT_DIR" | awk 'NR == 2 { print $4 }') / 1024 / 1024))
    if [ "$free_gb" -ge "$MINIMUM_FREE_GB" ]; then
        ok "project folder: $REPAIR_PROJECT_DIR, $free_gb GB free"
    else
        missing "room: $REPAIR_PROJECT_DIR has $free_gb GB free, $MINIMUM_FREE_GB are wanted: make room (cache/ and tmp/ in it may go), or set REPAIR_MINIMUM_FREE_GB"
    fi
    if [ ${#TMPDIR} -gt $((SOCKET_BYTES - LONGEST_SOCKET_NAME)) ]; then
        missing "short path: sockets below TMPDIR=$TMPDIR would pass $SOCKET_BYTES bytes: choose a REPAIR_PROJECT_DIR with a shorter path"
    fi
else
    missing "project folder: cannot write to REPAIR_PROJECT_DIR=$REPAIR_PROJECT_DIR: create it, or name one of yours"
fi

if [ ! -O "$XDG_RUNTIME_DIR" ] || [ ! -w "$XDG_RUNTIME_DIR" ]; then
    missing "node folder: $XDG_RUNTIME_DIR is not a folder of yours: set REPAIR_NODE_DIR to a short path on the node's own disk"
elif ! (flock --nonblock --exclusive 9) 9>"$XDG_RUNTIME_DIR/.preflight-$$"; then
    missing "node folder: locks do not work in $XDG_RUNTIME_DIR: set REPAIR_NODE_DIR to a path on the node's own disk"
else
    ok "node folder: $XDG_RUNTIME_DIR"
fi
rm -f "$XDG_RUNTIME_DIR/.preflight-$$" 2>/dev/null || true

if [ "$gpus" -gt 0 ]; then
    found=$(gpus_here)
    if [ "$found" -ge "$gpus" ]; then
        ok "GPUs: $found"
    else
        missing "GPUs: $found of $gpus: ask for them (sbatch --gpus-per-node=$gpus, and the partition that has them)"
    fi
fi
if [ -n "$vllm" ]; then
    if "${REPAIR_VLLM_PYTHON:-/nowhere}" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("vllm") is None)' 2>/dev/null; then
        ok "vLLM: $REPAIR_VLLM_PYTHON"
    else
        missing "vLLM: REPAIR_VLLM_PYTHON=${REPAIR_VLLM_PYTHON:-} is no Python that has it: install it as examples/slurm/README.md says and export that variable"
    fi
fi

if ! command -v uv >/dev/null; then
    missing "uv: not on PATH: install it (pip install --user uv), and submit from a shell that finds it"
elif [ ! -x "$UV_PROJECT_ENVIRONMENT/bin/python" ]; then
    missing "environment: there is no $UV_PROJECT_ENVIRONMENT/bin/python: make it, where there is a network: bash examples/slurm/env.sh uv sync"
elif ! error=$("$UV_PROJECT_ENVIRONMENT/bin/python" -c 'import sys; assert sys.version_info >= (3, 11), sys.version; import repair_cli, repair_sandbox' 2>&1); then
    missing "environment: $UV_PROJECT_ENVIRONMENT does not hold this project (${error##*$'\n'}): bash examples/slurm/env.sh uv sync"
else
    ok "environment: $UV_PROJECT_ENVIRONMENT, $("$UV_PROJECT_ENVIRONMENT/bin/python" --version)"
    if [ -n "$train" ] && ! "$UV_PROJECT_ENVIRONMENT/bin/python" -c 'import torch, trl' 2>/dev/null; then
        missing "trainer: $UV_PROJECT_ENVIRONMENT has no torch or no trl: bash examples/slurm/env.sh uv sync --extra train"
    fi
    if [ $# -gt 0 ]; then
        "$UV_PROJECT_ENVIRONMENT/bin/python" examples/slurm/preflight.py "${endpoint[@]}" "$@" || missing=1
    fi
fi
exit $missing
