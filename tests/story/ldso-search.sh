#!/bin/bash
# Where libraries are found: RPATH, RUNPATH, $ORIGIN and $LIB, LD_LIBRARY_PATH, --library-path, glibc-hwcaps, system
# directories and the cache; and what --inhibit-cache, --inhibit-rpath and -z nodefaultlib change.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

echo 'int main(void) { extern const char *where(void), *second(void); extern int puts(const char *); puts(where()); puts(second()); return 0; }' > main.c
library() { echo "const char *where(void) { return \"$1\"; }" > w.c; build -shared -fPIC w.c -Wl,-soname,libwhere.so -o "$1/libwhere.so"; }
build_all() {
	mkdir -p run/sub env origin 'lib/x86_64-linux-gnu' here
	for d in run run/sub env origin lib/x86_64-linux-gnu .; do library "$d"; done
	mkdir -p env/glibc-hwcaps/x86-64-v2 env/glibc-hwcaps/mine
	library env/glibc-hwcaps/x86-64-v2
	library env/glibc-hwcaps/mine
	echo 'const char *where(void); const char *second(void) { return where(); }' > s.c
	build -shared -fPIC s.c -Wl,-soname,libsecond.so libwhere.so -o here/libsecond.so
	dtags=$1
	for p in run '$ORIGIN/origin' '${ORIGIN}/run/sub' '$LIB' '$ORIGIN/none:$ORIGIN/run' './run:env' ''; do
		build ../main.c -L. -Lhere -lwhere -lsecond -Wl,-rpath-link,here -Wl,$dtags -Wl,-rpath,"$PWD/here:$p" -o "prog-$(echo "$p" | tr -c 'a-zA-Z\n' _)"
	done
	rm libwhere.so
}
for dtags in --enable-new-dtags --disable-new-dtags; do
	each_loader build_all $dtags
	for prog in $(cd gild && ls -d prog-*); do
		same_runs ./"$prog"
		same_runs env LD_LIBRARY_PATH=env ./"$prog"
		same_runs env LD_LIBRARY_PATH='none;lib/x86_64-linux-gnu:env' ./"$prog"
		same_runs env LD_LIBRARY_PATH='$ORIGIN/env' ./"$prog"
		same_runs env LD_LIBRARY_PATH=: ./"$prog"
		same_runs sh -c "cd run && ../$prog"
	done
done
same_success env LD_LIBRARY_PATH=env ./prog-_ORIGIN_origin
# options of the command
run() { (cd gild && "$LDSO" "$@" ./prog-_ORIGIN_origin | head -n 1); }
assert_equal "$(run)" origin
assert_equal "$(run --inhibit-rpath '' --library-path env:here)" env/glibc-hwcaps/x86-64-v2
assert_equal "$(run --inhibit-rpath other.so --library-path env)" origin
assert_equal "$(cd gild && "$LDSO" --glibc-hwcaps-prepend mine --library-path env:here ./prog-)" "$(printf 'env/glibc-hwcaps/mine\nenv/glibc-hwcaps/mine')"
assert_equal "$(cd gild && "$LDSO" --glibc-hwcaps-mask none --library-path env:here ./prog-)" "$(printf 'env\nenv')"
assert_equal "$("$LDSO" --inhibit-cache /bin/echo found)" found
