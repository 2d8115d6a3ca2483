"""Read many pictures in steps, which can be stopped and continued and leave time for other sessions."""

import time
from threading import Lock

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload.number_audit import slim
from deployment.reader.malloc import trim
from deployment.reader.picture.archive import Picture, shown
from deployment.reader.picture.opening import InputError, unread_pages, work
from deployment.reader.prediction import NumberReading, Prediction

MOST_WORK = 2_000  # megapixels of an upload, as of deployment.reader.picture.opening.work: about a minute at most
TURN = Lock()  # one picture of all uploads at a time: limits memory and leaves a core for drawings


class Run:
    """The pictures of one upload; `results` has a Prediction, or a NumberReading with `numbers`, read with
    options of MNISTDeployer.read_number, or an InputError for each of the first `done` pictures."""

    def __init__(self, pictures: list[Picture], sentences: list[str], numbers: bool = False, **options: bool):
        self.pictures, self.sentences, self.numbers, self.options = pictures, sentences, numbers, options
        self.cost, self.seconds, self.stopped = 0.0, 0.0, False
        self.results: list[Prediction | NumberReading | InputError] = []

    @property
    def names(self) -> list[str]:
        """Names of the pictures that were read."""
        return [picture.name for picture in self.pictures[:self.done]]

    @property
    def done(self) -> int:
        """The number of pictures that were read."""
        return len(self.results)

    @property
    def going(self) -> bool:
        """Whether pictures remain and the run was not stopped."""
        return not self.stopped and self.done < len(self.pictures)

    def step(self, deployer: MNISTDeployer, seconds: float) -> None:
        """Read for this time and finish the current picture."""
        start = time.perf_counter()
        while self.going and time.perf_counter() - start < seconds:
            with TURN:
                self.results.append(self._read(deployer, self.pictures[self.done]))
        if not self.going:
            trim()
        self.seconds += time.perf_counter() - start

    def _read(self, deployer: MNISTDeployer, picture: Picture) -> Prediction | NumberReading | InputError:
        name = f"“{shown(picture.name)}”"
        try:
            data = picture.load()
            self.cost += work(data)
            if self.cost > MOST_WORK:
                raise InputError(f"{name} was not read: an upload may have {MOST_WORK:,} megapixels; upload the rest "
                                 "separately.")
        except InputError as error:
            return error
        self.sentences += unread_pages(data, name)
        if not self.numbers:
            return deployer.predict_batch([data], names=[name], skip_errors=True)[0]
        result = deployer.read_numbers([data], [name], skip_errors=True, **self.options)[0]
        return result if isinstance(result, InputError) else slim(result)
