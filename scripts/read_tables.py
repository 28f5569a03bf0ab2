"""Runs a small trial and reads its tables with DuckDB and with Polars, independent of our own code.

Usage: read_tables.py PATH_OF_THE_PROGRAM
Fails if a table cannot be read, if the two readers disagree, or if the tables contradict each other
or the summary.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import polars

TABLES = ["subjects", "visits", "events", "replicates"]


def documented_columns(page):
    """Column names by table from docs/reference/tables.md."""
    columns, table = {}, None
    for line in page.read_text().splitlines():
        if line.startswith("## `"):
            table = line.split("`")[1].removesuffix(".parquet")
            columns[table] = []
        elif table and line.startswith("| `"):
            columns[table].append(line.split("`")[1])
    return columns


def check(condition, message):
    if not condition:
        sys.exit(f"error: {message}")


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    documented = documented_columns(root / "docs" / "reference" / "tables.md")
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        subprocess.run(
            [program, "trial", "run", "mg-bcma-mrna-placebo", "--replicates", "60",
             "--out", run, "--quiet"],
            check=True, stdout=subprocess.DEVNULL,
        )
        summary = json.loads((run / "summary.json").read_text())
        database = duckdb.connect()
        for table in TABLES:
            path = run / f"{table}.parquet"
            by_polars = polars.read_parquet(path)
            by_duckdb = database.sql(f"select * from read_parquet('{path}')")
            check(by_polars.columns == by_duckdb.columns, f"{table}: the readers see other columns")
            check(by_polars.columns == documented[table],
                  f"{table}: columns {by_polars.columns}, documented {documented[table]}")
            rows = by_duckdb.fetchall()
            check(len(rows) == by_polars.height > 0, f"{table}: {len(rows)} rows")
            for mine, theirs in zip(by_polars.iter_rows(), rows):
                for a, b in zip(mine, theirs):
                    same = a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
                    check(same, f"{table}: {a!r} against {b!r}")
            print(f"{table}: {by_polars.height} rows, {by_polars.width} columns")
        subjects = polars.read_parquet(run / "subjects.parquet")
        detail = summary["specification"]["simulation"]["detail_replicates"]
        size = summary["specification"]["population"]["size"]
        check(subjects.height == detail * size, "subjects: not one row per subject and replicate")
        # The power of the summary is the share of rejections in the table.
        primary = next(
            c for c in summary["operating_characteristics"]
            if c["primary"] and c["truth"] == "as_designed"
        )
        rejected = database.sql(
            f"""select avg(case when rejected then 1.0 else 0.0 end)
                from read_parquet('{run}/replicates.parquet')
                where scenario = 'as_designed' and analysis = {primary['analysis'] + 1}"""
        ).fetchall()[0][0]
        check(abs(rejected - primary["rejected"]["value"]) < 1e-12,
              f"replicates: {rejected} rejected, summary {primary['rejected']['value']}")
        print(f"rejections in the table and the summary: {rejected:.3f}")


main()
