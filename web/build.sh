#!/bin/sh
# build.sh FOLDER: the web app in FOLDER, built anew when something it is made of is newer; folders
# count, for what was removed from them. Fetches what package-lock.json names, once.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")"
newer_than() { # STAMP: one file or folder that is newer, if there is one
    find . \( -name node_modules -o -name dist -o -name openapi.d.ts \) -prune -o \
        -newer "$1" -print | head -n 1
}
if [ -f "$out.stamp" ] && [ -d "$out" ] && [ -z "$(newer_than "$out.stamp")" ]; then
    exit 0
fi
if [ -d built ]; then # a release's source brings it
    mkdir -p "$(dirname "$out")"
    rm -rf "$out"
    cp -r built "$out"
    touch "$out.stamp"
    exit 0
fi
refuse() {
    echo "web/build.sh: $1: apt install nodejs npm," \
        "or configure with -Dweb=false (the basic pages alone)" >&2
    exit 1
}
command -v node >/dev/null && command -v npm >/dev/null || refuse "nodejs or npm is missing"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' ||
    refuse "node $(node --version) is too old, 18 is needed"
if [ ! -f node_modules/.fetched ] || [ package-lock.json -nt node_modules/.fetched ]; then
    npm ci --no-audit --no-fund --loglevel=error || {
        echo "web/build.sh: npm could not fetch the packages of web/package-lock.json; why is" \
            "above. It needs the npm registry, once; without a network configure with" \
            "-Dweb=false (the basic pages alone)" >&2
        exit 1
    }
    touch node_modules/.fetched
fi
mkdir -p "$(dirname "$out")"
touch "$out.stamp.new"
node build.mjs --out "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
mv "$out.stamp.new" "$out.stamp"
