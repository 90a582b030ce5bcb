# What ./dev expects of the system: packages, node, a folder that can be written. Sourced; `root` is
# the tree. Whatever is missing is installed, or said in a sentence with what to do.

# what builds and runs hearthd and the app
run_packages=(gcc libc6-dev pkgconf meson ninja-build libh2o-evloop-dev libuv1-dev libssl-dev
    libcurl4-openssl-dev libjansson-dev libsqlite3-dev libarchive-dev libicu-dev libutf8proc-dev
    zlib1g-dev libbrotli-dev libsystemd-dev uthash-dev libpq-dev libhiredis-dev libqrencode-dev
    python3 ca-certificates tzdata)
demo_packages=(python3-cryptography)
node_packages=(nodejs npm)
test_packages=(build-essential git clang libclang-rt-dev clang-format libcmocka-dev postgresql
    redis-server haproxy abigail-tools python3-yaml python3-jsonschema python3-cryptography
    nghttp2-client nghttp2-server openssl sqlite3 curl opensp w3c-sgml-lib w3m lynx fail2ban
    systemd)
web_test_packages=(chromium firefox-esr fonts-noto-color-emoji fonts-droid-fallback
    fonts-dejavu-core)
bench_packages=(nginx-light)
# of the above, what would start at boot
servers=(postgresql redis-server haproxy fail2ban nginx-light)

# the same of a system that is not Debian: as meson.build asks for them
libraries=(openssl libpq hiredis libqrencode 'jansson >= 2.12' 'sqlite3 >= 3.40'
    'libarchive >= 3.6' 'libcurl >= 7.80' libuv libh2o-evloop icu-uc libutf8proc zlib libbrotlienc
    libsystemd)
programs=(cc meson ninja pkg-config python3)

system_root=/        # where it is installed: tests have a folder
node_folder=/usr/bin # Debian's
# shellcheck disable=SC1091
{
    system=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}")
    codename=$(. /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] &&
        echo "${VERSION_CODENAME:-}") || codename=
}

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf './dev: %s\n' "$*" >&2; exit 1; }

need_folder() { # that this tree can be built in
    local path owner me
    me=$(id -un)
    for path in . .dev build; do
        [ ! -e "$path" ] || [ -w "$path" ] || {
            path=$root/${path#.}
            path=${path%/}
            owner=$(stat -c %U "$path")
            [ "$owner" = "$me" ] ||
                die "cannot write in $path, which belongs to $owner (made by an earlier ./dev as" \
                    "$owner?). Give it to $me, as root: chown -R $me '$path'; or copy the tree" \
                    "into a folder of your own and run ./dev there"
            die "cannot write in $path: copy the tree into a folder that can be written" \
                "(cp -r '$root' ~/hearth) and run ./dev there"
        }
    done
    mkdir -p .dev
}

# hearthd loads no plugin that somebody else may replace, of whatever folder above it.
need_folder_of_mine() { # COMMAND
    local path=$root owner
    [ "$(id -u)" -eq 0 ] || return 0
    while [ -n "$path" ]; do
        owner=$(stat -c %U "$path")
        [ "$owner" = root ] ||
            die "$path belongs to $owner, and hearthd, as root, loads no plugins of others." \
                "Run ./dev $1 as $owner (it asks sudo for the packages, or says the line for" \
                "root), or have the tree in a folder of root (/root, /opt)"
        path=${path%/*}
    done
}

need_clone() { # COMMAND, which asks git which files there are; before anything is installed for it
    [ -e .git ] ||
        die "$root is not a git clone (a tarball?), and \"./dev $1\" asks git which files there" \
            "are: run it in a clone (git clone ADDRESS hearth). ./dev build and ./dev run work here"
    command -v git >/dev/null || need git
    git rev-parse --git-dir >/dev/null || die "git does not read $root; why is above"
}

good_node() { # [FOLDER/]: there is a node 18 or newer, and its npm
    local version
    version=$("${1:-}node" --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge 18 ] && command -v "${1:-}npm" >/dev/null
}

# Debian's node is preferred to an old one of PATH, for what ./dev runs alone: nothing else of its
# folder comes before what PATH says.
use_node() {
    good_node && return
    local old
    good_node "$node_folder/" ||
        die "there is no node 18 or newer with npm (the app is built with them): install nodejs" \
            "and npm"
    if old=$(node --version 2>/dev/null); then
        say "node of PATH ($(command -v node)) is $old, 18 is needed: $node_folder/node" \
            "($("$node_folder/node" --version)) is taken"
    fi
    mkdir -p .dev/bin
    ln -sf "$node_folder/node" "$node_folder/npm" .dev/bin/
    PATH=$root/.dev/bin:$PATH
}

missing_of() { # PACKAGE…: those that are not installed, a line each
    local there
    there=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
        sed -n 's/ installed$//p')
    printf '%s\n' "$@" | awk -v there="$there" '
        BEGIN { split(there, names, "\n"); for (i in names) seen[names[i]] = 1 }
        !seen[$0]++'
}

# Names of packages differ from system to system, those of pkg-config do not.
need_elsewhere() {
    local name lacking=()
    for name in "${programs[@]}"; do
        command -v "$name" >/dev/null || lacking+=("$name")
    done
    for name in "${libraries[@]}"; do
        pkg-config --exists "$name" 2>/dev/null || lacking+=("$name")
    done
    if command -v cc >/dev/null; then
        echo '#include <uthash.h>' | cc -E -xc - >/dev/null 2>&1 || lacking+=(uthash.h)
    fi
    good_node || good_node "$node_folder/" || lacking+=('node >= 18 with npm')
    [ ${#lacking[@]} -eq 0 ] && return
    printf -v name '%s, ' "${lacking[@]}"
    die "this is ${system:-a system without /etc/os-release}; ./dev installs packages on" \
        "Debian 12 and 13 alone. Missing here (programs, and libraries with their headers by the" \
        "names that pkg-config knows): ${name%, }. Install them and run ./dev again" \
        "(libh2o-evloop is that of h2o 2.2), or run Hearth in a container: docs/containers.md"
}

on_debian() { [ "$codename" = bookworm ] || [ "$codename" = trixie ]; }

need_debian() { # COMMAND
    on_debian ||
        die "\"./dev $1\" needs Debian 12 or 13 (servers and browsers of the tests); this is" \
            "${system:-another system}. ./dev build and ./dev run work where the libraries are"
}

# Debian 13 has no libh2o; Debian 12's works there. Its suite of the same mirror is added, and
# pinned to that library alone. Writes the file for /etc/apt/sources.list.d.
write_suite_of_h2o() {
    local mirror
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Identifier: Packages' |
        sed -nE "s/^($codename|stable) //p" | head -n 1)
    sed "s|^URIs: .*|URIs: ${mirror:-http://deb.debian.org/debian}|" \
        packaging/debian-13/hearth-h2o.sources >.dev/hearth-h2o.sources
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || return
    sudo -n true 2>/dev/null || { [ -t 2 ] && sudo true; }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

line_for_root() { # PACKAGE…: one line that installs them
    local line='' server started=()
    if needs_suite_of_h2o "$@"; then
        printf -v line 'cp %q /etc/apt/preferences.d/ && cp %q /etc/apt/sources.list.d/ && ' \
            "$root/packaging/debian-13/hearth-h2o.pref" "$root/.dev/hearth-h2o.sources"
    fi
    line+="apt-get update && apt-get install --no-install-recommends $*"
    for server in "${servers[@]}"; do
        [[ " $* " != *" $server "* ]] || started+=("${server%-light}")
    done
    [ ${#started[@]} -eq 0 ] || line+=" && systemctl disable --now ${started[*]}"
    printf '%s\n' "$line"
}

needs_suite_of_h2o() { # PACKAGE…
    [ "$codename" = trixie ] && [[ " $* " == *' libh2o-evloop-dev '* ]]
}

need() { # PACKAGE…: installs those that are missing
    local missing suite=()
    on_debian || { need_elsewhere; return; }
    mapfile -t missing < <(missing_of "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ -z "$(dpkg --audit 2>&1; ls "$system_root/var/lib/dpkg/updates" 2>/dev/null)" ] ||
        die "an earlier installation of packages was interrupted, and apt-get installs nothing" \
            "until it is finished. Run as root: dpkg --configure -a && apt-get -f install; then" \
            "./dev again"
    if needs_suite_of_h2o "${missing[@]}"; then
        write_suite_of_h2o
        suite=(packaging/debian-13/hearth-h2o.pref .dev/hearth-h2o.sources)
    fi
    say "missing packages of Debian: ${missing[*]}"
    can_be_root || {
        printf '%s\n\n  %s\n\n' \
            './dev: only root installs packages. Run this line as root, then ./dev again:' \
            "$(line_for_root "${missing[@]}")" >&2
        exit 1
    }
    : >.dev/apt.log
    as_root bash tools/dev/install.sh "$system_root" "$root/.dev/apt.log" "${suite[*]}" \
        "${missing[@]}" || exit 1
    mapfile -t missing < <(missing_of "${missing[@]}")
    [ ${#missing[@]} -eq 0 ] ||
        die "apt-get did not complain, but these are not installed: ${missing[*]}"
}
