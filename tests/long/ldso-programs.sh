#!/bin/bash
# Large programs at work under the loader, which lies over the system's ld.so in a mount namespace of its own: shells,
# interpreters with threads and their own tests, compilers, virtual machines with signals and code made at run time,
# debuggers, a language server, an editor, a terminal multiplexer, a package manager. Each does the same as before.
# packages: python3 libpython3.11-testsuite perl git gcc g++ gdb valgrind tmux vim clangd-14 strace curl apt
# timeout: 1800
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"
unshare -m true 2> /dev/null || skip "may not make a mount namespace (needs root)"

cp "$LDSO" ld.so # the system's path may lead here only
real=$(realpath $SYSTEM_LDSO)
export HOME=$PWD/home LC_ALL=C.UTF-8 TERM=xterm
export GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z GIT_CONFIG_NOSYSTEM=1
mkdir home
git config --global user.name "A Name"
git config --global user.email name@example.org
under_gild() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount --make-rprivate / && mount --bind ../ld.so "$1" && shift && exec "$@"' sh "$real" "$@"
}
# try NAME PROGRAM SCRIPT: bash runs the script in an empty folder under each loader; nothing without PROGRAM.
try() {
	[ -x "$2" ] || { echo "$1: no $2"; return; }
	echo "$3" > script
	local folder rc
	for folder in system gild; do
		rm -rf $folder
		mkdir $folder
		rc=0
		if [ $folder = gild ]; then
			(cd gild && under_gild timeout 600 /bin/bash -eu ../script) > gild.out 2>&1 || rc=$?
		else
			(cd system && timeout 600 /bin/bash -eu ../script) > system.out 2>&1 || rc=$?
		fi
		sed -i -E "s#$PWD/(gild|system)#HERE#g" $folder.out
		echo "exit code $rc" >> $folder.out
	done
	diff system.out gild.out > differences || { head -n 60 differences; fail "$1"; }
	grep 'exit code 0' gild.out > /dev/null || { tail -n 30 gild.out; fail "$1: fails under both"; }
	echo "$1: the same"
}

(mkdir -p gild && cd gild && under_gild cmp ../ld.so /lib64/ld-linux-x86-64.so.2) || fail "the loader is not in the system's place"

try bash /bin/bash 'declare -A a; for i in {1..2000}; do a[$i]=$((i * i)); done; echo ${#a[@]} ${a[77]}; seq 3000 | while read -r x; do [ $((x % 999)) != 0 ] || echo $x; done
	for i in 1 2 3 4 5 6 7 8; do (echo child $i | cat) & done | sort; wait; printf "%(%Y)T\n" 0; compgen -A builtin | wc -l'
try perl /usr/bin/perl 'perl -MPOSIX -MSocket -MList::Util=sum -MData::Dumper -MTime::HiRes -MDigest::SHA -MEncode -MStorable -e "
	print sum(1..1000), qq{ }, POSIX::floor(3.7), qq{ }, Digest::SHA::sha256_hex(q{a}), qq{\n};
	my \$pid = fork; if (!\$pid) { exit 7 } waitpid \$pid, 0; print \$? >> 8, qq{\n}; print scalar(gethostbyname(q{localhost})) ? qq{host\n} : qq{none\n};"
	perl -Mthreads -e "print join(q{,}, map { \$_->join } map { my \$n = \$_; threads->create(sub { \$n * 2 }) } 1..20), qq{\n}"'
try "python3 modules" /usr/bin/python3 'python3 -c "
import ctypes, decimal, hashlib, json, locale, multiprocessing, queue, socket, sqlite3, ssl, threading, zlib, bz2, lzma, asyncio
q = queue.Queue()
ts = [threading.Thread(target=lambda i=i: q.put(i * i)) for i in range(50)]
[t.start() for t in ts]; [t.join() for t in ts]
print(sum(q.get() for _ in range(50)), ctypes.CDLL(None).abs(-4), sqlite3.connect(\":memory:\").execute(\"select 6*7\").fetchall())
with multiprocessing.Pool(4) as pool: print(pool.map(abs, range(-5, 5)))
async def f(): await asyncio.sleep(0.01); return 3
print(asyncio.run(f()), ssl.create_default_context().check_hostname, socket.getaddrinfo(\"localhost\", 80, type=socket.SOCK_STREAM)[0][4][1])
"'
# The numbers of seconds that tests took, and the order of warnings, differ from run to run.
try "python3's own tests" /usr/bin/python3 'mkdir tmp; for test in test_threading test_ctypes test_ssl test_locale test_fork1 test_thread test_subprocess test_importlib test_dtrace; do
	if TMPDIR=$PWD/tmp timeout 300 python3 -m test -q --timeout 200 $test > log 2>&1; then echo $test passes; else echo $test fails; grep -aE "^(FAIL|ERROR):" log | sort || true; fi; done'
try git /usr/bin/git 'git init -q -b main work; cd work; for i in 1 2 3 4 5; do seq $i 200 > file$i; git add .; git commit -qm "commit $i"; done; git log --stat --oneline; git repack -adq; git fsck
	git clone -q . ../copy; cd ../copy; git checkout -q -b side HEAD~2; seq 5 > new; git add new; git commit -qm side; git rebase -q main; git log --oneline; git archive HEAD | sha256sum'
try "gcc and g++" /usr/bin/gcc 'echo "#include <stdio.h>
	int main(void) { puts(__FILE__); return 0; }" > hello.c; gcc -O2 -g hello.c -o hello; ./hello; echo "#include <iostream>
	#include <map>
	#include <regex>
	#include <thread>
	int main() { std::map<int, int> m; std::thread t([&] { m[3] = 4; }); t.join(); std::cout << m[3] << std::regex_match(\"aab\", std::regex(\"a*b\")) << std::endl;
	try { throw m; } catch (std::map<int, int> &x) { std::cout << x.size() << std::endl; } }" > t.cc; g++ -O2 -flto t.cc -o t; ./t'
try java /usr/bin/java 'echo "public class T { static int depth(int n) { return depth(n + 1) + 1; } public static void main(String[] a) throws Exception { long[] sum = new long[1]; Thread[] ts = new Thread[20];
	for (int i = 0; i < ts.length; i++) { final int k = i; ts[i] = new Thread(() -> { for (int j = 0; j < 100000; j++) synchronized (sum) { sum[0] += k; } }); ts[i].start(); }
	for (Thread t : ts) t.join(); System.out.println(sum[0]); try { Object o = null; o.hashCode(); } catch (NullPointerException e) { System.out.println(\"null\"); }
	try { depth(0); } catch (StackOverflowError e) { System.out.println(\"deep\"); } System.gc(); } }" > T.java; java -Xmx256m T.java'
try node /usr/bin/node 'node -e "
	const { Worker, isMainThread } = require(\"worker_threads\"), zlib = require(\"zlib\"), crypto = require(\"crypto\");
	let left = 4; for (let i = 0; i < 4; i++) new Worker(\"let s = 0; for (let i = 0; i < 1e6; i++) s += i; require(\\\"worker_threads\\\").parentPort.postMessage(s)\", { eval: true }).on(\"message\", m => { console.log(m); });
	console.log(zlib.gunzipSync(zlib.gzipSync(\"text\")).toString(), crypto.createHash(\"sha256\").update(\"x\").digest(\"hex\"));
	require(\"dns\").lookup(\"localhost\", e => console.log(!e)); try { null.x } catch (e) { console.log(e.name) }" | sort'
try gdb /usr/bin/gdb 'echo "__thread int n = 3; int f(int x) { return x + n; } int main(void) { return f(4) - 7; }" > a.c; gcc -g a.c -o a
	setarch -R true 2> /dev/null || exit 0; gdb -nx -batch -ex "break f" -ex run -ex bt -ex "print n" -ex finish -ex "python print(6*7)" ./a | grep -vE "^(warning|\[|Using|Run till)"'
try valgrind /usr/bin/valgrind 'valgrind --error-exitcode=3 --leak-check=full --errors-for-leak-kinds=definite /bin/ls / > /dev/null 2> log; grep -o "ERROR SUMMARY: 0 errors" log'
try strace /usr/bin/strace 'strace -f -o log /bin/true || grep -q "not permitted" log; echo done'
try tmux /usr/bin/tmux 'export TMUX_TMPDIR=$PWD; tmux -f /dev/null new-session -d -x 80 -y 24 "cat > typed"; tmux send-keys "some words" Enter C-d || true
	for i in $(seq 50); do if grep -q words typed 2> /dev/null; then break; fi; sleep 0.1; done; cat typed; tmux kill-server 2> /dev/null || true'
for vim in vim.basic vim.tiny vim; do
	[ ! -x /usr/bin/$vim ] || { try $vim /usr/bin/$vim "seq 100 > t; /usr/bin/$vim -Nu NONE -es -c '%s/\\d\\+/<&>/g' -c 'g/7/d' -c 'wq' t; cat t"; break; }
done
try apt /usr/bin/apt-get 'apt-cache policy bash; apt-cache depends --recurse --no-recommends --no-suggests bash | sort -u | head -n 20; apt-get -s install --reinstall coreutils | tail -n 2; dpkg -l bash | tail -n 1'
try curl /usr/bin/curl 'curl -sS --max-time 20 file:///etc/passwd | sha256sum; curl -V | head -n 1'
cat > requests <<'EOF'
{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":1,"rootPath":"clangd","capabilities":{},"trace":"off"}}
---
{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"test:///main.cpp","languageId":"cpp","version":1,"text":"#include <thread>\n#include <vector>\nstd::vector<int> numbers;\nint main() { std::thread t([] { numbers.push_back(3); }); t.join(); return numbrs.size(); }\n"}}}
---
{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{"textDocument":{"uri":"test:///main.cpp"},"position":{"line":2,"character":20}}}
---
{"jsonrpc":"2.0","id":2,"method":"textDocument/completion","params":{"textDocument":{"uri":"test:///main.cpp"},"position":{"line":3,"character":42}}}
---
{"jsonrpc":"2.0","id":3,"method":"shutdown"}
---
{"jsonrpc":"2.0","method":"exit"}
EOF
for clangd in /usr/bin/clangd-19 /usr/bin/clangd-14 /usr/bin/clangd; do
	[ ! -x $clangd ] || { try clangd $clangd "echo 'int main(void) { return 0; }' > a.c; $clangd --check=a.c > log 2>&1; echo \$?
	$clangd -lit-test < ../requests 2> log | tee answers; grep push_back answers > /dev/null; grep \"'numbers'\" answers > /dev/null"; break; }
done
