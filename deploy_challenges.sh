#!/bin/sh
# The name the benchmark's first rounds used for `python -m generator deploy`. Arguments are passed
# on; --help lists them.
set -eu
cd "$(dirname "$0")"
# The environment that `make site` sets up, where there is one.
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" -m generator deploy "$@"
