"""What a wheel holds and needs; with --all it is built, installed outside the checkout, and used there."""

import ast
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
from app import EXAMPLES
from browser import at_rest
from outside import outside
from strokes import SEVEN, draw_by_mouse
from tabs import show_every_tab

from core.digits.data import CHECKSUMS
from deployment.server.processes import end, free_port, healthy

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS, WHEEL = PROJECT["project"]["optional-dependencies"], PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
IMAGES = "data/train-images-idx3-ubyte.gz"
NOT_SHIPPED = {"runs", IMAGES}  # what core/shipped.py finds in the user's data folder
MOST = 50e6  # bytes
PATIENCE = 60  # seconds from uvx to a reading, when all packages were downloaded
NO_INDEX = re.compile("No matching distribution|not found in the package registry|Failed to (fetch|download)|"
                      "error sending request|No interpreter found")


def listing():
    """{path in the wheel: path in the checkout}, as pyproject.toml maps them."""
    files = [path for name in WHEEL["only-include"] for path in
             (sorted((ROOT / name).rglob("*")) if (ROOT / name).is_dir() else [ROOT / name])]
    names = [path.relative_to(ROOT).as_posix() for path in files if path.is_file() and "__pycache__" not in path.parts]
    kept = [name for name in names if not any(fnmatch(name, pattern) for pattern in WHEEL["exclude"])]
    moved = WHEEL["sources"]
    return {"/".join([moved.get(name.split("/")[0], name.split("/")[0]), *name.split("/")[1:]]): name for name in kept}


def asked():
    """What core and the app ask core.shipped.data for; analytics also asks where its results go."""
    for folder in ("core", "deployment"):
        for code in (file.read_text(encoding="utf-8") for file in (ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(code)) if "from core.shipped import" in code else ():
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "data":
                    path = ast.unparse(node.args[0])
                    yield from [eval(path, {"name": name}) for name in CHECKSUMS] if "{name}" in path else [eval(path)]


def test_a_wheel_holds_what_the_code_reads():
    held, shipped = set(listing()), set(listing().values())
    files = {path.relative_to(ROOT).as_posix() for folder in ("final_model", "data")
             for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert files - shipped == {IMAGES}
    paths = set(asked()) | {f"images/{name}" for name in (
        "audit.npz", "audit.json", "gate/verdict.json")}  # of the audit's tab
    assert {"final_model", "final_model/liminal", "data", "images", *NOT_SHIPPED} <= paths
    missing = {path for path in paths if not any(f"{name}/".startswith(f"qualm_data/{path}/") for name in held)}
    assert missing == NOT_SHIPPED
    assert {"qualm.py", "deployment/.streamlit/config.toml", "deployment/assets/live.css",
            "deployment/assets/live.html", "deployment/reader/number/weights.json",
            "core/digits/strokes/styles.txt"} <= held
    assert {name.split("/")[0] for name in held} == {"qualm.py", "core", "deployment", "analytics", "qualm_data"}


def flat(requirements):
    """The requirements, with those of this project's extras in place of their names."""
    for requirement in requirements:
        extras = re.fullmatch(r"qualm-reader\[(.+)\]", requirement)
        yield from flat(each for name in extras[1].split(",") for each in EXTRAS[name]) if extras else [requirement]


@pytest.mark.parametrize("file, before, extra", [
    ("requirements.txt", None, "app"), ("requirements-dev.txt", "requirements.txt", "dev"),
    ("requirements-bench.txt", "requirements-dev.txt", "bench")])
def test_requirement_files_repeat_the_projects(file, before, extra):
    def lines(name):
        return [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]

    named, last = lines(file), lines("requirements.txt")[-1]
    assert last == "-e ." and (before is None or named.pop(0) == f"-r {before}")
    everything = {*PROJECT["project"]["dependencies"], *flat(EXTRAS[extra])}
    wanted = everything - {*lines("requirements.txt"), *(lines("requirements-dev.txt") if extra == "bench" else [])}
    assert set(named) - {last} == (wanted if before else everything) and len(named) == len(set(named))


def run(*command, cwd, **variables):
    """Run a command outside the checkout, without its environment; what it printed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=900,
                          env=outside(**{"XDG_DATA_HOME": str(cwd / "share"), **variables}))
    if done.returncode and (reason := NO_INDEX.search(done.stderr)):
        pytest.skip(f"no package index: {done.stderr[reason.start():].splitlines()[0]}")
    return done


def done(*command, cwd, **variables):
    """As `run`, of a command that must succeed."""
    ran = run(*command, cwd=cwd, **variables)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the checkout, with pictures."""
    made = tmp_path_factory.mktemp("outside")
    for name in ("seven.png", "year.png", "sheet.jpg"):
        shutil.copy(EXAMPLES / name, made)
    return made


@pytest.fixture(scope="module")
def wheel(folder):
    done(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder / "dist", ROOT, cwd=folder)
    (built,) = (folder / "dist").glob("*.whl")
    print(f"wheel: {built.stat().st_size / 1e6:.1f} MB")
    return built


@pytest.fixture(scope="module")
def uv(folder):
    """The path of uv, in an environment of its own."""
    done(sys.executable, "-m", "venv", folder / "uv", cwd=folder)
    done(folder / "uv" / "bin" / "pip", "install", "uv", cwd=folder)
    return folder / "uv" / "bin" / "uv"


def reads(programs, folder):
    """A picture, a number, a table and a text, with the programs of an environment that has the wheel."""
    assert done(programs / "qualm", "read", "seven.png", cwd=folder).startswith("seven.png: 7 ")
    assert done(programs / "qualm", "read", "year.png", "--number", cwd=folder).startswith("year.png: 2026 ")
    assert "3036" in done(programs / "qualm", "read", "sheet.jpg", "--table", cwd=folder)
    code = ("import qualm, core.models.model as model; from core.text.reader import TextReader; "
            "print(qualm.__version__, qualm.__file__, model.RUNS, qualm.read_number('year.png').text, "
            "TextReader().read('What a wonderful morning!').pad[0] > 0.3)")
    version, file, runs, text, pleased = done(programs / "python", "-c", code, cwd=folder).split()
    assert (version, text, pleased) == (PROJECT["project"]["version"], "2026", "True")
    assert Path(file).is_relative_to(programs.parent) and Path(runs) == folder / "share" / "qualm" / "runs"


@pytest.mark.ci
def test_the_wheel_is_small_and_holds_its_listing(wheel):
    assert wheel.stat().st_size <= MOST
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert sorted(names) == sorted(listing())


@pytest.mark.ci
def test_it_reads_in_an_empty_environment(wheel, folder):
    done(sys.executable, "-m", "venv", folder / "base", cwd=folder)
    programs = folder / "base" / "bin"
    done(programs / "pip", "install", wheel, cwd=folder)
    reads(programs, folder)
    for command, sentence in {
            (): 'the app needs streamlit, which is not installed: pip install "qualm-reader[app]"',
            ("read", "seven.png", "--model", "none"): "train a model with `qualm train`",
            ("train", "--promote", "runs/x"): "an installed copy keeps the one it came with"}.items():
        refused = run(programs / "qualm", *command, cwd=folder)
        assert refused.returncode == 2 and sentence in refused.stderr and refused.stderr.count("\n") == 1
    code = ("from core.digits.data import read_checked\n"
            "try: print(read_checked('train-images-idx3-ubyte').shape)\nexcept ValueError as error: print(error)")
    place = folder / "share" / "qualm" / IMAGES
    assert done(programs / "python", "-c", code, cwd=folder) == (
        f"{place} is missing: this needs the MNIST files in data/; run qualm fetch, which downloads what is missing.\n")
    place.parent.mkdir(parents=True)
    place.symlink_to(ROOT / IMAGES)  # as if it was fetched
    assert done(programs / "python", "-c", code, cwd=folder) == "(60000, 28, 28)\n"
    assert "complete" in done(programs / "qualm", "fetch", cwd=folder)
    place.unlink()


@pytest.mark.ci
def test_it_reads_on_another_python(wheel, folder, uv):
    version = "3.13" if sys.version_info[:2] != (3, 13) else "3.11"
    installed = [shutil.which(f"python{version}"), *Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(
        f"versions/{version}.*/bin/python{version}")]
    works = [path for path in installed if path and not subprocess.run([path, "-c", ""], check=False).returncode]
    done(uv, "venv", "--python", *works[:1] or [version], folder / "other", cwd=folder)
    done(uv, "pip", "install", "--python", folder / "other", wheel, cwd=folder)
    reads(folder / "other" / "bin", folder)


@pytest.mark.ci
def test_uvx_reads_a_picture_from_the_folder(folder, uv):
    command = [uv.with_name("uvx"), "--from", ROOT.as_uri(), "qualm", "read", "seven.png"]
    for when in ("with the download", "without"):
        started = time.perf_counter()
        assert done(*command, cwd=folder, UV_CACHE_DIR=str(folder / "cache")).startswith("seven.png: 7 ")
        seconds = time.perf_counter() - started
        print(f"uvx to a reading, {when}: {seconds:.1f} s")
    assert seconds < PATIENCE


@contextlib.contextmanager
def serving(program, folder):
    """The app as its command serves it, on a free port; its address."""
    port = free_port()
    with (folder / "app.log").open("w") as log:
        process = subprocess.Popen([program, "--server.port", str(port)], cwd=folder, stdout=log, stderr=log,
                                   env=outside(XDG_DATA_HOME=str(folder / "share"), DISPLAY="", WAYLAND_DISPLAY=""))
    try:
        deadline = time.monotonic() + PATIENCE
        while not healthy(port):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "app.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


@pytest.mark.ci
def test_its_command_opens_the_app(wheel, folder, browser):
    done(sys.executable, "-m", "venv", folder / "app", cwd=folder)
    programs, errors, elsewhere = folder / "app" / "bin", [], []
    done(programs / "pip", "install", f"{wheel}[app]", cwd=folder)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    with serving(programs / "qualm", folder) as address:
        page.on("request", lambda asked: None if asked.url.startswith((address, "data:", "blob:"))
                else elsewhere.append(asked.url))
        page.goto(address)
        page.wait_for_selector("[data-testid=answer]")
        at_rest(page)
        assert draw_by_mouse(page, SEVEN) == "7"
        assert show_every_tab(page, "needs the MNIST files in data/; run qualm fetch") == {"Draw or upload"}
        page.close()
    assert errors == elsewhere == [] and "Traceback" not in (folder / "app.log").read_text()
    assert "http://127.0.0.1:" in (folder / "app.log").read_text(), "served to this machine alone"
