"""Read pictures from the command line: `qualm read [--number | --table] FILE ...`, in a checkout also
`python -m deployment.deploy_mnist`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from core.command import refusing
from core.files import write_atomic
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.reader import wording
from deployment.reader.csv_tables import digits_csv, numbers_csv
from deployment.reader.picture.opening import InputError, page_count, page_of, unread_pages
from deployment.reader.picture.pages import MOST_PAGES
from deployment.reader.prediction import NumberReading, Prediction
from deployment.reader.table.export import pages_to_xlsx, to_csv, to_xlsx
from deployment.reader.table.reading import doubtful


def arguments(argv: Sequence[str] | None, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog, description="Read pictures of digits.",
        epilog="A box is (top, left, bottom, right) in pixels of the picture. Only of tables more than the first page "
        "is read.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--number", action="store_true", help="read whole numbers, on one or several lines")
    what.add_argument("--table", action="store_true", help="read a table of numbers, on each page; CSV, the doubtful "
                      "cells on standard error")
    parser.add_argument("--digits", action="store_true", help="with --number: digits alone, without signs and spaces")
    parser.add_argument("--dates", choices=("dmy", "mdy"), default="dmy",
                        help="with --number: whether the day or the month comes first (default: dmy)")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--json", action="store_true", help="one JSON object a line, with the box of each digit")
    written.add_argument("--csv", action="store_true", help="a table, as the app offers it")
    written.add_argument("--xlsx", type=Path, metavar="FILE", help="with --table: write a spreadsheet, too")
    args = parser.parse_args(argv)
    if args.xlsx and not args.table:
        parser.error("--xlsx needs --table")
    if args.table and len(args.files) > 1:
        parser.error("--table reads one picture")
    return args


def main(argv: Sequence[str] | None = None, prog: str = "python -m deployment.deploy_mnist") -> int:
    """Read pictures as the arguments say; 1 where one could not be read. prog: the command's name in its help."""
    args = arguments(argv, prog)
    with refusing("read"):
        deployer = MNISTDeployer(args.model)
        if args.table:
            return table(deployer, args)
        names = [f"“{file}”" for file in args.files]
        if args.number:
            answers: Sequence[NumberReading | Prediction | InputError] = deployer.read_numbers(
                args.files, names, skip_errors=True, signs=not args.digits, dates=args.dates)
            lines = numbers_csv(args.files, answers) if args.csv else ""
        else:
            answers = deployer.predict_batch(args.files, names, skip_errors=True)
            lines = digits_csv(args.files, answers) if args.csv else ""
    print(lines, end="")
    for file, answer in zip(args.files, answers, strict=True):
        show(file, answer, args)
    return 1 if any(isinstance(answer, InputError) for answer in answers) else 0


def show(file: str, answer: NumberReading | Prediction | InputError, args: argparse.Namespace) -> None:
    """Print an answer, unless the table lists it."""
    if not isinstance(answer, InputError):
        for sentence in unread_pages(file, f"“{file}”"):
            print(sentence, file=sys.stderr)
    if args.csv:
        return
    if args.json:
        result = {"error": str(answer)} if isinstance(answer, InputError) else answer.to_dict()
        print(json.dumps({"file": file} | result, ensure_ascii=False))
    elif isinstance(answer, InputError):
        print(answer, file=sys.stderr)
    elif isinstance(answer, NumberReading):
        print(f"{file}: {wording.number(answer)}")
    else:
        print(f"{file}: {answer.digit}   {wording.sentence(answer)} ({answer.emotion})")


def table(deployer: MNISTDeployer, args: argparse.Namespace) -> int:
    """Read the table on each page of a file; print them, and what is doubtful in them on standard error."""
    file, tables, faults = args.files[0], [], 0
    try:
        data = Path(file).read_bytes()
    except OSError:  # which reading reports
        data = b""
    try:
        count = page_count(data, f"“{file}”")
    except InputError as error:
        return failed(file, str(error), args)
    for number in range(min(count, MOST_PAGES)):
        name = f"“{file}”" + (f", page {number + 1}" if count > 1 else "")
        try:
            reading = deployer.read_table(page_of(data, number, name) if count > 1 else file, name)
        except InputError as error:
            faults += failed(file, str(error), args)
            continue
        tables.append((number + 1, reading))
        page = {"page": number + 1} if count > 1 else {}
        if args.json:
            print(json.dumps({"file": file} | page | reading.to_dict(), ensure_ascii=False))
        else:
            print("\n" * (len(tables) > 1) + to_csv(reading), end="")
        for sentence in doubtful(reading):
            print(f"page {number + 1}, {sentence}" if page else sentence, file=sys.stderr)
    if count > MOST_PAGES:
        print(f"“{file}” has {count:,} pages: only the first {MOST_PAGES} were read.", file=sys.stderr)
    if args.xlsx and tables:
        write_atomic(args.xlsx, to_xlsx(tables[0][1]) if count == 1 else pages_to_xlsx(tables))
    return int(faults > 0)


def failed(file: str, sentence: str, args: argparse.Namespace) -> int:
    """Say what a file, or a page of it, lacks; 1."""
    if args.json:
        print(json.dumps({"file": file, "error": sentence}, ensure_ascii=False))
    else:
        print(sentence, file=sys.stderr)
    return 1
