"""OpenCV, imported at its first use and confined to one thread; `from deployment.reader.paper.opencv import cv2`.

The import takes 0.1 s and 40 MB, which a program that reads no picture saves. A server reads several pictures at once,
each in a separate thread, so more threads inside OpenCV would only compete.
"""

from typing import Any


class _OpenCV:
    def __getattr__(self, name: str) -> Any:
        import cv2

        cv2.setNumThreads(1)
        value = getattr(cv2, name)
        setattr(self, name, value)
        return value


cv2: Any = _OpenCV()  # of OpenCV's types every array is a MatLike of any dtype, which no signature here accepts

__all__ = ["cv2"]
