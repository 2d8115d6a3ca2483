"""All kinds of source give the same pictures; each damaged picture is reported."""

import gzip
import io
import struct
import tarfile
import zipfile

import fsspec
import numpy as np
import pytest

from analytics.archive.read import load
from analytics.archive.sources import SourceError, find
from deployment.reader.picture.opening import InputError


def idx(images):
    return b"\0\0\x08\x03" + struct.pack(">III", *images.shape) + images.tobytes()


def packed(folder, path, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"scans/{file.name}")
        archive.writestr("__MACOSX/scans/._00.png", b"litter")
    return path


def tarred(folder, path, mode):
    with tarfile.open(path, mode) as archive:
        archive.add(folder, "scans")
    return path


@pytest.mark.parametrize("kind", ["folder", "glob", "zip", "stored zip", "tar", "tar.gz", "zip url", "file url",
                                  "http"])
def test_pictures_are_found_and_loaded(kind, folder, served, tmp_path):
    source = {
        "folder": lambda: folder, "glob": lambda: folder / "*.png", "file url": lambda: f"file://{folder}",
        "zip": lambda: packed(folder, tmp_path / "a.zip"),
        "stored zip": lambda: packed(folder, tmp_path / "a.zip", zipfile.ZIP_STORED),
        "tar": lambda: tarred(folder, tmp_path / "a.tar", "w"),
        "tar.gz": lambda: tarred(folder, tmp_path / "a.tar.gz", "w:gz"),
        "zip url": lambda: f"zip://scans/*.png::{packed(folder, tmp_path / 'a.zip')}", "http": lambda: served,
    }[kind]()
    files = sorted(folder.glob("*.png"))
    items = sorted(find([source]), key=lambda item: item.name)
    assert [item.name.rpartition("/")[2] for item in items] == [file.name for file in files]
    assert list(load(items[3:9])) == [file.read_bytes() for file in files[3:9]]


def test_an_archive_on_a_server_that_gives_whole_files_only(folder, served):
    packed(folder, folder / "a.zip")
    try:
        items = find([f"{served}a.zip"])
        assert list(load(items[:2])) == [(folder / name).read_bytes() for name in ("00.png", "01.png")]
    finally:
        (folder / "a.zip").unlink()


@pytest.mark.parametrize("ending", ["npz", "compressed npz", "npy", "idx", "idx.gz"])
def test_arrays_are_read_row_by_row(ending, digits, tmp_path):
    path = tmp_path / f"digits.{ending.rpartition(' ')[2]}"
    if "npz" in ending:
        save = np.savez_compressed if "compressed" in ending else np.savez
        save(path, labels=np.arange(len(digits)), images=digits)
    elif ending == "npy":
        np.save(path, digits)
    else:
        path.write_bytes(gzip.compress(idx(digits)) if ending.endswith("gz") else idx(digits))
    items = find([path])
    assert len(items) == len(digits) and items[5].name.endswith("[5]")
    assert np.array_equal(np.stack(list(load(items[4:9]))), digits[4:9])


def test_several_sources_keep_their_order(folder, digits, tmp_path):
    np.save(tmp_path / "some.npy", digits[:2])
    items = find([tmp_path / "some.npy", folder / "03.png"])
    loaded = list(load(items))
    assert [item.name.rpartition("/")[2] for item in items] == ["some.npy[0]", "some.npy[1]", "03.png"]
    assert np.array_equal(loaded[1], digits[1]) and loaded[2] == (folder / "03.png").read_bytes()


def test_a_folder_of_archives_is_read_too(folder, digits, tmp_path):
    """Pictures of one name in two ZIPs are told apart; labels and litter are passed over, what is damaged is a row."""
    packed(folder, tmp_path / "a.zip")
    packed(folder, tmp_path / "b.zip")
    np.save(tmp_path / "images.npy", digits)
    (tmp_path / "labels-ubyte").write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 2) + bytes(2))
    (tmp_path / "c.zip").write_bytes(b"PK no zip")
    (tmp_path / "._a.png").write_bytes(b"litter")
    items = find([tmp_path])
    names, n = [item.name for item in items], len(digits)
    assert names[::n] == [f"{tmp_path}/a.zip/scans/00.png", f"{tmp_path}/b.zip/scans/00.png", f"{tmp_path}/c.zip",
                          f"{tmp_path}/images.npy[{n - 1}]"]
    assert len(set(names)) == 3 * n + 1
    loaded = list(load([items[3], items[n + 4], items[2 * n + 6]]))
    assert loaded[:2] == [(folder / name).read_bytes() for name in ("03.png", "04.png")]
    assert np.array_equal(loaded[2], digits[5])
    assert [item.name for item in find([tmp_path / "a.zip", tmp_path / "b.zip"])] == names[: 2 * n]


@pytest.mark.parametrize("name, content, says", [
    ("missing", None, "does not exist"), ("a.zip", b"PK no zip", "cannot be listed"),
    ("a.tar", b"no tar", "cannot be listed"), ("a.npz", b"no npz", "cannot be listed"),
    ("a-ubyte", b"\0\0\x0dno", "cannot be listed"), ("a.txt", b"words", "no picture")])
def test_a_source_that_is_none_is_named(name, content, says, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=says) as refused:
        find([path])
    assert name in str(refused.value)


def test_an_array_of_another_type_is_refused(tmp_path):
    np.save(tmp_path / "names.npy", np.array([[["a"]]]))
    with pytest.raises(SourceError, match="give numbers"):
        find([tmp_path / "names.npy"])


def test_pickles_are_never_opened(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([[[print]]], object), allow_pickle=True)
    with pytest.raises(SourceError, match="object"):
        find([tmp_path / "objects.npy"])


def test_a_member_that_lies_about_itself_is_a_sentence(folder, tmp_path):
    """A ZIP cut short, a member larger than it says, and one that is locked: the others are still read."""
    path = packed(folder, tmp_path / "a.zip")
    items = find([path])
    wrong = [items[0]._replace(size=items[0].size - 1), items[1]._replace(method=-1), items[2]._replace(start=7),
             items[3]._replace(size=2**40), items[4]._replace(method=12), items[5]]
    *failed, right = load(wrong)
    assert right == (folder / "05.png").read_bytes() and all(isinstance(error, InputError) for error in failed)
    for error, words in zip(failed, ("cut short", "password", "directory", "at most", "unusual"), strict=True):
        assert words in str(error)
    path.write_bytes(path.read_bytes()[: items[6].start + 10])
    intact, lost = load([items[0], items[6]])
    assert intact == (folder / "00.png").read_bytes() and "cut short" in str(lost)
    path.unlink()
    assert all("cannot be read" in str(error) for error in load(items[:3]))


def test_a_bomb_is_not_unpacked(tmp_path):
    """A member that says it is small and unpacks to gigabytes is stopped one byte beyond what it says."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(50 * 2**20))
    (item,) = find([tmp_path / "a.zip"])
    (large,), (lying,) = load([item]), load([item._replace(size=1000)])
    assert "at most 20 MB" in str(large) and "cut short" in str(lying)


def test_a_file_that_vanished_is_a_sentence(folder):
    (item,) = find([folder / "00.png"])
    (gone,) = load([item._replace(url=item.url.replace("00", "99"))])
    assert isinstance(gone, InputError) and "cannot be fetched" in str(gone)


def test_memory_urls_work_in_one_process(folder):
    memory = fsspec.filesystem("memory")
    with memory.open("/pictures/a.png", "wb") as file:
        file.write((folder / "00.png").read_bytes())
    try:
        assert list(load(find(["memory://pictures"]))) == [(folder / "00.png").read_bytes()]
    finally:
        memory.rm("/pictures", recursive=True)


def test_a_tar_in_memory(folder):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(folder / "00.png", "00.png")
    fsspec.filesystem("memory").pipe("/a.tar", buffer.getvalue())
    assert list(load(find(["memory://a.tar"]))) == [(folder / "00.png").read_bytes()]
