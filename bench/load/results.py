"""A run's record -> its files: the JSON, and the tables and plots made of it.

`python3 bench/load/results.py FILE.json` makes table and plots of a stored run again.
"""

import json
import os
import pathlib
import sys
import tempfile
from typing import Any

import plots
import report


def files(result: dict[str, Any]) -> dict[str, str]:
    """Their texts by name."""
    name = f"{result['kind']}-{result['date']}"
    made = {f"{name}.json": _json(result)}
    if result["kind"] == "growth":
        return {**made, **plots.growth(result)}
    return {**made, f"{name}.md": report.peers_table(result), **plots.peers(result)}


def publish(folder: pathlib.Path, texts: dict[str, str]) -> None:
    """Each file appears whole, and none before all are written: an interrupted run leaves what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        for name, text in texts.items():
            (pathlib.Path(unfinished) / name).write_text(text)
        for name in texts:
            os.replace(pathlib.Path(unfinished) / name, folder / name)


def _json(result: dict[str, Any]) -> str:
    """One sample a line: small, and a diff between two runs can be read."""
    members = []
    for name, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines = ",\n    ".join(json.dumps(item) for item in value)
            members.append(f"  {json.dumps(name)}: [\n    {lines}\n  ]")
        else:
            members.append(f"  {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(members) + "\n}\n"


if __name__ == "__main__":
    for file in map(pathlib.Path, sys.argv[1:]):
        publish(file.parent, files(json.loads(file.read_text())))
