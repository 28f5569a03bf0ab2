"""Compares the outputs of both programs and prints the result of the benchmark as Markdown.

Usage: report.py WORK_DIR

Error of a patient: over outputs and times, the largest |x - reference| / max(|reference|, 1e-3 of the
output's largest |reference| in that patient). The reference is our own solution at relative tolerance
1e-11; how far libroadrunner at 1e-11 is from it is printed too. Equal achieved error: each program at
its fastest setting whose 95th percentile of that error is at most 1e-4. The same for the median and the
largest error is printed beside it.
"""

import json
import sys

import numpy as np

OUTPUTS, TIMES, LIMIT = 7, 101, 1e-4


def load(work, line):
    return np.fromfile(f"{work}/{line['file']}").reshape(-1, TIMES, OUTPUTS)


def errors(found, reference):
    size = np.abs(reference)
    size = np.maximum(size, 1e-3 * size.max(axis=1, keepdims=True))
    difference = np.abs(found - reference)
    relative = np.divide(difference, size, out=np.zeros_like(size), where=size > 0)
    # A failed patient is as wrong as can be.
    return np.where(np.isnan(difference), np.inf, relative).max(axis=(1, 2))


def percentiles(error):
    ordered = np.sort(error)
    return [ordered[int((len(ordered) - 1) * p)] for p in (0.5, 0.95, 1.0)]


def main():
    work = sys.argv[1]
    lines = {}
    for name in ("neurocart", "roadrunner"):
        with open(f"{work}/{name}.jsonl") as file:
            lines[name] = [json.loads(line) for line in file]
    reference = load(work, lines["neurocart"][0])
    check = percentiles(errors(load(work, lines["roadrunner"][0]), reference))
    count = len(reference)
    print(f"{count} patients, {TIMES} times, {OUTPUTS} outputs. The two references (both at 1e-11) differ by")
    print("{:.1e} (median), {:.1e} (95 %), {:.1e} (largest).\n".format(*check))
    print("| program | relative | absolute | patients/s | median error | 95 % | largest | failed |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rungs in lines.items():
        for rung in rungs[1:]:
            rung["rate"] = count / rung["seconds"]
            rung["error"] = percentiles(errors(load(work, rung), reference))
            print(
                "| {} | {:.0e} | {:.0e} | {:.0f} | {:.1e} | {:.1e} | {:.1e} | {} |".format(
                    name, rung["relative"], rung["absolute"], rung["rate"], *rung["error"], rung["failures"]
                )
            )
    for place, words in ((1, "95 % of the patients"), (0, "half of the patients"), (2, "all patients")):
        best = {}
        for name, rungs in lines.items():
            good = [r for r in rungs[1:] if r["error"][place] <= LIMIT and r["failures"] == 0]
            best[name] = max(good, key=lambda rung: rung["rate"])
        print(f"\nFastest setting with {words} within 1e-4:\n")
        print("| program | tolerances | patients/s | median error | 95 % | largest |")
        print("|---|---|---|---|---|---|")
        for rung in best.values():
            print(
                "| {} | {:.0e}, {:.0e} | {:.0f} | {:.1e} | {:.1e} | {:.1e} |".format(
                    rung["setting"], rung["relative"], rung["absolute"], rung["rate"], *rung["error"]
                )
            )
        ratio = best["neurocart"]["rate"] / best["roadrunner"]["rate"]
        print(f"\nRatio: {ratio:.1f}")
    print("\n| peak memory | MiB |\n|---|---|")
    with open(f"{work}/memory.jsonl") as file:
        for line in map(json.loads, file):
            print(f"| neurocart, {line['patients']} patients | {line['peak_memory_mib']:.1f} |")
    last = lines["roadrunner"][-1]["peak_memory_mib"]
    print(f"| libroadrunner, {count} patients, all outputs kept | {last:.0f} |")


main()
