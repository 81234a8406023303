# relocation-types.py GILD TARGET [TYPE...]: each relocation type of a target, against each kind of symbol, in code and in
# data, in each kind of output, linked with GNU ld and with gild. Both take it or both refuse it, and when they take it
# the field means the same: where it leads, what slot it leads to, and what the loader is asked to do with it.
#
# Prints a line for each difference that `allowed` does not explain; exits 1 when there is one.
import os, struct, subprocess, sys

R386 = {name: n for n, name in enumerate(
    '''NONE 32 PC32 GOT32 PLT32 COPY GLOB_DAT JMP_SLOT RELATIVE GOTOFF GOTPC 32PLT 12 13 TLS_TPOFF TLS_IE TLS_GOTIE
    TLS_LE TLS_GD TLS_LDM 16 PC16 8 PC8 TLS_GD_32 TLS_GD_PUSH TLS_GD_CALL TLS_GD_POP TLS_LDM_32 TLS_LDM_PUSH
    TLS_LDM_CALL TLS_LDM_POP TLS_LDO_32 TLS_IE_32 TLS_LE_32 TLS_DTPMOD32 TLS_DTPOFF32 TLS_TPOFF32 SIZE32 TLS_GOTDESC
    TLS_DESC_CALL TLS_DESC IRELATIVE GOT32X 44'''.split())}
RX86 = {name: n for n, name in enumerate(
    '''NONE 64 PC32 GOT32 PLT32 COPY GLOB_DAT JUMP_SLOT RELATIVE GOTPCREL 32 32S 16 PC16 8 PC8 DTPMOD64 DTPOFF64 TPOFF64
    TLSGD TLSLD DTPOFF32 GOTTPOFF TPOFF32 PC64 GOTOFF64 GOTPC32 GOT64 GOTPCREL64 GOTPC64 GOTPLT64 PLTOFF64 SIZE32
    SIZE64 GOTPC32_TLSDESC TLSDESC_CALL TLSDESC IRELATIVE RELATIVE64 39 40 GOTPCRELX REX_GOTPCRELX 43'''.split())}

class Target:
    def __init__(self, emulation):
        self.emulation = emulation
        self.is386 = emulation == 'elf_i386'
        self.wide = emulation == 'elf_x86_64'
        self.types = R386 if self.is386 else RX86
        self.names = {n: name for name, n in self.types.items()}
        self.machine = 3 if self.is386 else 62
        self.rela = not self.is386

    def is_tls(self, name):
        return 'TLS' in name or 'TPOFF' in name or name.startswith('DTP')

AT = 0x20 # where the field stands in its section
SYMBOLS = { # name: section, value, size, type, binding, visibility
    'loc': ('.data', 0x40, 4, 1, 0, 0), 'glob': ('.data', 0x44, 12, 1, 1, 0), 'hid': ('.data', 0x48, 4, 1, 1, 2),
    'prot': ('.data', 0x4c, 4, 1, 1, 3), 'fun': ('.text', 8, 4, 2, 1, 0), 'lfun': ('.text', 12, 4, 2, 0, 0),
    'ifn': ('.text', 16, 4, 10, 1, 2), 'abs': ('ABS', 0x35, 0, 0, 1, 0), 'habs': ('ABS', 0x36, 0, 0, 1, 2),
    'und': (None, 0, 0, 1, 1, 0), 'ufun': (None, 0, 0, 2, 1, 0), 'weak': (None, 0, 0, 0, 2, 0),
    'hweak': (None, 0, 0, 0, 2, 2), 'tloc': ('.tdata', 8, 4, 6, 0, 0), 'tglob': ('.tdata', 12, 4, 6, 1, 0),
    'thid': ('.tdata', 16, 4, 6, 1, 2), 'tund': (None, 0, 0, 6, 1, 0), 'tweak': (None, 0, 0, 6, 2, 0),
}
IMPORTED = {'und': ('.data', 0x40, 8, 1, 1, 0), 'ufun': ('.text', 8, 4, 2, 1, 0), 'tund': ('.tdata', 8, 4, 6, 1, 0),
            '__tls_get_addr': ('.text', 8, 4, 2, 1, 0), '___tls_get_addr': ('.text', 8, 4, 2, 1, 0)}

# An object with .text, .data, .tdata, the symbols, and relocations (section, offset, type, symbol, addend).
def write_object(path, target, symbols, contents, relocations):
    c64 = target.wide
    names = ['', '.text', '.data', '.tdata', '.rel.text', '.rel.data', '.symtab', '.strtab', '.note.GNU-stack']
    strings = b'\0'
    def string(s):
        nonlocal strings
        at = len(strings)
        strings += s.encode() + b'\0'
        return at
    ordered = sorted(symbols, key=lambda s: symbols[s][4] != 0)
    table = [(0, 0, 0, 0, 0, 0)]
    for s in ordered:
        section, value, size, kind, binding, visibility = symbols[s]
        shndx = 0 if section is None else 0xfff1 if section == 'ABS' else names.index(section)
        table.append((string(s), value, size, binding << 4 | kind, visibility, shndx))
    index = {s: i + 1 for i, s in enumerate(ordered)}
    n_local = 1 + sum(symbols[s][4] == 0 for s in ordered)
    if c64:
        symtab = b''.join(struct.pack('<IBBHQQ', n, i, o, x, v, z) for n, v, z, i, o, x in table)
    else:
        symtab = b''.join(struct.pack('<IIIBBH', n, v, z, i, o, x) for n, v, z, i, o, x in table)
    def relocate(section):
        out = b''
        for where, at, kind, symbol, addend in relocations:
            if where != section:
                continue
            if c64:
                out += struct.pack('<QQq', at, index[symbol] << 32 | kind, addend)
            else:
                out += struct.pack('<II', at, index[symbol] << 8 | kind)
                if target.rela:
                    out += struct.pack('<i', addend)
        return out
    header_names = [string(n) for n in names]
    word, rel_type = (8, 4) if c64 else (4, 4 if target.rela else 9)
    entry = {'.symtab': 24 if c64 else 16, '.rel': (24 if c64 else 12) if target.rela else 8}
    bodies = [b'', contents['.text'], contents['.data'], contents['.tdata'], relocate('.text'), relocate('.data'), symtab,
              strings, b'']
    headers = [(0,) * 8] + [(1, 6, 0, 0, 16, 0), (1, 3, 0, 0, 16, 0), (1, 0x403, 0, 0, 16, 0),
                            (rel_type, 0x40, 6, 1, word, entry['.rel']), (rel_type, 0x40, 6, 2, word, entry['.rel']),
                            (2, 0, 7, n_local, word, entry['.symtab']), (3, 0, 0, 0, 1, 0), (1, 0, 0, 0, 1, 0)]
    at = 64 if c64 else 52
    body, shdrs = b'', b''
    for i, content in enumerate(bodies):
        kind, flags, link, info, align, size = (0,) * 6 if i == 0 else headers[i]
        pad = -(at + len(body)) % 16
        body += b'\0' * pad
        values = (header_names[i], kind, flags, 0, at + len(body) if i else 0, len(content), link, info, align, size)
        shdrs += struct.pack('<IIQQQQIIQQ' if c64 else '<10I', *values)
        body += content
    body += b'\0' * (-(at + len(body)) % 16)
    ident = b'\x7fELF' + bytes([2 if c64 else 1, 1, 1]) + b'\0' * 9
    rest = (1, target.machine, 1, 0, 0, at + len(body), 0, at, 0, 0, 64 if c64 else 40, len(names), 7)
    with open(path, 'wb') as f:
        f.write(ident + struct.pack('<HHIQQQIHHHHHH' if c64 else '<HHIIIIIHHHHHH', *rest) + body + shdrs)

class Output:
    def __init__(self, path, target):
        d = self.data = open(path, 'rb').read()
        c64 = target.wide
        e = struct.unpack_from('<HHIQQQIHHHHHH' if c64 else '<HHIIIIIHHHHHH', d, 16)
        form, size = ('<IIQQQQIIQQ', 64) if c64 else ('<10I', 40)
        self.sections = [struct.unpack_from(form, d, e[5] + size * i) for i in range(e[11])]
        self.names = {}
        self.relocs = {}
        self.target = target
        for s in self.sections:
            if s[1] == 2:
                for name, value in self.symbols(s):
                    self.names.setdefault(name, value)
        named = {self.string(self.sections[self.shstrndx()], s[0]): s[3] for s in self.sections}
        self.got = self.names.get('_GLOBAL_OFFSET_TABLE_', named.get('.got.plt', named.get('.got', 0)))
        for s in self.sections:
            if s[1] not in (4, 9) or not s[2] & 2:
                continue
            dyn = list(self.symbols(self.sections[s[6]])) if self.sections[s[6]][1] == 11 else []
            step = 24 if c64 else 12 if s[1] == 4 else 8
            for at in range(s[4], s[4] + s[5], step):
                if c64:
                    where, info, addend = struct.unpack_from('<QQq', d, at)
                    kind, sym = info & 0xffffffff, info >> 32
                else:
                    where, info = struct.unpack_from('<II', d, at)
                    addend = struct.unpack_from('<i', d, at + 8)[0] if s[1] == 4 else self.word(where, 4)
                    kind, sym = info & 255, info >> 8
                self.relocs[where] = (target.names.get(kind, kind), dyn[sym][0] if sym else '', addend)

    def string(self, section, at):
        start = section[4] + at
        return self.data[start:self.data.index(b'\0', start)].decode()

    def symbols(self, s):
        for at in range(s[4], s[4] + s[5], s[9]):
            if self.target.wide:
                name, info, other, shndx, value, size = struct.unpack_from('<IBBHQQ', self.data, at)
            else:
                name, value, size, info, other, shndx = struct.unpack_from('<IIIBBH', self.data, at)
            yield self.string(self.sections[s[6]], name), value

    def section_of(self, addr):
        for s in self.sections:
            in_memory = s[2] & 2 and (s[1] != 8 or not s[2] & 0x400) # SHF_ALLOC, SHT_NOBITS, SHF_TLS
            if in_memory and s[3] <= addr < s[3] + s[5]:
                return s
        return None

    def word(self, addr, size):
        s = self.section_of(addr)
        if not s or s[1] == 8:
            return None
        at = s[4] + addr - s[3]
        return int.from_bytes(self.data[at:at + size], 'little')

    # What a place holds once the loader has been there.
    def content(self, addr, size):
        r = self.relocs.get(addr)
        if r:
            if r[0] == 'RELATIVE':
                return '+%#x' % r[2]
            return 'ifunc' if r[0] == 'IRELATIVE' else '%s(%s%+d)' % r
        v = self.word(addr, size)
        if v is not None and 'plt' in self.name_of(v):
            return self.place(v).replace('plt of ', '')
        return 'nothing' if v is None else hex(v)

    def name_of(self, addr):
        s = self.section_of(addr)
        n = self.string(self.sections[self.shstrndx()], s[0]) if s else ''
        return n

    def shstrndx(self):
        return struct.unpack_from('<H', self.data, 62 if self.target.wide else 50)[0]

    # An address: itself, or what stands behind the linker's own tables there.
    def place(self, addr):
        n = self.name_of(addr)
        if n.startswith('.plt') or n == '.iplt':
            code = self.word(addr, 8)
            at = addr
            if code & 0xffffffff in (0xfa1e0ff3, 0xfb1e0ff3):
                at += 4
            if self.word(at, 1) == 0xf2:
                at += 1
            if self.word(at, 1) != 0xff:
                return 'plt?'
            slot = self.word(at + 2, 4)
            if not self.target.is386:
                slot = at + 6 + (slot - (1 << 32) if slot >> 31 else slot)
            elif self.word(at + 1, 1) == 0xa3:
                slot = slot + self.got & 0xffffffff
            r = self.relocs.get(slot, ('?', '?', 0))
            return 'plt of %s' % r[1] if r[1] else 'plt of ifunc'
        if n in ('.got', '.got.plt'):
            return 'slot ' + self.content(addr, 4 if self.target.is386 else 8).replace('JMP_SLOT', 'GLOB_DAT').replace(
                'JUMP_SLOT', 'GLOB_DAT')
        if n in ('.bss', '.dynbss', '.bss.rel.ro', '.data.rel.ro') and addr in self.relocs:
            return 'copy of %s' % self.relocs[addr][1]
        return hex(addr)

def counts_from_here(name):
    return name.startswith('PC') or name in ('PLT32', 'GOTPCREL', 'GOTPCREL64', 'GOTPCRELX', 'REX_GOTPCRELX', 'TLSGD',
                                             'TLSLD', 'GOTTPOFF', 'GOTPC32_TLSDESC', 'GOTPC', 'GOTPC32', 'GOTPC64')

COUNTS_FROM_GOT = ('GOT32', 'GOT64', 'GOT32X', 'GOTOFF', 'GOTOFF64', 'GOTPLT64', 'PLTOFF64', 'TLS_GD', 'TLS_LDM',
                   'TLS_GOTIE', 'TLS_IE_32', 'TLS_GOTDESC')

def meaning(o, target, name, width, bias):
    p, mask = o.names['place'], (1 << (64 if target.wide else 32)) - 1
    if p in o.relocs:
        moved = o.relocs[p][0] == 'RELATIVE' and 'got' in o.name_of(o.relocs[p][2])
        return 'loader: ' + (o.place(o.relocs[p][2]) if moved else o.content(p, width))
    v = o.word(p, width)
    signed = v - (1 << 8 * width) if v >> (8 * width - 1) else v
    if name in ('GOTPC', 'GOTPC32', 'GOTPC64'):
        return 'got%+d' % (signed + p - bias - o.got)
    if counts_from_here(name) and width >= 4:
        return o.place(signed + p - bias & mask)
    if name in COUNTS_FROM_GOT:
        return o.place(o.got + signed & mask)
    return o.place(v) if width >= 4 else hex(v)

def width_of(target, name):
    if name in ('8', 'PC8'):
        return 1
    if name in ('16', 'PC16'):
        return 2
    if name.endswith('64') and not target.is386 and name != 'TLSDESC':
        return 8
    return 4

def link(command, args, out, target):
    if os.path.exists(out):
        os.unlink(out)
    r = subprocess.run([command, '-m', target.emulation, *args, '-o', out], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    if r.returncode not in (0, 1):
        return 'crashes: exit %d' % r.returncode
    return None if r.returncode == 0 and os.path.exists(out) else 'refuses'

OUTPUTS = {'static': ['-static'], 'exec': ['lib.so'], 'pie': ['-pie', 'lib.so', '-z', 'notext'],
           'shared': ['-shared', '-z', 'notext']}
PLACES = '-Ttext=0x8100000 -Tdata=0x8200000 --section-start=.tdata=0x8300000 --hash-style=sysv'.split()

# Why a difference is none; GNU ld's result, gild's.
def reason(target, name, kind, symbol, a, b):
    if b == 'refuses':
        if name in (*'COPY GLOB_DAT JMP_SLOT JUMP_SLOT RELATIVE RELATIVE64 IRELATIVE TLS_TPOFF TLS_TPOFF32 TLS_DTPMOD32'
                    .split(), *'TLS_DTPOFF32 TLS_DESC DTPMOD64 TLSDESC'.split()):
            return 'a type for the loader'
        if name in ('39', '40'):
            return 'a type of the memory protection extensions, which no processor has any more'
        if kind == 'shared' and not target.is386 and name in ('PC8', 'PC16', 'PC32', 'PC64'):
            return 'a distance that the loader may not be able to write'
        if kind == 'pie' and symbol == 'weak' and name in ('GOTOFF', 'PC32', 'PC64'):
            return 'a distance to nothing, from an image that moves'
        if kind == 'shared' and name in ('8', '16') and symbol in ('abs', 'und', 'ufun', 'weak'):
            return 'an address that is not known, for which GNU ld writes what it has'
    elif a == 'refuses':
        if symbol == 'ifn' and ('ifunc' in b or 'SIZE' in name or 'GOTPC' in name or name == 'NONE'):
            return 'an indirect function has a PLT entry'
        if symbol in ('abs', 'habs') and kind in ('pie', 'shared'):
            return 'a number is a number in images that move'
        if symbol in ('und', 'ufun', 'tund') and kind in ('exec', 'pie'):
            return 'a copy, or a PLT entry, serves'
        if target.is_tls(name):
            return 'not in an instruction that can be rewritten'
        if symbol == 'prot' and kind == 'pie':
            return 'a protected variable is its own'
        if 'weak' in symbol and b in ('0x0', '-0x4', '0xfffffffc'):
            return 'nothing is at address 0'
        if name in ('PC64', 'GOTOFF64', 'GOT64', 'PLTOFF64', 'GOTPLT64', 'GOTPCREL64', 'GOTPC64') and not target.wide:
            return 'a type that GNU ld leaves to the other ABI'
    elif symbol in ('weak', 'tweak') and kind in ('exec', 'pie') and 'weak' in a + b:
        return 'who looks up undefined weak symbols when a program starts'
    elif symbol == 'prot' and kind == 'shared' and 'prot' in a and b.startswith('loader: +'):
        return 'a protected variable is its own'
    elif symbol == 'und' and kind in ('exec', 'pie') and a.startswith('loader: PC') and (
            b.startswith('copy of und') or name in ('PC8', 'PC16')):
        return 'a copy serves'
    elif symbol == 'tund' and kind == 'pie' and name == 'TLS_IE' and b == 'loader: ' + a:
        return 'the address of a slot moves with the image'
    elif name in ('TLS_DESC_CALL', 'TLSDESC_CALL'):
        return 'a call of a descriptor that nobody loads'
    elif symbol == 'ifn' and 'ifunc' in b:
        return 'a PLT entry is the address everywhere'
    elif a.startswith('crashes'):
        return 'GNU ld crashes'
    return None

def main():
    gild, target = sys.argv[1], Target(sys.argv[2])
    # Those that are for instructions that may be rewritten are compared in story/i386-relocations and its neighbours.
    wanted = sys.argv[3:] or [name for name in target.types if not name.endswith(('GOT32X', 'GOTPCRELX'))]
    text = bytes([0x90] * 8 + [0xc3] * 16 + [0x90] * 8)
    contents = {'.text': text + b'\x90' * 32, '.data': b'\0' * 0x60, '.tdata': b'\0' * 0x20}
    write_object('lib.o', target, IMPORTED, contents, [])
    subprocess.check_call(['ld.bfd', '-m', target.emulation, '-shared', 'lib.o', '-o', 'lib.so'])
    n = alike = 0
    found, reasons = {}, {}
    for name in wanted:
        width = width_of(target, name)
        for section in ('.data', '.text') if name in ('32', 'PC32', 'PLT32', 'PC8', 'PC16') else ('.data',):
            bias = -4 if section == '.text' and name in ('PC32', 'PLT32') else 0
            for symbol in SYMBOLS:
                if (symbol[0] == 't') != target.is_tls(name) and 'SIZE' not in name:
                    continue # each linker has its own words for these mistakes
                symbols = dict(SYMBOLS, _start=('.text', 0, 0, 2, 1, 0), place=(section, AT, 0, 0, 0, 0),
                               _GLOBAL_OFFSET_TABLE_=(None, 0, 0, 0, 1, 0)) # so that there is a GOT to count from
                symbols = {s: v for s, v in symbols.items() if v[0] is not None or s == symbol or s[0] == '_'}
                body = dict(contents)
                if bias or target.is386:
                    content = bytearray(body[section])
                    if bias: # a call
                        content[AT - 1] = 0xe8
                    content[AT:AT + width] = (bias & (1 << 8 * width) - 1).to_bytes(width, 'little')
                    body[section] = bytes(content)
                write_object('a.o', target, symbols, body, [
                    (section, AT, target.types[name], symbol, bias),
                    ('.data', 0x58, target.types['GOTPC' if target.is386 else 'GOTPC32'], '_GLOBAL_OFFSET_TABLE_', 0)])
                for kind, args in OUTPUTS.items():
                    if kind == 'static' and symbol in IMPORTED:
                        continue
                    results = []
                    for linker in ('ld.bfd', gild):
                        out = 'out.' + os.path.basename(linker)
                        failure = link(linker, PLACES + ['a.o'] + args, out, target)
                        results.append(failure or meaning(Output(out, target), target, name, width, bias))
                    n += 1
                    if results[0] == results[1]:
                        alike += 1
                        continue
                    why = reason(target, name, kind, symbol, *results)
                    if why:
                        reasons[why] = reasons.get(why, 0) + 1
                    else:
                        found.setdefault((name, section, *results), []).append(kind + '/' + symbol)
    for (name, section, a, b), where in found.items():
        print('%s in %s, %s\n   GNU ld %s\n   gild   %s' % (name, section, ' '.join(where), a, b))
    print('%d of %d alike' % (alike, n))
    for why in sorted(reasons):
        print('%6d %s' % (reasons[why], why))
    return 1 if found or alike < n // 2 else 0

sys.exit(main())
