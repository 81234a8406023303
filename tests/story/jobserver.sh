#!/bin/bash
# packages: make
# Under make -jN a link starts a thread only for a token of the job server, and all tokens come back: after a link, after
# one that fails, and after one that is killed.
# not verify: it kills the link, not what runs it
# not repeat: the same
set -eu
. "$GILD_SRC/tests/lib.sh"
have make || skip "no make"

# Enough files that loops over them are worth more threads.
printf '.weak work\n.text\nwork: ret\n' | "$CC" -c -x assembler -o work.o -
printf '.globl _start\n_start: call work\n' | "$CC" -c -x assembler -o start.o -
printf '.globl _start\n_start: call missing\n' | "$CC" -c -x assembler -o broken.o -
for i in {1..200}; do cp work.o work$i.o; done
threads() { sed -n 's/^  threads //p' "$1"; }

unset MAKEFLAGS MFLAGS
"$GILD" start.o work*.o --stats -o prog 2>stats
alone=$(threads stats)
[ "$alone" -gt 1 ] || skip "one processor"

# ---- a named pipe (make 4.4 and ninja) ----
mkfifo server
exec 3<>server
# tokens: how many there are; they stay.
tokens() {
	local n=0 i one
	while read -r -t 0 -u 3; do
		read -r -N 1 -u 3 one
		n=$((n + 1))
	done
	for ((i = 0; i < n; i++)); do printf + >&3; done
	echo $n
}
# linked FLAGS TOKENS THREADS ARGS: a link with these words in MAKEFLAGS ran that many threads and left the tokens there.
linked() {
	local flags=$1 tokens=$2 wanted=$3
	shift 3
	MAKEFLAGS=$flags "$GILD" start.o work*.o --stats -o prog "$@" 2>stats || { cat stats; fail "$flags"; }
	assert_equal "$flags: $(threads stats) threads" "$flags: $wanted threads"
	assert_equal "$(tokens)" "$tokens"
}
fifo=" -j8 --jobserver-auth=fifo:$PWD/server"
linked "$fifo" 0 1
printf + >&3
linked "$fifo" 1 2
linked "$fifo -- CFLAGS=-O2" 1 2
linked "$fifo" 1 1 --threads=1
linked "$fifo" 1 $alone --threads=$alone
linked " -j8 -- --jobserver-auth=fifo:$PWD/server" 1 $alone
linked " -j8 --jobserver-auth=fifo:/nowhere" 1 $alone
for i in {1..100}; do printf + >&3; done
linked "$fifo" 101 $alone

# A link that fails.
export MAKEFLAGS=$fifo
expect_fail "$GILD" broken.o work*.o -o prog
assert_contains messages missing
assert_equal "$(tokens)" 101

# A link that is killed while it writes to a pipe that nobody reads.
while [ "$(tokens)" -gt 1 ]; do read -r -N 1 -u 3 _; done
truncate -s 1M big
printf '.globl big\nbig: .incbin "big"\n' | "$CC" -c -x assembler -o big.o -
mkfifo out
for signal in TERM INT HUP SEGV; do
	sleep 600 <>out &
	sleeper=$!
	env --default-signal=INT {A,T}SAN_OPTIONS=handle_segv=0 "$GILD" start.o big.o work*.o -o out &
	link=$!
	for i in {1..100}; do
		read -r -t 0 -u 3 || break
		sleep 0.05
	done
	! read -r -t 0 -u 3 || fail "the link took no token"
	kill -s $signal $link
	rc=0
	wait $link || rc=$?
	kill $sleeper
	wait $sleeper || :
	assert_equal "$signal: $rc" "$signal: $((128 + $(kill -l $signal)))"
	assert_equal "$signal: $(tokens) tokens" "$signal: 1 tokens"
done
unset MAKEFLAGS
exec 3>&-

# ---- make's own pipe ----
cat >count.sh <<'END2'
fds=$(tr ' ' '\n' <<<"$MAKEFLAGS" | sed -n 's/^--jobserver-auth=//p' | tail -n 1)
case $fds in
fifo:*) exec 3<>"${fds#fifo:}" 4>&3 ;;
*) eval "exec 3<&${fds%,*} 4>&${fds#*,}" ;;
esac
n=0
while read -r -t 0 -u 3; do
	read -r -N 1 -u 3 one
	n=$((n + 1))
	all=${all-}$one
done
printf %s "${all-}" >&4
echo $n
END2
cat >Makefile <<'END2'
links := 1 2 3 4 5 6 7 8 9 10 11 12
.PHONY: all links failing busy
all: count
links: $(addprefix prog,$(links))
failing:
	+! $(GILD) broken.o $(wildcard work*.o) -o failed 2>messages
one: failing
	+$(GILD) start.o $(wildcard work*.o) --stats -o $@ 2>stats.one
$(addprefix prog,$(links)): one
	+$(GILD) start.o $(wildcard work*.o) --stats -o $@ 2>stats.$@
count: links
	+bash count.sh >$@
unmarked:
	$(GILD) start.o $(wildcard work*.o) --stats -o prog 2>stats
END2
for jobs in 2 4; do
	rm -f one prog? prog?? count stats.*
	make -s -j$jobs GILD="$GILD" >make.txt 2>&1 || { cat make.txt; fail "make -j$jobs"; }
	assert_equal "$(cat make.txt)" "" # make says so when tokens are missing in the end
	assert_equal "-j$jobs: $(cat count)" "-j$jobs: $((jobs - 1))"
	wanted=$((jobs < alone ? jobs : alone))
	assert_equal "-j$jobs: $(threads stats.one)" "-j$jobs: $wanted"
	for i in {1..12}; do
		n=$(threads stats.prog$i)
		[ "$n" -ge 1 ] && [ "$n" -le $wanted ] || fail "-j$jobs: $n threads"
	done
done

# make does not let a recipe without '+' into its server: then there is none.
make -s -j4 GILD="$GILD" unmarked
case $(make --version | head -n 1) in *4.[0-3]*) assert_equal "$(threads stats)" "$alone" ;; esac
