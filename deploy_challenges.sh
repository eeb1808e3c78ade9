#!/bin/sh
# The name the benchmark's first rounds used for `python -m generator deploy`. Arguments are passed
# on; --help lists them.
set -eu
cd "$(dirname "$0")"
# The environment that `make site` sets up, where there is one.
python=.venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import pydantic, typer, yaml' 2>/dev/null || {
  echo "$0: the packages it needs are not installed here; run this first: make site" >&2
  exit 1
}
exec "$python" -m generator deploy "$@"
