#!/bin/sh
# Makes or updates the Python environment of the comparison with other runtimes, in a folder of its
# own. Prints the environment's python.
#
#   usage: environment.sh [deepsparse]     folder: ${ESPALIER_PEERS:-~/.cache/espalier/peers}
#
# `deepsparse` makes a second environment, FOLDER-deepsparse. Installing that package accepts its
# licence (evaluation only), so that nothing but this word installs it.
set -eu

venv=${ESPALIER_PEERS:-$HOME/.cache/espalier/peers}
packages="numpy==2.4.6 onnx==1.23.2 onnxruntime==1.31.1 openvino==2026.4.1 MNN==3.6.1
ncnn==1.0.20261020"
# Without its dependency, torch: only the converter program inside is used.
alone=pnnx==20261020
case ${1:-} in
'') ;;
deepsparse)
  venv=$venv-deepsparse
  packages="deepsparse==1.8.0"
  alone=
  ;;
*)
  echo "usage: environment.sh [deepsparse]" >&2
  exit 64
  ;;
esac

# The stamp holds the wanted versions: the same list again means there is nothing to do.
wanted="$packages $alone"
stamp=$venv/espalier-peers
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  echo "$venv/bin/python"
  exit 0
fi

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "environment: python3 with venv is missing; install python3-venv" >&2
  exit 69
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"

# One by one: an engine that cannot be installed here is left out, and the report says why.
install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2; }
for package in $packages; do
  install "$package" || echo "environment: pip cannot install $package" >&2
done
[ -z "$alone" ] || install --no-deps "$alone" || echo "environment: pip cannot install $alone" >&2
echo "$wanted" >"$stamp"
echo "$venv/bin/python"
