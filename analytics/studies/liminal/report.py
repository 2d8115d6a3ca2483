"""The report liminal.md: test figures of the shipped reader, baselines, ablations, intervals, refusals and speed."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.studies.liminal import ablation, contrasts, refusals, versions
from core.storage import read_json
from core.text.data.emobank import Sentences
from core.text.language.tokens import tokens
from core.text.metrics import bootstrap_difference, measure, pearson, resampled
from core.text.network.ragged import Ragged
from core.text.reader import TextReader

DIMENSIONS = ("V", "A", "D")
Bag = Callable[[Sequence[str]], NDArray[np.floating]]  # texts -> PAD (N, 3), the bag-of-words baseline
HEAD = "| {} | r V | r A | r D | MAE V | MAE A | MAE D | {} |\n|---|---|---|---|---|---|---|---:|"
KNOWN = ("Reference figures on this split: TF-IDF ridge 0.569 / 0.428 / 0.310, ridge on MiniLM's sentence vectors "
         "0.621 / 0.423 / 0.341, a fine-tuned RoBERTa-large 0.838 / 0.573 / 0.536; rater noise limits r to about 0.84 "
         "/ 0.73 / 0.68.")
SELECTION = ("Settings and templates were selected by r on dev and by the 300 contrast pairs, whose results were seen "
             "by kind, with the failing pairs; test figures of about ten candidates were seen as well "
             "([EXPERIMENTS](../EXPERIMENTS.md)). So the test figures are slightly optimistic, and the pairs measure "
             "constructions that the grammar of orderings was written for; none of their sentences is among the "
             "orderings. EmoBank is not part of the project: the command downloads it once, or reads a copy with "
             "--data.")
PAIRS = ("300 handwritten pairs of sentences, 30 of each of ten kinds: a good thing negated; a bad thing negated; "
         "something that ended or never was; “without” and “nobody”; degree (slightly, completely); two clauses joined "
         "by “but”; comparison; irony; idiom; and events, where all words differ. The orderings that the reader "
         "learned from have the same ten kinds. A pair is correct if the more pleasant sentence gets more pleasure. "
         "The bag of words is the ridge regression above.")


def cells(measures: Sequence[Mapping[str, float]]) -> str:
    """Table cells of r and MAE for the three dimensions, from results of measure(): mean ± standard deviation."""
    def cell(name: str, digits: int) -> str:
        values = [measured[name] for measured in measures]
        spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
        return f"{np.mean(values):.{digits}f}{spread}"

    return " | ".join([*(cell(f"r_{d}", 3) for d in DIMENSIONS), *(cell(f"mae_{d}", 3) for d in DIMENSIONS)])


def verdict(name: str, gain: float, low: float, high: float) -> str:
    """A difference and its 95 % interval in words."""
    interval = f"{gain:+.3f}, {low:+.3f} to {high:+.3f}"
    if low > 0 or high < 0:
        return f"{name} {'better' if low > 0 else 'worse'} ({interval})"
    return f"{name} no difference shown ({interval})"


def verdicts(pads: NDArray[np.floating], other: NDArray[np.floating], target: NDArray[np.floating],
             documents: NDArray[np.integer], n: int = 2000, seed: int = 0) -> str:
    """Mean r of estimates pads (seeds, N, 3) minus that of `other` (seeds or 1, N, 3), in words, with the 95 % interval
    over resampled seeds and documents (N,)."""
    rng = np.random.default_rng(seed)

    def gain(rows, ours, theirs):
        return (np.mean([pearson(pads[i][rows], target[rows]) for i in ours], axis=0)
                - np.mean([pearson(other[i][rows], target[rows]) for i in theirs], axis=0))

    ours, theirs = np.arange(len(pads)), np.arange(len(other))
    draws = [gain(rows, rng.choice(ours, len(ours)), rng.choice(theirs, len(theirs)))
             for rows in resampled(documents, n, rng)]
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return "; ".join(map(verdict, DIMENSIONS, gain(np.arange(len(target)), ours, theirs), low, high)) + "."


def half_widths(pad: NDArray[np.floating], target: NDArray[np.floating], documents: NDArray[np.integer],
                n: int = 2000, seed: int = 0) -> NDArray[np.floating]:
    """Half the width (3,) of the 95 % interval of each r over resampled documents (N,)."""
    draws = [pearson(pad[rows], target[rows]) for rows in resampled(documents, n, np.random.default_rng(seed))]
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return (high - low) / 2


def timings(reader: TextReader,
            text: str = "The train was late again, but nobody seemed to mind very much.") -> tuple[float, float]:
    """(median milliseconds for one sentence, seconds for 1,000 different ones) of processor time, all threads."""
    for _ in range(5):
        reader.read(text)
    single = []
    for i in range(50):
        started = time.process_time()
        reader.read(f"{text} {i}")
        single.append(time.process_time() - started)
    started = time.process_time()
    reader.read_many([f"{i} {text} {i * i}" for i in range(1000)])
    return 1000 * float(np.median(single)), time.process_time() - started


def page(sentences: Sentences, reader: TextReader | None = None) -> str:
    """The body of the report as Markdown."""
    reader = reader or TextReader()
    rows = sentences.rows("test")
    target, texts = sentences.pad[rows], [sentences.texts[i] for i in rows]
    thought, ragged = reader.think(texts)
    bag = ablation.bag_of_words(sentences, reader.table)
    documents = sentences.document[rows]
    lines = [SELECTION, ""]
    lines += [*_reached(sentences, target, texts, documents, thought.pad, bag),
              *_parts(target, bag(texts), documents),
              *_contrasts(reader, bag), *_coverage(reader, thought.pad, ragged, texts, target), *refusals.lines(),
              *_speed(reader), *_before()]
    return "\n".join(lines)


def _reached(sentences: Sentences, target: NDArray[np.floating], texts: Sequence[str],
             documents: NDArray[np.integer], pad: NDArray[np.floating], bag: Bag) -> list[str]:
    mean = np.tile(sentences.pad[sentences.rows("train")].mean(axis=0), (len(texts), 1))
    lines = ["## Test figures", "", f"{len(texts):,} test sentences; MAE on the 1..5 scale of the ratings.", "",
             HEAD.format("one model each", "n")]
    others = {"the mean": mean, "ridge on the mean of the same word vectors": bag(texts)}
    if len(old := _old_pad()) == len(texts):
        others["version 6, as shipped"] = old
    for name, estimates in {**others, "**shipped reader (v7)**": pad}.items():
        lines.append(f"| {name} | {cells([measure(estimates, target)])} | 1 |")
    for path, name in ((ablation.FINAL_LIMINAL / "minilm.json", "v7 on MiniLM's states"),
                       (versions.V6 / "minilm.json", "version 6 on MiniLM's states")):
        if path.exists():
            lines.append(f"| {name} (needs MiniLM) | {cells([read_json(path)['test']])} | 1 |")
    lines.append("")
    for name, other in others.items():
        if name != "the mean":
            low, high = bootstrap_difference(pad, other, target, documents)
            gain = pearson(pad, target) - pearson(other, target)
            lines.append(f"Shipped reader less {name.removesuffix(', as shipped')}, in r, paired bootstrap of "
                         "documents, 95 %: " + "; ".join(map(verdict, DIMENSIONS, gain, low, high)) + ".")
    widths = ", ".join(f"{half:.3f}" for half in half_widths(pad, target, documents))
    return [*lines, f"Sampling of the {len(np.unique(documents))} test documents gives 95 % intervals of about "
            f"± {widths} for r V, r A and r D.", "", KNOWN, ""]


def _old_pad() -> NDArray[np.floating]:
    path = versions.V6 / "test_pad.npy"
    return np.load(path) if path.exists() else np.empty((0, 3))


def _parts(target: NDArray[np.floating], bag: NDArray[np.floating], documents: NDArray[np.integer]) -> list[str]:
    """The ablation table, the comparison with the bag of words and r by round."""
    results = read_json(ablation.ABLATION) if ablation.ABLATION.exists() else {}
    if not results:
        return []
    lines = ["## Ablations", "", "Mean ± standard deviation over seeds; pairs: of 300 contrast pairs, see below.",
             "", "| trained | r V | r A | r D | correct pairs | seeds |\n|---|---|---|---|---|---:|"]
    for name, runs in results.items():
        measures = [run["test"] for run in runs.values()]
        pairs = [100 * contrasts.share(run["contrasts"]) for run in runs.values()]
        spread = f" ± {np.std(pairs, ddof=1):.1f}" if len(pairs) > 1 else ""
        lines.append(f"| {name} | {' | '.join(cells(measures).split(' | ')[:3])} | {np.mean(pairs):.1f}{spread} % | "
                     f"{len(runs)} |")
    whole = results.get(ablation.WHOLE, {})
    lines.append("")
    pads = np.load(ablation.SEEDS_PAD) if ablation.SEEDS_PAD.exists() else np.empty((0, 0, 3))
    if pads.shape[1:] == target.shape:
        lines += [f"v7 ({len(pads)} seeds) less ridge on the mean of the same word vectors, in r, over seeds and "
                  f"documents, 95 %: {verdicts(pads, bag[None], target, documents)}", ""]
    if whole:
        by_round = np.array([run["r_V_by_round"] for run in whole.values()]).mean(axis=0)
        lines += ["r V of v7's estimates by round, from the first estimate to the last round, mean over seeds: "
                  + ", ".join(f"{r:.3f}" for r in by_round) + ".", ""]
    return lines


def _contrasts(reader: TextReader, bag: Bag) -> list[str]:
    """Contrast pairs by kind: shipped, version 6, bag of words."""
    counts = {"shipped": contrasts.right(lambda texts: reader.think(texts)[0].pad[:, 0]),
              "version 6": read_json(versions.V6 / "contrasts.json"),
              "bag of words": contrasts.right(lambda texts: bag(texts)[:, 0])}
    lines = ["## Order: contrast pairs", "", PAIRS, "", f"| kind | {' | '.join(counts)} |\n|---|{'---|' * len(counts)}"]
    for kind in counts["shipped"]:
        lines.append(f"| {kind} | " + " | ".join(f"{of_reader[kind][0]} of {of_reader[kind][1]}"
                                                 for of_reader in counts.values()) + " |")
    return [*lines, "| **all** | " + " | ".join(f"{100 * contrasts.share(of_reader):.1f} %"
                                                 for of_reader in counts.values()) + " |", ""]


def _coverage(reader: TextReader, pad: NDArray[np.floating], ragged: Ragged, texts: Sequence[str],
              target: NDArray[np.floating]) -> list[str]:
    """The share of ratings inside the intervals, for all sentences and in thirds by length."""
    low, high = reader.intervals(pad, ragged.lengths)
    covered = (low <= target) & (target <= high)
    order = np.argsort([len(tokens(text)) for text in texts], kind="stable")
    lines = ["## Intervals", "",
             "Nominal coverage 90 %; fitted on one half of dev (no document in both halves), measured on test.", "",
             "| sentences | V | A | D | mean width V | n |\n|---|---|---|---|---|---:|"]
    parts = {"all": order, **dict(zip(("shortest third", "middle third", "longest third"), np.array_split(order, 3),
                                      strict=True))}
    for name, rows in parts.items():
        shares = " | ".join(f"{100 * share:.1f} %" for share in covered[rows].mean(axis=0))
        lines.append(f"| {name} | {shares} | {(high - low)[rows, 0].mean():.2f} | {len(rows):,} |")
    return [*lines, ""]


def _speed(reader: TextReader) -> list[str]:
    single, thousand = timings(reader)
    size = sum(path.stat().st_size for path in reader.folder.glob("*.npy")) / 1e6
    return ["## Speed and size", "", f"One sentence takes {single:.1f} ms of processor time (median), 1,000 take "
            f"{thousand:.2f} s; the files take {size:.1f} MB.", ""]


def _before() -> list[str]:
    """The study of v1 to v6."""
    if not versions.ABLATION.exists():
        return []
    lines = ["## Versions 1 to 6", "", "One pooled vector per sentence, a ridge regression as the first estimate; "
             "v6 unless a version is named. Trained with a table of 26,000 words; the command `versions` trains "
             "missing runs.", "", HEAD.format("mean ± deviation", "seeds")]
    for name, runs in read_json(versions.ABLATION).items():
        lines.append(f"| {name} | {cells([run['test'] for run in runs.values()])} | {len(runs)} |")
        recalled = [run["test"]["with_memory"] for run in runs.values() if "with_memory" in run["test"]]
        if name == "v6, K = 5" and recalled:
            lines.append(f"| v6, with memory of the document | {cells(recalled)} | {len(recalled)} |")
    return [*lines, ""]
