"""OpenCV, imported at its first use and confined to one thread; `from deployment.reader.paper.opencv import cv2`.

The import takes 0.1 s and 40 MB, which a program that reads no picture saves. A server reads several pictures at once,
each in another thread, so more threads inside OpenCV would only compete. The type is Any, as OpenCV's type hints allow
arrays of integers wherever an array is returned.
"""

from typing import Any


class _OpenCV:
    def __getattr__(self, name: str) -> Any:
        import cv2

        cv2.setNumThreads(1)
        value = getattr(cv2, name)
        setattr(self, name, value)
        return value


cv2: Any = _OpenCV()
