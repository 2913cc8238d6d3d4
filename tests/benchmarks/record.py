"""Keep a comparison for the lessons: the rows of `compare --json` without their curves, in a few digits.

python tests/benchmarks/record.py FILE OUT
"""

import json
import sys
from pathlib import Path

from mtsgns_lite.comparison import Comparison

DIGITS = 5


def rounded(value):
    """The same with all its fractions cut to a few digits."""
    if isinstance(value, dict):
        return {key: rounded(own) for key, own in value.items()}
    return round(value, DIGITS) if isinstance(value, float) else value


def main(arguments: list[str]) -> int:
    """Read one file, write the other."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    found["rows"] = [rounded(row) for row in found["rows"]]
    Path(arguments[1]).write_text(Comparison(**found).to_text(curves=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
