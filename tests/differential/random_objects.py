"""Random object files for random linker scripts: sections of many names, sizes and alignments, symbols of every kind, and
references that need no other file. A pool of them is made once and drawn from."""
import os
import subprocess

TEXT = ['.text', '.text', '.text.a', '.text.b', '.text.b.c', '.text.unlikely.x', '.init', 'code']
RODATA = ['.rodata', '.rodata.a', '.rodata.b', '.rodata.cst8', 'rotable']
DATA = ['.data', '.data', '.data.a', '.data.b', '.data.rel.ro', 'table', '.sdata']
BSS = ['.bss', '.bss', '.bss.a', '.bss.b', 'zero']
ARRAYS = ['.init_array', '.init_array.5', '.init_array.00100', '.ctors', '.ctors.65000', '.fini_array']
NOTES = ['.note.a', '.note.b']
NOT_LOADED = ['.comment', '.debug_info', '.stuff']
THREAD = ['.tdata', '.tdata.a', '.tbss', '.tbss.b']


class Object:
    """An object file: its path, the names of its global symbols; has_roots: what gild keeps with --gc-sections,
    but GNU ld does not."""

    def __init__(self, path, names, has_roots):
        self.path, self.names, self.has_roots = path, names, has_roots


class Writer:
    """The assembly of one object; word: of position-independent code, where what is written has addresses of that kind and
    the rest distances to what is local; or None."""

    def __init__(self, rng, number, word=None):
        self.rng, self.number, self.word = rng, number, word
        self.lines, self.names, self.labels, self.local = [], [], [], []

    def symbol(self, kind, local=False):
        rng = self.rng
        name = f'{kind}{self.number}_{len(self.labels)}'
        self.labels.append(name)
        if local:
            self.local.append(name)
        elif rng.random() < 0.7:
            self.lines.append(f'.globl {name}')
            self.names.append(name)
        elif rng.random() < 0.3:
            self.lines.append(f'.weak {name}')
        else:
            self.local.append(name)
        if rng.random() < 0.2:
            self.lines.append(f'.type {name},@{rng.choice(["object", "function"])}')
            self.lines.append(f'.size {name},{rng.randrange(9)}')
        self.lines.append(f'{name}:')

    def section(self, name, flags, kind, most, thread=False):
        rng = self.rng
        self.lines.append(f'.section {name},"{flags}",@{kind}')
        if rng.random() < 0.7:
            self.lines.append(f'.balign {rng.choice([1, 2, 4, 4, 8, 16, 32, 64])}')
        if rng.random() < 0.8 and not thread:
            local = self.word and 'a' not in flags  # only gild exports what is not loaded
            self.symbol('s' if kind != 'nobits' else 'z', local)
        size = rng.choice([0, 1, 3, 4, 8, 13, 16, 24, most])
        if kind == 'nobits':
            self.lines.append(f'.zero {size}' if size else '')
        elif size:
            self.lines.append('.byte ' + ','.join(str(rng.randrange(1, 255)) for _ in range(size)))
            if rng.random() < 0.3 and self.labels:
                self.reference(flags)

    def reference(self, flags):
        rng = self.rng
        if not self.word:
            label = rng.choice(self.labels)
            self.lines.append(f'.long {label} - .' if 'a' in flags and rng.random() < 0.5 else f'.long {label}')
        elif 'w' in flags or 'a' not in flags:
            self.lines.append(f'{self.word} {rng.choice(self.labels)}')
        elif self.local:
            self.lines.append(f'.long {rng.choice(self.local)} - .')

    def any_section(self):
        rng = self.rng
        r = rng.random()
        if r < 0.3:
            self.section(rng.choice(TEXT), 'ax', 'progbits', 40)
        elif r < 0.5:
            self.section(rng.choice(RODATA), 'a', 'progbits', 40)
        elif r < 0.71:
            self.section(rng.choice(DATA), 'aw', 'progbits', 40)
        elif r < 0.86:
            self.section(rng.choice(BSS), 'aw', 'nobits', 100)
        elif r < 0.9:
            name = rng.choice(ARRAYS)
            self.lines.append(f'.section {name},"aw"' + (',@' + name[1:11] if '_array' in name else ',@progbits'))
            self.lines.append('.balign 8')
            self.lines.append(f'.long {rng.randrange(1, 1 << 31)},{rng.randrange(1 << 8)}')
        elif r < 0.93:
            self.lines.append(f'.section {rng.choice(NOTES)},"a",@note')
            self.lines.append('.balign 4')
            self.lines.append(f'.long 4,4,{rng.randrange(9)}; .ascii "abc\\0"; .long {self.number}')
        elif r < 0.95:
            name = rng.choice(THREAD)
            self.section(name, 'awT', 'nobits' if 'bss' in name else 'progbits', 12, True)
        else:
            self.section(rng.choice(NOT_LOADED), '', 'progbits', 30)


def make_pool(rng, folder, count, bits=64, independent=False):
    """`count` objects of class 64 or 32 in the folder; position-independent ones?"""
    pool = []
    for number in range(count):
        writer = Writer(rng, number, {64: '.quad', 32: '.long'}[bits] if independent else None)
        for _ in range(rng.randrange(1, 9)):
            writer.any_section()
        if rng.random() < 0.2:
            writer.lines.append(f'.comm common{number},{rng.choice([1, 4, 24])},{rng.choice([1, 4, 16])}')
        if rng.random() < 0.2:
            writer.lines.append(f'.globl abs{number}; abs{number} = {rng.randrange(1 << 16)}')
            writer.names.append(f'abs{number}')
        writer.lines.append('.section .note.GNU-stack,"",@progbits')
        path = os.path.join(folder, f'o{number}.o')
        subprocess.run(['as', f'--{bits}', '-mx86-used-note=no', '-o', path, '-'],
                       input='\n'.join(writer.lines) + '\n', text=True, check=True)
        with open(path[:-1] + 's', 'w') as file:
            file.write('\n'.join(writer.lines) + '\n')
        kept = ('_array', '.comm ', '.stuff', '.comment', '.debug')
        pool.append(Object(path, writer.names, any(word in line for line in writer.lines for word in kept)))
    return pool
