#!/bin/bash
# Prints docs/abi.md with the output that its commands have now:   docs/abi/generate.sh GILD > new.md
#
# A block of C whose first line is a comment with a file name is that file. In a block of the language `console`, a line that begins
# with "$ " is run in a folder where these files are; what stood below it is replaced by what it prints. `gild` is the program GILD,
# and gcc links with it.
set -eu
gild=$(realpath "$1") chapter=$(realpath "$(dirname "$0")/../abi.md")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$gild" "$folder/bin/gild"
ln -s "$gild" "$folder/bin/ld"
cd "$folder"
PATH=$folder/bin:$PATH
export LC_ALL=C COMPILER_PATH=$folder/bin LD_LIBRARY_PATH=.

in='' file=''
while IFS= read -r line; do
	case $in:$line in
	:'```console') in=console; printf '%s\n' "$line" ;;
	:'```c'*) in=c first=yes; printf '%s\n' "$line" ;;
	*:'```') in=''; printf '%s\n' "$line" ;;
	c:*)
		if [ $first = yes ]; then
			file=$(printf '%s\n' "$line" | sed -n 's@^/\* \([a-z0-9_.]*\) \*/$@\1@p')
			[ -z "$file" ] || : >"$file"
			first=no
		fi
		[ -z "$file" ] || printf '%s\n' "$line" >>"$file"
		printf '%s\n' "$line"
		;;
	console:'$ '*)
		printf '%s\n' "$line"
		bash -c "${line#??}" 2>&1 </dev/null || :
		;;
	console:*) ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$chapter"
