#!/bin/sh
# Makes Tests/Coupling/Fixtures/FRAMEWORK-NETWORK.onnx again: tiny networks with random weights, as
# each framework's own exporter writes them. Their versions exclude one another, so each framework
# has an environment of its own, in ${ESPALIER_CACHE:-~/.cache/espalier}/frameworks.
#
#   usage: Scripts/export-frameworks.sh [FRAMEWORK ...]      default: all that install here
set -eu
cd "$(dirname "$0")/.."

folder=${ESPALIER_CACHE:-$HOME/.cache/espalier}/frameworks
[ $# -gt 0 ] || set -- pytorch tensorflow jax paddlepaddle mxnet
mkdir -p "$folder" Tests/Coupling/Fixtures

packages() {
  case $1 in
  tensorflow) echo tensorflow-cpu==2.21.0 keras==3.15.1 tf2onnx==1.17.0 onnx==1.23.2 \
    onnxruntime==1.31.1 ;;
  jax) echo jax==0.10.2 flax==0.12.8 jax2onnx==0.17.1 onnx==1.23.2 onnxruntime==1.31.1 ;;
  paddlepaddle) echo paddlepaddle==3.3.1 paddle2onnx==2.1.0 onnx==1.17.0 onnxruntime==1.31.1 ;;
  # Its last release, which these old companions still understand.
  mxnet) echo mxnet==1.9.1 numpy==1.23.5 onnx==1.13.1 protobuf==3.20.3 onnxruntime==1.19.2 ;;
  *)
    echo "export-frameworks: no framework called $1" >&2
    exit 64
    ;;
  esac
}

failures=0
for framework in "$@"; do
  if [ "$framework" = pytorch ]; then
    python=$(Scripts/oracle-env.sh)
  else
    wanted=$(packages "$framework")
    venv=$folder/$framework
    python=$venv/bin/python
    # The stamp holds the wanted versions: the same list again means there is nothing to do.
    if [ "$(cat "$venv/espalier-oracles" 2>/dev/null)" != "$wanted" ]; then
      [ -x "$python" ] || python3 -m venv "$venv"
      # shellcheck disable=SC2086  # a list of words on purpose
      if ! "$python" -m pip install --quiet --disable-pip-version-check $wanted >&2; then
        echo "export-frameworks: pip cannot install $wanted" >&2
        failures=$((failures + 1))
        continue
      fi
      echo "$wanted" >"$venv/espalier-oracles"
    fi
  fi
  log=$(mktemp)
  if "$python" "Scripts/frameworks/export_$framework.py" >"$log" 2>&1; then
    grep change "$log"
  else
    echo "export-frameworks: $framework failed: $(tail -n 1 "$log")" >&2
    failures=$((failures + 1))
  fi
  rm -f "$log"
done
exit "$((failures > 0))"
