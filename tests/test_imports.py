"""The import arrows of docs/architecture.md, held."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spektron"

# package → what it may import of ours, besides itself
ARROWS = {
    "core": set(),
    "spectra": {"core"},
    "corpus": {"core", "spectra", "report"},
    "model": {"core", "spectra"},
    "pretrain": {"core", "spectra", "corpus", "model"},
    "probe": {"core", "spectra", "corpus", "model", "pretrain"},
    "compare": {"core"},
    "datasets": {"core", "spectra", "corpus"},
    "transfer": {"core", "spectra", "corpus", "model", "pretrain", "compare", "datasets", "report"},
    "scaling": {"core"},
    "report": {"core"},
    "study": {
        *("core", "spectra", "corpus", "model", "pretrain", "probe", "datasets", "transfer"),
        *("compare", "scaling", "report"),
    },
    "serve": {"core", "spectra", "model"},
    "cli": {"core", "spectra", "corpus", "model", "pretrain", "datasets", "transfer", "serve", "report", "study"},
}
FORBIDDEN = {
    "compare": {"ray", "torch", "mlflow"},
    "datasets": {"ray", "torch", "mlflow"},
    "transfer": {"ray", "torch", "mlflow", "matplotlib"},  # classical methods need none of them
    "scaling": {"ray", "torch", "mlflow"},
    "report": {"ray", "torch", "mlflow"},
    "spectra": {"ray", "torch"},
    "model": {"ray", "mlflow"},
    "serve.save": {"ray", "optuna"},
    "cli": {"ray", "torch", "mlflow", "optuna"},  # or every command takes seconds to say hello
}


def imported_names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


def files_of(package: str) -> list[Path]:
    single = PACKAGE / f"{package}.py"
    return [single] if single.exists() else sorted((PACKAGE / package).rglob("*.py"))


def test_every_package_has_its_arrows():
    found = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert found == set(ARROWS)


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_imports_point_one_way(package):
    allowed = ARROWS[package] | {package}
    for path in files_of(package):
        for name in imported_names(path):
            parts = name.split(".")
            assert parts[0] != "studies", f"{path} imports {name}"
            if parts[0] == "spektron" and len(parts) > 1 and parts[1] != "__version__":
                assert parts[1] in allowed, f"{path.relative_to(ROOT)} imports {name}; {package} may import {allowed}"


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_light_packages_stay_light(package):
    """Not only by their own imports: nothing they lead to loads Ray, torch or MLflow."""
    check = f"import spektron.{package}, sys; print([m for m in {sorted(FORBIDDEN[package])!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
