#!/usr/bin/env python3
"""Makes src/ldso/glibc/abi-NAME.c: where a build of glibc keeps what it shares with its loader.

  scripts/ldso-abi.py [--libc FILE] [--ldso FILE] [--name NAME] [-o FILE]   make a table
  scripts/ldso-abi.py --check [--libc FILE] [--ldso FILE]                    compare the table in the sources
  scripts/ldso-abi.py --add --root DIR        add a build to the table in the sources that fits; DIR is a folder that the
                                              packages libc6 and libc6-dbg of that build were unpacked into (dpkg -x)

The offsets come from the debug information of libc.so.6 and ld.so (Debian: package libc6-dbg), read by gdb; the lists of
fields are those of src/ldso/glibc/abi.h. Sizes are checked against the symbols that ld.so exports.
"""
import argparse, glob, json, os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = os.path.join(ROOT, "src/ldso/glibc/abi.h")

# Runs inside gdb, which prints one JSON object.
IN_GDB = r'''
import gdb, json
fields, bits = json.loads(FIELDS)
def find(type, base, path):
    """Offset of a member, looking through anonymous structures."""
    for field in type.strip_typedefs().fields():
        if field.name == path[0]:
            here = base + field.bitpos // 8
            return here if len(path) == 1 else find(field.type, here, path[1:])
        if not field.name:
            found = find(field.type, base + field.bitpos // 8, path)
            if found is not None:
                return found
    return None
def structure(name):
    try:
        return gdb.lookup_type("struct " + name)
    except gdb.error:
        return gdb.lookup_type(name)
out = {}
for name, struct, member in fields:
    type = structure(struct)
    out[name] = type.sizeof if member == "." else find(type, 0, member.split("."))
for name, member in bits:
    out[name] = next((f.bitpos for f in structure("link_map").strip_typedefs().fields() if f.name == member), None)
tunables = []
codes = {}
for field in gdb.lookup_type("tunable_id_t").strip_typedefs().fields():
    entry = gdb.parse_and_eval("tunable_list[%d]" % field.enumval)
    bounds = entry["type"]
    number = lambda value: int(value["numval"]) if value.type.strip_typedefs().code == gdb.TYPE_CODE_UNION else int(value)
    first = "def" if "def" in [f.name for f in entry.type.fields()] else "val"
    tunables.append([entry["name"].string(), str(bounds["type_code"]), number(entry[first]), int(bounds["min"]), int(bounds["max"])])
out["tunables"] = tunables
print("JSON:" + json.dumps(out))
'''


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


def check_debug_file(path, folder):
    identity = build_id(path)
    if not os.path.exists("%s/.build-id/%s/%s.debug" % (folder, identity[:2], identity[2:])):
        fail("no debug information for %s (Debian: apt-get install libc6-dbg)" % path)


def ask(args):
    folder = args.root + "/usr/lib/debug"
    check_debug_file(args.ldso, folder)  # gdb finds it by itself
    script = "FIELDS = %r\n%s" % (json.dumps(lists()), IN_GDB)
    run = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set debug-file-directory " + folder, "-ex", "python\n" + script, args.ldso],
                         capture_output=True, text=True)
    found = re.search(r"^JSON:(.*)$", run.stdout, re.M)
    if not found:
        fail("gdb: " + (run.stderr.strip() or run.stdout.strip()))
    return json.loads(found.group(1))


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
