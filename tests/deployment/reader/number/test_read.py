"""Numbers read whole: what stands there, where, how sure, and what is refused."""

import io
import json

import numpy as np
import pytest
from app import EXAMPLES
from PIL import Image, ImageDraw, ImageFont
from published import NUMBERS, floor, number_row

from analytics.numbers.__main__ import KINDS
from analytics.numbers.compose import TOUCHING, WIDE, compose, photographed, strings
from core.digits.config import Config
from core.digits.strokes.negatives import signs
from core.digits.task import load_parts
from core.metrics import wilson_interval
from core.models.model import Model
from deployment.deploy_mnist import MNISTDeployer, main
from deployment.reader import wording as words
from deployment.reader.labels import edit_distance, number_label
from deployment.reader.number.hint import noticed
from deployment.reader.number.read import written
from deployment.reader.number.score import FILE, SIDES, SIGNALS, Weights
from deployment.reader.picture.load import InputError, load_pixels


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def part():
    return load_parts(Config())["validation"]


def exact(deployer, pairs, kind="canvas"):
    texts, pictures = zip(*pairs, strict=True)
    found = deployer.read_numbers(pictures, skip_errors=True, kind=kind)
    return np.mean([getattr(reading, "text", None) == text for text, reading in zip(texts, found, strict=True)])


@pytest.mark.parametrize("name, n", [("5 digits, gaps of 2 and more", 20), ("pairs that touch", 24),
                                     ("4 digits, photographed", 12)])
def test_numbers_are_read_as_often_as_the_report_says(deployer, part, name, n):
    """At these few, not below the 95 % interval."""
    length, joins, _ = KINDS[name]
    rng = np.random.default_rng(1)
    pairs, kind = strings(part, n, length, joins, rng), "canvas"
    if "photographed" in name:
        pairs, kind = [(text, photographed(picture, rng)) for text, picture in pairs], None
    assert exact(deployer, pairs, kind) >= floor(number_row(name)["exact"], n)


def test_the_report_is_of_the_shipped_weights(deployer):
    said = json.loads(NUMBERS.read_text())["weights_sha256"]
    assert said == deployer.model.weights_sha256, "remake it: python -m analytics.numbers"


def test_the_shipped_examples(deployer):
    expected = {"year": "2026", "touching": "358", "page": "1869\n250", "stain": "4?07"}
    for name, text in expected.items():
        reading = deployer.read_number(EXAMPLES / f"{name}.png")
        assert reading.text == text, name
        assert len(reading.digits) == len(text.replace("\n", ""))
        assert [place.line for place in reading.digits] == [line for line, signs_ in enumerate(text.split("\n"))
                                                            for _ in signs_]


def test_boxes_are_in_pixels_of_the_source(deployer):
    """Whatever its size: each box holds its digit's ink and nothing of the next."""
    small = np.zeros((200, 600), np.uint8)
    images = [np.asarray(Image.open(EXAMPLES / f"{name}.png").convert("L").resize((100, 100)))
              for name in ("seven", "two")]
    small[50:150, 50:150], small[50:150, 350:450] = images
    for scale in (1, 5):
        picture = Image.fromarray(small).resize((600 * scale, 200 * scale), Image.Resampling.BICUBIC)
        reading = deployer.read_number(picture)
        assert reading.text == "72"
        for place, (left, right) in zip(reading.digits, ((50, 150), (350, 450)), strict=True):
            top, low, bottom, high = (value / scale for value in place.box)
            assert 48 <= top < bottom <= 152 and left - 3 <= low < high <= right + 3
            assert place.digit == int(place.text) and place.probabilities.shape == (10,)


def test_what_is_no_digit_is_a_question_mark_and_never_sure(deployer, part):
    rng, found = np.random.default_rng(3), []
    strange = signs(20, rng)
    for sign in strange:
        picture = compose([part.X[part.y == 4][0].reshape(28, 28), sign], [WIDE], rng)
        found += deployer.read_number(picture, kind="canvas").digits[1:]
    assert np.mean([place.text == "?" for place in found]) > 0.5
    assert np.mean([place.emotion == "confident" for place in found]) < 0.1
    assert all(place.emotion == "curious" for place in found if place.text == "?")


def test_nothing_in_a_word_is_sure(deployer):
    for word in ("HEY", "WORK", "MAKE", "hand"):
        picture = Image.new("L", (620, 200), 255)
        ImageDraw.Draw(picture).text((40, 40), word, fill=0, font=ImageFont.load_default(size=110))
        reading = deployer.read_number(picture)
        assert "?" in reading.text and not any(place.emotion == "confident" for place in reading.digits), word


def test_lines_are_weighed_as_numbers_and_as_words(deployer, part):
    """Signs that are no digits make a line a word, in which more of them are expected; digits do not."""
    rng = np.random.default_rng(3)
    digits = part.X[[3, 7, 11, 15]].reshape(-1, 28, 28)
    for images, word in ((digits, False), (signs(5, rng), True)):
        row = load_pixels(compose(images, [WIDE] * (len(images) - 1), rng)).values
        (line,) = written(deployer, row, "a row", "canvas").lines
        before = line.scores
        assert (line.take_for_word() > 0.5) == word == line.word
        moved = line.scores - before
        assert (moved[:, 10] > 2).all() and (moved[:, :10] < 0).all() if word else not moved.any()


def test_a_doubtful_place_is_named(deployer):
    """A 4 that may be a 9, between two clear digits."""
    doubtful = np.asarray(Image.open(EXAMPLES / "four_or_nine.png").convert("L"))
    clear = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L"))
    picture = compose([clear, doubtful, clear], [WIDE, WIDE], np.random.default_rng(0))
    reading = deployer.read_number(picture, kind="canvas")
    assert reading.text[0] == reading.text[2] == "7" and set(reading.alternatives) == {1}
    assert set(reading.alternatives[1]) == {4, 9} and reading.confidence < 0.95
    assert reading.digits[1].emotion != "confident" and "one place is in doubt" in words.whole(reading)


def test_confidence_is_of_the_whole(deployer, part):
    """Lower where digits overlap than where they do not; from the share that is read exactly no further off than the
    report says, and chance at so few."""
    means, n = {}, 40
    for name in ("5 digits, gaps of 2 and more", "pairs that overlap"):
        length, joins, _ = KINDS[name]
        pairs, said = strings(part, n, length, joins, np.random.default_rng(5)), number_row(name)
        readings = [deployer.read_number(picture, kind="canvas") for _, picture in pairs]
        right = np.mean([reading.text == text for (text, _), reading in zip(pairs, readings, strict=True)])
        means[name] = np.mean([reading.confidence for reading in readings])
        low, high = wilson_interval(right * n, n)
        off = abs(said["stated"] - said["exact"])
        assert low - off <= means[name] <= high + off
        assert all(0 <= reading.confidence <= 1 for reading in readings)
    assert means["pairs that overlap"] < means["5 digits, gaps of 2 and more"] - 0.1


def test_the_same_picture_gives_the_same_reading(deployer):
    one, other = (deployer.read_number(EXAMPLES / "touching.png") for _ in range(2))
    assert one.to_dict() == other.to_dict()
    json.dumps(one.to_dict(), allow_nan=False)


@pytest.mark.parametrize("picture", [np.zeros((200, 400), np.uint8), np.full((200, 400), 255, np.uint8)])
def test_an_empty_page_gets_a_sentence(deployer, picture):
    for kind in ("canvas", None):
        with pytest.raises(InputError, match="No ink was found in my page"):
            deployer.read_number(picture, "my page", kind)


def test_noise_and_stripes_claim_no_sure_digit(deployer):
    rng = np.random.default_rng(0)
    for picture in (rng.integers(180, 255, (300, 500)).astype(np.uint8),
                    np.tile(np.uint8([255, 255, 255, 0]), (300, 100))):
        try:
            reading = deployer.read_number(picture)
        except InputError:
            continue
        assert not any(place.emotion == "confident" for place in reading.digits)


def test_a_page_with_too_much_on_it_is_refused(deployer):
    dots = np.zeros((1500, 1500), np.uint8)
    for row in range(10, 1490, 20):
        for column in range(10, 1490, 20):
            dots[row : row + 10, column : column + 10] = 255
    with pytest.raises(InputError, match="too much on the form"):
        deployer.read_number(dots, "the form", "canvas")


def test_many_at_once_and_their_errors(deployer):
    year, empty = EXAMPLES / "year.png", np.zeros((99, 99), np.uint8)
    found = deployer.read_numbers([year, empty], ["a", "b"], skip_errors=True)
    assert found[0].text == "2026" and isinstance(found[1], InputError) and "in b" in str(found[1])
    with pytest.raises(InputError):
        deployer.read_numbers([empty])


def test_one_digit_that_is_several_is_noticed(deployer):
    year, seven = EXAMPLES / "year.png", EXAMPLES / "seven.png"
    assert noticed(deployer, year, deployer.predict(year)).text == "2026"
    assert noticed(deployer, seven, deployer.predict(seven)) is None
    letter = EXAMPLES / "letter.png"
    assert noticed(deployer, letter, deployer.predict(letter)) is None


def test_command_line(capsys, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no")
    assert main(["--number", str(EXAMPLES / "year.png"), str(EXAMPLES / "page.png")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{EXAMPLES / 'year.png'}: 2026   ") and "sure" in first
    assert "1869 / 250" in second
    assert main(["--number", "--json", str(EXAMPLES / "year.png"), str(bad)]) == 1
    good, refused = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["text"] == "2026" and [place["text"] for place in good["digits"]] == list("2026")
    assert "not a picture" in refused["error"]


def test_a_bytes_file_and_a_transparent_canvas(deployer):
    image = Image.open(EXAMPLES / "year.png").convert("L")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    clear = Image.new("RGBA", image.size)
    clear.paste((255, 255, 255, 255), mask=image)
    assert deployer.read_number(buffer.getvalue()).text == deployer.read_number(clear).text == "2026"


def test_known_strokes_part_what_they_draw_across_each_other(deployer):
    """Two noughts like links of a chain: as a picture they hang together."""
    turn = np.linspace(0, 2 * np.pi, 40)
    noughts = [np.stack([60 + x + 26 * np.sin(turn), 70 - 42 * np.cos(turn)], axis=1) for x in (0, 44)]
    image = Image.new("L", (180, 140))
    for points in noughts:
        ImageDraw.Draw(image).line([tuple(point) for point in points], fill=255, width=9, joint="curve")
    ways = [(points, 9.0) for points in noughts]
    reading = deployer.read_number(np.asarray(image), kind="canvas", strokes=ways)
    assert reading.text == "00" and reading.confidence > 0.5
    other = deployer.read_number(np.asarray(image), kind="canvas", strokes=ways[:1])
    assert other.text == deployer.read_number(np.asarray(image), kind="canvas").text, "strokes of another drawing"


def test_labels_and_distances():
    assert number_label("2026_a.jpg") == "2026" and number_label("12-345_b.png") == "12\n345"
    assert number_label("7_.png") == "7"
    assert number_label("IMG_20.jpg") is None and number_label("-1_a.jpg") is None
    assert edit_distance("2026", "2026") == 0 and edit_distance("", "12") == 2 and edit_distance("1234", "12534") == 1
    assert edit_distance("kitten", "sitting") == 3


def test_shipped_weights_hold_every_signal(deployer):
    saved = json.loads(FILE.read_text())
    for sha256, name in ((deployer.model.weights_sha256, "shipped network"), ("another", "any network")):
        weights = Weights.of(sha256)
        assert len(weights.digit) == len(weights.other) == len(SIGNALS)
        assert weights.to_dict() == saved[name]
        assert weights.digit[SIGNALS.index("ink cut")] < 0
    width = sum(deployer.config.hidden[-2:])
    own = Weights.of(deployer.model.weights_sha256)
    assert weights.matrix is None and own.matrix.shape == (width + 1, 11) and own.sides.shape[0] == SIDES


def test_a_network_without_matrices_is_told_of_once(caplog):
    Weights.of.cache_clear()
    with caplog.at_level("WARNING"):
        assert [Weights.of("a third network").matrix for _ in range(3)] == [None] * 3
        assert Weights.of().matrix is None
    assert len(caplog.records) == 1 and "python -m analytics.studies.number_weights --write" in caplog.text


def test_another_network_reads_numbers_without_the_matrices(deployer, part, monkeypatch):
    """Its own hidden layers mean other things. Not worse than connected components alone, on shorter numbers than those
    of the report."""
    pairs = strings(part, 8, (3, 3), [WIDE], np.random.default_rng(1))
    monkeypatch.setattr(Model, "weights_sha256", property(lambda self: "another"))
    assert exact(deployer, pairs) >= floor(number_row("5 digits, gaps of 2 and more")["components"], len(pairs))


def test_segments_know_whose_ends_they_are(deployer, part):
    picture = compose(part.X[[3, 7]].reshape(-1, 28, 28), [TOUCHING], np.random.default_rng(1))
    (line,) = written(deployer, load_pixels(picture).values, "a pair", "canvas", one=np.inf).lines
    last = len(line.primitives)
    assert last > 2 and line.whole.shape == (1, sum(deployer.config.hidden) + deployer.config.hidden[-1])
    for segment, ends in zip(line.segments, line.sides, strict=True):
        left, right = segment.first == 0, segment.last == last
        assert (ends == 0).tolist() == [left and not right, right and not left, left and right]


def test_a_blob_says_which_digits_stand_at_its_ends_and_whether_it_is_one():
    rng = np.random.default_rng(0)
    matrix, sides = rng.normal(size=(4, 11)), rng.normal(size=(3, 6, 10))  # the last 3 of 5 hidden units; 5 of a blob
    hidden, whole = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    plain = hidden[:, 2:] @ matrix[:3] + matrix[3]
    weights = Weights(1, 1, None, None, matrix, sides)
    seen = weights.seen(hidden, whole, np.array([[1, -1, -1], [-1, 0, -1], [-1, -1, 1]]))
    expected = plain.copy()
    expected[0, :10] += whole[1] @ sides[0, :5] + sides[0, 5]
    expected[1, :10] += whole[0] @ sides[1, :5] + sides[1, 5]
    expected[2, :10] += whole[1] @ sides[2, :5] + sides[2, 5]
    np.testing.assert_allclose(seen, expected)
    np.testing.assert_allclose(weights.seen(hidden), plain)
