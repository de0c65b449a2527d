# Everything that would grow in a home folder goes below REPAIR_PROJECT_DIR instead. Every job sources this file; by hand, it runs one command so:
#   REPAIR_PROJECT_DIR=/project/me/repair bash examples/slurm/env.sh uv sync
# Sockets and locks alone stay on the node's own disk: a socket's path has at most 107 bytes, and locks fail or lie on network file systems.

if [ -z "${REPAIR_PROJECT_DIR:-}" ]; then
    echo "REPAIR_PROJECT_DIR is not set: export it, the path of a roomy folder that all nodes see, such as /project/$(id -un)/repair" >&2
    exit 1
fi
case $REPAIR_PROJECT_DIR in
/*) ;;
*)
    echo "REPAIR_PROJECT_DIR=$REPAIR_PROJECT_DIR is relative: give the whole path" >&2
    exit 1
    ;;
esac
if [ ! -d "$REPAIR_PROJECT_DIR" ]; then
    echo "REPAIR_PROJECT_DIR=$REPAIR_PROJECT_DIR is no folder on $(hostname): create it, on a file system that all nodes see" >&2
    exit 1
fi

export REPAIR_PROJECT_DIR
# What has no variable of its own follows HOME: verifiers keeps its files in ~/.cache/verifiers, whatever XDG says.
export HOME="$REPAIR_PROJECT_DIR/home"
export XDG_CACHE_HOME="$REPAIR_PROJECT_DIR/cache"
export XDG_CONFIG_HOME="$HOME/.config" XDG_DATA_HOME="$HOME/.local/share" XDG_STATE_HOME="$HOME/.local/state"

# One environment for all jobs, made beforehand by `uv sync`: jobs that each synced it would get into each other's way, and nodes often have no network.
export UV_CACHE_DIR="$XDG_CACHE_HOME/uv" UV_PYTHON_INSTALL_DIR="$REPAIR_PROJECT_DIR/python" UV_TOOL_DIR="$REPAIR_PROJECT_DIR/tools"
export UV_PROJECT_ENVIRONMENT="${UV_PROJECT_ENVIRONMENT:-$REPAIR_PROJECT_DIR/venv}" UV_NO_SYNC=1
export PIP_CACHE_DIR="$XDG_CACHE_HOME/pip"

export HF_HOME="$XDG_CACHE_HOME/huggingface"
export HF_HUB_CACHE="$HF_HOME/hub" HF_DATASETS_CACHE="$HF_HOME/datasets" HF_ASSETS_CACHE="$HF_HOME/assets" HF_XET_CACHE="$HF_HOME/xet"
export TORCH_HOME="$XDG_CACHE_HOME/torch" TORCH_EXTENSIONS_DIR="$XDG_CACHE_HOME/torch-extensions"
export TORCHINDUCTOR_CACHE_DIR="$XDG_CACHE_HOME/inductor"
export TRITON_HOME="$XDG_CACHE_HOME" TRITON_CACHE_DIR="$XDG_CACHE_HOME/triton"
export CUDA_CACHE_PATH="$XDG_CACHE_HOME/cuda" FLASHINFER_WORKSPACE_BASE="$XDG_CACHE_HOME"
export VLLM_CACHE_ROOT="$XDG_CACHE_HOME/vllm" VLLM_CONFIG_ROOT="$XDG_CONFIG_HOME/vllm" VLLM_NO_USAGE_STATS=1
export WANDB_DIR="$REPAIR_PROJECT_DIR/wandb" WANDB_CACHE_DIR="$XDG_CACHE_HOME/wandb" WANDB_DATA_DIR="$XDG_CACHE_HOME/wandb-data"
export APPTAINER_CACHEDIR="$XDG_CACHE_HOME/apptainer"

export TMPDIR="$REPAIR_PROJECT_DIR/tmp/${SLURM_JOB_ID:-hand}"
export APPTAINER_TMPDIR="$TMPDIR"
export XDG_RUNTIME_DIR="${REPAIR_NODE_DIR:-/tmp/repair-node-$(id -u)}"
export VLLM_RPC_BASE_PATH="$XDG_RUNTIME_DIR"

# Where Podman keeps images. Network file systems know neither its user ids nor its overlays: there, images live on the node's disk.
case $(stat -f -c %T "$REPAIR_PROJECT_DIR" 2>/dev/null) in
nfs* | lustre | gpfs | beegfs | fhgfs | ceph | smb* | cifs | fuseblk | UNKNOWN*) container_storage=${REPAIR_CONTAINER_STORAGE:-$XDG_RUNTIME_DIR/images} ;;
*) container_storage=${REPAIR_CONTAINER_STORAGE:-$REPAIR_PROJECT_DIR/containers/$(hostname -s)} ;;
esac
export CONTAINERS_STORAGE_CONF="$XDG_RUNTIME_DIR/storage.conf"

# GPUs that this job may use: a node shows all of its own, unless the cluster hides the others.
gpus_here() {
    local seen named
    seen=$(nvidia-smi --list-gpus 2>/dev/null | grep -c '^GPU' || true)
    named=$(tr ',' '\n' <<<"${CUDA_VISIBLE_DEVICES:-}" | grep -c . || true)
    if [ -n "${CUDA_VISIBLE_DEVICES:-}" ] && [ "$named" -lt "$seen" ]; then echo "$named"; else echo "$seen"; fi
}

# preflight.sh says why, where one of these fails.
mkdir -p "$HOME" "$XDG_CACHE_HOME" "$TMPDIR" "$WANDB_DIR" "$REPAIR_PROJECT_DIR/images" 2>/dev/null || true
mkdir -p -m 700 "$XDG_RUNTIME_DIR" 2>/dev/null || true
if [ -O "$XDG_RUNTIME_DIR" ]; then
    cat 2>/dev/null >"$CONTAINERS_STORAGE_CONF" <<CONF || true
[storage]
driver = "overlay"
graphroot = "$container_storage"
rootless_storage_path = "$container_storage"
runroot = "$XDG_RUNTIME_DIR/containers"
CONF
fi

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    exec "$@"
fi
