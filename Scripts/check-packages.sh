#!/bin/sh
# ONNX files of deployed packages through every command, and accuracy after pruning where it can be
# measured exactly: Scripts/check-packages.py says how. Downloads packages of PyPI by name.
#
#   usage: Scripts/check-packages.sh [--quick] [--part files|accuracy|both] [--output FILE.md] [NAME ...]
#   tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "check-packages: no $espalier; build it first" >&2; exit 66; }
case " $* " in
  *" --quick "* | *" --part files "*) ;;
  *) Scripts/apt-install.sh espeak-ng fonts-dejavu-core fonts-liberation ;;
esac
python=$(Scripts/oracle-env.sh)
exec "$python" Scripts/check-packages.py "$@"
