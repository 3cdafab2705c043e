"""Where commands write to, looked at first."""

from pathlib import Path

import pytest
from unprivileged import unprivileged

from analysis.output import OutputError, output_folder


def test_folder_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert output_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert output_folder(Path("~/a")) == tmp_path / "a"
    assert output_folder(Path("a")) == Path("a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["s3://me:secret@bucket/out", "gs://bucket/secret", "file:///tmp/secret"])
def test_address_is_refused_without_its_key(address: str):
    with pytest.raises(OutputError, match="is an address; give a folder") as failed:
        output_folder(Path(address))
    assert "secret" not in str(failed.value)


def test_file_is_refused_and_what_would_be_inside_of_one(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(OutputError, match=rf"--out {path}: {tmp_path}/file is a file; give a folder"):
            output_folder(path)


def test_folder_that_we_may_not_write_to_is_refused(tmp_path: Path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with unprivileged(), pytest.raises(OutputError, match="cannot be written to; give another folder"):
        output_folder(tmp_path / "locked" / "new")
