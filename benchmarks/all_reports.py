"""Compute reports one after the other in one process, each into a file of CSV: DATABASE WAVE FOLDER REPORT [REPORT]."""

import sys
from pathlib import Path

import jumelage

database, wave, folder, *names = sys.argv[1:]
with jumelage.open(database, wave=wave) as reader:
    for name in names:
        reader.report(name).to_csv(Path(folder) / f"{name}.csv")
