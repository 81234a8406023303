#!/bin/bash
# What `tests/run --as verify` and `--as repeat` put in the place of the linker sees an output that is wrong, and one
# that depends on the number of threads; it is not in the way of one that is right.
set -eu
. "$GILD_SRC/tests/lib.sh"

printf '.globl _start\n_start: mov $60, %%eax\nxor %%edi, %%edi\nsyscall\n.data\n.quad _start\n' >a.s
"$CC" -c a.s
export RELINK=$PWD/relink
"$CC" -D_GNU_SOURCE -O1 "$GILD_SRC/tests/relink.c" -o relink
# A linker that writes one byte more when it has a certain number of threads
cat >careless <<END
#!/bin/bash
"$GILD" "\$@" || exit
case " \$* " in *" --threads=7 "*) ;; *) exit 0 ;; esac
while [ \$# -gt 0 ]; do [ "\$1" != -o ] || out=\$2; shift; done
echo >>"\$out"
END
chmod +x careless

# finds MODE LINKER ARGS: it complains
finds() {
	local mode=$1 rc=0
	shift
	rm -f findings
	bash "$GILD_SRC/tests/after-link.sh" "$mode" "$1" findings "${@:2}" || rc=$?
	assert_equal $rc 99
	[ -s findings ]
}
passes() {
	rm -f findings
	bash "$GILD_SRC/tests/after-link.sh" "$1" "$2" findings "${@:3}"
	[ ! -e findings ] || { cat findings; fail "a finding"; }
}
passes verify "$GILD" a.o -o prog
./prog
passes repeat "$GILD" a.o -o prog
./prog
passes verify "$GILD" --version
passes repeat "$GILD" a.o --oformat=binary -o flat
passes verify "$GILD" a.o --oformat=binary -o flat
passes verify "$PWD/careless" a.o -o prog
finds repeat "$PWD/careless" a.o -o prog
assert_contains findings "the same up to $(stat -c %s prog)) with --threads=7, folder one, no output there"
# ... and one that minds what is there already
cat >leftover <<END
#!/bin/bash
args=("\$@")
while [ \$# -gt 0 ]; do [ "\$1" != -o ] || old=\$2; shift; done
! LC_ALL=C grep -q \$'^\xa5' "\$old" || args+=(-s)
"$GILD" "\${args[@]}"
END
chmod +x leftover
finds repeat "$PWD/leftover" a.o -o prog
assert_contains findings "with --threads=1, folder one, over another file"
# ... and one that fails when it has two threads
cat >failing <<END
#!/bin/bash
case " \$* " in *" --threads=2 "*) exit 1 ;; esac
exec "$GILD" "\$@"
END
chmod +x failing
finds repeat "$PWD/failing" a.o -o prog
assert_contains findings "the link fails (status 0x100) with --threads=2, folder one, no output there"

# a program whose word is not what its relocation says
cat >wrong <<END
#!/bin/bash
"$GILD" "\$@" || exit
case " \$* " in *--verify-output=*) exit 0 ;; esac
at=\$((16#\$(readelf -SW prog | awk '{ for (i = 1; i < NF; i++) if (\$i == ".data") print \$(i + 3) }')))
printf '\\1' | dd of=prog bs=1 seek=\$at conv=notrunc status=none
END
chmod +x wrong
finds verify "$PWD/wrong" a.o -o prog
assert_contains findings "does not pass --verify-output"
rc=0
bash "$GILD_SRC/tests/after-link.sh" verify "$GILD" findings missing.o -o prog 2>messages || rc=$?
assert_equal $rc 1
assert_contains messages "missing.o"
