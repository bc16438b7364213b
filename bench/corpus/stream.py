"""The corpus file by documents: any of them at once, and bodies for POST /documents made of their lines as they are."""

import array
import mmap
import pathlib


class Documents:
    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._begins = array.array("Q", [0])
        while (end := self._bytes.find(b"\n", self._begins[-1])) >= 0:
            self._begins.append(end + 1)

    def __len__(self) -> int:
        return len(self._begins) - 1

    def line(self, number: int) -> bytes:
        return self._bytes[self._begins[number] : self._begins[number + 1] - 1]

    def bytes_of(self, documents: int) -> int:
        """Of the first so many."""
        return self._begins[documents]

    def reaching(self, first: int, room: int, end: int) -> int:
        """The document behind the last of those from `first` on that fit in `room` bytes: at least one, not beyond `end`."""
        behind = first
        while behind < end and (behind == first or self._begins[behind + 1] - self._begins[first] <= room):
            behind += 1
        return behind


def body(lines: list[bytes]) -> bytes:
    return b'{"documents":[' + b",".join(lines) + b"]}"
