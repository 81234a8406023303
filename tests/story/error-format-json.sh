#!/bin/bash
# --error-format=json: each message is one line of JSON with members for what it is about (docs/diagnostics.md), whatever
# bytes names consist of.
# packages: python3
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
"$GILD" --version | grep -q gild || skip "an option of gild"
have python3 || skip "no python3"

cat > check.py << 'END'
# check.py FILE EXPRESSION...: every line of FILE that gild wrote is an object with documented members; each expression is
# true for at least one of them, m.
import json, sys
KINDS = open(sys.argv[1]).read()
TYPES = {"severity": str, "kind": str, "message": str, "file": str, "member": str, "section": str, "offset": int,
         "line": int, "column": int, "symbol": str, "source": dict, "details": list, "hints": list, "not_shown": int}
messages = []
for line in open(sys.argv[2], "rb"):
    if line.startswith((b"collect2:", b"clang")):
        continue
    m = json.loads(line.decode("utf-8", "strict"))
    assert m["severity"] in ("error", "warning", "note") and m["message"], m
    for name, value in m.items():
        assert type(value) is TYPES[name], (name, m)
    assert "\n>>> " not in m["message"], m
    for text in m.get("details", []) + m.get("hints", []):
        assert type(text) is str and text and ">>>" not in text, m
    assert set(m.get("source", {})) <= {"file", "line", "function"}, m
    assert "| `%s` |" % m["kind"] in KINDS, "kind is not documented: %s" % m["kind"]
    messages.append(m)
for expression in sys.argv[3:]:
    if not any(eval(" ".join(expression.split()), {"m": m}) for m in messages):
        sys.exit("no message with %s in:\n%s" % (expression, "\n".join(map(str, messages))))
END

# check EXPRESSION...: of the last link that failed.
check() { python3 "$OLDPWD_OF_TEST/check.py" "$GILD_SRC/docs/diagnostics.md" err.txt "$@" || fail "see above"; }
OLDPWD_OF_TEST=$PWD

cat > main.cc << 'END'
void paint(int);
int twice() { return 1; }
int main() { paint(1); return twice(); }
END
echo 'int twice() { return 2; } void paint(char *) {}' > other.cc
undefined() {
	"${compile[@]}" -g -c ../main.cc ../other.cc
	rm -f libother.a
	ar rcs libother.a other.o
	fails "${driver[@]}" main.o -Wl,--whole-archive libother.a -Wl,--no-whole-archive -Wl,--error-format=json -o prog
	check 'm["severity"] == "error" and m["kind"] == "undefined-symbol" and m["symbol"] == "_Z5painti" and
		m["message"] == "undefined symbol: paint(int)" and m["file"] == "main.o" and "member" not in m and
		m["section"].startswith(".text") and m["offset"] > 0 and
		m["source"] == {"file": "../main.cc", "line": 3, "function": "main"} and
		m["details"] == ["../main.cc:3: in function `main'"'"': undefined reference to `paint(int)'"'"'"] and
		m["hints"] == ["did you mean: paint(char*), defined in libother.a(other.o)"]' \
		'm["kind"] == "duplicate-symbol" and m["file"] == "libother.a" and m["member"] == "other.o" and
		m["symbol"] == "_Z5twicev" and m["source"]["line"] == 1'
	# to the end of the line the same as text
	fails "${driver[@]}" main.o other.o -Wl,--error-format=text -o prog
	assert_contains err.txt "gild: error: main.o:(.text"
}
each_compiler undefined

# every other kind of message
fails "$GILD" --no-such-option --error-format=json
check 'm["kind"] == "command-line" and m["message"] == "unknown option: --no-such-option"'
fails "$GILD" --error-format=json --no-such-option main.o -z nonsense
check 'm["kind"] == "command-line"' 'm["severity"] == "warning"'
fails "$GILD" --error-format=xml main.o
assert_contains err.txt "'xml' is not one of: text, json"
fails "$GILD" --error-format=json missing.o -lmissing -o prog
check 'm["kind"] == "cannot-open" and "missing.o" in m["message"]' 'm["kind"] == "cannot-open" and "-lmissing" in m["message"]'
echo 'V1 { foo }' > bad.map
echo 'nop' > nop.s
link -c nop.s
fails "$GILD" --error-format=json nop.o -shared --version-script=bad.map -o prog
check 'm["kind"] == "script" and m["file"] == "bad.map" and m["line"] == 1 and m["column"] == 10 and len(m["details"]) == 2'
head -c 200 nop.o > cut.o
fails "$GILD" --error-format=json cut.o -o prog
check 'm["kind"] == "malformed-file" and m["file"] == "cut.o"'
printf '.data\n.globl _start\n_start: .reloc ., R_X86_64_32, far\n.long 0\n' > far.s
link -c far.s
fails "$GILD" --error-format=json far.o --defsym=far=0x100000000 -o prog
check 'm["kind"] == "relocation-overflow" and m["section"] == ".data" and m["offset"] == 0 and m["symbol"] == "far" and m["hints"]'
echo 'int v; int *f(void) { return &v; }' > abs.c
link -fno-pie -c abs.c
fails "$GILD" --error-format=json -shared abs.o -o prog
check 'm["kind"] == "relocation" and m["file"] == "abs.o" and m["source"]["function"] == "f"'
fails "$GILD" --error-format=json --fatal-warnings nop.o -o prog
check 'm["severity"] == "error" and "entry" in m["message"]'
"$GILD" --error-format=json --gc-sections --print-gc-sections nop.o -o prog 2> err.txt
for i in $(seq 30); do echo "	call missing_$i"; done > many.s
link -c many.s
fails "$GILD" --error-format=json many.o -o prog
check 'm["kind"] == "error-limit" and m["not_shown"] == 10'
assert_equal "$(grep -c '"kind":"undefined-symbol"' err.txt)" 20
tail -n 1 err.txt | grep -q error-limit || fail "the count is not the last line"
fails "$GILD" --error-format=json --error-limit=0 many.o -o prog
assert_equal "$(grep -c '"kind":"undefined-symbol"' err.txt)" 30
assert_lacks err.txt error-limit
# colours are for people
fails "$GILD" --color-diagnostics=always --error-format=json many.o -o prog
check 'm["kind"] == "error-limit"'

# Names of any bytes: each byte but NUL, in a symbol, a section and a file.
python3 - << 'END'
import struct
any_bytes = bytes(range(1, 256))
names = b"\0.text\0.rela.text\0.symtab\0.strtab\0"
strtab = b"\0" + any_bytes + b"\0"
section_name = len(names)
names += b".text." + any_bytes + b"\0"
text = b"\xe8\0\0\0\0"
rela = struct.pack("<QQq", 1, 1 << 32 | 4, -4)
symtab = bytes(24) + struct.pack("<IBBHQQ", 1, 0x10, 0, 0, 0, 0)
parts, offset, headers = [], 64, [bytes(64)]
for name, kind, flags, link, info, align, entry, data in (
        (section_name, 1, 6, 0, 0, 1, 0, text), (7, 4, 0x40, 3, 1, 8, 24, rela), (18, 2, 0, 4, 1, 8, 24, symtab),
        (26, 3, 0, 0, 0, 1, 0, strtab), (26, 3, 0, 0, 0, 1, 0, names)):
    data += bytes(-len(data) % 8)
    size = len(data) if kind != 1 else len(text)
    if kind == 3:
        size = len(data)
    headers.append(struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, link, info, align, entry))
    parts.append(data)
    offset += len(data)
header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, offset, 0, 64, 0, 0, 64, 6, 5)
open(b"any\x01\xff\xfe\"\\\n\x1b.o", "wb").write(header + b"".join(parts) + b"".join(headers))
END
fails "$GILD" --error-format=json any*.o -o prog
check 'm["kind"] == "undefined-symbol" and "\\" in m["symbol"] and "\"" in m["symbol"] and "~" in m["symbol"] and
	"\ufffd" in m["symbol"] and m["file"].startswith("any\x01\ufffd\ufffd\"\\\n\x1b") and "\x7f" in m["section"]'
