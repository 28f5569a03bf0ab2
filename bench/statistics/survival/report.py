"""Compares both programs' results and prints the table as Markdown.

Usage: report.py WORK_DIR

Reads WORK_DIR/ROUND.r and WORK_DIR/ROUND.neurocart: lines `time,ANALYSIS,DATA,SECONDS` and
`value,ANALYSIS,DATA,NAME,NUMBER`. Fails if a program gives different results in different rounds. The ratio
is that of the medians; beside it the smallest ratio of a single round, each round measured back to back.
"""

import glob
import statistics
import sys


def read(path):
    times, values = {}, {}
    with open(path) as file:
        for line in file:
            kind, analysis, data, *rest = line.strip().split(",")
            if kind == "time":
                times[analysis, data] = float(rest[0])
            else:
                values[analysis, data, rest[0]] = float(rest[1])
    return times, values


def main():
    work = sys.argv[1]
    rounds = len(glob.glob(f"{work}/*.r"))
    programs = {}
    for program in ("r", "neurocart"):
        runs = [read(f"{work}/{i}.{program}") for i in range(1, rounds + 1)]
        if any(values != runs[0][1] for _, values in runs):
            sys.exit(f"{program} gave different results in different rounds")
        programs[program] = runs
    theirs, ours = programs["r"], programs["neurocart"]
    print(f"{rounds} rounds, both programs in turn; processor milliseconds of one call.\n")
    print("| analysis | data | R, median | neurocart, median | ratio | smallest ratio of a round | results differ by at most |")
    print("|---|---|---|---|---|---|---|")
    for analysis, data in ours[0][0]:
        r = [times[analysis, data] for times, _ in theirs]
        n = [times[analysis, data] for times, _ in ours]
        named = [key for key in ours[0][1] if key[:2] == (analysis, data)]
        missing = [key for key in named if key not in theirs[0][1]]
        if missing or not named:
            sys.exit(f"{analysis}, {data}: nothing to compare with, {missing}")
        difference = max(abs(ours[0][1][k] - theirs[0][1][k]) / abs(theirs[0][1][k]) for k in named)
        print(
            "| {} | {} | {:.1f} | {:.2f} | **{:.1f}** | {:.1f} | {:.0e} |".format(
                analysis,
                data,
                1e3 * statistics.median(r),
                1e3 * statistics.median(n),
                statistics.median(r) / statistics.median(n),
                min(a / b for a, b in zip(r, n)),
                difference,
            )
        )


main()
