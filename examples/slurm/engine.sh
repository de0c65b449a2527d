# Podman's Docker-compatible socket at DOCKER_HOST, until it is ended; archives of images in $REPAIR_PROJECT_DIR/images are loaded first, each once.
set -euo pipefail
. examples/slurm/env.sh
mkdir -p "$container_storage"
for archive in "$REPAIR_PROJECT_DIR"/images/*.tar; do
    loaded="$container_storage/$(basename "$archive").loaded"
    [ -e "$archive" ] && [ ! "$loaded" -nt "$archive" ] || continue
    podman load --quiet --input "$archive"
    touch "$loaded"
done
rm -f "${DOCKER_HOST#unix://}" # what a killed one left
exec podman system service --time=0 "$DOCKER_HOST"
