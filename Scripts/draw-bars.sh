#!/bin/sh
# Draws a bar chart as SVG: rows of LABEL <tab> NUMBER <tab> NOTE, the first being the baseline.
#
#   usage: Scripts/draw-bars.sh TITLE AXIS <rows >picture.svg     AXIS: "latency, ms (lower is better)"
set -eu
exec python3 "$(dirname "$0")/write-pages.py" --bars "$1" "$2"
