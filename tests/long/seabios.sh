#!/bin/bash
# Debian's SeaBIOS links: three scripts that its build makes, with an output section for nearly every input section, fixed
# addresses, and symbols by the hundred. The BIOS starts in an emulator and looks for something to boot.
# timeout: 900
# packages: dpkg-dev make python3 qemu-system-x86 gcc-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

fetch seabios
cp -r source build
cd build
logged make make LD="$GILD" PYTHON=python3 EXTRAVERSION=-test
grep -q . out/bios.bin || fail "no BIOS was made"
timeout 30 qemu-system-i386 -accel tcg -m 64 -bios out/bios.bin -display none -serial none -monitor none \
	-chardev file,id=messages,path=../messages -device isa-debugcon,iobase=0x402,chardev=messages > ../emulator 2>&1 || :
cd ..
assert_contains messages "SeaBIOS (version 1."
assert_contains messages "All threads complete."
assert_contains messages "Booting from Hard Disk..."
