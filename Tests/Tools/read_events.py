#!/usr/bin/env python3
"""Reads the event files of runs with TensorBoard itself and compares them with metrics.jsonl.

    read_events.py RUNS

Needs the package tensorboard (checked with 2.20 and later). Exits with 1 where a value differs by more than the rounding
to 32 bits, or where a tag or step is missing.
"""
import json
import math
import pathlib
import sys

from tensorboard.backend.event_processing import event_accumulator


def numbers(path):
    """(tag, step) -> value, as metrics.jsonl has them."""
    found = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        for tag, value in record.items():
            if "/" in tag and not tag.startswith("perf/"):
                found[tag, record["step"]] = float(value)
    return found


def main():
    arms = sorted(path.parent for path in pathlib.Path(sys.argv[1]).rglob("metrics.jsonl"))
    arms = [arm for arm in arms if list(arm.glob("events.out.tfevents.*"))]
    compared = wrong = 0
    for arm in arms:
        reader = event_accumulator.EventAccumulator(str(arm), size_guidance={event_accumulator.SCALARS: 0})
        reader.Reload()
        events = {(tag, event.step): event.value for tag in reader.Tags()["scalars"] for event in reader.Scalars(tag)}
        for key, value in numbers(arm / "metrics.jsonl").items():
            compared += 1
            seen = events.get(key)
            same = seen is not None and (
                math.isnan(value) and math.isnan(seen) or seen == value or abs(seen - value) <= 1e-6 * abs(value))
            if not same:
                wrong += 1
                print(f"{arm}: {key}: metrics.jsonl has {value}, the event file {seen}")
    print(f"{len(arms)} arms, {compared} values compared, {wrong} differ")
    sys.exit(1 if wrong or not compared else 0)


main()
