"""Which documentation packages the corpus is made of, and how their files are had: `apt-get download`, nothing installed.

Chosen for prose that is dense in its download: about a million passages from some 200 MB. Debian 12 has them all; where
one is missing, it is left out with a line, and the corpus is smaller.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess

PATIENCE_S = 600

# Pages that list what stands on other pages, or show source code.
LISTS = (
    r"genindex|index-all|index-files/|/search\.|py-modindex|_sources/|/src/|_modules/|class-use/|package-(?:tree|use)|"
    r"overview-tree|overview-summary|deprecated-list|hierarchy|annotated|classes\.html|functions_|globals_|_source\.html|"
    r"-members\.html|allclasses|allpackages|constant-values|serialized-form|doc-index|/print\.html|singlehtml"
)


@dataclasses.dataclass(frozen=True)
class Package:
    """`roots` are the folders whose files are read; `skip` is a pattern of paths that are not, besides LISTS. A `quick` one
    makes the small corpus of a quick look, too."""

    name: str
    roots: tuple[str, ...] = ("usr/share",)
    skip: str = "$^"
    quick: bool = False

    def wants(self, path: str) -> bool:
        return not re.search(LISTS, path) and not re.search(self.skip, path)


MAN = ("usr/share/man",)
PACKAGES = (
    Package("linux-doc-6.1", ("usr/share/doc/linux-doc-6.1/Documentation",), "/translations/"),
    Package("openjdk-17-doc"),
    Package("python3.11-doc"),
    Package("postgresql-doc-15"),
    Package("perl-doc", MAN),
    Package("debian-reference-en"),
    Package("git-doc", skip=r"\.txt$"),
    Package("apache2-doc", ("usr/share/doc/apache2-doc/manual/en",)),
    Package("cppreference-doc-en-html", ("usr/share/cppreference",)),
    Package("rust-doc"),
    Package("ghc-doc"),
    Package("libboost1.81-doc"),
    Package("libstdc++-12-doc"),
    Package("derby-doc"),
    Package("groovy-doc"),
    Package("scala-doc"),
    Package("lazarus-doc-2.2"),
    Package("fp-docs-3.2.2"),
    Package("libapache-poi-java-doc"),
    Package("libbiojava-java-doc"),
    Package("libopenjfx-java-doc"),
    Package("fop-doc"),
    Package("uima-doc"),
    Package("ant-doc"),
    Package("libgtk-4-doc"),
    Package("libglib2.0-doc"),
    Package("ffmpeg-doc"),
    Package("sqlite3-doc"),
    Package("vim-doc"),
    Package("python-django-doc"),
    Package("python-sqlalchemy-doc"),
    Package("libreoffice-help-en-us", ("usr/share",)),
    Package("manpages", MAN),
    Package("manpages-dev", MAN),
)


def fetch(package: Package, cache: pathlib.Path) -> pathlib.Path | None:
    """The .deb: from the cache, else downloaded. None when it cannot be had."""
    folder = cache / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(f"{package.name}_*.deb")):
        command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package.name]
        try:
            subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
    return max(folder.glob(f"{package.name}_*.deb"), default=None)


def unpack(deb: pathlib.Path, folder: pathlib.Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True, timeout=PATIENCE_S)
