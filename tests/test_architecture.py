"""The rules that hold the house up: imports point left only, and the command line starts without heavy libraries."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["data", "models", "search", "analysis", "cluster"]
MODELS = ["config", "networks", "objectives", "measures", "training"]
HEAVY = {"ffcv", "numba", "optuna", "plotly", "ray", "skimage", "torch", "torchvision"}

SOURCES = [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
COMMANDS = ["huetune", *(".".join(path.with_suffix("").parts) for path in SOURCES if path.name == "commands.py")]


def imported_packages(tree: ast.AST) -> Iterator[str]:
    """First names of all absolute imports, those inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_imports_point_left(source: Path):
    to_the_right = {*PACKAGES[PACKAGES.index(source.parts[0]) + 1 :], "huetune"}
    imported = set(imported_packages(ast.parse((ROOT / source).read_text())))
    assert not imported & to_the_right


@pytest.mark.parametrize("source", [source for source in SOURCES if source.parts[:1] == ("models",)], ids=str)
def test_imports_within_models_point_left_too(source: Path):
    if source.parts[1] not in MODELS:
        return  # the files beside the sub-packages stand to the right of what they use
    to_the_right = MODELS[MODELS.index(source.parts[1]) + 1 :]
    modules = [
        node.module for node in ast.walk(ast.parse((ROOT / source).read_text())) if isinstance(node, ast.ImportFrom)
    ]
    assert not [
        module for module in modules if str(module).startswith(tuple(f"models.{name}." for name in to_the_right))
    ]


@pytest.mark.parametrize("module", COMMANDS)
def test_commands_start_without_heavy_libraries(module: str):
    question = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert (answer.returncode, answer.stdout.split()) == (0, []), answer.stderr


def test_no_file_is_a_bag_of_utilities():
    assert not [source for source in SOURCES if source.stem in {"utils", "util", "helpers", "misc", "common"}]
