"""Compares two CSV files cell by cell: texts must be equal, numbers within a relative tolerance.

Usage: same_numbers.py KEPT FOUND TOLERANCE
"""

import csv
import sys


def main():
    kept_path, found_path, tolerance = sys.argv[1], sys.argv[2], float(sys.argv[3])
    kept = list(csv.reader(open(kept_path)))
    found = list(csv.reader(open(found_path)))
    if len(kept) != len(found):
        sys.exit(f"error: {kept_path} has {len(kept)} rows, {found_path} has {len(found)}")
    worst = 0.0
    for row, (a, b) in enumerate(zip(kept, found), start=1):
        if len(a) != len(b):
            sys.exit(f"error: row {row} has {len(a)} cells in {kept_path}, {len(b)} in {found_path}")
        for x, y in zip(a, b):
            if x == y:
                continue
            try:
                difference = abs(float(x) - float(y)) / max(abs(float(x)), 1e-300)
            except ValueError:
                sys.exit(f"error: row {row}: {x!r} in {kept_path}, {y!r} in {found_path}")
            worst = max(worst, difference)
            if not difference <= tolerance:
                sys.exit(f"error: row {row}: {x} in {kept_path}, {y} in {found_path}")
    print(f"{len(kept)} rows, largest relative difference {worst:.1e}")


main()
