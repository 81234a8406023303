"""What an ELF file is as a program: its sections, segments, symbols and bytes, read for comparison. What GNU ld does not
promise is left out: the order of section headers and of symbols, string tables, where what is not loaded lies in the file."""
import struct

SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_REL, SHT_DYNSYM = 2, 4, 8, 9, 11
SHF_ALLOC, SHF_TLS = 2, 0x400
PT_LOAD = 1
OWN = ('.symtab', '.strtab', '.shstrtab', '.symtab_shndx', '.note.GNU-stack')


class Image:
    """sections: (name, type, flags, addr, size, align, entsize, content), symbols: (name, value, section, type, binding,
    other, size), segments: (type, flags, vaddr, paddr, filesz, memsz, align, the first page's offset)."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            self.data = data = file.read()
        wide = data[4] == 2
        self.bits = 64 if wide else 32
        end = '<' if data[5] == 1 else '>'
        address = 'Q' if wide else 'I'
        (self.type, self.machine, _, self.entry, phoff, shoff, self.flags, _, phentsize, phnum, shentsize, shnum,
         shstrndx) = struct.unpack_from(f'{end}HHI{address * 3}IHHHHHH', data, 16)
        self.headers = [self.section_header(end, wide, shoff + i * shentsize) for i in range(shnum)]
        self.names = [self.string(shstrndx, header[0]) for header in self.headers]
        self.sections = self.read_sections()
        self.segments = [self.segment(end, wide, phoff + i * phentsize) for i in range(phnum)]
        self.symbols = self.read_symbols(end, wide, SHT_SYMTAB)
        self.dynamic_symbols = self.read_symbols(end, wide, SHT_DYNSYM)
        self.relocations = self.read_relocations(end, wide)

    def section_header(self, end, wide, at):
        return struct.unpack_from(end + ('IIQQQQIIQQ' if wide else 'IIIIIIIIII'), self.data, at)

    def string(self, table, offset):
        start = self.headers[table][4] + offset
        return self.data[start:self.data.index(b'\0', start)].decode()

    def has_relocations(self, name, header):
        return (name.startswith('.rel') and header[1] in (SHT_RELA, SHT_REL) and
                self.headers[header[6]][1] in (SHT_SYMTAB, SHT_DYNSYM) and header[9] != 0)

    def read_sections(self):
        result = []
        for name, header in zip(self.names[1:], self.headers[1:]):
            (_, kind, flags, addr, offset, size, _, _, align, entsize) = header
            if name not in OWN and not self.has_relocations(name, header):
                content = '' if kind == SHT_NOBITS else self.data[offset:offset + size].hex()
                result.append((name, kind, flags, addr, size, align, entsize, content))
        return sorted(result, key=lambda each: (not each[2] & SHF_ALLOC, each[3], each[4], each[0], each))

    def segment(self, end, wide, at):
        if wide:
            kind, flags, offset, vaddr, paddr, filesz, memsz, align = struct.unpack_from(end + 'IIQQQQQQ', self.data, at)
        else:
            kind, offset, vaddr, paddr, filesz, memsz, flags, align = struct.unpack_from(end + 'IIIIIIII', self.data, at)
        page = offset % align if align and kind == PT_LOAD and filesz else 0
        return kind, flags, vaddr, paddr, filesz, memsz, align, page

    def symbol(self, end, wide, at):
        if wide:
            return struct.unpack_from(end + 'IBBHQQ', self.data, at)
        name, value, size, info, other, index = struct.unpack_from(end + 'IIIBBH', self.data, at)
        return name, info, other, index, value, size

    def read_relocations(self, end, wide):
        """(section, offset, type, what it means, addend): by names, since indices of symbols are anything."""
        result = []
        for name, header in zip(self.names, self.headers):
            if not self.has_relocations(name, header):
                continue
            form = end + ('QQq' if wide else 'IIi')[:3 if header[1] == SHT_RELA else 2]
            table = self.headers[header[6]]
            for at in range(header[4], header[4] + header[5], struct.calcsize(form)):
                offset, info, *addend = struct.unpack_from(form, self.data, at)
                symbol, kind = (info >> 32, info & 0xffffffff) if wide else (info >> 8, info & 0xff)
                if symbol >= table[5] // (24 if wide else 16):
                    result.append((name, offset, kind, f'symbol {symbol}, which is not in the table', *addend))
                    continue
                target = self.symbol(end, wide, table[4] + symbol * (24 if wide else 16))
                where = self.names[target[3]] if 0 < target[3] < len(self.names) else hex(target[3])
                result.append((name, offset, kind, f'{self.string(table[6], target[0])}/{where}/{target[4]:#x}', *addend))
        return sorted(result)

    def read_symbols(self, end, wide, table):
        result = []
        for header in self.headers:
            if header[1] != table:
                continue
            step = 24 if wide else 16
            for at in range(header[4], header[4] + header[5], step):
                name, info, other, index, value, size = self.symbol(end, wide, at)
                text = self.string(header[6], name)
                if info & 15 in (3, 4) or not text:  # STT_SECTION, STT_FILE
                    continue
                where = self.names[index] if 0 < index < len(self.names) else hex(index)
                result.append((text, value, where, info & 15, info >> 4, other, size))
        return sorted(result)

    def lma(self, addr):
        """Where this address is loaded."""
        for kind, _, vaddr, paddr, _, memsz, _, _ in self.segments:
            if kind == PT_LOAD and vaddr <= addr < vaddr + memsz:
                return addr - vaddr + paddr
        return addr
