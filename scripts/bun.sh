#!/bin/sh
# Runs the Bun that package.json pins: `./scripts/bun.sh test`. One on the PATH is used if it is exactly that version;
# else it is installed once, from the npm registry, into the user's cache folder. Commands it starts find it as `bun`.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/.*"packageManager": *"bun@\([^"]*\)".*/\1/p' "$root/package.json")
bin=${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/inlet/bun-$version/bin

fail() {
  echo "inlet: $1" >&2
  exit 1
}

is_pinned() {
  [ "$("$1" --version 2>/dev/null)" = "$version" ]
}

# The package that holds nothing but the binary for this machine: no install script has to run, which npm 11 may refuse.
platform_package() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no Bun for $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=aarch64 ;;
    *) fail "there is no Bun for $(uname -m)" ;;
  esac
  libc=
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then libc=-musl; fi
  done
  echo "@oven/bun-$os-$cpu$libc"
}

# Safe if two run at once: each fills a folder of its own, and a rename puts the complete binary in its place.
install_bun() {
  command -v npm >/dev/null || fail "npm is missing: install Node.js with npm, or Bun $version yourself"
  package=$(platform_package)
  echo "inlet: installing Bun $version into $bin" >&2
  mkdir -p "$bin"
  partial=$(mktemp -d "$bin/partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # Away from the tree, whose package.json and .npmrc are none of npm's business here.
  (cd "$partial" && npm install --prefix "$partial" --no-save --no-package-lock --no-audit --no-fund --no-update-notifier \
    --ignore-scripts --loglevel=error "$package@$version" >&2) ||
    fail "npm could not install $package@$version"
  is_pinned "$partial/node_modules/$package/bin/bun" ||
    fail "the Bun that npm installed does not run on this machine"
  mv -f "$partial/node_modules/$package/bin/bun" "$bin/bun"
  rm -rf "$partial"
  trap - EXIT INT TERM
}

if ! is_pinned bun; then
  is_pinned "$bin/bun" || install_bun
  PATH=$bin:$PATH
  export PATH
fi
exec bun "$@"
