#!/bin/sh
# collect.sh BUILD OUT: what an image needs of a build: OUT/root, the installed files; OUT/packages,
# the names of the packages with the libraries that these load; OUT/apt, sources that a system needs
# for them besides its own.
set -eu
build=$1 out=$2
DESTDIR=$out/root meson install -C "$build" --no-rebuild --strip --quiet
# for writers of plugins
rm -rf "$out/root/usr/include" "$out/root/usr/lib/pkgconfig" "$out"/root/usr/lib/*/pkgconfig \
    "$out/root/usr/share/doc/hearth/templates"
mkdir -p "$out/apt/preferences.d" "$out/apt/sources.list.d"
for file in preferences.d/hearth-h2o.pref sources.list.d/hearth-h2o.sources; do
    if [ -f "/etc/apt/$file" ]; then cp "/etc/apt/$file" "$out/apt/$file"; fi
done
# libarchive is loaded by storage-sqlite for backups, when there is one
{
    find "$out/root" -type f \( -name hearthd -o -name '*.so' \) -exec ldd {} + |
        sed -nE 's/.*=> (\/[^ ]+) .*/\1/p'
    ldconfig -p | sed -nE 's/.*libarchive\.so\.13 .*=> //p'
} | sort -u | while read -r library; do
    # packages of merged /usr know their files by either name
    dpkg-query -S "$(realpath "$library")" 2>/dev/null || dpkg-query -S "$library" 2>/dev/null ||
        dpkg-query -S "*/$(basename "$(realpath "$library")")"
done | sed 's/:.*//' | sort -u >"$out/packages"
