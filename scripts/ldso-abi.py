#!/usr/bin/env python3
"""Makes src/ldso/glibc/abi-NAME.c: where a build of glibc keeps what it shares with its loader.

  scripts/ldso-abi.py [--libc FILE] [--ldso FILE] [--name NAME] [-o FILE]   make a table
  scripts/ldso-abi.py --check [--libc FILE] [--ldso FILE]                    compare the table in the sources
  scripts/ldso-abi.py --add --root DIR        add a build to the table in the sources that fits; DIR is a folder that the
                                              packages libc6 and libc6-dbg of that build were unpacked into (dpkg -x)

The offsets come from the debug information of ld.so (Debian: package libc6-dbg), by `gild abi layout --offsets` of the gild in
./build or $GILD; the lists of fields are those of src/ldso/glibc/abi.h. Sizes are checked against the symbols that ld.so
exports. The tables are part of the sources: a build of gild needs neither this script nor libc6-dbg.
"""
import argparse, glob, os, re, struct, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = os.path.join(ROOT, "src/ldso/glibc/abi.h")
GILD = os.environ.get("GILD") or os.path.join(ROOT, "build/gild")

def fail(text):
    sys.exit("ldso-abi: " + text)


def lists():
    """The fields that abi.h names."""
    text = open(HEADER).read()
    fields = re.findall(r"^\tFIELD\((\w+), (\w+), ([\w.]+)\)", text, re.M)
    bits = re.findall(r"^\tBIT_FIELD\((\w+), (\w+)\)", text, re.M)
    return fields, bits


def build_id(path):
    notes = subprocess.run(["readelf", "-nW", path], capture_output=True, text=True).stdout
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return found.group(1) if found else fail(path + ": no build-id")


def symbol_size(path, name):
    for line in subprocess.run(["readelf", "--dyn-syms", "-W", path], capture_output=True, text=True).stdout.split("\n"):
        words = line.split()
        if len(words) > 7 and words[7].split("@")[0] == name:
            return int(words[2], 0)
    fail("%s does not export %s" % (path, name))


def debug_file(path, folder):
    identity = build_id(path)
    name = "%s/.build-id/%s/%s.debug" % (folder, identity[:2], identity[2:])
    return name if os.path.exists(name) else fail("no debug information for %s (Debian: apt-get install libc6-dbg)" % path)


class Layouts:
    """What gild says of types: sizes and offsets as macros (--offsets), and declarations."""

    def __init__(self, args):
        self.command = [GILD, "abi", "layout", "--debug-dir=%s/usr/lib/debug" % args.root]
        self.file, self.known = args.ldso, {}

    def run(self, *operands):
        run = subprocess.run(self.command + list(operands), capture_output=True, text=True)
        return run.stdout if run.returncode == 0 else fail(run.stderr.strip())

    def offsets(self, type):
        if type not in self.known:
            macros = self.run("--offsets", self.file, type)
            self.known[type] = {name: int(value) for name, value in re.findall(r"^#define (\w+) (\d+)$", macros, re.M)}
        return self.known[type]

    def declaration(self, type):
        return self.run(self.file, type)

    def offset(self, type, member):
        """None: there is no such member. A member can be inside of another one: a.b."""
        first, _, rest = member.partition(".")
        found = self.offsets(type).get("%s_%s_OFFSET" % (type.upper(), first.upper()))
        if found is None or not rest:
            return found
        inner = re.search(r"^\t+(?:struct |union )?(\w+) +%s\b[^;]*;" % first, self.declaration(type), re.M)
        return found + self.offset(inner.group(1), rest)

    def size(self, type):
        return self.offsets(type)["%s_SIZE" % type.upper()]

    def enumerators(self, type):
        return {int(value): name for name, value in re.findall(r"^\t(\w+) = (\d+),$", self.declaration(type), re.M)}


def bytes_of(path, symbols, name):
    """What the file has for a variable; `symbols` is the file with all symbols."""
    table = subprocess.run(["readelf", "-sW", symbols], capture_output=True, text=True).stdout
    found = re.search(r"^ *\d+: ([0-9a-f]+) +(\w+) OBJECT .* %s$" % name, table, re.M)
    address, size = int(found.group(1), 16), int(found.group(2), 0)
    segments = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True).stdout
    for words in re.findall(r"^ +LOAD +(\w+) (\w+) \w+ (\w+)", segments, re.M):
        offset, begin, length = (int(word, 16) for word in words)
        if begin <= address and address + size <= begin + length:
            with open(path, "rb") as file:
                file.seek(offset + address - begin)
                return file.read(size)
    fail("%s: %s is not in the file" % (path, name))


def tunables(args, layouts, symbols):
    content = bytes_of(args.ldso, symbols, "tunable_list")
    size = layouts.size("_tunable")
    at = {name: layouts.offset("_tunable", name) for name in ("name", "type", "val", "def")}
    bounds = {name: layouts.offset("tunable_type_t", name) for name in ("type_code", "min", "max")}
    kinds = layouts.enumerators("tunable_type_code_t")
    first = at["val"] if at["def"] is None else at["def"]
    out = []
    for entry in range(0, len(layouts.enumerators("tunable_id_t")) * size, size):
        number = lambda offset: struct.unpack_from("<q", content, entry + offset)[0]
        kind = struct.unpack_from("<I", content, entry + at["type"] + bounds["type_code"])[0]
        name = content[entry + at["name"]:].split(b"\0")[0].decode()
        out.append([name, kinds[kind], number(first), number(at["type"] + bounds["min"]), number(at["type"] + bounds["max"])])
    return out


def ask(args):
    symbols = debug_file(args.ldso, args.root + "/usr/lib/debug")
    layouts = Layouts(args)
    fields, bits = lists()
    out = {name: layouts.size(type) if member == "." else layouts.offset(type, member) for name, type, member in fields}
    for name, member in bits:
        out[name] = layouts.offsets("link_map").get("LINK_MAP_%s_BIT_OFFSET" % member.upper())
    out["tunables"] = tunables(args, layouts, symbols)
    return out


def tunable_line(entry):
    name, kind, value, low, high = entry
    types = {"INT_32": "TUNABLE_INT_32", "UINT_64": "TUNABLE_UINT_64", "SIZE_T": "TUNABLE_SIZE_T", "STRING": "TUNABLE_STRING"}
    kind = types[next(t for t in types if kind.endswith(t))]
    number = lambda n: "0x%x" % (n & 0xFFFFFFFFFFFFFFFF)
    return '\t{"%s", %s, %s, %s, %s},\n' % (name, kind, number(value), number(low), number(high))


def table(args, build_ids):
    values = ask(args)
    for symbol, field in (("_rtld_global", "g_size"), ("_rtld_global_ro", "r_size")):
        if symbol_size(args.ldso, symbol) != values[field]:
            fail("%s: the debug information says %d bytes, the symbol %d" % (symbol, values[field], symbol_size(args.ldso, symbol)))
    fields, bits = lists()
    out = "/* Made by scripts/ldso-abi.py from the debug information of glibc %s. */\n" % args.name
    out += '#include "ldso/glibc/abi.h"\n\n#include <stddef.h>\n\n'
    out += "static const char *const build_ids[] = {\n%s\tNULL,\n};\n\n" % "".join('\t"%s",\n' % i for i in build_ids)
    out += "static const struct tunable tunables[] = {\n" + "".join(map(tunable_line, values["tunables"])) + "};\n\n"
    out += "const struct glibc_abi glibc_abi_%s;\n" % re.sub(r"\W+", "_", args.name).strip("_").lower()
    out += "const struct glibc_abi glibc_abi_%s = {\n" % re.sub(r"\W+", "_", args.name).strip("_").lower()
    out += '\t.name = "%s",\n\t.build_ids = build_ids,\n\t.tunables = tunables,\n' % args.name
    out += "\t.ntunables = sizeof(tunables) / sizeof(tunables[0]),\n"
    for name in [f[0] for f in fields] + [b[0] for b in bits]:
        value = values[name]
        out += "\t.%s = %d,\n" % (name, -1 if value is None else value)
    return out + "};\n"


IN_SOURCES = os.path.join(ROOT, "src/ldso/glibc/abi-*.c")


def known_build_ids(text):
    return re.findall(r'^\t"([0-9a-f]{40})",$', text, re.M)


def check(args):
    identity = build_id(args.libc)
    for path in glob.glob(IN_SOURCES):
        text = open(path).read()
        if identity not in known_build_ids(text):
            continue
        args.name = re.search(r'\.name = "([^"]+)"', text).group(1)
        if table(args, known_build_ids(text)) != text:
            fail("%s differs from what the debug information of %s says" % (path, args.libc))
        print("%s agrees with %s" % (os.path.relpath(path, ROOT), args.libc))
        return
    fail("no table for %s (build-id %s)" % (args.libc, identity))


def add(args):
    identity = build_id(args.libc)
    for path in glob.glob(IN_SOURCES):
        text = open(path).read()
        args.name = re.search(r'\.name = "([^"]+)"', text).group(1)
        identities = known_build_ids(text)
        if table(args, identities) != text:
            continue
        if identity not in identities:
            open(path, "w").write(table(args, identities + [identity]))
        print("%s has build-id %s" % (os.path.relpath(path, ROOT), identity))
        return
    fail("no table fits %s (build-id %s): make one" % (args.libc, identity))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default="")
    parser.add_argument("--libc")
    parser.add_argument("--ldso")
    parser.add_argument("--name", default="2.36 (Debian)")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--add", action="store_true")
    parser.add_argument("-o", default="-")
    args = parser.parse_args()
    folder = args.root + "/lib/x86_64-linux-gnu"
    if not os.path.exists(folder):
        folder = args.root + "/usr" + folder[len(args.root):]
    args.libc = args.libc or folder + "/libc.so.6"
    args.ldso = args.ldso or folder + "/ld-linux-x86-64.so.2"
    if args.check:
        check(args)
    elif args.add:
        add(args)
    else:
        text = table(args, [build_id(args.libc)])
        (sys.stdout if args.o == "-" else open(args.o, "w")).write(text)


main()
