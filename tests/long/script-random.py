#!/usr/bin/env python3
"""Random linker scripts for random objects, linked by GNU ld and by gild, and compared.

    script-random.py [-n CASES] [-s SEED] [-k KEEP-FOLDER] [-1] LD GILD

Compared are: sections (name, type, flags, address, size, alignment, content), symbols (value, type, binding, visibility,
section), segments (type, flags, addresses, sizes, alignment) and the entry point. A case that GNU ld refuses counts
only if gild crashes on it. -1: only this seed, and its differences in full. Folders of cases that differ are kept in
KEEP-FOLDER. Prints how many cases differ, and exits with status 1 if any does.
"""
import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

POOL = 60


# ---- objects ---------------------------------------------------------------------------------------------------

TEXT = ['.text', '.text', '.text.a', '.text.b', '.text.b.c', '.text.unlikely.x', '.init', 'code']
RODATA = ['.rodata', '.rodata.a', '.rodata.b', '.rodata.cst8', 'rotable']
DATA = ['.data', '.data', '.data.a', '.data.b', '.data.rel.ro', 'table', '.sdata']
BSS = ['.bss', '.bss', '.bss.a', '.bss.b', 'zero']
OTHER = ['.init_array', '.init_array.5', '.init_array.00100', '.ctors', '.ctors.65000', '.fini_array']
NOTES = ['.note.a', '.note.b']
NOT_LOADED = ['.comment', '.debug_info', '.stuff']


def make_object(rng, number, folder):
    lines = []
    n_symbol = 0

    def symbol(kind):
        nonlocal n_symbol
        n_symbol += 1
        name = f'{kind}{number}_{n_symbol}'
        if rng.random() < 0.7:
            lines.append(f'.globl {name}')
        elif rng.random() < 0.3:
            lines.append(f'.weak {name}')
        return name

    def section(name, flags, kind, most):
        lines.append(f'.section {name},"{flags}",@{kind}')
        if rng.random() < 0.7:
            lines.append(f'.balign {rng.choice([1, 2, 4, 4, 8, 16, 32, 64])}')
        if rng.random() < 0.8:
            lines.append(symbol('s' if kind != 'nobits' else 'z') + ':')
        size = rng.choice([0, 1, 3, 4, 8, 13, 16, 24, most])
        if kind == 'nobits':
            lines.append(f'.zero {size}' if size else '')
        elif size:
            lines.append('.byte ' + ','.join(str(rng.randrange(1, 255)) for _ in range(size)))

    for _ in range(rng.randrange(1, 9)):
        r = rng.random()
        if r < 0.3:
            section(rng.choice(TEXT), 'ax', 'progbits', 40)
        elif r < 0.5:
            section(rng.choice(RODATA), 'a', 'progbits', 40)
        elif r < 0.72:
            section(rng.choice(DATA), 'aw', 'progbits', 40)
        elif r < 0.88:
            section(rng.choice(BSS), 'aw', 'nobits', 100)
        elif r < 0.92:
            name = rng.choice(OTHER)
            lines.append(f'.section {name},"aw"' + (',@' + name[1:11] if '_array' in name else ',@progbits'))
            lines.append('.balign 8')
            lines.append(f'.quad {rng.randrange(1, 1 << 40)}')
        elif r < 0.95:
            lines.append(f'.section {rng.choice(NOTES)},"a",@note')
            lines.append('.balign 4')
            lines.append(f'.long 4,4,{rng.randrange(9)}; .ascii "abc\\0"; .long {number}')
        else:
            section(rng.choice(NOT_LOADED), '', 'progbits', 30)
    if rng.random() < 0.2:
        lines.append(f'.comm common{number},{rng.choice([1, 4, 24])},{rng.choice([1, 4, 16])}')
    if rng.random() < 0.2:
        lines.append(f'.globl abs{number}; abs{number} = {rng.randrange(1 << 16)}')
    lines.append('.section .note.GNU-stack,"",@progbits')
    path = os.path.join(folder, f'o{number}.o')
    subprocess.run(['as', '-mx86-used-note=no', '-o', path, '-'], input='\n'.join(lines) + '\n', text=True, check=True)
    names = [line.split()[1].rstrip(';') for line in lines if line.startswith('.globl')]
    return path, names


# ---- scripts ---------------------------------------------------------------------------------------------------

class Script:
    """Text of a random script."""

    def __init__(self, rng, objects, names):
        self.rng, self.objects, self.names = rng, objects, names
        self.symbols, self.sections = [], []
        self.regions = []
        self.n = 0

    def number(self):
        rng = self.rng
        return rng.choice(['0', '1', '4', '8', '0x10', '32', '0x100', '0x40', '010', '1K', str(rng.randrange(200))])

    def align(self):
        return self.rng.choice(['1', '2', '4', '8', '16', '32', '64', '0x100', '0x1000'])

    def expr(self, depth=0, inside=False):
        rng = self.rng
        r = rng.random()
        if depth > 2 or r < 0.3:
            return self.number()
        if r < 0.4:
            return '.'
        if r < 0.55 and self.symbols:
            return rng.choice(self.symbols)
        if r < 0.62 and self.names:
            return rng.choice(self.names)
        if r < 0.7 and self.sections:
            return f'{rng.choice(["ADDR", "SIZEOF", "SIZEOF", "ALIGNOF", "LOADADDR"])}({rng.choice(self.sections)})'
        if r < 0.74:
            return f'ALIGN({self.expr(depth + 1)}, {self.align()})'
        if r < 0.77:
            return f'{rng.choice(["MAX", "MIN"])}({self.expr(depth + 1)}, {self.expr(depth + 1)})'
        if r < 0.8:
            return f'ABSOLUTE({self.expr(depth + 1)})'
        if r < 0.82:
            return f'(DEFINED({rng.choice(self.names or ["none"])}) ? {self.number()} : {self.number()})'
        if r < 0.85:
            return f'{rng.choice("-~!")}({self.expr(depth + 1)})'
        if r < 0.88:
            return f'({self.expr(depth + 1)} {rng.choice(["<", ">", "==", "!=", "<=", ">=", "&&", "||"])} {self.expr(depth + 1)})'
        return f'({self.expr(depth + 1)} {rng.choice(["+", "+", "+", "-", "*", "&", "|", "<<"])} {self.number()})'

    def name(self):
        self.n += 1
        return f'sym{self.n}'

    def assignment(self):
        rng = self.rng
        name = self.name()
        r = rng.random()
        if r < 0.15:
            text = f'PROVIDE({name} = {self.expr()});'
        elif r < 0.25:
            text = f'HIDDEN({name} = {self.expr()});'
            self.symbols.append(name)
        else:
            text = f'{name} = {self.expr()};'
            self.symbols.append(name)
            if rng.random() < 0.1:
                text += f' {name} {rng.choice(["+=", "-=", "<<="])} {self.number()};'
        return text

    def pattern(self, names):
        rng = self.rng
        name = rng.choice(names)
        if rng.random() < 0.5:
            name += rng.choice(['*', '.*'])
        r = rng.random()
        if r < 0.12:
            return f'{rng.choice(["SORT", "SORT_BY_NAME", "SORT_BY_ALIGNMENT"])}({name})'
        if r < 0.15:
            return f'SORT_BY_NAME(SORT_BY_ALIGNMENT({name}))'
        if r < 0.17:
            return f'SORT_BY_INIT_PRIORITY({name})'
        if r < 0.22:
            return f'EXCLUDE_FILE({self.file(True)}) {name}'
        return name

    def file(self, short=False):
        rng = self.rng
        base = os.path.basename(rng.choice(self.objects))
        return rng.choice([f'*{base}', f'*{base[:2]}?.o', f'*[1-3].o'] + ([] if short else ['*', '*', '*', '*', '*']))

    def describe(self, names):
        rng = self.rng
        patterns = ' '.join(self.pattern(names) for _ in range(rng.choice([1, 1, 1, 2, 3])))
        file = self.file()
        if rng.random() < 0.05:
            file = f'SORT({file})'
            patterns = rng.choice(names)
        text = f'{file}({patterns})'
        if rng.random() < 0.08:
            text = f'INPUT_SECTION_FLAGS({rng.choice(["SHF_ALLOC", "SHF_WRITE", "!SHF_WRITE", "SHF_ALLOC & SHF_EXECINSTR"])}) {text}'
        return f'KEEP({text})' if rng.random() < 0.1 else text

    def body(self, names, bss):
        rng = self.rng
        lines = []
        for _ in range(rng.choice([0, 1, 1, 2, 3, 5])):
            r = rng.random()
            if r < 0.6:
                lines.append(self.describe(names))
            elif r < 0.7:
                lines.append(self.assignment())
            elif r < 0.76:
                lines.append(f'. = ALIGN({self.align()});')
            elif r < 0.8:
                lines.append(f'. += {self.number()};')
            elif r < 0.82:
                lines.append(f'. = . + SIZEOF({rng.choice(self.sections)});' if self.sections else '. = .;')
            elif r < 0.9 and not bss:
                lines.append(f'{rng.choice(["BYTE", "SHORT", "LONG", "QUAD"])}({self.expr()})')
            elif r < 0.93 and not bss:
                lines.append(f'FILL({rng.choice(["0x90", "0xAABB", "144", "0x00000090", "0x123456"])})')
            elif bss:
                lines.append('*(COMMON)')
        return ' '.join(lines)

    def section(self, name, names, bss=False, loaded=True):
        rng = self.rng
        head = name
        if not loaded:
            head += ' 0'
        elif rng.random() < 0.12:
            head += ' ' + rng.choice([f'ALIGN({self.align()})', f'. + {self.number()}', f'(. + 0x1000)'])
        if rng.random() < 0.05:
            head += rng.choice([' (NOLOAD)', ' (INFO)', ' (READONLY)', ' (TYPE = SHT_PROGBITS)', ' ()'])
        head += ' :'
        if loaded and rng.random() < 0.08:
            head += f' AT({rng.choice([f"ADDR({name}) - 0x1000", "0x10000", f"ADDR({name})"])})'
        if rng.random() < 0.1:
            head += f' ALIGN({self.align()})'
        if rng.random() < 0.04:
            head += ' ALIGN_WITH_INPUT'
        if rng.random() < 0.06:
            head += f' SUBALIGN({rng.choice(["1", "2", "8", "16", "64"])})'
        if rng.random() < 0.03:
            head += rng.choice([' ONLY_IF_RO', ' ONLY_IF_RW'])
        text = f'  {head} {{ {self.body(names, bss)} }}'
        if self.regions and loaded:
            text += f' >{rng.choice(self.regions)}'
            if rng.random() < 0.3:
                text += f' AT>{rng.choice(self.regions)}'
        if rng.random() < 0.12:
            text += f' ={rng.choice(["0x90", "0xcafe", "0", "0x12345678", "17"])}'
        self.sections.append(name)
        return text

    def text(self):
        rng = self.rng
        lines = []
        if rng.random() < 0.2:
            for name, origin in (('RAM', 0x10000), ('ROM', 0x400000))[:rng.choice([1, 2])]:
                self.regions.append(name)
                lines.append(f'MEMORY {{ {name} ({rng.choice(["rwx", "rx", "rw!x", "wx"])}) : ORIGIN = {origin:#x}, LENGTH = 256K }}')
        if rng.random() < 0.5:
            lines.append(f'ENTRY({rng.choice(self.names or ["_start"])})')
        for _ in range(rng.choice([0, 0, 1])):
            lines.append(self.assignment())
        lines.append('SECTIONS {')
        if rng.random() < 0.9 and not self.regions:
            lines.append(rng.choice(['  . = 0x10000;', '  . = 0x400000 + SIZEOF_HEADERS;', '  . = SIZEOF_HEADERS;', '  . = 0x123458;']))
        outputs = [
            ('.text', TEXT + ['.text'], False, True), ('.rodata', RODATA, False, True), ('.data', DATA, False, True),
            ('.bss', BSS + ['COMMON'], True, True), ('.mix', DATA + RODATA, False, True), ('.all', ['*', '.t', '.d'], False, True),
            ('.init_array', OTHER, False, True), ('.notes', NOTES, False, True), ('.comment', NOT_LOADED, False, False),
            ('.empty', ['.nothing'], False, True), ('.text', TEXT, False, True), ('.note.a', ['.note.a'], False, True),
        ]
        chosen = [output for output in outputs if rng.random() < 0.5]
        if rng.random() < 0.3:
            rng.shuffle(chosen)
        for output in chosen:
            r = rng.random()
            if r < 0.2:
                lines.append('  ' + self.assignment())
            elif r < 0.3:
                lines.append(f'  . = ALIGN({self.align()});')
            elif r < 0.34:
                lines.append(f'  . = . + {self.number()};')
            lines.append(self.section(*output))
        if rng.random() < 0.3:
            lines.append('  ' + self.assignment())
        if rng.random() < 0.15:
            lines.append(f'  /DISCARD/ : {{ *({rng.choice([".comment", ".note.*", ".debug*", "table", ".data.b"])}) }}')
        lines.append('}')
        for _ in range(rng.choice([0, 0, 1, 2])):
            lines.append(self.assignment())
        if rng.random() < 0.1:
            lines.append('ASSERT(1, "never")')
        return '\n'.join(lines) + '\n'


# ---- what came out ---------------------------------------------------------------------------------------------

def read_elf(path):
    data = open(path, 'rb').read()
    (kind, _, _, entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, shstrndx) = struct.unpack_from('<HHIQQQIHHHHHH', data, 16)
    headers = [struct.unpack_from('<IIQQQQIIQQ', data, shoff + i * shentsize) for i in range(shnum)]

    def string(table, offset):
        start = headers[table][4] + offset
        return data[start:data.index(b'\0', start)].decode()

    own = ('.symtab', '.strtab', '.shstrtab', '.symtab_shndx')
    names = [string(shstrndx, header[0]) for header in headers]
    result = {'type': kind, 'entry': hex(entry), 'sections': [], 'symbols': [], 'segments': []}
    for name, (_, sh_type, flags, addr, offset, size, _, _, align, entsize) in zip(names[1:], headers[1:]):
        if name in own:
            continue
        content = '' if sh_type == 8 else data[offset:offset + size].hex()
        result['sections'].append((name, sh_type, hex(flags), hex(addr), hex(size), align, content))
    for header in headers:
        if header[1] != 2:
            continue
        for i in range(header[5] // 24):
            st_name, info, other, shndx, value, size = struct.unpack_from('<IBBHQQ', data, header[4] + i * 24)
            name = string(header[6], st_name)
            if info & 15 in (3, 4) or not name:
                continue
            where = names[shndx] if 0 < shndx < len(names) else hex(shndx)
            result['symbols'].append((name, hex(value), where, info & 15, info >> 4, other, size))
    result['symbols'].sort()
    for i in range(phnum):
        p_type, flags, offset, vaddr, paddr, filesz, memsz, align = struct.unpack_from('<IIQQQQQQ', data, phoff + i * phentsize)
        if p_type == 0x6474e551:
            continue
        result['segments'].append((p_type, flags, hex(vaddr), hex(paddr), hex(filesz), hex(memsz), align))
    return result


def compare(a, b):
    """What differs, as lines."""
    out = []
    for key in a:
        if a[key] == b[key]:
            continue
        if not isinstance(a[key], list):
            out.append(f'{key}: {a[key]} != {b[key]}')
            continue
        left = [x for x in a[key] if x not in b[key]]
        right = [x for x in b[key] if x not in a[key]]
        if key == 'symbols':  # GNU ld leaves out local ones of files that have only .bss, or nothing in the output
            right = [x for x in right if x[4] != 0]
        out += [f'{key}: GNU ld: {x}' for x in left] + [f'{key}: gild:   {x}' for x in right]
        if not left and not right and key == 'segments':
            out += [f'{key}: order: GNU ld: ' + ' '.join(str(x[0]) for x in a[key]),
                    f'{key}: order: gild:   ' + ' '.join(str(x[0]) for x in b[key])]
    return out


# ---- a case ----------------------------------------------------------------------------------------------------

def run(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    except subprocess.TimeoutExpired:
        return 124, 'timeout'
    return done.returncode, done.stdout.decode(errors='replace')


def one_case(seed, pool, folder, ld, gild):
    rng = random.Random(seed)
    chosen = rng.sample(pool, rng.randrange(1, 5))
    objects = [path for path, _ in chosen]
    names = [name for _, names in chosen for name in names]
    script = os.path.join(folder, 'script.ld')
    with open(script, 'w') as file:
        file.write(Script(rng, objects, names).text())
    options = ['--build-id=none', '-T', script]
    options += rng.choice([[], [], ['-z', 'noseparate-code'], ['-N'], ['-n'], ['-z', 'max-page-size=0x10000'],
                           ['--sort-section=name'], ['--sort-section=alignment'], ['-Ttext=0x30000'],
                           ['--section-start=.data=0x50000'], ['--defsym=defined_symbol=17']])
    outputs = [os.path.join(folder, name) for name in ('gnu', 'gild')]
    for output in outputs:
        if os.path.exists(output):
            os.unlink(output)
    codes = []
    for linker, output in ((ld, outputs[0]), (gild, outputs[1])):
        codes.append(run([linker, *options, '-o', output, *objects]))
    with open(os.path.join(folder, 'command'), 'w') as file:
        file.write(' '.join([gild, *options, '-o', outputs[1], *objects]) + '\n')
    if codes[1][0] not in (0, 1):
        return 'crash', [f'gild ends with {codes[1][0]}: {codes[1][1]}']
    if codes[0][0] != 0:
        return 'refused', []
    if codes[1][0] != 0:
        return 'differs', ['gild: ' + codes[1][1].strip()]
    difference = compare(read_elf(outputs[0]), read_elf(outputs[1]))
    return ('differs' if difference else 'same'), difference


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=500)
    parser.add_argument('-s', type=int, default=1)
    parser.add_argument('-k')
    parser.add_argument('-1', dest='single', action='store_true')
    parser.add_argument('ld')
    parser.add_argument('gild')
    arguments = parser.parse_args()
    counts = {'same': 0, 'refused': 0, 'differs': 0, 'crash': 0}
    with tempfile.TemporaryDirectory() as folder:
        rng = random.Random(4711)
        pool = [make_object(rng, number, folder) for number in range(POOL)]
        for seed in range(arguments.s, arguments.s + (1 if arguments.single else arguments.n)):
            verdict, lines = one_case(seed, pool, folder, arguments.ld, arguments.gild)
            counts[verdict] += 1
            if verdict in ('same', 'refused') and not arguments.single:
                continue
            print(f'seed {seed}: {verdict}')
            for line in lines if arguments.single else lines[:3]:
                print('   ', line[:2000 if arguments.single else 160])
            if arguments.single:
                print(open(os.path.join(folder, 'script.ld')).read(), open(os.path.join(folder, 'command')).read())
            if arguments.k:
                keep = os.path.join(arguments.k, str(seed))
                shutil.rmtree(keep, ignore_errors=True)
                shutil.copytree(folder, keep)
    print(', '.join(f'{n} {what}' for what, n in counts.items()))
    sys.exit(1 if counts['differs'] or counts['crash'] else 0)


main()
