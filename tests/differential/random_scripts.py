"""Random linker scripts (GNU ld manual, "Linker Scripts"), as trees from which a reducer can drop parts."""
import os

from random_objects import ARRAYS, BSS, DATA, NOTES, NOT_LOADED, RODATA, TEXT, THREAD


# What only dynamic outputs have: of other sizes in each linker, so each stands far away from the others.
DYNAMIC = ['.interp', '.dynsym', '.dynstr', '.hash', '.gnu.hash', '.dynamic', '.rela.dyn', '.rel.dyn', '.got', '.got.plt', '.plt']
DYNAMIC_BEGINS = 0x7000000
BEHIND_DYNAMIC = '. = 0x10000;  /* 0x7 */'


class Block:
    """Something with braces: `head`, whose first part has to stay, `body`, a list of strings and blocks, and `tail`."""

    def __init__(self, head, body, tail=()):
        self.head, self.body, self.tail = list(head), list(body), list(tail)

    def text(self, indent=''):
        inner = indent + '  '
        lines = [f'{indent}{" ".join(self.head)} {{']
        lines += [part.text(inner) if isinstance(part, Block) else inner + part for part in self.body]
        lines.append(f'{indent}}} {" ".join(self.tail)}'.rstrip())
        return '\n'.join(lines)

    def copy(self):
        return Block(self.head, [part.copy() if isinstance(part, Block) else part for part in self.body], self.tail)


class Script:
    """A random script for these objects."""

    def __init__(self, rng, objects, relocatable=False, mentions=True, dynamic=False):
        self.rng, self.relocatable, self.dynamic = rng, relocatable, dynamic
        self.mentioned = [name for each in objects for name in each.names] if mentions else []
        # GNU ld provides what is mentioned before it reads the files that define it.
        self.files = [os.path.basename(each.path) for each in objects]
        self.names = [name for each in objects for name in each.names]
        self.provided = [self.mentioned.pop(rng.randrange(len(self.mentioned)))] if self.mentioned else []
        self.symbols, self.sections, self.regions, self.phdrs = [], [], [], []
        self.n = 0
        self.root = self.build()
        self.piece = self.build_piece() if rng.random() < 0.15 else None

    # ---- expressions -------------------------------------------------------------------------------------------

    def number(self):
        rng = self.rng
        return rng.choice(['0', '1', '4', '8', '0x10', '32', '0x100', '0x40', '010', '1K', str(rng.randrange(200))])

    def align(self):
        return self.rng.choice(['1', '2', '4', '8', '16', '32', '64', '0x100', '0x1000'])

    def expr(self, depth=0):
        rng = self.rng
        r = rng.random()
        if depth > 2 or r < 0.3:
            return self.number()
        if r < 0.4:
            return '.'
        if r < 0.55 and self.symbols:
            return rng.choice(self.symbols)
        if r < 0.62 and self.mentioned:
            return rng.choice(self.mentioned)
        if r < 0.7 and self.sections:
            return f'{rng.choice(["ADDR", "SIZEOF", "SIZEOF", "ALIGNOF", "LOADADDR"])}({rng.choice(self.sections)})'
        if r < 0.73:
            return f'ALIGN({self.expr(depth + 1)}, {self.align()})'
        if r < 0.74:
            return f'ALIGN({self.align()})'
        if r < 0.77:
            return f'{rng.choice(["MAX", "MIN"])}({self.expr(depth + 1)}, {self.expr(depth + 1)})'
        if r < 0.8:
            return f'ABSOLUTE({self.expr(depth + 1)})'
        if r < 0.82:
            return f'(DEFINED({rng.choice(self.mentioned or ["none"])}) ? {self.number()} : {self.number()})'
        if r < 0.85:
            return f'{rng.choice("-~!")}({self.expr(depth + 1)})'
        if r < 0.86 and self.regions:
            return f'{rng.choice(["ORIGIN", "LENGTH"])}({rng.choice(self.regions)})'
        if r < 0.87:
            return rng.choice(['SIZEOF_HEADERS', 'CONSTANT(MAXPAGESIZE)', 'CONSTANT(COMMONPAGESIZE)',
                               f'LOG2CEIL({self.number()})', f'BLOCK({self.align()})',
                               f'SEGMENT_START("text-segment", {self.number()})'])
        if r < 0.89:
            operator = rng.choice(['<', '>', '==', '!=', '<=', '>=', '&&', '||'])
            return f'({self.expr(depth + 1)} {operator} {self.expr(depth + 1)})'
        if r < 0.91:
            return f'({self.expr(depth + 1)} {rng.choice("/%")} {rng.choice("13579")})'
        return f'({self.expr(depth + 1)} {rng.choice(["+", "+", "+", "-", "*", "&", "|", "<<", ">>", "-"])} {self.number()})'

    def assignment(self):
        rng = self.rng
        self.n += 1
        name = f'sym{self.n}'
        r = rng.random()
        if r < 0.15:
            return f'{rng.choice(["PROVIDE", "PROVIDE", "PROVIDE_HIDDEN"])}({name} = {self.expr()});'
        if r < 0.25:
            text = f'HIDDEN({name} = {self.expr()});'
            if self.dynamic:  # what is made of it is hidden, but global, in GNU ld
                return text
        elif r < 0.27 and self.provided:
            return f'PROVIDE({rng.choice(self.provided)} = {self.expr()});'
        else:
            text = f'{name} = {self.expr()};'
            if rng.random() < 0.1:
                text += f' {name} {rng.choice(["+=", "-=", "<<=", "*=", "|=", "&="])} {self.number()};'
        self.symbols.append(name)
        return text

    # ---- input section descriptions ----------------------------------------------------------------------------

    def pattern(self, names):
        rng = self.rng
        name = rng.choice(names)
        if rng.random() < 0.5:
            name += rng.choice(['*', '.*'])
        r = rng.random()
        if r < 0.12:
            return f'{rng.choice(["SORT", "SORT_BY_NAME", "SORT_BY_ALIGNMENT"])}({name})'
        if r < 0.15:
            return f'{rng.choice(["SORT_BY_NAME(SORT_BY_ALIGNMENT", "SORT_BY_ALIGNMENT(SORT_BY_NAME"])}({name}))'
        if r < 0.17:
            return f'SORT_BY_INIT_PRIORITY({name})'
        if r < 0.18:
            return f'SORT_NONE({name})'
        if r < 0.23:
            return f'EXCLUDE_FILE({self.file(True)}) {name}'
        return name

    def file(self, short=False):
        base = self.rng.choice(self.files)
        return self.rng.choice([f'*{base}', f'*{base[:2]}?.o', '*[1-3].o'] + ([] if short else ['*', '*', '*', '*', '*']))

    def describe(self, names):
        rng = self.rng
        patterns = ' '.join(self.pattern(names) for _ in range(rng.choice([1, 1, 1, 2, 3])))
        file = self.file()
        if rng.random() < 0.05:
            file = f'SORT({file})'
            patterns = rng.choice(names)
        elif rng.random() < 0.03:
            file = f'EXCLUDE_FILE({self.file(True)}) {file}'
            patterns = rng.choice(names)
        text = f'{file}({patterns})'
        if rng.random() < 0.08:
            flags = rng.choice(['SHF_ALLOC', 'SHF_WRITE', '!SHF_WRITE', 'SHF_ALLOC & SHF_EXECINSTR'])
            text = f'INPUT_SECTION_FLAGS({flags}) {text}'
        elif rng.random() < 0.1:  # with flags, GNU ld also keeps what they do not mean
            text = f'KEEP({text})'
        return text

    # ---- output sections ---------------------------------------------------------------------------------------

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
                others = self.sections if rng.random() < 0.05 else self.sections[:-1]  # its own size never settles
                lines.append(f'. = . + SIZEOF({rng.choice(others)});' if others else '. = .;')
            elif r < 0.89 and not bss:
                command = rng.choice(['BYTE', 'SHORT', 'LONG', 'QUAD', 'SQUAD'])
                lines.append(f'{command}({self.expr()})')
            elif r < 0.93 and not bss:
                lines.append(f'FILL({rng.choice(["0x90", "0xAABB", "144", "0x00000090", "0x123456"])})')
            elif r < 0.94:
                lines.append('ASSERT(. >= 0, "dot");')
            elif bss:
                lines.append('*(COMMON)')
        return lines

    def section(self, name, names, bss=False, loaded=True, overlay=False):
        rng = self.rng
        head, tail, constrained = [name], [], False
        if (not loaded or self.relocatable) and not overlay:
            head.append('0')
        elif rng.random() < 0.12 and not overlay:
            head.append(rng.choice([f'ALIGN({self.align()})', f'. + {self.number()}', '(. + 0x1000)']))
        if rng.random() < 0.06 and not overlay and not self.relocatable:
            head.append(rng.choice(['(NOLOAD)' if loaded else '()', '(INFO)', '(COPY)', '(READONLY)', '()']))
        elif rng.random() < 0.2 and name in ('.mix', '.all', '.empty'):  # in GNU ld input and name come first
            head.append(rng.choice(['(TYPE = SHT_PROGBITS)', '(READONLY (TYPE = SHT_STRTAB))', '(TYPE = 0x60000123)']))
            names = None
        if not overlay:
            head.append(':')
            load_address = loaded and not self.relocatable and rng.random() < 0.08
            if load_address:
                head.append(f'AT({rng.choice([f"ADDR({name}) - 0x1000", "0x10000", f"ADDR({name})"])})')
            if rng.random() < 0.1:
                head.append(f'ALIGN({self.align()})')
            elif rng.random() < 0.04:
                head.append('ALIGN_WITH_INPUT')
            if rng.random() < 0.06 and not self.relocatable:
                self.subaligns = True  # GNU ld aligns the empty .note.GNU-stack, too
                head.append(f'SUBALIGN({rng.choice(["1", "2", "8", "16", "64"])})')
            if rng.random() < 0.03 and names and name not in ('.text', '.data'):  # GNU ld has read the assignments in it before it knows
                head.append(rng.choice(['ONLY_IF_RO', 'ONLY_IF_RW']))
                constrained = True
            if self.regions and loaded:
                tail.append(f'>{rng.choice(self.regions)}')
                if rng.random() < 0.3 and not load_address:
                    tail.append(f'AT>{rng.choice(self.regions)}')
        if self.phdrs and loaded and rng.random() < 0.6:
            tail.append(' '.join(f':{phdr}' for phdr in rng.sample(self.phdrs, min(len(self.phdrs), rng.choice([1, 1, 1, 2])))
                                 if phdr) or ':NONE')
        if rng.random() < 0.12:
            tail.append(f'={rng.choice(["0x90", "0xcafe", "0", "0x12345678", "17"])}')
        self.sections.append(name)
        body = self.body(names, bss) if names else [f'LONG({self.expr()})']
        return Block(head, [f'*({self.pattern(names)})'] if constrained else body, tail)

    def overlay(self):
        rng = self.rng
        head = ['OVERLAY']
        if rng.random() < 0.5:
            head.append(rng.choice(['0x20000', f'ALIGN({self.align()})']))
        head.append(':')
        if rng.random() < 0.2:
            head.append('NOCROSSREFS')
        if rng.random() < 0.4:
            head.append('AT(0x800000)')
        tail = [f'>{rng.choice(self.regions)}'] if self.regions else []
        parts = [self.section(f'.over{i}', [rng.choice(DATA + RODATA)], overlay=True) for i in range(rng.choice([1, 2, 3]))]
        return Block(head, parts, tail)

    def dynamic_section(self, i):
        patterns = {'.rela.dyn': '.rela*', '.rel.dyn': '.rel*'}.get(DYNAMIC[i], DYNAMIC[i])
        return f'{DYNAMIC[i]} {DYNAMIC_BEGINS + i * 0x100000:#x} : {{ *({patterns}) }}'

    # ---- the whole ---------------------------------------------------------------------------------------------

    def memory(self):
        rng = self.rng
        lines = []
        for name, origin in (('RAM', '0x10000'), ('ROM', '0x400000'), ('EXT', 'ORIGIN(RAM) + 1M'))[:rng.choice([1, 2, 3])]:
            self.regions.append(name)
            attributes = rng.choice([' (rwx)', ' (rx)', ' (rw!x)', ' (wx)', '', ' (a)', ' (!r)'])
            lines.append(f'{name}{attributes} : ORIGIN = {origin}, LENGTH = {rng.choice(["256K", "0x8000 * 8", "1M - 64"])}')
        return Block(['MEMORY'], lines)

    def program_headers(self):
        rng = self.rng
        lines = []
        if rng.random() < 0.3:
            lines.append('hdr PT_PHDR PHDRS;')
        for i in range(rng.choice([1, 2, 3])):
            name = f'load{i}'
            self.phdrs.append(name)
            flags = f' FLAGS({rng.randrange(8)})' if rng.random() < 0.4 else ''
            headers = ' FILEHDR PHDRS' if i == 0 and rng.random() < 0.4 else ''
            lines.append(f'{name} PT_LOAD{headers}{flags};')
        if rng.random() < 0.2:
            lines.append('stack PT_GNU_STACK FLAGS(6);')
        return Block(['PHDRS'], lines)

    def sections_command(self):
        rng = self.rng
        lines = []
        if rng.random() < 0.9 and not self.regions and not self.relocatable:
            lines.append(rng.choice(['. = 0x10000;', '. = 0x400000 + SIZEOF_HEADERS;', '. = SIZEOF_HEADERS;', '. = 0x123458;']))
        outputs = [
            ('.text', TEXT, False, True), ('.rodata', RODATA, False, True), ('.data', DATA, False, True),
            ('.tdata', THREAD, False, True), ('.bss', BSS + ['COMMON'], True, True), ('.mix', DATA + RODATA, False, True),
            ('.all', ['*', '.t', '.d'], False, True), ('.init_array', ARRAYS, False, True), ('.notes', NOTES, False, True),
            ('.comment', NOT_LOADED, False, False), ('.empty', ['.nothing'], False, True), ('.text', TEXT, False, True),
            ('.note.a', ['.note.a'], False, True),
        ]
        chosen = [output for output in outputs if rng.random() < 0.5]
        if rng.random() < 0.3:
            rng.shuffle(chosen)
        for output in chosen:
            r = rng.random()
            if self.relocatable:  # addresses in an object are 0 in gild
                pass
            elif r < 0.2:
                lines.append(self.assignment())
            elif r < 0.3:
                lines.append(f'. = ALIGN({self.align()});')
            elif r < 0.34:
                lines.append(f'. = . + {self.number()};')
            elif r < 0.36:
                lines.append(self.overlay())
            lines.append(self.section(*output))
        if rng.random() < 0.3 and not self.relocatable:
            lines.append(self.assignment())
        if rng.random() < 0.15:
            lines.append(f'/DISCARD/ : {{ *({rng.choice([".comment", ".note.*", ".debug*", "table", ".data.b"])}) }}')
        return Block(['SECTIONS'], lines)

    def build_piece(self):
        """A script of its own that inserts something into the other one: by GNU ld's rules it is read first. So regions are
        not declared yet, and symbols and sizes are what a fixed number of passes makes of them."""
        rng = self.rng
        if 'ONLY_IF' in text_of(self.root):  # what precedes may not be there
            return None
        sections, self.sections, self.regions, self.symbols = self.sections, [], [], []
        lines = [self.section(rng.choice(['.in1', '.in2']), rng.choice([TEXT, RODATA, DATA, NOTES]))]
        self.sections, self.symbols = sections, []
        places = [part.head[0] for part in self.sections_block.body if isinstance(part, Block) and part.head[0].startswith('.')]
        if not places:
            return None
        where = rng.choice(['AFTER', 'BEFORE'])
        if rng.random() < 0.4 and not self.relocatable:  # GNU ld loses what begins with one and goes to the beginning
            lines.insert(rng.randrange(2) if where == 'AFTER' else 1, self.assignment())
        return Block([''], [Block(['SECTIONS'], lines), f'INSERT {where} {rng.choice(places)}'])

    def build(self):
        rng = self.rng
        parts = []
        if rng.random() < 0.2 and not self.relocatable:
            parts.append(self.memory())
            if rng.random() < 0.2:
                parts.append('REGION_ALIAS("OTHER", RAM)')
                self.regions.append('OTHER')
        if rng.random() < 0.12 and not self.relocatable and not self.dynamic:
            parts.append(self.program_headers())
        if rng.random() < 0.5:
            entry = rng.choice(self.names or ['0x1234'])
            self.provided = [name for name in self.provided if name != entry]
            parts.append(f'ENTRY({entry})')
        for _ in range(0 if self.relocatable else rng.choice([0, 0, 1])):
            parts.append(self.assignment())
        self.subaligns = False
        self.sections_block = self.sections_command()
        if self.dynamic:
            self.sections_block.body[:0] = [self.dynamic_section(i) for i in range(len(DYNAMIC))] + [BEHIND_DYNAMIC]
        if self.subaligns:
            self.sections_block.body.insert(0, '/DISCARD/ : { *(.note.GNU-stack) }')
        parts.append(self.sections_block)
        for _ in range(0 if self.relocatable else rng.choice([0, 0, 1, 2])):
            parts.append(self.assignment())
        if rng.random() < 0.1:
            parts.append('ASSERT(1, "never")')
        return Block([''], parts)


def text_of(root):
    """The script that the tree is."""
    return '\n'.join(part.text() if isinstance(part, Block) else part for part in root.body) + '\n'


def smaller(root):
    """All trees that lack one part of this one, the large parts first."""
    def drop(block, path):
        for i, part in enumerate(block.body):
            # Else the default layout counts, or the sizes of dynamic sections.
            if not (isinstance(part, Block) and part.head == ['SECTIONS']) and f' {DYNAMIC_BEGINS:#x}'[:4] not in str(part):
                yield path, 'body', i
        for i in range(1, len(block.head)):
            if block.head[i] != ':':
                yield path, 'head', i
        for i in range(len(block.tail)):
            yield path, 'tail', i
        for i, part in enumerate(block.body):
            if isinstance(part, Block):
                yield from drop(part, path + [i])

    for path, where, i in list(drop(root, [])):
        tree = root.copy()
        at = tree
        for step in path:
            at = at.body[step]
        del getattr(at, where)[i]
        yield tree
