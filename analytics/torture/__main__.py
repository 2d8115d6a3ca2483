"""Does it keep its word under attack and faults? `make torture`, or `python -m analytics.torture [--quick]`.

Damaged pictures and ZIP files through the upload, hostile model folders, audits, settings and tables through their
readers, kills and failing writes at every step of what changes models and audits. A trial is at fault when anything
comes but an answer of finite figures or a sentence, when a folder cannot be loaded afterwards, or when something
half-written stays. analytics/reports/torture.md holds the table.
"""

import argparse
import sys

from tqdm import tqdm

from analytics.reports import write_report
from analytics.torture import faults, folders, inputs, trials
from analytics.torture import pictures as uploads
from analytics.torture.report import as_markdown

COMMAND = "python -m analytics.torture"
PARTS = {  # name -> (one trial, how many, how many in the quick form)
    "pictures": (uploads.picture, 20_000, 400),
    "archives": (uploads.zip_file, 8_000, 200),
    "kills": (faults.kill, 300, 32),
    "failures": (faults.fail, 300, 32),
    "models": (folders.model_folder, 1_000, 60),
    "audits": (folders.audit_folder, 1_000, 60),
    "settings": (inputs.settings, 1_000, 100),
    "tables": (inputs.table, 1_000, 60),
}


def torture(counts, seed=0, workers=2):
    """The Results of the parts that counts {name: n} names."""
    results = []
    with trials.processes(workers) as mapped:
        for name, n in counts.items():
            def track(found, total, name=name):
                return tqdm(found, total=total, desc=f"{name:>9}", unit="trial")

            results.append(trials.run(name, PARTS[name][0], n, seed, mapped, track))
    return results


def main(argv=None):
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few of each, in half a minute; writes no report")
    parser.add_argument("--times", type=float, default=1, help="so many times as many trials")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone (repeatable); writes no report")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args(argv)
    counts = {name: max(1, int(args.times * PARTS[name][2 if args.quick else 1])) for name in args.only or PARTS}
    results = torture(counts, args.seed, args.workers)
    text = as_markdown(results, args.seed)
    print(text)
    if not (args.quick or args.only):
        write_report("torture", "Attack and faults", COMMAND, text)
    return 1 if any(result.faults for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
