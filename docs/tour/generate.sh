#!/bin/bash
# Builds the sample of docs/tour.md in a temporary folder, links it with gild, and fills the tour's blocks
#
#   <!-- begin: NAME -->
#   ...
#   <!-- end -->
#
# with what block_NAME below prints. Every figure in the tour comes from here.
#
#   docs/tour/generate.sh            rewrites docs/tour.md
#   docs/tour/generate.sh FILE       writes FILE instead
#   docs/tour/generate.sh --check    only says whether the tools here make the same figures; exit code 1 and the reason if not
#
# Environment: GILD, the linker; GILD_BIN, the folder that holds it as `ld` (default: build/gild, build/bin).
set -eu -o pipefail
export LC_ALL=C
unset LD_BIND_NOW LD_LIBRARY_PATH LD_PRELOAD LD_DEBUG

here=$(cd "$(dirname "$0")" && pwd)
GILD=${GILD:-$here/../../build/gild}
GILD_BIN=${GILD_BIN:-$here/../../build/bin}
[ -x "$GILD" ] || { echo "generate.sh: no linker $GILD" >&2; exit 1; }
GILD_BIN=$(cd "$GILD_BIN" && pwd)

die() { echo "generate.sh: $*" >&2; exit 1; }

crt() { gcc -print-file-name="$1"; }

# The figures depend on the assembler, on the tools that show them, and on the start files of gcc and libc.
check() {
	local tool missing=()
	for tool in gcc as ar nm objdump readelf xxd awk sha256sum; do command -v $tool > /dev/null || missing+=($tool); done
	[ ${#missing[@]} -eq 0 ] || { echo "the tour needs ${missing[*]}"; return 1; }
	[ "$(gcc -dumpmachine)" = x86_64-linux-gnu ] || { echo "the tour is of x86-64 Linux"; return 1; }
	case $(cat /etc/debian_version 2>/dev/null) in
	12 | 12.*) ;;
	*) echo "the tour's figures are those of Debian 12"; return 1 ;;
	esac
	[ "$(gcc -dumpversion)" = 12 ] || { echo "the tour's figures are those of gcc 12"; return 1; }
	case $(readelf --version) in
	*' 2.40'*) ;;
	*) echo "the tour's figures are those of binutils 2.40"; return 1 ;;
	esac
	local sum name
	while read -r sum name; do
		[ "$(sha256sum < "$(crt "$name")")" = "$sum  -" ] || { echo "$name here is not the one the tour was made with"; return 1; }
	done < "$here/crt.sha256"
}
if [ "${1:-}" = --check ]; then
	check
	exit
fi

out=${1:-$here/../tour.md}
case $out in /*) ;; *) out=$PWD/$out ;; esac
tour=$here/../tour.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# ---- the sample ------------------------------------------------------------------------------------------

for name in hello a b; do as --64 "$here/$name.s" -o $name.o; done
ar rcsD libtour.a a.o b.o
link() { gcc -B "$GILD_BIN" -pie hello.o libtour.a "$@"; }
link -o hello -Wl,--plan-out=plan -Wl,--verbose > verbose
sed -i -E 's|/[^ ()]*/||' plan
link -o hello -Wl,--trace | sed -E 's|/[^ ()]*/||' > inputs
link -o with-atexit -Wl,-u,atexit -Wl,--trace | sed -E 's|/[^ ()]*/||' > inputs-atexit
# The assembly is what the compiler makes of the C: the same code and the same relocations.
for name in hello a b; do
	gcc -O1 -fPIE -fno-inline -c "$here/$name.c" -o compiled.o
	[ "$(objdump -dr compiled.o | sed 1,3d)" = "$(objdump -dr $name.o | sed 1,3d)" ] || die "$name.s is not what gcc makes of $name.c"
done
gcc -O1 "$here/fields.c" -o fields
gcc -O1 -fPIC -shared "$here/peek.c" -o peek.so
[ "$(./hello)" = 'Hello from gild!' ] || die "the sample does not run"

# ---- questions about the files ---------------------------------------------------------------------------

# sections FILE: NUMBER NAME TYPE ADDRESS OFFSET SIZE, hexadecimal without 0x, in file order
sections() { readelf -SW "$1" | sed -nE 's/^ *\[ *([0-9]+)\] (\.[^ ]*) +/\1 \2 /p' | awk '{ print $1, $2, $3, $4, $5, $6 }'; }

# section FILE NAME ADDRESS|OFFSET|SIZE: as a number
section() {
	local column=4 value
	case $3 in OFFSET) column=5 ;; SIZE) column=6 ;; esac
	value=$(sections "$1" | awk -v name="$2" -v column=$column '$2 == name { print $column }')
	[ -n "$value" ] || die "no section $2 in $1"
	echo $((16#$value))
}

# symbol FILE NAME: its value, a number
symbol() {
	local value
	value=$(nm "$1" | awk -v name="$2" '$3 == name { print $1 }')
	[ -n "$value" ] || die "no symbol $2 in $1"
	echo $((16#$value))
}

# planned FILE SECTION OFFSET|SIZE: where the plan puts an input section in its output section's run; several runs are not told apart
planned() {
	local column=4 value
	[ "$3" = OFFSET ] || column=5
	value=$(awk -v name="$1:$2" -v column=$column '$1 == "section" && $7 == name { print $column }' plan)
	[ -n "$value" ] || die "no section $1:$2 in the plan"
	echo $((value))
}

# run_of FILE SECTION: the output section of an input section
run_of() { awk -v name="$1:$2" '$1 == "run" { run = $2 } $1 == "section" && $7 == name { print run }' plan; }

# placed FILE SECTION: the address of an input section in hello. Valid for runs that begin with their output section.
placed() { echo $(($(section hello "$(run_of "$1" "$2")" ADDRESS) + $(planned "$1" "$2" OFFSET))); }

# file_offset ADDRESS: where the file hello has the byte of that address
file_offset() {
	readelf -lW hello | awk '$1 == "LOAD" { print $2, $3, $5 }' | while read -r offset address size; do
		if [ "$1" -ge $((address)) ] && [ "$1" -lt $((address + size)) ]; then echo $((offset + $1 - address)); fi
	done
}

# bytes FILE OFFSET COUNT: "c0 20 00 00"
bytes() { xxd -p -s "$2" -l "$3" "$1" | sed 's/../& /g; s/ $//'; }

# little_endian VALUE COUNT: the bytes of a number, lowest first
little_endian() {
	local i text=''
	for ((i = 0; i < $2; i++)); do text+=$(printf '%02x ' $((($1 >> (8 * i)) & 255))); done
	echo "${text% }"
}

# number OFFSET: 8 bytes of hello as a number
number() {
	local byte value=0 shift=0
	for byte in $(bytes hello "$1" 8); do value=$((value | 16#$byte << shift)) shift=$((shift + 8)); done
	echo $value
}

hex() { printf '0x%x' "$1"; }

# signed A: "- 4", "+ 0"
signed() { if [ "$1" -lt 0 ]; then echo "- $((-$1))"; else echo "+ $1"; fi; }

# relocations FILE SECTION: OFFSET TYPE SYMBOL SIGN ADDEND, of the section that relocates SECTION
relocations() {
	readelf -rW "$1" | awk -v name="'.rela$2'" '
		/^Relocation section/ { on = $3 == name; next }
		on && $1 ~ /^[0-9a-f]+$/ { sub(/@.*/, "", $5); print $1, $3, $5, $6, $7 }'
}

is_imported() { nm -D hello | awk -v name="$1" '$1 ~ /^[Uw]$/ { sub(/@.*/, "", $2); if ($2 == name) found = 1 } END { exit !found }'; }

fence() { printf '```%s\n' "${1:-text}"; cat; printf '```\n'; }

# ---- the object ------------------------------------------------------------------------------------------

block_source() { sed 1d "$here/hello.c" | fence c; echo; sed 1d "$here/a.c" | fence c; }

# box OFFSET TEXT: one floor of a picture of a file
box() { printf '%8s  +------------------------------+\n          | %-28s |%s\n' "$(hex "$1")" "$2" "${3:+  $3}"; }

object_floors() {
	echo 0 'ELF header'
	sections hello.o | while read -r _ name _ _ offset size; do
		[ "$size" = 000000 ] || echo $((16#$offset)) "$name"
	done
	echo "$(readelf -hW hello.o | awk '/Start of section headers/ { print $5 }')" 'section headers'
}

block_object_picture() {
	{
		object_floors | sort -n | while read -r offset name; do
			case $name in
			ELF*) box "$offset" "$name" "says where the section headers are" ;;
			.text) box "$offset" "$name" "machine code of greet and main" ;;
			.data) box "$offset" "$name" "answer" ;;
			.data.rel.local) box "$offset" "$name" "greeting: room for a pointer" ;;
			.rodata.str1.1) box "$offset" "$name" '"Hello from gild!"' ;;
			.eh_frame) box "$offset" "$name" "how to unwind greet and main" ;;
			.symtab) box "$offset" "$name" "names and what they stand for" ;;
			.strtab) box "$offset" "$name" "the names' letters" ;;
			.rela.*) box "$offset" "$name" "what to fill in, in ${name#.rela}" ;;
			.shstrtab) box "$offset" "$name" "letters of the section names" ;;
			section*) box "$offset" "$name" "where every section is" ;;
			*) box "$offset" "$name" ;;
			esac
		done
		printf '%8s  +------------------------------+\n' "$(hex "$(stat -c %s hello.o)")"
	} | fence
}

block_ehdr() { ./fields hello.o ehdr | fence; }
block_shdr() {
	local start size number
	start=$(readelf -hW hello.o | awk '/Start of section headers/ { print $5 }')
	size=$(readelf -hW hello.o | awk '/Size of section headers/ { print $5 }')
	number=$(sections hello.o | awk '$2 == ".text" { print $1 }')
	{
		echo "section header $number begins at  e_shoff + $number * e_shentsize  =  $(hex "$start") + $number * $(hex "$size")  =  $(hex $((start + number * size)))"
		echo
		./fields hello.o shdr .text
	} | fence
}
block_sections() { readelf -SW hello.o | sed -n '/\[Nr\]/,/^Key/p' | sed '$d; /\[ 0\]/d' | fence; }
block_symbols() { readelf -sW hello.o | sed -n '/Num:/,$p' | sed '/^$/d' | fence; }
block_sym() { { ./fields hello.o sym answer; echo; ./fields hello.o sym puts; } | fence; }
block_code() { objdump -dr --no-show-raw-insn hello.o | sed -n '/<greet>:/,$p' | fence; }
block_holes() { objdump -dr hello.o | sed -n '/<main>:/,$p' | grep -A 1 'mov .*,%edi' | fence; }
block_relocations() {
	local section
	for section in .text .data.rel.local .eh_frame; do
		echo ".rela$section"
		relocations hello.o $section | while read -r offset type name sign addend; do
			printf '  %-4s  %-15s  %s %s %s\n' "$(hex $((16#$offset)))" "$type" "$name" "$sign" "$(hex $((16#$addend)))"
		done
	done | fence
}
block_rela() { ./fields hello.o rela .rela.text 2 | fence; }

# ---- inputs and names ------------------------------------------------------------------------------------

block_command() {
	gcc '-###' -pie hello.o libtour.a -o hello 2>&1 | grep collect2 | tr -d '"' |
		sed -E 's/^ *[^ ]*collect2/ld/; s/ -plugin [^ ]+//; s/ -plugin-opt=[^ ]+//g; s/ -L[^ ]+//g; s|/usr/[^ ]*/||g' | fold -s -w 100 | sed 's/ $//; 2,$s/^/   /' |
		fence
}
wrapped() { { tr '\n' ' '; echo; } | fold -s -w 100 | sed 's/ *$//; /^$/d'; }
block_inputs() { { grep -v '(' inputs | wrapped; grep '(' inputs; } | fence; }
block_archive() {
	{
		echo '$ nm -s libtour.a        (the index only)'
		nm -s libtour.a | sed -n '/^Archive index/,/^$/p' | sed '1d; /^$/d'
		echo
		echo '$ gcc ... -Wl,--trace    (members only)'
		grep '(' inputs
	} | fence
}
block_nonshared() {
	{
		echo "members of libc_nonshared.a in our link:  $(grep -c '^libc_nonshared.a(' inputs || :)"
		echo "when somebody asks for atexit (-Wl,--undefined=atexit):  $(grep '^libc_nonshared.a(' inputs-atexit)"
	} | fence
}

# The program's files, by the names that `nm` can open.
files=(Scrt1.o crti.o crtbeginS.o hello.o a.o libc.so.6 crtendS.o crtn.o)
file_names() { # FILE: "KIND NAME" of global names, KIND U w (undefined) or another letter
	case $1 in
	hello.o | a.o) nm -g "$1" ;;
	*.so*) nm -D "$(crt "$1")" ;;
	*) nm -g "$(crt "$1")" 2> /dev/null ;;
	esac | awk '{ name = $NF; hidden = name ~ /[^@]@[^@]/; sub(/@.*/, "", name); if (!hidden) print $(NF - 1), name }'
}
for file in "${files[@]}"; do file_names "$file" | sed "s/^/$file /"; done > names

block_resolved() {
	echo '| name | asked for by | defined by |'
	echo '|---|---|---|'
	awk '$1 ~ /^(hello|a)\.o$/ || ($1 ~ /^(Scrt1|crti|crtbeginS)\.o$/ && $2 ~ /[Uw]/) { print $3 }' names | awk '!seen[$0]++' | while read -r name; do
		asked=$(awk -v name="$name" '$3 == name && $2 ~ /[Uw]/ { printf "%s%s", sep, $1; sep = ", " }' names)
		defined=$(awk -v name="$name" '$3 == name && $2 !~ /[Uw]/ { print $1; exit }' names)
		if [ -z "$defined" ]; then
			defined='nobody; weak, so it may stay open'
			nm hello | awk -v name="$name" '$3 == name { found = 1 } END { exit !found }' && defined='the linker'
		fi
		echo "| \`$name\` | ${asked:--} | $defined |"
	done
}
block_internal() {
	nm -n hello | awk 'NR == FNR { if ($2 !~ /[Uw]/) defined[$3] = 1; next } NF == 3 && !($3 in defined) && $2 ~ /[A-Z]/ || $3 ~ /^_(GLOBAL_OFFSET_TABLE_|DYNAMIC)$/' names - |
		while read -r value _ name; do echo "$(hex $((16#$value)))  $name"; done | fence
}
block_dynsym() { readelf --dyn-syms -W hello | sed -n '/Num:/,$p' | sed '/^$/d' | fence; }

# ---- layout ----------------------------------------------------------------------------------------------

block_layout() {
	awk '/^  \.text :/ || /^  \.data :/ || /^  _edata = / { on = 1 } on; /^  }/ || /^  _edata = / { on = 0 }' verbose | fence
}
block_placement() {
	awk '$1 == "run" && ($2 == ".rodata" || $2 == ".text" || $2 == ".data") { print; on = 1; next } $1 == "run" { on = 0 }
		on && $5 != "0x0"' plan | fence
}
block_merged() {
	{
		echo '$ readelf -p .rodata hello'
		readelf -p .rodata hello | grep '\['
		echo '$ readelf -p .comment hello'
		readelf -p .comment hello | grep '\['
		local file having=''
		for file in Scrt1.o crti.o crtbeginS.o crtendS.o crtn.o; do
			if readelf -p .comment "$(crt $file)" 2>/dev/null | grep -qF "$(readelf -p .comment hello | sed -n 's/.*\] *//p' | grep . | head -n 1)"; then
				having+=" $file"
			fi
		done
		echo "inputs that have this comment:$having"
	} | fence
}

# ---- scan ------------------------------------------------------------------------------------------------

# need TYPE SYMBOL: what src/arch/x86_64.c asks for; each is checked against the output.
need() {
	local type=$1 name=$2
	case $type in
	R_X86_64_PC32) echo 'nothing: the distance is known after layout' ;;
	R_X86_64_PLT32)
		if is_imported "$name"; then
			readelf -rW hello | grep -q "R_X86_64_JUMP_SLOT.* $name@" || die "no JUMP_SLOT for $name"
			echo 'a PLT entry, a slot in `.got.plt`, a `R_X86_64_JUMP_SLOT`'
		else
			echo 'nothing: the function is ours, called directly'
		fi
		;;
	R_X86_64_64) echo 'a `R_X86_64_RELATIVE`: the address moves with the program' ;;
	*GOTPCRELX)
		if is_imported "$name"; then
			readelf -rW hello | grep -q "R_X86_64_GLOB_DAT.* $name" || die "no GLOB_DAT for $name"
			echo 'a slot in `.got`, a `R_X86_64_GLOB_DAT`'
		else
			echo 'nothing: the load from the GOT becomes a `lea`'
		fi
		;;
	*) die "no words for $type" ;;
	esac
}
block_needs() {
	local file section path
	echo '| file and section | type | symbol | needs |'
	echo '|---|---|---|---|'
	for file in hello.o a.o Scrt1.o; do
		path=$file
		[ -e $file ] || path=$(crt $file)
		for section in .text .data.rel.local; do
			relocations "$path" $section | while read -r _ type name _; do
				echo "| $file $section | \`$type\` | \`$name\` | $(need "$type" "$name") |"
			done
		done
	done | uniq
}
block_slots() {
	readelf -rW hello | awk '/R_X86_64_/ { print $1, $3, (NF > 5 ? $5 : "base + 0x" $4) }' | while read -r slot type value; do
		slot=$((16#$slot))
		sections hello | while read -r _ name _ address _ size; do
			if [ $slot -ge $((16#$address)) ] && [ $slot -lt $((16#$address + 16#$size)) ] && [ "$address" != 0000000000000000 ]; then
				printf '%-7s %-12s %-19s %s\n' "$(hex $slot)" "$name" "$type" "$value"
			fi
		done
	done | fence
}
block_synthetic() { awk '$1 == "run" { run = $2 } $1 == "section" && $2 == 0 && $7 ~ /:\./ { print run }' plan | uniq | wrapped | fence; }

# ---- addresses -------------------------------------------------------------------------------------------

block_segments() { readelf -lW hello | sed -n '/^  Type/,/^$/p' | sed '/^$/d; /Requesting/d; s/PhysAddr *//; s/^\(  [A-Z_]* *0x[0-9a-f]* 0x[0-9a-f]*\) 0x[0-9a-f]*/\1/' | fence; }

# The file as the loader sees it: its PT_LOADs, and the sections inside.
block_output_picture() {
	readelf -lW hello | awk '$1 == "LOAD" { print $2, $3, $5, $6, $7, $8, $9 }' | while read -r offset address filesz memsz flags; do
		flags=${flags% 0x*}
		[ "$((offset))" -ne 0 ] || { box 0 'ELF header'; box 64 'program headers'; }
		sections hello | while read -r _ name type at where size; do
			at=$((16#$at)) size=$((16#$size)) where=$((16#$where))
			if [ $size -eq 0 ] || [ $at -eq 0 ] || [ $at -lt $((address)) ] || [ $at -ge $((address + memsz)) ]; then continue; fi
			if [ "$type" = NOBITS ]; then box $where "$name" "address $(hex $at), no bytes in the file"; else box $where "$name" "address $(hex $at)"; fi
		done
		printf '%8s  +==============================+  end of a PT_LOAD: %s\n' "$(hex $((offset + filesz)))" "$flags"
	done | sed -E 's/: (R?)( ?)(W?)( ?)(E?) *$/: \1\3\5/; s/: RE$/: read, execute/; s/: RW$/: read, write/; s/: R$/: read/' > picture
	{
		cat picture
		sections hello | awk '$4 ~ /^0+$/ { print $2, $5 }' | while read -r name where; do box $((16#$where)) "$name"; done
		box "$(readelf -hW hello | awk '/Start of section headers/ { print $5 }')" 'section headers'
		printf '%8s  +------------------------------+\n' "$(hex "$(stat -c %s hello)")"
	} | fence
}

block_address() {
	local text offset value sum
	text=$(section hello .text ADDRESS) offset=$(planned hello.o .text OFFSET) value=$(symbol hello.o main)
	sum=$((text + offset + value))
	[ $sum -eq "$(symbol hello main)" ] || die "main is not where the sum says"
	{
		echo "  $(hex $text)   address of .text in hello"
		echo "+ $(hex "$offset")     offset of hello.o's .text in it           (the plan)"
		echo "+ $(hex "$value")     st_value of main in hello.o's symbol table"
		echo "= $(hex $sum)   address of main                           (nm hello says $(hex "$(symbol hello main)"))"
	} | fence
}

# ---- relocations by hand ---------------------------------------------------------------------------------

# instruction_at OFFSET: the instruction of hello.o's .text that has this byte
instruction_at() {
	local at code text count
	objdump -d hello.o | sed -nE 's/^ +([0-9a-f]+):\t([0-9a-f ]+)\t(.*)/\1|\2|\3/p' | while IFS='|' read -r at code text; do
		count=$(wc -w <<< "$code")
		if [ "$1" -ge $((16#$at)) ] && [ "$1" -lt $((16#$at + count)) ]; then echo "    ${code%% }  $text" | tr -s ' ' | sed 's/^ */    /'; fi
	done
}

# by_hand NUMBER: relocation NUMBER (from 0) of hello.o's .text, done with pencil and paper, compared with the output.
by_hand() {
	local offset type name sign addend a s p value at start word=S what
	read -r offset type name sign addend < <(relocations hello.o .text | sed -n "$(($1 + 1))p")
	offset=$((16#$offset)) a=$((${sign}16#$addend))
	start=$(placed hello.o .text)
	p=$((start + offset))
	if [ "$type" = R_X86_64_PLT32 ] && is_imported "$name"; then
		word=L
		s=$(plt_entry) what="address of $name's PLT entry"
	else
		s=$(symbol hello "$name") what="address of $name"
	fi
	value=$((s + a - p))
	at=$(file_offset $p)
	[ "$(little_endian $value 4)" = "$(bytes hello "$at" 4)" ] || die "$type $name: the output has other bytes"
	echo "$type  $name $sign $((16#$addend))  at .text + $(hex $offset) of hello.o:"
	instruction_at $offset
	echo
	printf '    %s                      %-9s  %s\n' $word "$(hex "$s")" "$what"
	printf '    A                      %-9s  r_addend\n' "$a"
	printf '    P  = %s + %-4s   =  %-9s  where the hole is: hello.o'"'"'s .text is at %s\n' "$(hex "$start")" "$(hex $offset)" "$(hex $p)" "$(hex "$start")"
	echo
	echo "    $word + A - P  =  $(hex "$s") $(signed $a) - $(hex $p)  =  $(if [ $value -lt 0 ]; then echo "-$(hex $((-value)))"; else hex $value; fi)"
	echo
	echo "    as four bytes, lowest first:   $(little_endian $value 4)"
	echo "    byte $(hex $((16#$(sections hello.o | awk '$2 == ".text" { print $5 }') + offset))) of hello.o:          $(bytes hello.o $(($(section hello.o .text OFFSET) + offset)) 4)"
	echo "    byte $(hex "$at") of hello:          $(bytes hello "$at" 4)"
}
plt_entry() { # the address of the first entry behind the header, that of puts: the only one
	[ "$(readelf -rW hello | grep -c JUMP_SLOT)" = 1 ] || die "more than one PLT entry"
	objdump -d -j .plt hello | awk '/push +\$0x0/ { found = previous } { if ($1 ~ /:$/) { previous = $1 } } END { sub(/:/, "", found); print found }' |
		while read -r at; do echo $((16#$at)); done
}

block_by_hand() { by_hand 2 | fence; }
block_seen_by_cpu() {
	objdump -d hello | sed -n '/<main>:/,/ret/p' | grep 'mov .*,%edi' | sed 's/^ *//' | fence
}
block_by_hand_compare() { by_hand 5 | fence; }
block_by_hand_call() { by_hand 1 | fence; }
block_by_hand_pointer() {
	local p string at
	p=$(placed hello.o .data.rel.local)
	string=$(readelf -p .rodata hello | awk '/Hello from gild!/ { gsub(/[][]/, ""); print $1 }')
	string=$(($(section hello .rodata ADDRESS) + 16#$string))
	at=$(file_offset "$p")
	[ "$(number "$at")" = "$string" ] || die "the pointer holds something else"
	{
		relocations hello.o .data.rel.local | while read -r offset type name sign addend; do
			echo "$type  $name $sign $((16#$addend))  at .data.rel.local + $(hex $((16#$offset))) of hello.o:"
		done
		echo
		echo "    S + A  =  $(hex $string)    where the string is now, in .rodata"
		echo
		echo "    as eight bytes, lowest first:  $(little_endian $string 8)"
		echo "    byte $(hex "$at") of hello:          $(bytes hello "$at" 8)"
		echo
		echo 'and in .rela.dyn, for the loader:'
		echo
		readelf -rW hello | awk -v slot="$(printf '%016x' "$p")" -v at="$(hex "$p")" '$1 == slot { print "    " $3 "  at base + " at ":  base + 0x" $4 }'
	} | fence
}
block_relaxed() {
	{
		echo 'Scrt1.o:'
		objdump -dr "$(crt Scrt1.o)" | grep -A 1 'mov .*(%rip),%rdi' | sed 's/^ */    /'
		echo 'hello:'
		objdump -d hello | sed -n '/<_start>:/,/hlt/p' | grep 'lea .*,%rdi' | sed 's/^ */    /'
	} | fence
}

# ---- GOT, PLT, unwinding, dynamic section ----------------------------------------------------------------

block_plt() { objdump -d -j .plt hello | sed -n '/^[0-9a-f]* </,$p' | fence; }
block_got_plt() {
	local address offset size i value note entry
	address=$(section hello .got.plt ADDRESS) offset=$(section hello .got.plt OFFSET) size=$(section hello .got.plt SIZE)
	entry=$(plt_entry)
	for ((i = 0; i * 8 < size; i++)); do
		value=$(number $((offset + 8 * i)))
		note=''
		case $i in
		0) note='for the loader: the address of .dynamic' ; [ "$value" -eq "$(section hello .dynamic ADDRESS)" ] || die "GOT[0] is not .dynamic" ;;
		1) note='the loader will put a pointer to its notes on this program here' ;;
		2) note='the loader will put the address of its resolver here' ;;
		3) note="puts: the second instruction of its own PLT entry" ; [ "$value" -eq $((entry + 6)) ] || die "GOT[3] is not the PLT entry's" ;;
		esac
		printf '%s  [%d]  %-8s  %s\n' "$(hex $((address + 8 * i)))" $i "$(hex "$value")" "$note"
	done | fence
}
block_eh_sizes() {
	local file name
	echo '| input | `.eh_frame` in the object | in `hello` |'
	echo '|---|---|---|'
	for file in Scrt1.o hello.o a.o; do
		name=$file
		[ $file != a.o ] || name='libtour.a(a.o)'
		[ -e $file ] && path=$file || path=$(crt $file)
		echo "| $file | $(section "$path" .eh_frame SIZE) bytes | $(planned "$name" .eh_frame SIZE) bytes |"
	done
}
block_eh_frame() {
	local start
	start=$(printf '%016x' "$(symbol hello main)")
	readelf --debug-dump=frames hello 2>/dev/null | awk -v RS= -v start="pc=$start" 'index($0, start) { print }' | fence
}
block_eh_frame_hdr() {
	local base offset main count i at target fde
	base=$(section hello .eh_frame_hdr ADDRESS) offset=$(section hello .eh_frame_hdr OFFSET) main=$(symbol hello main)
	word() { local v=$((16#$(xxd -p -s "$1" -l 4 hello | sed -E 's/(..)(..)(..)(..)/\4\3\2\1/'))); [ $v -lt $((1 << 31)) ] || v=$((v - (1 << 32))); echo $v; }
	count=$(word $((offset + 8)))
	for ((i = 0; i < count; i++)); do
		at=$((offset + 12 + 8 * i))
		target=$((base + $(word $at))) fde=$((base + $(word $((at + 4)))))
		name=$({ nm hello | awk '{ print $1, $3 }'; readelf -SW hello | sed 's/^ *\[ *[0-9]*\] *//' | awk '{ print $3, $1 }'; } |
			awk -v at="$(printf '%016x' $target)" '$1 == at { print $2; exit }')
		printf '%s  code from %s (%s)  FDE at %s\n' "$(bytes hello $at 8)" "$(hex $target)" "$name" "$(hex $fde)"
		[ $target -ne "$main" ] || found=yes
	done > table
	[ "${found:-}" = yes ] || die "main is not in .eh_frame_hdr"
	fence < table
}
block_dynamic() { readelf -dW hello | sed -n '/Tag/,$p' | sed '/^$/d' | fence; }

# ---- start -----------------------------------------------------------------------------------------------

block_interp() { readelf -p .interp hello | sed -n 's/.*\]  *//p' | fence; }
block_bindings() {
	LD_DEBUG=files,bindings ./hello 2>&1 | awk 'NR == FNR { if ($1 ~ /^[Uw]$/) { sub(/@.*/, "", $2); own["`" $2 "\047"] = 1 } next }
		/binding file .\/hello / { for (i = 1; i <= NF; i++) if ($i in own) print "bound: " substr($i, 2, length($i) - 2) ", found in " target() }
		/initialize program|transferring control/ { sub(/^ *[0-9]+:\t/, ""); print }
		/^Hello/ { print }
		function target(    n, path) { for (n = 1; $n != "to"; n++); path = $(n + 1); sub(/.*\//, "", path); return path }' <(nm -D hello) - | fence
}
block_peek() {
	local slot
	slot=$(readelf -rW hello | awk '/JUMP_SLOT/ { print $1 }')
	LD_PRELOAD=./peek.so PEEK="$slot" ./hello 2>&1 > /dev/null | fence
}

# ---- filling the blocks ----------------------------------------------------------------------------------

while IFS= read -r line; do
	case $line in
	'<!-- begin: '*' -->')
		name=${line#<!-- begin: } name=${name% -->}
		declare -F "block_${name//-/_}" > /dev/null || die "no block $name"
		printf '%s\n\n' "$line"
		"block_${name//-/_}"
		printf '\n'
		while IFS= read -r line; do [ "$line" != '<!-- end -->' ] || break; done
		[ "$line" = '<!-- end -->' ] || die "block $name has no end"
		;;
	esac
	printf '%s\n' "$line"
done < "$tour" > new.md

[ "$out" != "$tour" ] || for name in Scrt1.o crti.o crtbeginS.o crtendS.o crtn.o libc_nonshared.a; do
	printf '%s %s\n' "$(sha256sum < "$(crt $name)" | cut -d ' ' -f 1)" $name
done > "$here/crt.sha256"
cp new.md "$out"
