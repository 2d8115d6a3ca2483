"""Numbers read whole: what stands there, where, how sure, and what is refused."""

import io
import json
from decimal import Decimal

import numpy as np
import pytest
from app import EXAMPLES
from PIL import Image, ImageDraw, ImageFont
from published import NUMBERS, floor, number_row

from analytics.numbers.__main__ import KINDS
from analytics.numbers.compose import NEAR, WIDE, compose, photographed, strings
from analytics.numbers.signs import composed_sign, with_signs
from core.digits.config import Config
from core.digits.pairs.compose import side_by_side
from core.digits.pairs.window import window
from core.digits.strokes.negatives import signs
from core.digits.task import load_parts
from core.metrics import wilson_interval
from core.models import pairs
from deployment.deploy_mnist import MNISTDeployer, main
from deployment.reader import wording as words
from deployment.reader.csv_tables import lines_csv
from deployment.reader.labels import as_labelled, edit_distance, number_label
from deployment.reader.number.confidence import Confidence
from deployment.reader.number.hint import noticed
from deployment.reader.number.page import written
from deployment.reader.number.score import FILE, READINGS, SIGNALS, Weights
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError


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
    length, joins = KINDS[name]
    rng = np.random.default_rng(1)
    pairs, kind = strings(part, n, length, joins, rng), "canvas"
    if "photographed" in name:
        pairs, kind = [(text, photographed(picture, rng)) for text, picture in pairs], None
    assert exact(deployer, pairs, kind) >= floor(number_row(name)["exact"], n)


def test_the_report_is_of_the_shipped_weights(deployer):
    said = json.loads(NUMBERS.read_text())
    assert (said["weights_sha256"], said["pairs_sha256"]) == (deployer.model.weights_sha256, pairs.sha256()), (
        "remake it: python -m analytics.numbers")


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


def test_what_is_no_digit_is_read_as_none_and_never_sure(deployer, part):
    rng, found = np.random.default_rng(3), []
    strange = signs(20, rng)
    for sign in strange:
        picture = compose([part.X[part.y == 4][0].reshape(28, 28), sign], [WIDE], rng)
        found.append(deployer.read_number(picture, kind="canvas").digits[1:])
    assert np.mean([not any(place.text.isdigit() for place in places) for places in found]) > 0.5
    found = [place for places in found for place in places]
    assert np.mean([place.emotion == "confident" for place in found]) < 0.1
    assert all(place.emotion == "curious" for place in found if place.text == "?")


def test_nothing_in_a_word_is_sure(deployer):
    for word in ("HEY", "WORK", "MAKE", "hand"):
        picture = Image.new("L", (620, 200), 255)
        ImageDraw.Draw(picture).text((40, 40), word, fill=0, font=ImageFont.load_default(size=110))
        reading = deployer.read_number(picture)
        assert "?" in reading.text and not any(place.emotion == "confident" for place in reading.digits), word


def test_a_doubtful_place_is_named(deployer):
    """A 4 that may be a 9, between two clear digits."""
    doubtful = np.asarray(Image.open(EXAMPLES / "four_or_nine.png").convert("L"))
    clear = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L"))
    picture = compose([clear, doubtful, clear], [WIDE, WIDE], np.random.default_rng(0))
    reading = deployer.read_number(picture, kind="canvas")
    assert reading.text[0] == reading.text[2] == "7" and set(reading.alternatives) == {1}
    assert {"4", "9"} <= set(reading.alternatives[1]) and reading.confidence < 0.95
    assert reading.digits[1].emotion != "confident" and "one place is in doubt" in words.whole(reading)


def test_confidence_is_of_the_whole(deployer, part):
    """Lower where digits overlap than where they do not; from the share that is read exactly no further off than the
    report says, and chance at so few."""
    means, n = {}, 40
    for name in ("5 digits, gaps of 2 and more", "pairs that overlap"):
        length, joins = KINDS[name]
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


def test_signs_are_read_where_they_stand(deployer, part):
    """Half of short amounts, dates and sums at least: the report has the figures."""
    pairs = with_signs(part, 16, np.random.default_rng(2))
    assert exact(deployer, pairs) >= 0.5


@pytest.fixture(scope="module")
def amount(part):
    """A picture of "12.5" with a comma or point by the stroke model, its digits by one writer."""
    rng, digits = np.random.default_rng(4), part.X.reshape(-1, 28, 28)
    of = {d: digits[part.y == d][3] for d in (1, 2, 5)}
    return compose([of[1], of[2], composed_sign(".", rng), of[5]], [WIDE, NEAR, NEAR], rng)


def test_a_point_and_its_value(deployer, amount):
    reading = deployer.read_number(amount, kind="canvas")
    assert reading.text == "12.5" and reading.values == (Decimal("12.5"),) and reading.check is None
    point = reading.digits[2]
    assert point.text == "." and point.probabilities.shape == (10,) and point.image.shape == (28, 28)
    top, _, bottom, _ = point.box
    assert bottom - top < 0.4 * (reading.digits[0].box[2] - reading.digits[0].box[0])
    assert deployer.read_number(amount, kind="canvas", signs=False).text == "125"


def test_numbers_apart_are_parted_by_a_space(deployer, part):
    rng = np.random.default_rng(1)
    one, other = (strings(part, 1, (3, 3), [NEAR], rng, slant=0.05)[0] for _ in range(2))
    height = max(len(one[1]), len(other[1]))
    halves = [np.pad(picture, [(0, height - len(picture)), (0, 0)]) for _, picture in (one, other)]
    reading = deployer.read_number(np.hstack([halves[0], np.zeros((height, 90), np.uint8), halves[1]]), kind="canvas")
    assert reading.text == f"{one[0]} {other[0]}" and len(reading.values) == 2
    assert [place.spaced for place in reading.digits] == [False] * 3 + [True] + [False] * 2
    assert lines_csv(reading) == f"{one[0]},{other[0]}\n"


def test_labels_and_distances():
    assert number_label("2026_a.jpg") == "2026" and number_label("12-345_b.png") == "12\n345"
    assert number_label("7_.png") == "7" and number_label("m20c5-3_x.png") == "-20.5\n3"
    assert number_label("3+4=7_a.png") == "3+4=7" and as_labelled("1,5") == "1.5"
    assert number_label("IMG_20.jpg") is None and number_label("-1_a.jpg") is None and number_label("m_a.jpg") is None
    assert edit_distance("2026", "2026") == 0 and edit_distance("", "12") == 2 and edit_distance("1234", "12534") == 1
    assert edit_distance("kitten", "sitting") == 3


def test_shipped_weights_hold_every_signal():
    saved = json.loads(FILE.read_text())
    weights = Weights.shipped()
    assert weights.signals.shape == (len(READINGS), len(SIGNALS)) and (weights.pair > 0).all()
    assert weights.to_dict() | {"confidence": Confidence.shipped().to_dict()} == saved
    assert weights.signals[0, SIGNALS.index("blobs joined")] < 0 < Confidence.shipped().text[1]


def test_the_pair_reader_sees_in_a_line_what_it_saw_in_training(deployer, part):
    """A pair that touches, as composed for training, and the same drawn four times as large on a canvas."""
    for i in range(0, 40, 4):
        pair, _ = side_by_side(part.X[[i, i + 1]].reshape(1, 2, 28, 28) / np.float32(255), np.array([[-1]]),
                               np.random.default_rng(i))
        large = Image.fromarray(np.uint8(255 * pair[0])).resize((4 * pair.shape[2], 160), Image.Resampling.BICUBIC)
        page = written(deployer, load_pixels(large).values, "a pair", "canvas")
        line = page.lines[0]
        whole = next(i for i, segment in enumerate(line.segments)
                     if segment.first == 0 and segment.last == len(line.primitives))
        seen = line.pictures(page.ink, page.mask)[1][whole][:960].reshape(24, 40)
        assert np.abs(seen - window(pair)[0]).mean() < 0.03
