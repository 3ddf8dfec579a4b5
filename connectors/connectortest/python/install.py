"""Makes a virtual environment in which connector.py runs.

    python3 install.py DIRECTORY

Installs requirements.txt and compiles connector.proto into the environment's
packages. Prints the path of its interpreter.
"""

import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
WIRE = HERE.parent.parent / "wire"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python3 install.py DIRECTORY")
    directory = pathlib.Path(sys.argv[1]).absolute()
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt")
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()
    run(python, "-m", "grpc_tools.protoc", f"-I{WIRE}", f"--python_out={packages}", "connector.proto")
    print(python)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
