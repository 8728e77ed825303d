#!/bin/sh
# Print the Python to use: $1 where it is given, else the newest of 3.11 to 3.14 that starts and can make an environment.
# Where there is none, say in one line what was tried.
CHECK='import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError:
    sys.exit("has no venv module (Debian: apt-get install python3-venv)")'

[ -n "$1" ] || set -- python3.14 python3.13 python3.12 python3.11 python3 python
tried=""
for python in "$@"; do
    if reason=$("$python" -c "$CHECK" 2>&1); then
        command -v "$python"
        exit 0
    fi
    case "$reason" in
    "is Python"* | "has no venv"*) ;;
    *) command -v "$python" >/dev/null && reason="does not start" || reason="is not there" ;;
    esac
    tried="$tried${tried:+, }$python $reason"
done
echo "this needs Python 3.11, 3.12, 3.13 or 3.14 with its venv module; tried: $tried. make PYTHON=/path/to/python3.11 names one" >&2
exit 1
