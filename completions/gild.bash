# bash completion for gild                                   -*- shell-script -*-
#
# The options come from `gild --help`, so that they are always those of the gild at hand.

# _gild_words COMMAND PREFIX: the options (PREFIX "-"), or with PREFIX "-z " the keywords of -z.
_gild_words() {
	"$1" --help 2>/dev/null | awk -v prefix="$2" '
	/^  -/ {
		sub(/^  /, ""); sub(/  .*/, "")
		n = split($0, spelling, /, */)
		for (i = 1; i <= n; i++) {
			keyword = spelling[i] ~ /^-z / && spelling[i] != "-z KEYWORD"
			if (keyword != (prefix == "-z "))
				continue
			if (keyword)
				sub(/^-z /, "", spelling[i])
			sub(/ .*/, "", spelling[i])     # -o FILE
			sub(/\[?=.*/, "=", spelling[i]) # --build-id[=STYLE], max-page-size=N
			sub(/\[.*/, "", spelling[i])    # -O[LEVEL]
			if (spelling[i] != "")
				print spelling[i]
		}
	}'
}

# _gild_values OPTION: the values it may have, when they are few.
_gild_values() {
	case $1 in
	--build-id) echo sha1 md5 sha256 fast tree xx uuid none ;;
	--format | -b | --oformat) echo elf binary ;;
	--pack-dyn-relocs) echo relr none ;;
	--hash-style) echo sysv gnu both none ;;
	--color-diagnostics) echo auto always never ;;
	--error-format) echo text json ;;
	--unresolved-symbols) echo report-all ignore-all ignore-in-object-files ignore-in-shared-libs ;;
	--compress-debug-sections) echo none zlib zlib-gabi zlib-gnu zstd ;;
	--icf) echo none safe all ;;
	--warn-abi | --no-warn-abi)
		echo symbol-type symbol-size class-layout copy-relocation archive-override interposition
		;;
	--orphan-handling) echo place warn error discard ;;
	start-stop-visibility) echo default internal hidden protected ;;
	-m) echo elf_x86_64 elf_i386 elf32_x86_64 ;;
	esac
}

# _gild_libraries PREFIX: names for -l: of libraries in the -L directories of the line and the usual ones.
_gild_libraries() {
	local dirs=() dir file i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-L) dirs+=("${COMP_WORDS[i + 1]}") ;;
		-L*) dirs+=("${COMP_WORDS[i]#-L}") ;;
		esac
	done
	for dir in "${dirs[@]}" /usr/local/lib /usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib; do
		for file in "$dir/lib$1"*.so "$dir/lib$1"*.a; do
			[ -e "$file" ] || continue
			file=${file##*/lib}
			echo "${file%.*}"
		done
	done
}

# _gild_command GILD COMMAND: completes a line of `gild tree` and its like.
_gild_command() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	case $prev in
	-s | --symbol) return ;; # a name nobody can guess
	-r | --library-path) COMPREPLY=($(compgen -d -- "$cur")) ; return ;;
	esac
	case $cur in
	-*)
		COMPREPLY=($(compgen -W "$("$1" "$2" --help 2>/dev/null | awk '
			/^  -/ {
				sub(/^  /, ""); sub(/  .*/, "")
				n = split($0, spelling, /, */)
				for (i = 1; i <= n; i++) { sub(/=.*/, "=", spelling[i]); sub(/ .*/, "", spelling[i]); print spelling[i] }
			}')" -- "$cur"))
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
		;;
	*)
		COMPREPLY=($(compgen -f -- "$cur"))
		[ "$2" != cache ] || COMPREPLY=($(compgen -d -- "$cur"))
		;;
	esac
}

# _gild_abi COMMAND: completes the line of gild abi.
_gild_abi() {
	if [ "$COMP_CWORD" -eq 2 ]; then
		COMPREPLY=($(compgen -W "dump"$'\n'"diff"$'\n'"layout"$'\n'"lint" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$("$1" abi "${COMP_WORDS[2]}" --help 2>/dev/null | sed -n 's/^  \(-[-a-z]*=\{0,1\}\).*/\1/p')" -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}

_gild() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} IFS=$'\n'
	COMPREPLY=()
	if [ "${1##*/}" = gild ]; then
		case $COMP_CWORD,${COMP_WORDS[1]} in
		1,t | 1,tr* | 1,e | 1,ex* | 1,ca* | 1,ab*) COMPREPLY=($(compgen -W $'tree\nexplain\ncache\nabi' -- "$cur") $(compgen -f -- "$cur")) ; return ;;
		1,*) ;;
		*,abi) _gild_abi "$1" ; return ;;
		*,tree | *,explain | *,cache) _gild_command "$1" "${COMP_WORDS[1]}" ; return ;;
		esac
	fi
	# bash takes --build-id=sha1 for three words
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	--*) ;;
	-soname | -rpath | -rpath-link | -Map | -plugin | -init | -fini) prev=-$prev ;;
	esac

	local values
	values=$(_gild_values "$prev")
	if [ -n "$values" ] && [ "${cur#-}" = "$cur" ]; then
		COMPREPLY=($(compgen -W "${values// /$'\n'}" -- "$cur"))
		return
	fi
	case $prev in
	-z)
		COMPREPLY=($(compgen -W "$(_gild_words "$1" "-z ")" -- "$cur"))
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
		return
		;;
	-L | -R | --library-path | --sysroot | --rpath | --rpath-link)
		COMPREPLY=($(compgen -d -- "$cur"))
		return
		;;
	-l | --library)
		COMPREPLY=($(compgen -W "$(_gild_libraries "$cur" | sort -u)" -- "$cur"))
		return
		;;
	-e | -u | -y | -h | -init | -fini | --entry | --undefined | --trace-symbol | --defsym | --wrap | --soname)
		return # a name nobody can guess
		;;
	esac
	case $cur in
	-L*)
		COMPREPLY=($(compgen -P -L -d -- "${cur#-L}"))
		;;
	-l*)
		COMPREPLY=($(compgen -P -l -W "$(_gild_libraries "${cur#-l}" | sort -u)" -- "${cur#-l}"))
		;;
	-*)
		COMPREPLY=($(compgen -W "$(_gild_words "$1" -)" -- "$cur"))
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
		;;
	@*)
		COMPREPLY=($(compgen -P @ -f -- "${cur#@}"))
		;;
	*)
		COMPREPLY=($(compgen -f -- "$cur"))
		;;
	esac
}

complete -o filenames -F _gild gild ld.gild
