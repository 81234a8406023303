#!/bin/bash
# Who defines a symbol: every row of tests/resolution/table.txt, as a static program, a PIE and a shared object, linked by
# gild and by GNU ld. Both must say what the row says.
# timeout: 600
set -eu
. "$GILD_SRC/tests/lib.sh"

table=$GILD_SRC/tests/resolution/table.txt
modes="static pie shared"
flags_static="-static"
flags_pie="-pie -dynamic-linker /lib64/ld-linux-x86-64.so.2"
flags_shared="-shared"

# definition N LINE...: a definition of x in a section of its own, by which it is known in the output
definition() {
	local n=$1
	shift
	printf '%s\n' "$@" ".section owner_$n,\"aw\"" "x: .long $n" '.type x, @object' '.size x, 4'
}
reference() { printf '%s\n' "$@" '.text' 'movq x@GOTPCREL(%rip), %rax'; }

# source KIND N
source() {
	case $1 in
	ref) reference ;;
	weakref) reference '.weak x' ;;
	hiddenref) reference '.hidden x' ;;
	protectedref) reference '.protected x' ;;
	ref@V1) reference '.symver x, x@V1' ;;
	strong | lazy | shared) definition "$2" '.globl x' ;;
	weak | lazyweak | sharedweak) definition "$2" '.weak x' ;;
	hidden | lazyhidden) definition "$2" '.globl x' '.hidden x' ;;
	hiddenweak) definition "$2" '.weak x' '.hidden x' ;;
	protected | sharedprotected) definition "$2" '.globl x' '.protected x' ;;
	common | lazycommon) echo '.comm x, 4, 4' ;;
	shared@V1) definition "$2" '.globl x' '.symver x, x@V1, remove' ;;
	shared@@V1) definition "$2" '.globl x' '.symver x, x@@V1, remove' ;;
	sharedref) reference ;;
	*) fail "unknown kind: $1" ;;
	esac
	echo '.section .note.GNU-stack'
}

# input KIND N: makes it once, and leaves its name in $file
input() {
	local kind=$1 n=$2 object
	object=$kind-$n.o
	case $kind in
	lazy*) file=$kind-$n.a ;;
	sharedref) file=libref-$n.so ;;
	shared*) file=lib-$kind-$n.so ;;
	*) file=$object ;;
	esac
	[ ! -e "$file" ] || return 0
	source "$kind" "$n" >in.s
	as -o "$object" in.s
	case $kind in
	lazy*) ar rcs "$file" "$object" ;;
	shared*) "$GILD" -shared -soname "$file" --version-script=v1.map "$object" -o "$file" ;;
	esac
}
echo 'V1 { };' >v1.map
printf '%s\n' '.globl _start' '.text' '_start: ret' '.section .note.GNU-stack' >start.s
as -o start.o start.s

# owner LINKER MODE FILE...: a number, common, undef, or duplicate
owner() {
	local linker=$1 mode=$2 flags symbol section
	shift 2
	flags=flags_$mode
	rm -f out
	if ! "$linker" ${!flags} --as-needed -o out start.o "$@" >messages 2>&1; then
		if grep -q 'multiple definition of' messages; then echo duplicate
		elif grep -q 'referenced by DSO' messages; then echo hidden
		elif grep -q 'undefined reference to' messages; then echo undef
		elif grep -q 'is not defined\|isn.t defined' messages; then echo undef
		else echo error; fi
		return
	fi
	readelf -SsdW out >told
	symbol=$(awk '$8 ~ /^x(@.*)?$/ { print $7 }' told | sort -u | head -n 1)
	case $symbol in
	'') echo none ;;
	UND)
		section=$(sed -n 's/.*(NEEDED).*\[lib-shared.*-\([0-9]\)\.so\]/\1/p' told | head -n 1)
		echo "${section:-undef}"
		;;
	*)
		section=$(awk -v n="$symbol" '{ sub(/^ *\[ */, "") } $1 == n "]" { print $2; exit }' told)
		case $section in
		owner_*) echo "${section#owner_}" ;;
		.bss | COMMON) echo common ;;
		*) echo "$section" ;;
		esac
		;;
	esac
}

have ld.bfd && bfd=ld.bfd || bfd=''
rows=0 wrong=0
while read -r line; do
	line=${line%%#*}
	[ -n "${line// /}" ] || continue
	IFS='|' read -r inputs wanted gnu <<<"$line"
	gnu=${gnu// /} wanted=$(echo $wanted)
	rows=$((rows + 1)) n=0 files='' has_shared=''
	for kind in $inputs; do
		n=$((n + 1))
		input "$kind" $n
		case $kind in
		sharedref) files+=" --no-as-needed $file --as-needed" has_shared=yes ;;
		shared*) files+=" $file" has_shared=yes ;;
		*) files+=" $file" ;;
		esac
	done
	got='' got_bfd=''
	for mode in $modes; do
		if [ -n "$has_shared" ] && [ $mode = static ]; then
			got+=' -' got_bfd+=' -'
			continue
		fi
		got+=" $(owner "$GILD" $mode $files)"
		[ -z "$bfd" ] || got_bfd+=" $(owner "$bfd" $mode $files)"
	done
	wanted_bfd=$wanted
	[ -z "$gnu" ] || wanted_bfd=${gnu//,/ }
	if [ "${got# }" != "$wanted" ]; then
		echo "gild: $inputs: wanted '$wanted', got '${got# }'"
		wrong=$((wrong + 1))
	fi
	if [ -n "$bfd" ] && [ "${got_bfd# }" != "$wanted_bfd" ]; then
		echo "GNU ld: $inputs: wanted '$wanted_bfd', got '${got_bfd# }'"
		wrong=$((wrong + 1))
	fi
done <"$table"
[ $rows -gt 50 ] || fail "only $rows rows in the table"
[ $wrong -eq 0 ] || fail "$wrong differences from tests/resolution/table.txt"
