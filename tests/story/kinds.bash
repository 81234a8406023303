# The kinds of output a program can be, and the compiler drivers that ask for them. Source after lib.sh.
#
#   for kind in $KINDS; do for cc in $COMPILERS; do
#       $cc $(cflags $kind) -c a.c; $cc $(ldflags $kind) a.o -o prog
#
# `link` and `clink` (lib.sh) are gcc and clang with the linker under test.
KINDS="static static-pie no-pie pie"
DYNAMIC_KINDS="no-pie pie"
COMPILERS="link"
[ -z "$CLANG" ] || COMPILERS="link clink"

set +o pipefail # `readelf | grep -q` ends readelf early, which is no failure

cflags() {
	case $1 in
	static | no-pie) echo -fno-pie ;;
	static-pie | pie) echo -fPIE ;;
	shared) echo -fPIC ;;
	esac
}

ldflags() {
	case $1 in
	static) echo -static ;;
	*) echo -$1 ;;
	esac
}

# same EXPECTED ACTUAL [WHAT]: the two words are equal.
same() {
	[ "$1" = "$2" ] || { echo "${3:-value}: expected '$1', got '$2'"; exit 1; }
}

# fails COMMAND...: it must fail with a plain error; what it says is in err.txt.
fails() {
	expect_fail "$@"
	mv messages err.txt
}

# symbol_value FILE NAME: its value in .symtab, as 0x... without leading zeros (empty when absent).
symbol_value() {
	readelf -sW "$1" | awk -v n="$2" '$8 == n && $7 != "UND" { v = $2 } END { sub(/^0+/, "", v); if (v != "") print "0x" v }'
}
