"""Makes every golden file of Tabtune: `python reference/golden/make_golden.py [--out FOLDER] [--only NAME ...]`.

Deterministic: on one machine two runs write the same bytes. Prints one JSON line a case and the total size.
"""

import argparse
import time
from pathlib import Path

from json_files import print_line
from settings import GOLDEN, use_exact_float32


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=GOLDEN, help="folder that receives llama-*/ and parts/")
    parser.add_argument("--only", nargs="*", help="names of cases, or parts; all when left out")
    arguments = parser.parse_args()
    use_exact_float32()

    from configurations import CASES
    from golden_case import write_case
    from golden_parts import write_parts

    known = [case.name for case in CASES] + ["parts"]
    chosen = known if arguments.only is None else arguments.only
    if unknown := set(chosen) - set(known):
        parser.error(f"--only: no such case: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    for case in CASES:
        if case.name in chosen:
            start = time.monotonic()
            figures = write_case(case, arguments.out / f"llama-{case.name}")
            print_line({"case": case.name, **figures, "seconds": time.monotonic() - start})
    if "parts" in chosen:
        write_parts(arguments.out / "parts")
    sizes = [file.stat().st_size for file in arguments.out.rglob("*") if file.is_file()]
    print_line({"files": len(sizes), "bytes": sum(sizes)})


if __name__ == "__main__":
    main()
