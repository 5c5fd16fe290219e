"""The espalier command, and onnxruntime beside it, from development scripts."""
import hashlib
import os
import pathlib
import subprocess

import onnxruntime

CACHE = pathlib.Path(os.environ.get("ESPALIER_CACHE", pathlib.Path.home() / ".cache/espalier"))
SECONDS = 1800


class Failed(Exception):
    """A model that does not pass, with the reason."""


def tool():
    return os.environ.get("ESPALIER", ".build/release/espalier")


def results(name, *scripts):
    """Folder for results of this very build of the tool under the scripts as they are, so that a
    run that was stopped goes on where it was."""
    digest = hashlib.sha256(pathlib.Path(tool()).read_bytes())
    for script in ("espalier_tool.py", *scripts):
        digest.update((pathlib.Path(__file__).parent / script).read_bytes())
    folder = CACHE / name / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def espalier(*words):
    """Runs the command; its standard output. Raises Failed with what it said last."""
    try:
        done = subprocess.run(
            [tool(), *map(str, words)], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"{words[0]}: not done after {SECONDS} s") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        # A backtrace follows a crash, and advice an error of usage.
        telling = [line for line in lines if "Fatal error" in line or line.startswith("Error:")]
        reason = (telling or lines or [f"exit code {done.returncode}"])[-1]
        raise Failed(f"{words[0]}: {reason}")
    return done.stdout


def run(path, feeds):
    """onnxruntime's outputs for every feed: [feed][output]."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"])
    return [session.run(None, feed) for feed in feeds]
