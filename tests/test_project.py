"""What strangers and other programs read of the project: workflow, citation, changelog."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def checked(schema, file):
    """check-jsonschema with a schema that it ships; no network."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize(("schema", "file"), [
    ("github-workflows", WORKFLOW), ("citation-file-format", ROOT / "CITATION.cff")])
def test_its_schema_accepts_it(schema, file, tmp_path):
    assert checked(schema, file).returncode == 0, checked(schema, file).stdout
    damaged = tmp_path / file.name
    damaged.write_text(file.read_text().replace("runs-on:", "run-on:").replace("authors:", "author:"))
    assert checked(schema, damaged).returncode == 1


def test_the_workflow_calls_what_is_there():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    commands = "\n".join(step["run"] for job in jobs.values() for step in job["steps"] if "run" in step)
    targets = set(re.findall(r"^make ([\w-]+)$", commands, re.MULTILINE))
    assert "docs" in targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert ".ci/run" in commands
    paths = re.findall(r"(?<![\w/.])(?:tests|deployment|requirements)[\w/.-]+", commands)
    assert len(paths) > 5 and [path for path in paths if not (ROOT / path).exists()] == []
    uses = {step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step}
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in uses)


def test_only_what_ran_here_is_named_without_a_warning():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    assert [name for name, job in jobs.items() if not job["name"].endswith("not run by us")] == ["whole"]


def test_the_citation_names_the_newest_version_and_no_invented_person():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    versions = re.findall(r"^## \[(\d\S*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == (citation["version"], citation["date-released"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == citation["version"]
    assert citation["authors"] == [{"name": "The Qualm contributors"}] and "repository-code" not in citation


def test_the_changelog_is_ordered():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased" and len(headings) == len(set(headings)) > 1
    numbers = [tuple(map(int, heading.split("."))) for heading in headings[1:]]
    assert numbers == sorted(numbers, reverse=True)
