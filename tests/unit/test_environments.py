"""The environment files say the same: constraints, conda and Binder in step with pyproject.toml, README with make."""

import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import mtsgns_lite as mt
from mtsgns_lite import doctor
from mtsgns_lite.__main__ import build_parser

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONDA_NAMES = {"environment.yml": {"pytorch": "torch"}, "binder/environment.yml": {"pytorch-cpu": "torch"}}


def requirements(lines) -> dict[str, SpecifierSet]:
    return {canonicalize_name(found.name): found.specifier for found in map(Requirement, lines)}


def pins() -> dict[str, SpecifierSet]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return requirements(line for line in lines if line.strip() and not line.startswith("#"))


def conda(file: str) -> tuple[dict[str, SpecifierSet], SpecifierSet]:
    """What a conda file asks for under the names of pyproject.toml, and of Python."""
    entries = yaml.safe_load((ROOT / file).read_text())["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    lines = [entry for entry in [*entries, *pip] if isinstance(entry, str) and entry not in ("pip", "-e .")]
    found = requirements(re.sub(r"^([\w-]+)=(\d)", r"\1==\2", line) for line in lines)
    python = found.pop("python")
    return {CONDA_NAMES[file].get(name, name): specifier for name, specifier in found.items()}, python


@pytest.mark.parametrize("group", ["dependencies", *EXTRAS])
def test_constraints_pin_what_the_project_asks_for(group):
    pinned = pins()
    for name, wanted in requirements(PROJECT.get(group) or EXTRAS[group]).items():
        assert name in pinned, f"{name} is not in constraints.txt"
        (pin,) = pinned[name]
        assert wanted.contains(pin.version), f"constraints.txt has {name} {pin.version}, pyproject.toml wants {wanted}"


def test_constraints_are_exact_public_versions_sorted():
    pinned = pins()
    for name, specifier in pinned.items():
        (pin,) = specifier
        assert re.fullmatch(r"==\d[\w.]*", str(pin)), f"{name}{specifier}"  # nor "+cpu"
    assert list(pinned) == sorted(pinned)


def test_the_installed_build_backend_fits_the_one_asked_for():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    (pin,) = pins()["setuptools"]
    assert requirements(wanted)["setuptools"].contains(pin.version)


@pytest.mark.parametrize("file", CONDA_NAMES)
def test_conda_files_ask_for_the_same_packages(file):
    found, _ = conda(file)
    assert found == requirements([*PROJECT["dependencies"], *EXTRAS["notebooks"]])


def test_conda_files_ask_for_a_python_the_project_takes():
    assert conda("environment.yml")[1] == SpecifierSet(PROJECT["requires-python"])
    (exact,) = conda("binder/environment.yml")[1]
    assert exact.operator == "=="
    assert SpecifierSet(PROJECT["requires-python"]).contains(exact.version)


def test_binder_installs_the_package_itself():
    script = (ROOT / "binder" / "postBuild").read_text()
    assert script.startswith("#!/usr/bin/env bash\nset -euo pipefail\n")
    assert "pip install --no-deps" in script


def test_doctor_and_make_accept_the_pythons_of_the_project():
    wanted = SpecifierSet(PROJECT["requires-python"])
    for minor in range(9, 17):
        assert (doctor.PYTHON[0] <= (3, minor) < doctor.PYTHON[1]) == wanted.contains(f"3.{minor}"), f"3.{minor}"
    assert "not (3, 11) <= sys.version_info < (3, 14)" in (ROOT / "Makefile").read_text()
    assert doctor.PYTHON == ((3, 11), (3, 14))


def test_doctor_can_read_every_requirement():
    for extra, requirement in doctor._requirements():
        assert re.fullmatch(r"[\w-]+>=\d[\d.]*", requirement), f"{extra}: {requirement}"


@pytest.mark.parametrize("file", ["binder/postBuild", "binder/start", ".ci/run"])
def test_scripts_may_be_executed(file):
    assert (ROOT / file).stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ROOT / file], check=True)


def test_ci_runs_the_command_of_the_readme():
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("make check test")


def commands(text: str, start: str) -> list[list[str]]:
    """The lines of a text that begin with a command, without the prompt, the remark and the columns after it."""
    lines = [re.split(r"\s{2,}|\s#", line.strip().lstrip("$ "))[0] for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "notebooks/INSTRUCTORS.md", "mtsgns_lite/manual.py"])
def test_commands_that_are_shown_are_commands_that_there_are(file):
    found = commands((ROOT / file).read_text(), "python -m mtsgns_lite")
    assert found or file == "CONTRIBUTING.md"
    for words in found:
        if "--help" not in words:
            build_parser().parse_args(words[3:])  # exits where it does not understand


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "notebooks/INSTRUCTORS.md"])
def test_make_targets_that_are_named_are_targets_that_there_are(file):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][\w-]+)\b(?=[`\s])", " ".join(_code((ROOT / file).read_text()))))
    assert named
    assert named <= targets


@pytest.mark.parametrize("file", ["README.md", "notebooks/INSTRUCTORS.md"])
def test_python_that_is_shown_uses_names_that_there_are(file):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / file).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, file, "exec")
        assert set(re.findall(r"\bmt\.(\w+)", block)) <= set(mt.__all__)


def test_the_results_table_is_written_from_what_compare_writes(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("readme_tables", ROOT / "tests" / "benchmarks" / "readme_tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    monkeypatch.setattr(tables, "README", tmp_path / "README.md")
    tables.README.write_text(f"before\n{tables.START}\nstale\n{tables.END}\nafter\n")
    found = mt.compare(mt.planted(items=60, baskets=400), ["popularity"], seeds=2, progress=False).to_json()
    (tmp_path / "found.json").write_text(json.dumps(found))
    assert tables.main([str(tmp_path / "found.json")]) == 0
    text = tables.README.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| popularity |")]
    assert f"{sum(row['auc']['degree']['seen'] for row in found['rows']) / 2:.3f} ± " in row
    assert "`python -m mtsgns_lite compare planted --seeds 2 --models popularity`" in text
    assert "fit, s" not in text  # popularity is not fitted, so there is nothing to show


def _code(text: str) -> list[str]:
    """What stands in code blocks and between backticks."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return [
        *blocks,
        *(f"{inline} " for inline in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))),
    ]


def test_the_container_sets_up_with_make_and_a_python_that_the_project_takes():
    place = ROOT / ".devcontainer"
    settings = json.loads((place / "devcontainer.json").read_text("utf-8"))
    assert settings["postCreateCommand"] == "make setup"
    assert "\nsetup:" in (ROOT / "Makefile").read_text("utf-8")
    file = (place / settings["build"]["dockerfile"]).read_text("utf-8")
    python = re.search(r"^FROM python:(\d+\.\d+)-", file, re.MULTILINE)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)
    assert f" {settings['remoteUser']}\n" in file, "JupyterLab does not start as root"
    for name in settings["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / name).is_file()


def test_the_instructors_plans_lead_to_sections_that_there_are():
    text = (ROOT / "notebooks" / "INSTRUCTORS.md").read_text("utf-8")
    plans = [line for line in text.splitlines() if re.match(r"\| \d+–\d+ \|", line)]
    assert len(plans) >= 20
    for line in plans:
        where, do = line.split("|")[2:4]
        if lesson := re.search(r"\((\w+)\.ipynb\)", where):
            source = (ROOT / "notebooks" / "source" / f"{lesson[1]}.py").read_text("utf-8")
            for heading in re.findall(r"\*([^*]+)\*", where + do):
                assert re.search(rf"^# ##+ {re.escape(heading)}$", source, re.MULTILINE), f"{lesson[1]}: {heading}"
            for name in re.findall(r"`(\w+)`", do):
                assert f"mt.check.{name}(" in source, f"{lesson[1]}: {name}"
    for first, last in zip(plans, plans[1:]):
        (_, end), (start, _) = (re.findall(r"\d+", line)[:2] for line in (first, last))
        assert start in (end, "0"), last


def test_links_in_the_texts_lead_somewhere():
    for file in ("README.md", "CONTRIBUTING.md", "notebooks/INSTRUCTORS.md"):
        path = ROOT / file
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / link).exists(), f"{file}: {link}"
