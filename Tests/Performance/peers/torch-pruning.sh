#!/bin/sh
# Asks Torch-Pruning for what `make check-channels` asks of Espalier: torchvision architectures at
# half their MACs, by its default tracing, with no rules written for them. One JSON line each;
# architectures done before with the same versions are not run again.
#
#   usage: Tests/Performance/peers/torch-pruning.sh NAME ...
set -eu
cd "$(dirname "$0")/../../.."

version=1.6.1
folder=${ESPALIER_CACHE:-$HOME/.cache/espalier}/torch-pruning-$version
python=$(Scripts/oracle-env.sh)
# Without its dependencies: the oracles' environment has them (torch, numpy).
[ -d "$folder/torch_pruning" ] ||
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder" \
    "torch-pruning==$version" >&2 || {
  echo "torch-pruning: pip cannot install torch-pruning $version" >&2
  exit 69
}
export PYTHONPATH="$folder:Scripts"
exec "$python" Tests/Performance/peers/torch-pruning.py --folder "$folder/results" "$@"
