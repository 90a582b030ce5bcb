#!/bin/sh
# build.sh FOLDER: the web app in FOLDER, built anew when something it is made of is newer. Fetches what package-lock.json names, once.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")"
if [ -f "$out.stamp" ] && [ -d "$out" ] && [ -z "$(find . \( -name node_modules -o -name dist \) -prune -o -type f -newer "$out.stamp" -print | head -n 1)" ]; then
    exit 0
fi
command -v npm >/dev/null || { echo "web/build.sh: npm is missing: apt install nodejs npm, or configure with -Dweb=false (the basic pages alone)" >&2; exit 1; }
if [ ! -f node_modules/.fetched ] || [ package-lock.json -nt node_modules/.fetched ]; then
    npm ci --no-audit --no-fund --loglevel=error
    touch node_modules/.fetched
fi
touch "$out.stamp.new"
node build.mjs --out "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
mv "$out.stamp.new" "$out.stamp"
