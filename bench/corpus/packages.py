"""Which documentation packages the corpus is made of, and how their files are had: `apt-get download`, nothing installed.

Chosen for text that is dense in its download. Debian 12 has them all; where one is missing, it is left out with a line,
and the corpus is smaller.
"""

import dataclasses
import pathlib
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterator

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
        """Whether a file of the package, `/usr/...`, is read."""
        below = any(path.startswith(f"/{root}/") for root in self.roots)
        return below and not re.search(LISTS, path) and not re.search(self.skip, path)


MAN = ("usr/share/man",)
PACKAGES = (
    Package("linux-doc-6.1", ("usr/share/doc/linux-doc-6.1/Documentation",), "/translations/"),
    Package("openjdk-17-doc"),
    Package("python3.11-doc", quick=True),
    Package("postgresql-doc-15", quick=True),
    Package("perl-doc", MAN, "perluniprops", quick=True),
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
    Package("libssl-doc", MAN),
    Package("qtbase5-doc-html"),
    Package("dcmtk-doc"),
    Package("libgecode-doc"),
    Package("gnuradio-doc"),
    Package("wx3.2-doc"),
    Package("erlang-doc"),
    Package("racket-doc"),
    Package("twisted-doc"),
    Package("cmake-doc"),
    Package("pike8.0-doc", skip=r"/html/manual/"),
    Package("python-pandas-doc"),
    Package("libcommons-math3-java-doc"),
    Package("libxerces2-java-doc"),
    Package("weka-doc"),
    Package("gradle-doc"),
    Package("llvm-14-doc"),
    Package("clang-14-doc"),
    Package("nova-doc"),
    Package("neutron-doc"),
    Package("cinder-doc"),
    Package("keystone-doc"),
    Package("crystal-doc"),
    Package("libcommons-lang3-java-doc"),
    Package("tomcat10-docs"),
    Package("jython-doc"),
    Package("casacore-doc"),
    Package("lilypond-doc-html", skip=r"\.[a-z]{2}(?:_[A-Z]{2})?\.html$"),
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


def files(deb: pathlib.Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Path and content of the regular files that are wanted, in the package's order; nothing is written to disk."""
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|", errors="replace") as archive:
            for member in archive:
                path = member.name.removeprefix(".")
                if member.isreg() and wanted(path) and (content := archive.extractfile(member)):
                    yield path, content.read()
