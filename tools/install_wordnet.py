"""Copy Debian's WordNet 3.0 (packages wordnet-base, wordnet-sense-index) into an nltk data folder.

    python tools/install_wordnet.py [--from /usr/share/wordnet] [--to ~/nltk_data]

Debian leaves out `lexnames`, the table of lexicographer files that nltk reads; it is written here, from
the manual page lexnames(5WN). Copies, because nltk refuses links that lead out of its folder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

NAMES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body "
    "noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location "
    "noun.motive noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process "
    "noun.quantity noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change "
    "verb.cognition verb.communication verb.competition verb.consumption verb.contact verb.creation "
    "verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative verb.weather "
    "adj.ppl"
).split()
CLASSES = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
FILES = (
    "cntlist.rev index.sense index.adj index.adv index.noun index.verb data.adj data.adv data.noun data.verb "
    "adj.exc adv.exc noun.exc verb.exc"
).split()


def main() -> None:
    """Copy the files and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--to", dest="target", type=Path, default=Path.home() / "nltk_data")
    flags = parser.parse_args()
    missing = [name for name in FILES if not (flags.source / name).is_file()]
    if missing:
        sys.exit(
            f"{flags.source}: {missing[0]} is not there, but WordNet needs it; "
            f"apt-get install wordnet-base wordnet-sense-index"
        )
    folder = flags.target / "corpora" / "wordnet"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
        shutil.copyfile(flags.source / name, folder / name)
    rows = (f"{i:02d}\t{name}\t{CLASSES[name.split('.')[0]]}\n" for i, name in enumerate(NAMES))
    (folder / "lexnames").write_text("".join(rows), encoding="utf-8")
    sys.stdout.write(f"{folder}: WordNet installed\n")


if __name__ == "__main__":
    main()
