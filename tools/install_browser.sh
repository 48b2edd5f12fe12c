#!/bin/sh
# A Chromium for tests/browser: the one that is there, or the system's through apt. Never an error: without a
# browser those tests are skipped and say so.
set -u

for name in "${ROBUSTNESS_BROWSER:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
        echo "browser: $(command -v "$name") is there"
        exit 0
    fi
done
if ! command -v apt-get >/dev/null 2>&1; then
    echo "browser: none found, and there is no apt-get; install Chromium, or set ROBUSTNESS_BROWSER=PATH"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "browser: none found, and only root can install one; run: sudo apt-get install chromium"
    exit 0
fi
if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; then
    echo "browser: installed $(command -v chromium)"
else
    echo "browser: apt-get could not install one; tests/browser will be skipped"
fi
exit 0
