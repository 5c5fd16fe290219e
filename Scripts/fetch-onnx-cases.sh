#!/bin/sh
# Makes the operator cases of onnx 1.23.2, a fixed, known set, with the package's own generator, and the
# same with an extent of 0 (Scripts/make-onnx-cases.py); and takes those that the wheel of onnx 1.14.1 carries,
# whose operators are of earlier opsets. Prints the folder, with node/, empty/ and early/: in each one
# sub-folder per case, model.onnx beside test_data_set_N/*.pb.
#
#   usage: Scripts/fetch-onnx-cases.sh    cache: ${ESPALIER_CACHE:-~/.cache/espalier}
set -eu

packages="onnx==1.23.2 numpy==2.4.6 ml_dtypes==0.6.0 protobuf==7.36.2 typing_extensions==4.16.0"
early=onnx==1.14.1
cache=${ESPALIER_CACHE:-$HOME/.cache/espalier}
generator=$(cd "$(dirname "$0")" && pwd)/make-onnx-cases.py
cases=$cache/onnx-cases-1.23.2
# The stamp holds what the cases came from: the same again means there is nothing to do.
wanted="$packages $early $(cksum <"$generator")"
if [ "$(cat "$cases/made-of" 2>/dev/null)" = "$wanted" ]; then
  echo "$cases"
  exit 0
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  echo "fetch-onnx-cases: python3 with pip is missing; install python3-pip" >&2
  exit 69
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/onnx-cases.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086  # a list of words on purpose
if ! python3 -m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps \
  --target "$work/packages" $packages >&2; then
  echo "fetch-onnx-cases: pip cannot install onnx 1.23.2; is there a network?" >&2
  exit 69
fi
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --python-version 311 --dest "$work" "$early" >&2; then
  echo "fetch-onnx-cases: pip cannot download $early; is there a network?" >&2
  exit 69
fi
if ! PYTHONPATH=$work/packages python3 "$generator" "$work/cases" >&2; then
  echo "fetch-onnx-cases: onnx 1.23.2 makes no cases with this python3" >&2
  exit 70
fi
python3 - "$work" <<'PYTHON'
import glob, shutil, sys, zipfile
work, node = sys.argv[1], "onnx/backend/test/data/node/"
with zipfile.ZipFile(glob.glob(f"{work}/*.whl")[0]) as wheel:
    wheel.extractall(work, [name for name in wheel.namelist() if name.startswith(node)])
shutil.move(f"{work}/{node}", f"{work}/cases/early")
PYTHON
rm -rf "$work/packages" "$cases"
echo "$wanted" >"$work/cases/made-of"
mv "$work/cases" "$cases"
echo "$cases"
