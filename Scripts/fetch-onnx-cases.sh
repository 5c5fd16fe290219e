#!/bin/sh
# Fetches the operator test cases that the wheel of onnx 1.14.1 carries (a fixed, known set).
# Prints their folder: one sub-folder per case, model.onnx beside test_data_set_N/*.pb.
#
#   usage: Scripts/fetch-onnx-cases.sh    cache: ${ESPALIER_CACHE:-~/.cache/espalier}
set -eu

version=1.14.1
cases=${ESPALIER_CACHE:-$HOME/.cache/espalier}/onnx-cases
if [ -f "$cases/node/.complete-$version" ]; then
  echo "$cases/node"
  exit 0
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  echo "fetch-onnx-cases: python3 with pip is missing; install python3-pip" >&2
  exit 69
fi

mkdir -p "$cases"
work=$(mktemp -d "$cases/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps \
  --only-binary=:all: --python-version 311 --dest "$work" "onnx==$version" >&2; then
  echo "fetch-onnx-cases: pip cannot download onnx $version; is there a network?" >&2
  exit 69
fi
python3 - "$work" <<'PYTHON'
import glob, sys, zipfile
work = sys.argv[1]
with zipfile.ZipFile(glob.glob(f"{work}/*.whl")[0]) as wheel:
    wheel.extractall(work, [n for n in wheel.namelist() if n.startswith("onnx/backend/test/data/node/")])
PYTHON
touch "$work/onnx/backend/test/data/node/.complete-$version"
rm -rf "$cases/node"
mv "$work/onnx/backend/test/data/node" "$cases/node"
echo "$cases/node"
