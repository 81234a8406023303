#!/bin/bash
# Links the same inputs with two linkers and compares the outputs in meaning, not in bytes.
#
#   compare-links.sh LINKER-FOLDER REFERENCE-FOLDER DRIVER ARGS...
#
# Each folder holds an `ld` for `gcc -B`; DRIVER is gcc, g++ or the like, ARGS are what it gets (without -o). Compared are:
# kind of file and interpreter, dynamic symbols (version, binding, type, visibility, size), NEEDED, soname, runpath and
# flags, global symbols of .symtab, section names (but for sections-allowed.txt), kinds of dynamic relocations (which symbols
# they name; how many RELATIVE ones), segments with their permissions, and for executables exit code and output. Says each
# difference on stdout and ends with 1 when there is one. The outputs are left as out.tested and out.reference.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tested=$1 reference=$2 driver=$3
shift 3

$driver -B"$tested" "$@" -o out.tested || exit 2
$driver -B"$reference" "$@" -o out.reference || exit 2

# What the linker's own symbols are called, and which of them it exports, is its own affair.
own='^(_end|end|_edata|edata|_etext|etext|__etext|__bss_start|__data_start|data_start|_GLOBAL_OFFSET_TABLE_|_DYNAMIC|__GNU_EH_FRAME_HDR|__(init|fini|preinit)_array_(start|end)|__rela_iplt_(start|end)|__ehdr_start|__executable_start|_PROCEDURE_LINKAGE_TABLE_|__TMC_END__|_TLS_MODULE_BASE_|__dso_handle)$'

header() { readelf -hW $1 | grep -E '^ *(Class|Data|Type|Machine)'; readelf -lW $1 | grep 'program interpreter'; }
# readelf knows the GNU types by name only when the file says it is a GNU one
gnu_types() { sed -E 's/^( *[0-9]+: [0-9a-f]+ +[0-9]+ )<OS specific>: 10/\1IFUNC/; s/<OS specific>: 10/UNIQUE/'; }
dynamic_symbols() { # bind type visibility defined? name@version size-of-objects; no type of undefined ones; no names of versions
	readelf --dyn-syms -W $1 | gnu_types | awk -v own="$own" '$1 ~ /^[0-9]+:$/ && $8 != "" {
		name = $8; sub(/@.*/, "", name)
		if (name ~ own || ($7 == "ABS" && $4 == "OBJECT" && $3 == 0)) next
		print $5, ($7 == "UND" ? "-" : $4), $6, ($7 == "UND" ? "undefined" : "defined"), $8, ($7 != "UND" && ($4 == "OBJECT" || $4 == "TLS") ? $3 : "") }' | sed 's/ ([0-9]*)//' | sort
}
dynamic_entries() { readelf -dW $1 | grep -E '\((NEEDED|SONAME|RUNPATH|RPATH|FLAGS|FLAGS_1|BIND_NOW|SYMBOLIC|TEXTREL|INIT|FINI|VERNEEDNUM|VERDEFNUM)\)' | sed -E 's/^ *0x[0-9a-f]+ *//; s/^(\((INIT|FINI)\)).*/\1/; s/(\(SYMBOLIC\)).*/\1/; s/ +/ /g' |
	awk '/NEEDED/ { print; next } { rest[n++] = $0 } END { for (i = 0; i < n; i++) print rest[i] | "sort" }'; } # the order of NEEDED counts
versions() { readelf -VW $1 | grep -oE 'Name: [^ ]+|File: [^ ]+' | sort; }
global_symbols() { # bind type visibility name, of what is defined
	readelf -sW $1 | gnu_types | sed -n "/'.symtab'/,\$p" | awk -v own="$own" '$1 ~ /^[0-9]+:$/ && $5 != "LOCAL" {
		name = $8; sub(/@.*/, "", name)
		if (name == "" || name ~ own || $6 == "HIDDEN" || $6 == "INTERNAL" || $7 == "UND" || ($7 == "ABS" && $4 == "OBJECT" && $3 == 0)) next # hidden ones may be LOCAL
		print $5, $4, $6, name }' | sort -u
}
section_names() {
	grep -vE '^(#|$)' "$here/sections-allowed.txt" | sed 's/.*/^(&)$/' >sections-allowed
	readelf -SW $1 | sed 's/\[ */[/' | awk '$1 ~ /^\[[0-9]+\]$/ && $2 ~ /^[._a-zA-Z]/ { print $2 }' | grep -vE -f sections-allowed | sort -u
}
relocations() { # TYPE SYMBOL, and the number of RELATIVE ones; JUMP_SLOT and GLOB_DAT of a symbol are one need
	readelf -rW $1 | awk '$3 ~ /^R_/ { sub(/^R_X86_64_/, "", $3); t = $3; if (t == "JUMP_SLO" || t == "JUMP_SLOT" || t == "GLOB_DAT") t = "bind"
		if (t == "RELATIVE") r++; else print t, (t == "IRELATIV" ? "" : $5) } END { print "RELATIVE", r + 0 }' | sort -u
}
segments() { readelf -lW $1 | awk '$1 ~ /^(LOAD|GNU_|TLS|DYNAMIC|INTERP)/ { f = ""; for (i = 7; i < NF; i++) f = f $i; print $1, ($1 == "LOAD" ? f : "") }' | sort -u; }
behaviour() {
	case $(readelf -lW $1) in *INTERP*) ;; *) [ -z "$(readelf -dW $1 | grep NEEDED)" ] && ! readelf -hW $1 | grep -q 'DYN' || return 0 ;; esac
	./$1 </dev/null 2>&1; echo "exit code $?"
}

different=0
for aspect in header dynamic_symbols dynamic_entries versions global_symbols section_names relocations segments behaviour; do
	[[ " ${IGNORE:-} " != *" $aspect "* ]] || continue
	$aspect out.reference >reference.txt
	$aspect out.tested >tested.txt
	if ! diff reference.txt tested.txt >diff.txt; then
		echo "$aspect differs (< reference, > tested):"
		grep '^[<>]' diff.txt | head -20
		different=1
	fi
done
exit $different
