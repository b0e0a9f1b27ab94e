#!/usr/bin/env python3
"""Renews fuzz/corpus out of what was found: `fuzz/keep.py FOLDER_OF_BUILT_TARGETS FOUND...`.

FOUND are folders that hold a folder for each target, as `target/fuzz-corpus`. Of each target the few inputs stay that
reach most for their size; those with a name of their own (`a-word`, of what was found to be wrong once) always do.

Where what az keeps has another form, the old inputs are of no use: `AZ_FUZZ_SEEDS=target/fuzz-corpus cargo test --test it
fuzz::left` makes some to begin with, `.ci/fuzz TARGET` finds more, and this picks.
"""

import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

MOST_FILES = 60
MOST_BYTES = 70_000
LONGEST = 16_000


def reached(program, folders):
    """Returns for each file what parts of the program it reaches, as libFuzzer's merge notes it."""
    with tempfile.TemporaryDirectory() as scratch:
        notes, merged = pathlib.Path(scratch, "notes"), pathlib.Path(scratch, "merged")
        merged.mkdir()
        command = [program, "-merge=1", f"-merge_control_file={notes}", merged, *folders]
        subprocess.run(command, check=True, capture_output=True)
        lines = notes.read_text().splitlines()
    files = lines[2 : 2 + int(lines[0])]
    found = {name: set() for name in files}
    for line in lines[2 + len(files) :]:
        if match := re.match(r"(?:FT|COV) (\d+) (.*)", line):
            kind = line[0]
            found[files[int(match[1])]] |= {kind + part for part in match[2].split()}
    return found


def chosen(found):
    """Picks what adds most for its size, until there is enough."""
    sizes = {name: pathlib.Path(name).stat().st_size for name in found}
    named = [name for name in found if re.match(r"[a-z]+(-[a-z0-9]+)+$", pathlib.Path(name).name)]
    kept, known, total = named, set().union(*(found[name] for name in named)), sum(sizes[name] for name in named)
    left = {name for name in found if name not in named and sizes[name] <= LONGEST}
    while left and len(kept) < MOST_FILES:
        best = max(sorted(left), key=lambda name: len(found[name] - known) / (sizes[name] + 3000))
        left.discard(best)
        if not found[best] - known or total + sizes[best] > MOST_BYTES:
            continue
        kept.append(best)
        known |= found[best]
        total += sizes[best]
    return kept


def main():
    programs, *sources = map(pathlib.Path, sys.argv[1:])
    corpus = pathlib.Path(__file__).parent / "corpus"
    for target in sorted(path.stem for path in pathlib.Path(__file__).parent.glob("fuzz_targets/*.rs")):
        own = corpus / target
        own.mkdir(parents=True, exist_ok=True)
        folders = [folder for folder in [own, *(source / target for source in sources)] if folder.is_dir()]
        kept = {name: pathlib.Path(name).read_bytes() for name in chosen(reached(programs / target, folders))}
        for old in own.iterdir():
            old.unlink()
        for name, content in kept.items():
            name = pathlib.Path(name).name
            is_named = re.match(r"[a-z]+(-[a-z0-9]+)+$", name)
            (own / (name if is_named else hashlib.sha1(content).hexdigest())).write_bytes(content)
        print(f"{target}: {len(kept)} files, {sum(map(len, kept.values()))} bytes")


main()
