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
    parser.add_argument("--out", type=Path, default=GOLDEN, help="folder that receives FAMILY-NAME/ and parts/")
    parser.add_argument("--only", nargs="*", help="folders such as llama-grouped, families, or parts; all when left out")
    arguments = parser.parse_args()
    use_exact_float32()

    from configurations import CASES
    from golden_case import write_case
    from golden_parts import write_parts

    families = list(dict.fromkeys(case.family for case in CASES))
    known = [*families, *(case.folder for case in CASES), "parts"]
    chosen = known if arguments.only is None else arguments.only
    if unknown := set(chosen) - set(known):
        parser.error(f"--only: no such case: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    for case in CASES:
        if case.folder in chosen or case.family in chosen:
            start = time.monotonic()
            figures = write_case(case, arguments.out / case.folder)
            print_line({"case": case.folder, **figures, "seconds": time.monotonic() - start})
    if "parts" in chosen:
        write_parts(arguments.out / "parts")
    sizes = [file.stat().st_size for file in arguments.out.rglob("*") if file.is_file()]
    print_line({"files": len(sizes), "bytes": sum(sizes)})


if __name__ == "__main__":
    main()
