"""Links one random case with two linkers and says in which way the outputs differ."""
import os
import random
import signal
import struct
import subprocess

from elf_image import PT_LOAD, Image
from random_scripts import DYNAMIC, DYNAMIC_BEGINS, Script, text_of

SECTION_FIELDS = ('name', 'type', 'flags', 'address', 'size', 'alignment', 'entsize', 'bytes')
SYMBOL_FIELDS = ('name', 'value', 'section', 'type', 'binding', 'visibility', 'size')
RELOCATION_FIELDS = ('section', 'offset', 'type', 'symbol', 'addend')
SEGMENT_FIELDS = ('type', 'flags', 'address', 'load address', 'file size', 'memory size', 'alignment', 'offset in the page')


ET_EXEC, ET_DYN, STB_LOCAL, STV_HIDDEN, R_NONE, PAGE = 2, 3, 0, 2, 0, 0x1000


class Case:
    """Objects, options, a script, and one more that inserts something into it, or None."""

    def __init__(self, objects, options, root, piece=None):
        self.objects, self.options, self.root, self.piece = objects, options, root, piece

    def copy(self):
        return Case(list(self.objects), list(self.options), self.root.copy(), self.piece and self.piece.copy())

    def command(self, script):
        return ['--build-id=none', *(['-T', script + '.piece'] if self.piece else []), '-T', script,
                *[word for option in self.options for word in option], *[each.path for each in self.objects]]

    def text(self):
        return text_of(self.root) + (text_of(self.piece) if self.piece else '')

    def write(self, script):
        for path, root in ((script, self.root), (script + '.piece', self.piece)):
            with open(path, 'w') as file:
                file.write(text_of(root) if root else '')


class Difference:
    """One way in which two outputs differ: its class, and lines that show it."""

    def __init__(self, kind, lines):
        self.kind, self.lines = kind, lines


OPTIONS = [
    [], [], [], [['-z', 'noseparate-code']], [['-N']], [['-n']], [['-z', 'max-page-size=0x10000']],
    [['--sort-section=name']], [['--sort-section=alignment']], [['-Ttext=0x30000']], [['-Tdata=0x60000']],
    [['--section-start=.data=0x50000']], [['--defsym=defined_symbol=17']], [['--gc-sections']], [['-r']],
    [['--emit-relocs']], [['--orphan-handling=discard']], [['-z', 'norelro']], [['-d']], [['-s']],
]


# What makes a case what it is.
KIND_OPTIONS = ['-m', '-pie', '-shared', '--dynamic-linker=/lib/loader']
DYNAMIC_OPTIONS = [
    [], [], [['-z', 'noseparate-code']], [['-z', 'max-page-size=0x10000']], [['--sort-section=name']], [['-Bsymbolic']],
    [['--defsym=defined_symbol=17']], [['-z', 'norelro']], [['-s']], [['-E']],
]


def random_case(seed, pools, dynamic=False):
    """A case of objects of one pool: pools[bits, position-independent]; dynamic: with -pie or -shared, as many are
    anyway."""
    rng = random.Random(seed)
    bits = 32 if rng.random() < 0.25 else 64
    dynamic |= rng.random() < 0.2
    pool = pools[bits, dynamic]
    objects = rng.sample(pool, rng.randrange(1, 5))
    options = list(rng.choice(DYNAMIC_OPTIONS if dynamic else OPTIONS))
    options += [[rng.choice(['-pie', '-shared'])], [KIND_OPTIONS[-1]]] if dynamic else []
    collects = ['--gc-sections'] in options
    if collects:  # gild keeps .init_array without KEEP(), common symbols, and what expressions mention
        objects = [each for each in objects if not each.has_roots] or [each for each in pool if not each.has_roots][:1]
    script = Script(rng, objects, relocatable=['-r'] in options, mentions=not collects, dynamic=dynamic)
    if ['--emit-relocs'] in options or ['-r'] in options:  # GNU ld keeps it then, one for each file
        script.sections_block.body.insert(0, '/DISCARD/ : { *(.note.GNU-stack) }')
    if ['--orphan-handling=discard'] in options:  # else the entry point may be in what is discarded
        script.root.body = [part for part in script.root.body if not str(part).startswith('ENTRY')]
    return Case(objects, [['-m', 'elf_i386']] * (bits == 32) + options, script.root, script.piece)


def run(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    except subprocess.TimeoutExpired:
        return 124, 'no end'
    return done.returncode, done.stdout.decode(errors='replace')


def show(entry):
    return '(' + ', '.join(hex(field) if isinstance(field, int) else field for field in entry) + ')'


def pairs(left, right):
    """What is only in one of two lists, with what has the same name in the other."""
    only_left = [each for each in left if each not in right]
    only_right = [each for each in right if each not in left]
    for each in only_left:
        match = next((other for other in only_right if other[0] == each[0]), None)
        if match is not None:
            only_right.remove(match)
        yield each, match
    for each in only_right:
        yield None, each


def compare_entries(what, fields, left, right):
    found = {}
    for a, b in pairs(left, right):
        if a is None or b is None:
            kind = f'{what}: only {"gild" if a is None else "GNU ld"} has it'
        else:
            kind = f'{what}: ' + next(field for field, x, y in zip(fields, a, b) if x != y)
        lines = found.setdefault(kind, [])
        lines += [f'GNU ld: {show(a)}'] if a else []
        lines += [f'gild:   {show(b)}'] if b else []
    return [Difference(kind, lines) for kind, lines in found.items()]


FILLS = bytes.fromhex('909055aabb1234567890cafe11660f1f2e8440448000')

# What differs on purpose: the reasons, which are counted each by itself. docs/compatibility.md has them at more length.
NO_END = 'gild refuses expressions that never settle'
LOAD_ADDRESSES = 'GNU ld changes load addresses that do not rise in a segment of PHDRS'
LOST_GAP = 'gild fills gaps in front of aligned input sections'
BELOW_ZERO = 'GNU ld writes segments with sizes below zero'
TOO_FAR = 'gild refuses addresses that do not fit into 32 bits, which GNU ld cuts off'
PAGE_0 = 'gild lets a PIE move that begins in page 0, but not at 0'
DISCARD = 'GNU ld goes on at address 0 behind a /DISCARD/ that takes orphans'
NO_CONTENT = 'GNU ld keeps room for the dynamic relocations of what has no content'
FORGOTTEN = 'gild keeps local symbols of files without content'


def is_lost_gap(x, y):
    """Two contents: zeros in GNU ld's where gild fills. An alignment right behind an assignment to the location counter
    takes over the assignment's gap, which nobody fills then."""
    x, y = bytes.fromhex(x), bytes.fromhex(y)
    return len(x) == len(y) and all(p == q or (p == 0 and q in FILLS) for p, q in zip(x, y))


def comparable_sections(a, b, reasons):
    """The sections of both, without gaps."""
    left, right = ([each[:4] + (0,) + each[5:6] + (0, '') if each[0] in DYNAMIC and each[3] >= DYNAMIC_BEGINS else each
                    for each in image.sections] for image in (a, b))
    for i, (x, y) in enumerate(zip(left, right)):
        if x[:-1] == y[:-1] and x[-1] != y[-1] and is_lost_gap(x[-1], y[-1]):
            left[i] = y
            reasons.add(LOST_GAP)
    return left, right


def comparable_segments(image):
    """Without the sizes of what only dynamic outputs have."""
    return [each[:4] + (0, 0) + each[6:] if each[2] >= DYNAMIC_BEGINS else each for each in image.segments]


def comparable_symbols(a, b, reasons):
    """The symbols of both, without the local ones that only gild has; hidden symbols are local in the output of a final
    link in gild, and those of HIDDEN() in any in GNU ld."""
    def as_local(each):
        return each[:4] + (STB_LOCAL, 0) + each[6:] if each[5] == STV_HIDDEN else each

    own = ('_DYNAMIC', '_GLOBAL_OFFSET_TABLE_')
    left = [as_local(each) for each in a.symbols if each[0] not in own]
    names = {each[0] for each in left}
    candidates = [as_local(each) for each in b.symbols if each[0] not in own]
    right = [each for each in candidates if each[4] != STB_LOCAL or each[0] in names]
    if len(right) != len(candidates):
        reasons.add(FORGOTTEN)
    return sorted(left), sorted(right)


def is_below_zero(image):
    """Sizes of notes and the like whose file offsets are anywhere."""
    return any((each[4] | each[5]) >> (image.bits - 1) for each in image.segments)


def compare(a, b, reasons):
    """The differences of two images; to `reasons` come those of the deliberate ones, which are not among them."""
    found = compare_entries('section', SECTION_FIELDS, *comparable_sections(a, b, reasons))
    found += compare_entries('relocation', RELOCATION_FIELDS, a.relocations, b.relocations)
    found += compare_entries('symbol', SYMBOL_FIELDS, *comparable_symbols(a, b, reasons))
    found += compare_entries('dynamic symbol', SYMBOL_FIELDS, a.dynamic_symbols, b.dynamic_symbols)
    if is_below_zero(a):
        reasons.add(BELOW_ZERO)
        b.segments = a.segments
    left, right = comparable_segments(a), comparable_segments(b)
    if left != right:
        kinds = [[each[0] for each in segments] for segments in (left, right)]
        kind = 'segments: which' if kinds[0] != kinds[1] else 'segments: ' + next(
            field for x, y in zip(left, right) for field, m, n in zip(SEGMENT_FIELDS, x, y) if m != n)
        found.append(Difference(kind, [f'GNU ld: {show(each)}' for each in left] + [f'gild:   {show(each)}' for each in right]))
    lowest = min((each[2] for each in a.segments if each[0] == PT_LOAD), default=0)
    if (a.type, b.type) == (ET_EXEC, ET_DYN) and 0 < lowest < PAGE:
        reasons.add(PAGE_0)
        a.type = b.type
    for field in ('type', 'machine', 'flags', 'entry'):
        x, y = getattr(a, field), getattr(b, field)
        if x != y:
            found.append(Difference(f'header: {field}', [f'GNU ld: {x:#x}', f'gild:   {y:#x}']))
    return found


def excuse(case, messages):
    """Why all of two outputs may differ, or None."""
    if any(words in messages[0] for words in (' adjusted to ', "can't be allocated in segment")):
        return LOAD_ADDRESSES
    if ['--orphan-handling=discard'] in case.options and '/DISCARD/' in case.text():
        return DISCARD
    return None


class Bench:
    """Two linkers, and a folder to work in."""

    def __init__(self, folder, gnu, gild):
        self.folder, self.gnu, self.gild = folder, gnu, gild
        self.script = os.path.join(folder, 'script.ld')
        self.outputs = [os.path.join(folder, name) for name in ('gnu', 'gild')]
        self.messages = ['', '']

    def judge(self, case):
        """(verdict, differences, reasons): 'same', 'refused' (by GNU ld), 'deliberate' (for those reasons), 'differs' or
        'crash'."""
        case.write(self.script)
        codes = []
        for linker, output in zip((self.gnu, self.gild), self.outputs):
            if os.path.exists(output):
                os.unlink(output)
            code, message = run([*linker, *case.command(self.script), '-o', output])
            self.messages[len(codes)] = message
            codes.append(code)
        if codes[1] not in (0, 1):
            name = signal.Signals(-codes[1]).name if -codes[1] in list(signal.Signals) else str(codes[1])
            return 'crash', [Difference(f'crash: gild ends with {name}', [self.messages[1]])], set()
        if codes[0] != 0:
            return 'refused', [], set()
        if codes[1] != 0 and 'layout does not converge' in self.messages[1] and '. = . + SIZEOF(' in case.text():
            return 'deliberate', [], {NO_END}
        return self.judge_outputs(case, codes[1])

    def judge_outputs(self, case, code):
        excused, reasons = excuse(case, self.messages), set()
        if code != 0 and 'lies beyond the addresses of 32 bits' in self.messages[1]:
            return 'deliberate', [], {TOO_FAR}
        if code != 0:
            found = [Difference('only gild refuses it: ' + reason(self.messages[1]), [self.messages[1]])]
        else:
            try:
                images = [Image(path) for path in self.outputs]
                found = compare(*images, reasons)
                if any(name.endswith('.dyn') and kind == R_NONE for name, _, kind, *_ in images[0].relocations):
                    excused = excused or NO_CONTENT
            except (struct.error, IndexError, ValueError) as problem:
                return 'differs', [Difference('one is no ELF file', [str(problem)])], set()
        if found and excused:
            return 'deliberate', [], {excused}
        return ('differs' if found else 'deliberate' if reasons else 'same'), found, set() if found else reasons


def reason(message):
    """A message without what differs from case to case."""
    line = next((line for line in message.splitlines() if 'error' in line), message.splitlines()[0] if message else '')
    words = line.split('error:')[-1].split()
    return ' '.join(word for word in words if word.isalpha())[:60]
