# A display of its own, and hands and eyes on it: sourced by the scripts beside it, which set `out` and `name` first.
# Needs Xvfb, xdotool, ImageMagick's `import`, and a Vulkan driver (mesa-vulkan-drivers gives a software one).

for tool in Xvfb xdotool import; do
    command -v "$tool" >/dev/null || { echo "$name: $tool is missing" >&2; exit 1; }
done

work=$(mktemp -d)

# A display number of our own.
number=80
while [ -e "/tmp/.X11-unix/X$number" ]; do number=$((number + 1)); done
Xvfb ":$number" -screen 0 1440x900x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
xvfb=$!
app=
cleanup() {
    [ -n "$app" ] && kill "$app" 2>/dev/null || true
    kill "$xvfb" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
export DISPLAY=":$number" XDG_CONFIG_HOME="$work/config" XDG_RUNTIME_DIR="$work"
sleep 1

pause() { sleep "${1:-0.6}"; }
shot() { pause 1.2; import -window root "$out/$1.png"; echo "$name: $1"; }
move() { xdotool mousemove "$1" "$2"; pause 0.35; }
click() { move "$1" "$2"; xdotool mousedown "${3:-1}"; pause 0.15; xdotool mouseup "${3:-1}"; pause 0.5; }
drag() { # from, to, button
    move "$1" "$2"; xdotool mousedown "${5:-1}"; pause 0.5
    for i in 1 2 3 4 5 6; do
        xdotool mousemove $(($1 + ($3 - $1) * i / 6)) $(($2 + ($4 - $2) * i / 6)); pause 0.12
    done
    xdotool mouseup "${5:-1}"; pause 0.5
}
key() { xdotool key --clearmodifiers "$@"; pause 0.5; }
fail() { import -window root "$out/failed.png" || true; echo "$name: FAILED: $*" >&2; exit 1; }
# Waits until nothing on the screen has moved for six seconds: work is done, a run has ended. (A busy machine draws
# progress seldom.)
still() { # seconds at most
    local before= now same=0
    for _ in $(seq $((${1:-120} / 2))); do
        pause 2
        now=$(import -window root ppm:- | cksum)
        if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
        [ "$same" -ge 3 ] && return
        before=$now
    done
    fail "the screen still moves after ${1:-120} s"
}

# Opens the window on a file in the current folder and waits until its name is the title's.
open_window() { # program, file, its name in the title
    "$1" "$2" >"$work/app.log" 2>&1 &
    app=$!
    for _ in $(seq 120); do
        xdotool search --name "$3" >/dev/null 2>&1 && break
        kill -0 "$app" 2>/dev/null || { cat "$work/app.log" >&2; fail "the window did not open"; }
        pause 0.5
    done
    xdotool search --name "$3" >/dev/null 2>&1 || fail "the scan did not open"
    # Without a window manager nobody gives the window the keyboard.
    xdotool windowfocus "$(xdotool search --name "$3" | head -1)"
    pause 2
}
