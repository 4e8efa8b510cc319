#!/usr/bin/env bash
# Proof that poise installs and counts on 64-bit ARM (Debian 12, as Raspberry Pi OS is): make arm64
#
# A whole arm64 userland is set up in a folder and run under qemu. poise is installed there from wheels alone, with no
# compiler; the shipped film is analysed there and here, and must come to the same counts.
# Needs root, apt and the network. Emulated, a picture takes some three seconds of processor: 20 to 60 minutes in all.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-.venv/bin/python}
ROOT=${ROOT:-/var/tmp/poise-arm64}
WHAT=(--exercise squat --model lite --people 1 --workers 1 --no-video --json)

step() { echo "$(date +%T) $*"; }

step "an arm64 userland in $ROOT"
for tool in debootstrap qemu-aarch64-static; do
  command -v $tool >/dev/null || { apt-get update -qq; apt-get install -yqq debootstrap qemu-user-static; }
done
formats=/proc/sys/fs/binfmt_misc
[ -e $formats/register ] || mount -t binfmt_misc binfmt_misc $formats
if [ ! -e $formats/qemu-aarch64 ]; then  # F: the emulator is opened now, and needs not be in the userland
  printf '%s' ':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:F' > $formats/register
fi
if [ ! -e "$ROOT/.complete" ]; then
  debootstrap --arch=arm64 --variant=minbase --include=python3-venv bookworm "$ROOT" http://deb.debian.org/debian
  touch "$ROOT/.complete"
fi

# An ARM processor to find: without one LiteRT does not trust its fast kernels, and takes fifty times as long.
mountpoint -q "$ROOT/proc" || mount -t proc proc "$ROOT/proc"
printf 'processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n' > "$ROOT/tmp/cpuinfo"
mountpoint -q "$ROOT/proc/cpuinfo" || mount --bind "$ROOT/tmp/cpuinfo" "$ROOT/proc/cpuinfo"
here=$(mktemp -d)
trap 'umount "$ROOT/proc/cpuinfo" "$ROOT/proc"; rm -r "$here"' EXIT

step "wheels"
# Wheels for that machine, chosen here, as pip there would choose them.
mkdir -p "$ROOT/opt/poise/wheels"
rm -f "$ROOT"/opt/poise/wheels/poise-*.whl
$PYTHON -m pip wheel --quiet --no-deps --wheel-dir "$ROOT/opt/poise/wheels" .
$PYTHON -m pip download --quiet --constraint constraints.txt --dest "$ROOT/opt/poise/wheels" \
  $($PYTHON -c 'import sys; sys.path.insert(0, "."); from tests.test_aarch64 import BOOKWORM; print(*BOOKWORM)') \
  "$ROOT"/opt/poise/wheels/poise-*.whl
mkdir -p "$ROOT/opt/poise/models"
$PYTHON -c 'from poise.vision.weights import fetch; print(fetch("blazepose-lite"), fetch("blazepose-detector"), sep="\n")' |
  xargs -I{} cp {} "$ROOT/opt/poise/models/"

inside=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/tmp POISE_MODELS=/opt/poise/models chroot "$ROOT")
step "installed there"
[ -x "$ROOT/opt/poise/venv/bin/python" ] || "${inside[@]}" python3 -m venv /opt/poise/venv
"${inside[@]}" /opt/poise/venv/bin/python -m pip install --quiet --no-index --find-links /opt/poise/wheels \
  --only-binary=:all: --force-reinstall --no-deps poise
"${inside[@]}" /opt/poise/venv/bin/python -m pip install --quiet --no-index --find-links /opt/poise/wheels \
  --only-binary=:all: poise
"${inside[@]}" /opt/poise/venv/bin/python -c 'import platform; print(platform.machine(), platform.python_version())'

cp src/poise/sim/clips/squat.mp4 "$ROOT/tmp/squat.mp4"
step "analysed here"
$PYTHON -m poise analyze src/poise/sim/clips/squat.mp4 "${WHAT[@]}" --out "$here" > "$here/here.json"
step "analysed there"
"${inside[@]}" /opt/poise/venv/bin/poise analyze /tmp/squat.mp4 "${WHAT[@]}" --out /tmp/results > "$here/there.json"
$PYTHON - "$here/here.json" "$here/there.json" <<'PY'
import json
import sys

here, there = (json.load(open(path)) for path in sys.argv[1:])
print(f"x86: {here['counts']}, {here['timing']['frames']} pictures")
print(f"arm: {there['counts']}, {there['timing']['frames']} pictures, {there['timing']['wall_s']:.0f} s under qemu")
sys.exit(here["counts"] != there["counts"] or here["timing"]["frames"] != there["timing"]["frames"])
PY
step "The same counts on arm64 as here."
