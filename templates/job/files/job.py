#!/usr/bin/python3
"""{{name}}: does its work once and ends, with 0 when it is done."""

import argparse
import os
import signal
import sys
from pathlib import Path


def count_run(folder):
    """Count one more run in the folder, and return how many there have been."""
    path = Path(folder, "runs")
    runs = int(path.read_text()) + 1 if path.exists() else 1
    new = path.with_suffix(".new")
    new.write_text(f"{runs}\n")
    os.replace(new, path)  # a job that is killed leaves the old number or the new one
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where the number of runs is kept")
    folder = parser.parse_args().folder
    # the first process of a jail ignores the signals that it has no handler for: pid_namespaces(7)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        print(f"run {count_run(folder)} of {{name}}")
    except (OSError, ValueError) as error:
        sys.exit(f"{{name}}: {error}")


if __name__ == "__main__":
    main()
