# What the batch scripts share: sourced by them, from the root of the checkout, after their #SBATCH lines.
# A job ends in one of three ways: its command ends; it is cancelled (TERM), and stops what it started; or its time is nearly over (USR1), and then
# it stops, goes back into the queue and continues when it is started again.

set -euo pipefail
. examples/slurm/env.sh

here=examples/slurm
command_pid=
server_pid=
engine_pid=
continue_with= # the variable by which a new job continues this one, where it needs one
SERVER_START_S=${REPAIR_SERVER_START_S:-1800}

say() { echo "$(date '+%F %T') $*" >&2; }

# End one of our processes, kindly first.
end() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    for _ in $(seq $((5 * $2))); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# vf-eval finishes its files and removes its containers before the engine goes.
end_all() {
    trap '' TERM INT USR1
    end "$command_pid" 60
    end "$server_pid" 20
    end "$engine_pid" 5
    rm -rf "$TMPDIR"
    command_pid='' server_pid='' engine_pid=''
}

finish() {
    status=$?
    trap - EXIT
    end_all
    exit "$status"
}

requeue() {
    say "the time limit is near: back into the queue"
    end_all
    if ! scontrol requeue "$SLURM_JOB_ID"; then
        say "the cluster does not requeue this job: submit it again to continue it${continue_with:+, with $continue_with}"
        exit 1
    fi
    exit 0
}

trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap requeue USR1

# Run the job's command such that signals are noticed while it runs.
run_command() {
    say "$*"
    "$@" &
    command_pid=$!
    wait "$command_pid"
    command_pid=
}

# Model or address of the config that preflight.sh looked at: looked_at model, looked_at url.
looked_at() {
    "$UV_PROJECT_ENVIRONMENT/bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TMPDIR/preflight.json" "$1"
}

# An engine of this job's own on each of its nodes, where none answers yet and Podman is here.
start_engine() {
    [ -z "${DOCKER_HOST:-}" ] && [ ! -w /var/run/docker.sock ] && command -v podman >/dev/null || return 0
    export DOCKER_HOST="unix://$XDG_RUNTIME_DIR/podman-${SLURM_JOB_ID:-hand}.sock"
    rm -f "${DOCKER_HOST#unix://}" # what a killed one left would end the wait below
    if [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
        srun --overlap --ntasks-per-node=1 bash $here/engine.sh &
    else
        bash $here/engine.sh &
    fi
    engine_pid=$!
    # It loads images first.
    while kill -0 "$engine_pid" 2>/dev/null && [ ! -S "${DOCKER_HOST#unix://}" ]; do sleep 0.2; done
}

# Serve a model on this node until the job ends: serve MODEL PORT NAME [flags of vLLM].
serve() {
    local model=$1 port=$2 name=$3
    shift 3
    say "serving $model as $name on port $port"
    "$REPAIR_VLLM_PYTHON" -m vllm.entrypoints.openai.api_server --host 127.0.0.1 --port "$port" --model "$model" --served-model-name "$name" "$@" \
        ${REPAIR_VLLM_FLAGS:-} &
    server_pid=$!
    for _ in $(seq "$SERVER_START_S"); do
        if ! kill -0 "$server_pid" 2>/dev/null; then
            say "vLLM ended before it answered: what it printed last says why"
            exit 1
        fi
        if curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$port/health"; then
            return
        fi
        sleep 1
    done
    say "vLLM did not answer within $SERVER_START_S s (REPAIR_SERVER_START_S)"
    exit 1
}
