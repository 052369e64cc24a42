#!/usr/bin/env bash
# Runs every check of the project. Installs what the tests need (Debian and Ubuntu; elsewhere it names what is missing).
# With ZEROSET_DATA=FOLDER the tests on real scans run too. CARGO_TARGET_DIR is respected.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
find_library() { ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null; }
find_library libvulkan.so.1 || packages+=(libvulkan1)
compgen -G '/usr/share/vulkan/icd.d/*lvp*' >/dev/null || packages+=(mesa-vulkan-drivers)
# What a window on X11 loads at run time.
find_library libxkbcommon-x11.so.0 || packages+=(libxkbcommon-x11-0)
find_library libX11-xcb.so.1 || packages+=(libx11-xcb1)
find_library libXcursor.so.1 || packages+=(libxcursor1)
find_library libXi.so.6 || packages+=(libxi6)
find_library libXrandr.so.2 || packages+=(libxrandr2)
command -v Xvfb >/dev/null || packages+=(xvfb)
command -v xdotool >/dev/null || packages+=(xdotool)
command -v import >/dev/null || packages+=(imagemagick)
if ((${#packages[@]})); then
  echo "== installing ${packages[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "missing: ${packages[*]} (Debian's names); install them and run this again" >&2
    exit 1
  fi
  root=(); [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

step() { echo; echo "== $* ($(date +%T))"; }
step format
cargo fmt --all --check
step clippy
cargo clippy --release --workspace --all-targets -- -D warnings
step tests
if [ -n "${ZEROSET_DATA:-}" ]; then
  ZEROSET_DATA="$(cd "$ZEROSET_DATA" && pwd)"
  export ZEROSET_DATA
  # Tests of a real GPU have no place here.
  cargo test --release --workspace -- --include-ignored --skip real_gpu
else
  cargo test --release --workspace
fi
step demo
out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT
# With the tests, so that the features of what was built for them are kept and nothing is built twice.
cargo build --release --workspace --bins --tests
zeroset="${CARGO_TARGET_DIR:-target}/release/zeroset"
"$zeroset" demo -o "$out/demo"
if [ -n "${ZEROSET_DATA:-}" ]; then
  step training
  "$zeroset" train assets/recipes/kidney-short.toml --data "$ZEROSET_DATA/btcv256" -o "$out/kidney" --json
fi
step window
tests/gui/first_light.sh "$zeroset" "$out/window"
step done
