"""Latency of a packed model beside onnxruntime, one thread each, in alternating rounds."""
import statistics
import time

from deployed import checks

ROUNDS = 3
SECONDS = 0.4


def onnxruntime_ns(opened, feed):
    """Median of the runs that fit in a round."""
    samples, end = [], time.monotonic() + SECONDS
    while len(samples) < 3 or time.monotonic() < end:
        start = time.perf_counter_ns()
        opened.run(None, feed)
        samples.append(time.perf_counter_ns() - start)
    return statistics.median(samples)


def measured(path, packed, feed):
    """{"ours": ns, "theirs": ns}, medians over rounds of medians."""
    opened = checks.session(path, plain=False)
    feed = {given.name: feed[given.name] for given in opened.get_inputs()}
    opened.run(None, feed)
    ours, theirs = [], []
    for turn in range(ROUNDS):
        for which in ((0, 1), (1, 0))[turn % 2]:
            if which:
                theirs.append(onnxruntime_ns(opened, feed))
                continue
            done = checks.command("bench", packed, "--threads", 1, "--seconds", SECONDS, "--json")
            if done.code != 0:
                return {"bench": done.reason}
            ours.append(done.report()["median_ns"])
    return {"ours": statistics.median(ours), "theirs": statistics.median(theirs)}
