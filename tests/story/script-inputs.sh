#!/bin/bash
# Where linker scripts come from, and what they say about inputs: -T (more than once), -dT, scripts among the inputs, INCLUDE in
# every place, -L, INPUT, GROUP, STARTUP, OUTPUT, SEARCH_DIR, ENTRY, EXTERN, VERSION; --defsym before and behind -T.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat > start.s << 'END'
	.globl _start, other_start
_start:	mov $60, %eax
	mov $exit_status, %edi
	syscall
other_start: jmp _start
END
as -o start.o start.s
printf '.globl exit_status; exit_status = 7\n' | as -o seven.o -
printf '.globl wanted; wanted: nop\n' | as -o wanted.o -
ar rc libseven.a seven.o
ar rc libwanted.a wanted.o

runs() { # runs STATUS PROGRAM
	local rc=0
	"./$2" || rc=$?
	assert_equal "$rc" "$1"
}

echo 'SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } }' > layout.ld
echo 'exit_status = 3;' > status.ld

# two scripts are one; the order is that of the options
"$GILD" -T layout.ld -T status.ld start.o -o two
runs 3 two
# -dT stands back where there is a -T, and serves where there is none
echo 'nonsense' > nonsense.ld
"$GILD" -dT nonsense.ld -T layout.ld -T status.ld start.o -o default
cmp two default || fail "-dT beside -T changed something"
"$GILD" -dT layout.ld status.ld start.o -o default
runs 3 default

# a script among the inputs adds to the default layout
"$GILD" start.o status.ld -o implicit
runs 3 implicit
readelf -SW implicit > sections
assert_contains sections .text

# looked for along -L, INCLUDE too, which stands everywhere
mkdir -p scripts
echo 'INCLUDE top.part SECTIONS { INCLUDE sections.part .text : { INCLUDE body.part } > m } MEMORY { INCLUDE memory.part }' > scripts/all.ld
echo 'exit_status = 5;' > scripts/top.part
echo '. = 0x10000; .first : { BYTE(1) } > m' > scripts/sections.part
echo '*(.text)' > scripts/body.part
echo 'm : ORIGIN = 0x10000, LENGTH = 1M' > scripts/memory.part
"$GILD" -L scripts -T all.ld start.o -o included
runs 5 included
readelf -SW included > sections
assert_contains sections .first

# what a script names is loaded where the script stands
echo 'INPUT(start.o) GROUP(libseven.a) SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } }' > inputs.ld
"$GILD" -T inputs.ld -o inputs
runs 7 inputs
mkdir -p lib
mv libwanted.a lib/
echo 'SEARCH_DIR(lib) INPUT(-lwanted) EXTERN(wanted) ENTRY(other_start) exit_status = 1;' > search.ld
"$GILD" -T layout.ld -T search.ld start.o -o search
nm search > symbols
assert_contains symbols wanted
nm search | awk '$3 == "other_start" { print $1 }' | sed 's/^0*//' > entry
readelf -h search > header
assert_contains header "0x$(cat entry)"

# a file that only an input section description names is an input, too
echo 'SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { wanted.o(.text) *(.text) } }' > described.ld
"$GILD" -T described.ld -T status.ld start.o -o described
nm -n described | awk '$2 == "T" { print $3; exit }' > first
assert_equal "$(cat first)" wanted

# STARTUP comes first
echo 'STARTUP(wanted.o) INPUT(start.o) exit_status = 0; SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } }' > startup.ld
"$GILD" -T startup.ld -o startup
nm -n startup | awk '$2 == "T" { print $3; exit }' > first
assert_equal "$(cat first)" wanted

# OUTPUT and MAP are -o and -Map where these are not given
echo 'OUTPUT(named) MAP(named.map)' > output.ld
"$GILD" -T layout.ld -T status.ld -T output.ld start.o
runs 3 named
assert_contains named.map 'Linker script and memory map'
"$GILD" -T layout.ld -T status.ld -T output.ld start.o -o given
runs 3 given

# VERSION, more than one
printf '.globl f, g, h; f: g: h: nop\n' | as -o versioned.o -
echo 'VERSION { V1 { global: f; }; } VERSION { V2 { global: g; local: *; } V1; }' > versions.ld
"$GILD" -shared versioned.o versions.ld -o libversioned.so
readelf --dyn-syms -W libversioned.so > symbols
assert_contains symbols 'f@@V1'
assert_contains symbols 'g@@V2'
assert_lacks symbols ' h'

# --defsym is an assignment where it stands
echo 'exit_status = DEFINED(choice) ? choice : 9;' > choice.ld
"$GILD" --defsym=choice=4 -T layout.ld -T choice.ld start.o -o before
runs 4 before
"$GILD" -T layout.ld -T choice.ld --defsym=choice=4 start.o -o behind
runs 9 behind
