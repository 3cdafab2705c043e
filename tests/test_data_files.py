"""Files that are either whole or not there, and one writer for each folder."""

import errno
from pathlib import Path

import pytest

from data.errors import DataError
from data.files import only_writer, replaced_atomically, sha256, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_takes_its_name_when_it_is_whole(tmp_path: Path):
    with replaced_atomically(tmp_path / "deep/a.txt") as scratch:
        scratch.write_text("new")
        assert names(tmp_path / "deep") == [scratch.name]
    assert names(tmp_path / "deep") == ["a.txt"]
    assert (tmp_path / "deep/a.txt").read_text() == "new"
    assert (tmp_path / "deep/a.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_broken_off_file_leaves_the_earlier_one(tmp_path: Path, interruption: type[BaseException]):
    write_atomically(tmp_path / "a.txt", "old")

    def write_half() -> None:
        with replaced_atomically(tmp_path / "a.txt") as scratch:
            scratch.write_text("ne")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_one_writer_at_a_time(tmp_path: Path):
    with only_writer(tmp_path / "out", []):
        with (
            pytest.raises(DataError, match=r"another build is writing into .*out; wait for it"),
            only_writer(tmp_path / "out", []),
        ):
            pass
        with only_writer(tmp_path / "elsewhere", []):
            pass
    with only_writer(tmp_path / "out", []):
        pass


def test_writer_deletes_what_killed_ones_left_of_its_own_files_only(tmp_path: Path):
    for name in (".train.beton.x1.partial", "train.beton", "notes.partial", ".thesis.doc.x1.partial"):
        (tmp_path / name).write_text("half")
    with only_writer(tmp_path, ["train.beton"]):
        assert names(tmp_path) == [".huetune.lock", ".thesis.doc.x1.partial", "notes.partial", "train.beton"]


def test_file_system_without_locks_is_written_to_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    with only_writer(tmp_path, []):
        (tmp_path / "a").touch()


def test_sha256_of_a_file(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
