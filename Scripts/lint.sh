#!/bin/sh
# Checks the format of every Swift file against .swift-format, strictly; generated files aside.
# `swift format -i FILE` mends what it names.
#
#   usage: Scripts/lint.sh
set -eu
cd "$(dirname "$0")/.."

for folder in Sources converter runtime devices Tests Examples; do
  [ -d "$folder" ] && echo "$folder"
done | xargs -I '{}' find '{}' -name '*.swift' -not -path '*/generated/*' -not -path '*/.build/*' -print0 |
  xargs -0 swift format lint --strict --parallel Package.swift
