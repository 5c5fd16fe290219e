"""The driver's side of one worker process: an engine, a model, a number of threads."""
import ctypes
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys

import numpy as np

import models
from models import Failed

HERE = pathlib.Path(__file__).resolve().parent
# Seconds that a worker may take for one answer: the largest model is converted in less.
PATIENCE = 300


def settle(cores):
    """Pins a new process, and lets it end with the driver even while it is stopped."""
    os.sched_setaffinity(0, cores)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Contender:
    """A worker that is stopped (SIGSTOP) whenever it is not asked, so that no idle pool spins."""

    def __init__(self, engine, variant, path, inputs, threads, python=sys.executable):
        self.engine, self.variant, self.threads = engine, variant, threads
        self.rounds, self.profiles, self.version = [], [], None
        cores = sorted(os.sched_getaffinity(0))[:threads]
        program = [models.WORKER] if engine == "espalier" else [python, HERE / "worker.py", engine]
        self.process = subprocess.Popen(
            [str(word) for word in [*program, path, threads, *inputs]], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: settle(cores))

    def load(self):
        """Imports the engine and loads the model; resident growth counts from between the two."""
        self.version = self.answer()["version"]
        status = pathlib.Path(f"/proc/{self.process.pid}")
        (status / "clear_refs").write_text("5")  # resets the peak
        self.resident = self.status("VmRSS")
        self.loaded = self.ask("load")
        self.stop()

    def warm_up(self, seconds):
        """Runs for a while, then fixes how many inferences a burst of `seconds` holds."""
        self.resume()
        samples = self.ask("run 2")
        while sum(samples) < seconds * 1e9:
            samples += self.ask("run 1")
        self.stop()
        typical = statistics.median(samples[1:]) / 1e9
        self.count = max(2, round(seconds / typical))
        # Of a burst: its inferences, those before it and a profiled one.
        self.expected = typical * (self.count + max(1, self.count // 10) + 1)

    def burst(self):
        """One round; inferences that bring the model back into the caches are not counted."""
        self.resume()
        self.ask(f"run {max(1, self.count // 10)}")
        self.rounds.append(np.array(self.ask(f"run {self.count}")) / 1e6)
        if self.engine == "espalier" and self.threads == 1:
            self.profiles.append(self.ask("profile 1"))
        self.stop()

    def outputs(self, stem):
        self.resume()
        count = self.ask(f"output {stem}")["count"]
        self.stop()
        return [np.load(f"{stem}.{index}.npy") for index in range(count)]

    def peak_growth(self):
        """Bytes by which the process has grown at most since it began to load."""
        return self.status("VmHWM") - self.resident

    @property
    def median(self):
        return float(np.median(np.concatenate(self.rounds)))

    def sparse_part(self):
        """The share of the time spent where zeros are left out, and the MACs left there."""
        nanoseconds = np.median([[step[0] for step in run] for run in self.profiles], axis=0)
        left = [step[1] for step in self.profiles[0]]
        sparse = sum(taken for taken, macs in zip(nanoseconds, left) if macs is not None)
        return sparse / nanoseconds.sum(), sum(macs for macs in left if macs is not None)

    def ask(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise Failed("its process ended") from None
        return self.answer()

    def answer(self):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
                raise Failed(f"no answer in {PATIENCE} s")
            piece = self.process.stdout.read(1 << 16)
            if not piece:
                raise Failed(f"its process ended ({self.process.wait()})")
            line += piece
        answer = json.loads(line)
        if "failure" in answer:
            raise Failed(answer["failure"])
        return answer

    def status(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise Failed("its process ended")

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.kill()
        self.process.wait()
