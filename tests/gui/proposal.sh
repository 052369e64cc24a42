#!/usr/bin/env bash
# Drives the real window by mouse and keys under Xvfb: a proposal by the program's own networks, its evolution by the
# neural ODE, back to t = 0.4, a stroke of the brush, on from there, accepted by side, saved; and checks the mask.
#
#   tests/gui/proposal.sh [ZEROSET_BINARY] [OUTPUT_FOLDER] [SCAN.nii.gz [TRUTH.nii.gz]]
#
# Without a scan that of a synthetic adult, whose right kidney alone is judged: networks that learned from patients find
# little of its left one. TRUTH holds the left kidney as label 3 and the right one as 4. STROKE="X Y X Y"
# is where the brush is drawn on the screen (for another scan: where its left kidney lies). Leaves a screenshot of each
# stage in the output folder, for eyes. Coordinates are those of a 1440 x 900 window.
set -euo pipefail

zeroset=$(realpath "${1:-target/release/zeroset}")
out=${2:-out/gui-proposal}
mkdir -p "$out"
out=$(realpath "$out")
scan=${3:+$(realpath "$3")}
truth=${4:+$(realpath "$4")}

name=proposal
. "$(dirname "$0")/window.sh"

if [ -z "$scan" ]; then
    "$zeroset" phantom -o "$work/ct.nii.gz" --labels "$work/truth.nii.gz" --size 256,256,80 --spacing 1.5,1.5,5 >/dev/null
    truth="$work/truth.nii.gz" labels=4
else
    ln -s "$scan" "$work/ct.nii.gz"
fi
cd "$work"
open_window "$zeroset" ct.nii.gz ct.nii.gz
shot 1_open

# One press: the UNet's contour of both kidneys, dashed.
click 57 226
still
shot 2_proposed

# It becomes the start of an evolution by the contour ODE, which runs to t = 1. The buttons stand below the warnings,
# whose number nobody knows before: the first one is found by its colour.
top=$(import -window root ppm:- | convert - -crop 1x240+36+250 +repage -depth 8 txt:- | sed -n 's/^0,\([0-9]*\):.*#2F9FB8.*/\1/p' | head -1)
[ -n "$top" ] || fail "no contour was proposed"
click 97 $((250 + top + 76))
still
shot 3_started
key space
still 240
shot 4_evolved

# Back to t = 0.4, a stroke on the left kidney (the screen's right), and on from there: a branch.
click 337 799
still
shot 5_scrubbed_back
key 4
# shellcheck disable=SC2086
drag ${STROKE:-676 228 684 236}
shot 6_painted
key space
still 240
shot 7_ran_on

# Each kidney into the label of its side, and to disk.
key 1
key Return
pause 2
shot 8_accepted
key ctrl+s
for _ in $(seq 40); do [ -s ct_mask.nii.gz ] && break; pause 0.5; done
[ -s ct_mask.nii.gz ] || fail "Ctrl+S saved no mask"
shot 9_saved
kill -0 "$app" || fail "the window is gone"

cp ct_mask.nii.gz "$out/mask.nii.gz"
"$zeroset" info ct_mask.nii.gz | tee "$out/info.txt"
for label in ${labels:-3 4}; do
    if [ -n "$truth" ]; then
        "$zeroset" evaluate ct_mask.nii.gz "$truth" --label "$label" --json >"$out/evaluate_$label.json"
        dice=$(sed -n 's/.*"dice": *\([0-9.]*\).*/\1/p' "$out/evaluate_$label.json" | head -1)
        echo "proposal: Dice of label $label $dice"
        awk -v dice="$dice" 'BEGIN { exit !(dice >= 0.7) }' || fail "Dice $dice of label $label is below 0.7"
    fi
done
echo "proposal: passed"
