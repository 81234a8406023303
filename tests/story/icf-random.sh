#!/bin/bash
# --icf=all folds exactly what is equal: random graphs of functions and tables, copied many times with references from
# one copy to another and with a few changes, against a naive computation of what is equal, and against lld's list if lld
# is there.
#
# SEED, ROUNDS: which graphs, and how many
set -eu
. "$GILD_SRC/tests/lib.sh"

SEED=${SEED:-1} ROUNDS=${ROUNDS:-6} FILES=5
lld=$(command -v ld.lld ld.lld-19 ld.lld-16 ld.lld-15 ld.lld-14 | head -n 1 || :)

# Writes FILES assembler files, and `expected`: NODE CLASS, where nodes of one class are equal.
generate() {
	awk -v seed="$1" -v files=$FILES '
	function random(n) { return int(rand() * n) }
	function node(copy, j) { return copy * shape + j }
	# a symbol, or a label that the assembler turns into section and offset, if both are in one file; inside a section
	# it would compute the distance itself. Calls of labels have another type of relocation.
	function name(from, to) { return (from != to && file[from] == file[to] && random(3) == 0 ? ".L" : "") "n" to }
	BEGIN {
		srand(seed)
		shape = 5 + random(40); copies = 3 + random(30); changes = random(12)
		n = shape * copies
		for (j = 0; j < shape; j++) {
			kind_of[j] = random(6)
			edges_of[j] = random(4)
			for (e = 0; e < edges_of[j]; e++)
				edge_of[j, e] = random(shape)
		}
		for (i = 0; i < n; i++) {
			j = i % shape
			file[i] = random(files)
			kind[i] = kind_of[j]
			edges[i] = edges_of[j]
			for (e = 0; e < edges[i]; e++)
				edge[i, e] = node(random(copies), edge_of[j, e])
		}
		for (c = 0; c < changes; c++) {
			i = random(n)
			if (random(2) || !edges[i]) kind[i] = 6 + random(3)
			else edge[i, random(edges[i])] = random(n)
		}
		# the coarsest partition: as many rounds as it takes
		for (i = 0; i < n; i++) class[i] = kind[i] " " edges[i]
		for (count = -1; count != before; ) {
			before = count
			delete number; count = 0
			for (i = 0; i < n; i++) {
				key = class[i]
				for (e = 0; e < edges[i]; e++) key = key "," class[edge[i, e]]
				if (!(key in number)) number[key] = ++count
				next_class[i] = number[key]
			}
			for (i = 0; i < n; i++) class[i] = next_class[i]
		}
		for (i = 0; i < n; i++) print "n" i, class[i] >"expected"
		for (i = 0; i < n; i++) {
			to = file[i] ".s"
			is_code = kind[i] % 3 != 0
			# the odd kinds of code have unwind records, which differ by kind
			unwind = is_code && kind[i] % 2
			print ".section ." (is_code ? "text" : kind[i] % 2 ? "rodata" : "data.rel.ro") ".n" i "," \
				(is_code ? "\"ax\"" : kind[i] % 2 ? "\"a\"" : "\"aw\"") ",@progbits\n.globl n" i >to
			print "n" i ":\n.Ln" i ":" (unwind ? "\n.cfi_startproc\n.cfi_def_cfa_offset " 8 * kind[i] : "") >to
			print ".long " kind[i] >to
			for (e = 0; e < edges[i]; e++)
				print (!is_code ? ".quad " name(i, edge[i, e]) "+" e : (kind[i] + e) % 2 ? "call n" edge[i, e] \
					: "lea " name(i, edge[i, e]) "(%rip),%rax") >to
			if (unwind) print ".cfi_endproc" >to
		}
	}'
}

# From the list of a linker: the names of each class on a line. lld folds empty sections, too.
normalise() {
	sed -n 's/.*\.\(n[0-9]*\))$/& \1/p' "$1" | awk '/^selected/ { leader = $NF; member[leader] = leader; next }
		/^  removing/ { member[leader] = member[leader] " " $NF }
		END { for (l in member) print member[l] }' |
		while read -r line; do tr ' ' '\n' <<<"$line" | sort -V | tr '\n' ' '; echo; done | sort
}

for round in $(seq "$ROUNDS"); do
	seed=$((SEED * 1000 + round))
	rm -f ./*.s ./*.o
	generate $seed
	objects=()
	for f in $(seq 0 $((FILES - 1))); do
		[ ! -e $f.s ] || { "$CC" -c $f.s; objects+=($f.o); }
	done
	options=(-e n0 --icf=all --ignore-data-address-equality --print-icf-sections)
	for threads in 1 3; do
		"$GILD" "${objects[@]}" -o out "${options[@]}" --threads=$threads >list
		nm out | awk '$3 ~ /^n[0-9]/ { print $3, $1 }' >got
		awk 'NR == FNR { class[$1] = $2; next }
			!($1 in class) { print "unknown: " $1; next }
			{ seen++ }
			class[$1] in address && address[class[$1]] != $2 { print "not folded: " first[class[$1]], $1 }
			$2 in owner && class[owner[$2]] != class[$1] { print "folded: " owner[$2], $1 }
			{ address[class[$1]] = $2; owner[$2] = $1; first[class[$1]] = $1 }
			END { for (i in class) n++; if (n != seen) print seen " of " n " symbols" }' expected got >wrong
		[ ! -s wrong ] || { head -n 20 wrong; fail "seed $seed, $threads threads: not what is equal is folded"; }
	done
	[ -n "$lld" ] || continue
	normalise list >ours
	"$lld" "${objects[@]}" -o reference "${options[@]}" >list.lld
	normalise list.lld >theirs
	diff theirs ours >differences || { head -n 20 differences; fail "seed $seed: lld (<) and gild (>) fold differently"; }
done
