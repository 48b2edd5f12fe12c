#!/bin/sh
# WordNet for the recipes that use it: what nltk finds already, or Debian's packages through apt. Never an error:
# without it those recipes fall back to the shipped list, or their tests are skipped and say so.
#   sh tools/install_wordnet.sh PYTHON
set -u
cd "$(dirname "$0")/.." || exit 0

python=${1:-python3}
if "$python" -c 'import nltk; nltk.data.find("corpora/wordnet/lexnames")' 2>/dev/null; then
    echo "WordNet: nltk finds it"
    exit 0
fi
if [ ! -r /usr/share/wordnet/index.sense ]; then
    if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
        echo "WordNet: not found; run: sudo apt-get install wordnet-base wordnet-sense-index, then this again"
        exit 0
    fi
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends wordnet-base wordnet-sense-index; }; then
        echo "WordNet: apt-get could not install it; tests that need it will be skipped"
        exit 0
    fi
fi
"$python" tools/install_wordnet.py || echo "WordNet: could not be copied; tests that need it will be skipped"
exit 0
