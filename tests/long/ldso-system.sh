#!/bin/bash
# The whole system under the loader. In a mount namespace of its own, ld-gild.so.1 lies over the system's ld.so, so that
# all programs and all they start use it:
#   - every dynamic program of /usr/bin says the same to --version and to --help (exit code, both outputs) as before;
#     what differs between two runs of the system's own loader does not count, and what differs under ld-gild.so.1 is
#     tried again, twice;
#   - large programs bind every symbol to the same library, and run constructors in the same order.
# packages: python3
# timeout: 1800
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"
unshare -m true 2> /dev/null || skip "may not make a mount namespace (needs root)"
python=$(command -v /usr/bin/python3 || command -v python3)

cp "$LDSO" ld.so # the system's path may lead here only
real=$(realpath $SYSTEM_LDSO)
export HOME=$PWD/home
mkdir home empty

cat > sweep.py <<'EOF'
"""sweep.py ARGUMENT FILE [PROGRAM...]: runs each dynamic program, or those named, with ARGUMENT; writes what it did to FILE."""
import os, pickle, subprocess, sys
# Programs that act on the machine or wait for somebody; groff prints lines of its children in any order.
skip = set("""reboot shutdown halt poweroff systemctl killall pkill skill snice kill killall5 wall write login su passwd chsh chfn
newgrp sg groff jconsole script scriptlive yes vlock setterm reset tset clear mesg init telinit runlevel gdbserver startx X Xorg dmesg""".split())
env = dict(os.environ, LC_ALL="C.UTF-8")
def programs():
    seen = set()
    for folder in ("/usr/bin", "/usr/libexec/git-core", "/usr/lib/llvm-14/bin"):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.realpath(os.path.join(folder, name))
            try:
                start = open(path, "rb").read(4096)
            except OSError:
                continue
            if start[:5] != b"\x7fELF\x02" or b"/lib64/ld-linux-x86-64.so.2" not in start or path in seen:
                continue
            if name in skip or name.startswith(("systemd", "mkfs", "grub", "fsck", "swap", "llvm-PerfectShuffle")):
                continue
            seen.add(path)
            yield os.path.join(folder, name)
def run(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, cwd="empty", env=env)
        return done.returncode, done.stdout, done.stderr
    except (subprocess.TimeoutExpired, OSError) as error:
        return type(error).__name__, b"", b""
pickle.dump({program: run([program, sys.argv[1]]) for program in sys.argv[3:] or programs()}, open(sys.argv[2], "wb"))
EOF
cat > compare.py <<'EOF'
import pickle, re, sys
first, second, gild = (pickle.load(open(name, "rb")) for name in ("first", "second", "gild"))
def text(result): # process numbers and times
    return [result[0]] + [re.sub(rb"\d{2}:\d{2}:\d{2}(\.\d+)?|\b\d{3,7}\b", b"N", part) for part in result[1:]]
same = [p for p in first if text(first[p]) == text(second[p])]
bad = [p for p in gild if p in same and text(gild[p]) != text(first[p])]
print("%s: %d programs, %d of %d do the same each time, %d of these differ under ld-gild.so.1" % (sys.argv[1], len(gild), len(same), len(first), len(bad)))
with open("different", "w") as out:
    print("\n".join(bad), file=out)
for p in bad:
    print(" ", p, "\n    system:", first[p], "\n    gild:  ", gild[p])
sys.exit(bool(bad))
EOF
cat > bindings.py <<'EOF'
"""bindings.py LOADER PROGRAM...: compares bindings and the order of constructors, by LD_DEBUG."""
import os, re, subprocess, sys
loader, compared, bad = sys.argv[1], 0, 0
def log(command, what):
    env = dict(os.environ, LD_BIND_NOW="1", LD_DEBUG=what, LC_ALL="C.UTF-8")
    text = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr.decode(errors="replace")
    pid = re.match(r" *(\d+):", text).group(1)
    return [line.split("\t", 1)[1] for line in text.split("\n") if line.lstrip().startswith(pid + ":\t")]
def name(path):
    return "LOADER" if "ld-linux" in path or path == loader else os.path.realpath(path) if path.startswith("/") else path
for program in sys.argv[2:]:
    found, order = [], []
    for command in ([program, "--version"], [loader, program, "--version"]):
        bindings = {}
        for line in log(command, "bindings"):
            m = re.match(r"binding file (\S+) \[0\] to (\S+) \[0\]: (\S+) symbol `([^']+)'(?: \[([^\]]+)\])?", line)
            # the system's loader binds malloc and its like for itself
            if m and "vdso" not in m[1] and m[4] not in ("malloc", "calloc", "realloc", "free"):
                bindings.setdefault((name(m[1]), m[4], m[5]), set()).add((name(m[2]), m[3]))
        found.append(bindings)
        order.append([name(m[1]) for m in map(re.compile(r"calling (?:init|fini): (\S+)").match, log(command, "files")) if m])
    both = set(found[0]) & set(found[1])
    different = [key for key in both if found[0][key] != found[1][key]]
    missing = [key for key in set(found[0]) - both if key[0] != "LOADER"]
    compared += len(both)
    bad += len(different) + len(missing) + (order[0] != order[1])
    print("%s: %d bindings, %d different, %d missing, order %s" % (program, len(both), len(different), len(missing),
          "the same" if order[0] == order[1] else "different"), different[:3], missing[:3])
print(compared, "bindings compared")
sys.exit(bool(bad))
EOF
# under_gild COMMAND: with ld-gild.so.1 in the place of the system's loader
under_gild() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'mount --make-rprivate / && mount --bind ld.so "$1" && shift && exec "$@"' sh "$real" "$@"
}
rc=0
for argument in --version --help; do
	"$python" sweep.py $argument first
	"$python" sweep.py $argument second
	under_gild "$python" sweep.py $argument gild
	for _ in 1 2 3; do
		"$python" compare.py $argument > report && good=yes && break
		good=no
		mapfile -t different < different
		under_gild "$python" sweep.py $argument gild "${different[@]}"
	done
	cat report
	[ $good = yes ] || rc=1
done
large=()
for program in git vim.basic python3.11 node gdb clang-14 clangd-14 perl tmux apt curl ssh gpg gcc cmake make; do
	[ ! -x "/usr/bin/$program" ] || large+=("/usr/bin/$program")
done
"$python" bindings.py "$LDSO" "${large[@]}" || rc=1
exit $rc
