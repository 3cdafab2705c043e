"""Files of tokens."""

import re
from pathlib import Path

import pytest

from cluster.launch.token import TokenError, make_token, read_token, token_environment


def test_a_new_token_is_in_a_file_of_its_owner_alone(tmp_path: Path):
    file = tmp_path / "new" / "token"
    token = make_token(file)
    assert re.fullmatch(r"[0-9a-f]{64}", token)
    assert (file.read_text(), oct(file.stat().st_mode & 0o777)) == (token, "0o600")
    assert read_token(file) == token
    assert token_environment(file) == {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(file)}


def test_a_token_is_never_overwritten(tmp_path: Path):
    file = tmp_path / "token"
    token = make_token(file)
    with pytest.raises(TokenError, match=r"File exists"):
        make_token(file)
    assert read_token(file) == token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, mode: int):
    file = tmp_path / "token"
    token = make_token(file)
    file.chmod(mode)
    with pytest.raises(TokenError, match=f"has mode {mode:o}, which others can use: chmod 600") as error:
        read_token(file)
    assert token not in str(error.value)


def test_a_missing_or_empty_file_is_told(tmp_path: Path):
    with pytest.raises(TokenError, match=r"cannot be read \(No such file or directory\)"):
        read_token(tmp_path / "none")
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(TokenError, match="is empty"):
        read_token(tmp_path / "empty")
