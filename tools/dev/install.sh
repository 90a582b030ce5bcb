#!/usr/bin/env bash
# install.sh SYSTEM LOG SUITE PACKAGE…: what ./dev does as root. SYSTEM is / (tests have a folder);
# apt-get's output goes to LOG; SUITE is empty, or the preferences and the sources of a further
# suite. No service of a package is started, nor will one that is new start at boot.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # su leaves them out
system=${1%/} log=$2 suite=$3
shift 3
policy=$system/usr/sbin/policy-rc.d
units=$system/etc/systemd/system
mark='# for the time of an installation by ./dev'
progress=

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

# What apt-get says that people can do something about.
explain() {
    case "$(cat "$log")" in
    *'Could not get lock'* | *'is another process using it'*)
        echo "another program installs packages just now: wait until it is done" ;;
    *'dpkg was interrupted'*)
        echo "an earlier installation was interrupted: run dpkg --configure -a as root" ;;
    *"don't have enough free space"* | *'No space left'*)
        echo "the disk is full: df -h says where; apt-get clean makes some room" ;;
    *'Unable to locate package'* | *'has no installation candidate'*)
        echo "apt knows no such package: /etc/apt/sources.list and sources.list.d must name" \
            "\"main\" of this release" ;;
    *'Could not resolve'* | *'Temporary failure'* | *'onnection failed'* | *'Could not connect'* | \
        *'Unable to connect'* | *'Connection timed out'* | *'Failed to fetch'*)
        echo "Debian's packages cannot be fetched: is there a network (and, behind a proxy, is" \
            "Acquire::http::Proxy of apt.conf set)?" ;;
    *) echo "apt-get did not install them" ;;
    esac
}

fail() {
    [ -z "$progress" ] || printf '\r\033[K' >&2
    tail -n 40 "$log" >&2
    printf './dev: %s. The output of apt-get is above, all of it in %s\n' "$(explain)" "$log" >&2
    exit 1
}

show_progress() { # lines of APT::Status-Fd
    local kind percent words
    while IFS=: read -r kind _ percent words; do
        case $kind in
        dlstatus) printf '\r\033[K  fetching   %3s %%' "${percent%.*}" >&2 ;;
        pmstatus) printf '\r\033[K  installing %3s %%' "${percent%.*}" >&2 ;;
        esac
    done
    printf '\r\033[K' >&2
}

enabled() { { find "$units" -path "*.wants/*" -printf "%f\n" 2>/dev/null || true; } | sort -u; }
installed() { dpkg-query -W -f='${Package}\n' | sort -u; }

# By the owner of each unit that starts at boot since: an upgrade of what was there keeps its own.
disable_new() {
    local unit owner
    for unit in $(comm -13 <(printf '%s\n' "$enabled_before") <(enabled)); do
        owner=$(dpkg-query -S "*/systemd/system/$unit" 2>/dev/null | sed 's/[:,].*//;q') || continue
        [ -n "$owner" ] || continue
        ! grep -qxF "$owner" <<<"$installed_before" || continue
        # which works for a package's own scripts alone
        if DPKG_MAINTSCRIPT_PACKAGE=$owner deb-systemd-helper disable "$unit" >>"$log" 2>&1; then
            new_units+=("$unit")
        else
            say "$unit will start at boot; it could not be disabled (systemctl disable $unit)"
        fi
    done
    if [ -d "$system/run/systemd/system" ]; then systemctl daemon-reload || true; fi
}

restore() {
    [ -z "${enabled_before+x}" ] || disable_new
    remove_policy
}

remove_policy() { # also of an installation that was killed
    if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
    if [ -e "$policy.hearth" ]; then mv "$policy.hearth" "$policy"; fi
}

new_units=()
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
remove_policy

if [ -n "$suite" ]; then
    read -r preferences sources <<<"$suite"
    say "Debian 13 has no libh2o: it comes from Debian 12, by" \
        "/etc/apt/sources.list.d/${sources##*/}; /etc/apt/preferences.d/${preferences##*/} keeps" \
        "everything else of Debian 12 out"
    cp "$preferences" "$system/etc/apt/preferences.d/"
    cp "$sources" "$system/etc/apt/sources.list.d/"
fi

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
options=(-q -y --no-install-recommends -o DPkg::Lock::Timeout=300)
# a source that does not answer may have nothing of what is wanted
apt-get update -q >>"$log" 2>&1 </dev/null || say "apt-get update failed (its output is in $log)"
uris=$(apt-get "${options[@]}" --print-uris install "$@" 2>>"$log" </dev/null) || fail
say "$(awk '/^\047/ { n++; bytes += $3 }
    END { printf "downloading %d package%s of Debian, %.0f MB", n, n == 1 ? "" : "s", bytes / 1e6 }
    ' <<<"$uris")"

installed_before=$(installed)
enabled_before=$(enabled)
if [ -e "$policy" ]; then mv "$policy" "$policy.hearth"; fi
printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"

if [ -t 2 ]; then
    progress=1
    apt-get "${options[@]}" -o APT::Status-Fd=3 install "$@" 3>&1 >>"$log" 2>&1 </dev/null |
        show_progress || fail
else
    apt-get "${options[@]}" install "$@" >>"$log" 2>&1 </dev/null || fail
fi
restore
trap - EXIT
[ ${#new_units[@]} -eq 0 ] ||
    say "installed, and not started at boot: ${new_units[*]}"
