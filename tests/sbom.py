"""The list of all that comes with jumelage, as CycloneDX 1.6: from the lock files, and licences as packages tell them."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from jumelage import __version__

ROOT = Path(__file__).parents[1]
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
_CLASSIFIED = "License :: OSI Approved :: "


def sbom() -> str:
    """Return the list as JSON: what a user installs, and what the page of queries has bundled from npm."""
    packages = _LOCKED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    components = [_component("pypi", name, version, _licence_of(name)) for name, version in packages]
    bundled = json.loads((ROOT / "editor" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    components += [
        _component("npm", path.removeprefix("node_modules/"), one["version"], one.get("license", ""))
        for path, one in sorted(bundled.items())
        if path and "esbuild" not in path  # which bundles, and is not in the bundle
    ]
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component("pypi", "jumelage", __version__, "")},
        "components": components,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _component(kind: str, name: str, version: str, licence: str) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return found | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def _licence_of(name: str) -> str:
    """Return what a package says of its licence, on one line; nothing where it says nothing, or a whole text."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    if "License-Expression" in said:
        return str(said["License-Expression"])
    classified = [one.removeprefix(_CLASSIFIED) for one in said.get_all("Classifier", []) if _CLASSIFIED in one]
    short = str(said["License"]).strip() if "License" in said else ""
    return ", ".join(classified) or (short if "\n" not in short and len(short) < 100 else "")
