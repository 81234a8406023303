#!/bin/bash
# Every relocation type of i386 means what it means in GNU ld's output: sections stand at the same addresses, and what
# each field leads to (an address, a slot's content, the symbol of a dynamic relocation) is compared.
# packages: gcc-multilib python3
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no ld.bfd to compare with"

# A label p_KIND_N stands at each field; KIND says how to read it.
cat > types.s <<'END'
	.macro place kind
	.globl p_\kind\()_\@
p_\kind\()_\@:
	.endm
	.section .text,"ax"
	.globl _start
_start:
	nop
	.globl near
near:	ret
	.irp sym, near, var, hid, loc
	place pc32
	.long \sym - .
	place pc32
	.long \sym - . + 20
	place gotoff
	.long \sym@GOTOFF
	place gotoff
	.long \sym@GOTOFF - 7
	.endr
	place gotpc
	.long _GLOBAL_OFFSET_TABLE_ - .
	add $_GLOBAL_OFFSET_TABLE_, %ebx
	place got32
	.long fun@GOT
	place got32
	.long var@GOT
	mov fun@GOT(%ebx), %ecx
	place got32after
	add var@GOT(%ecx), %eax
	place got32after
	call near
	place pltafter
	call near@PLT
	place pltafter
	jmp fun@PLT
	place pltafter
	.ifndef EXE
	lea tv@TLSGD(,%ebx,1), %eax
	place gdafter
	call ___tls_get_addr@PLT
	lea tl@TLSLDM(%ebx), %eax
	place ldmafter
	call ___tls_get_addr@PLT
	place ldo # programs count from elsewhere, as they call nobody
	.long tl@DTPOFF
	place ldo
	.long tl@DTPOFF + 2
	.endif
	mov tl@GOTNTPOFF(%ebx), %edx
	place gotieafter
	add tl@GOTNTPOFF(%esi), %edx
	place gotieafter
	.ifdef EXE
	place size
	.long var@SIZE
	place size
	.long var@SIZE + 3
	place abs
	.byte tiny
	place abs8
	.byte tiny + 3
	place abs8
	.word small
	place abs16
	.byte -8
	.byte fun - .
	place pc8
	.word fun - .
	place pc16
	mov tl@INDNTPOFF, %eax
	place ieafter
	mov tl@INDNTPOFF, %edx
	place ieafter
	add tl@INDNTPOFF, %edx
	place ieafter
	place le
	.long tl@NTPOFF
	place le
	.long tl@NTPOFF + 8
	place le
	.long tl@TPOFF
	.endif

	.section .data,"aw"
	.irp sym, near, var, hid, loc, weak
	.balign 4
	place abs
	.long \sym
	place abs
	.long \sym + 4096
	.endr
	.globl var, fun, hid
	.hidden hid
	.type var, @object
	.size var, 12
var:	.long 1, 2, 3
hid:	.long 4
loc:	.long 5
	.weak weak
	.hidden weak
	.section .text.fun,"ax"
	.type fun, @function
fun:	ret
	.section .tdata,"awT"
	.globl tv
tv:	.long 6
tl:	.long 7, 8, 9
	.section .note.GNU-stack,"",@progbits
END

cat > meaning.py <<'END'
import struct, sys
data = open(sys.argv[1], 'rb').read()
ehdr = struct.unpack_from('<16sHHIIIIIHHHHHH', data)
assert data[4] == 1 and ehdr[2] == 3, 'not ELF32 for i386'
sections = [struct.unpack_from('<10I', data, ehdr[6] + 40 * i) for i in range(ehdr[12])]
def string(table, at):
    start = sections[table][4] + at
    return data[start:data.index(b'\0', start)].decode()
def symbols(index):
    s = sections[index]
    for at in range(s[4], s[4] + s[5], 16):
        name, value, size, info, other, shndx = struct.unpack_from('<IIIBBH', data, at)
        yield string(s[6], name), value
names, tls = {}, 0
relocs = {}
for i, s in enumerate(sections):
    if s[1] == 2:
        for name, value in symbols(i):
            names.setdefault(name, value)
    if s[1] == 8 and s[2] & 0x400 or s[1] == 1 and s[2] & 0x400:
        tls = tls or s[3]
for i, s in enumerate(sections):
    if s[1] == 9 and s[2] & 2:
        dynsyms = list(symbols(s[6])) if s[6] and sections[s[6]][1] == 11 else []
        for at in range(s[4], s[4] + s[5], 8):
            where, info = struct.unpack_from('<II', data, at)
            sym = info >> 8
            relocs[where] = (info & 255, dynsyms[sym][0] if sym else '')
def word(addr, size=4):
    for s in sections:
        if s[2] & 2 and s[1] != 8 and s[3] <= addr < s[3] + s[5]:
            at = s[4] + addr - s[3]
            return int.from_bytes(data[at:at + size], 'little')
    return None
got = names['_GLOBAL_OFFSET_TABLE_']
mask = 0xffffffff
def content(addr): # of a slot, as the loader leaves it; dynamic relocations that only add the address are what they are
    r = relocs.get(addr)
    value = word(addr)
    value = hex(value) if value is not None else 'nothing'
    return '%s %d:%s' % (value, r[0], r[1]) if r else value
def signed(v, bits):
    return v - (1 << bits) if v >> (bits - 1) & 1 else v
def code(addr): # where a PLT entry leads
    for s in sections:
        name = string(ehdr[13], s[0])
        if name.startswith('.plt') and s[3] <= addr < s[3] + s[5]:
            at = addr + (4 if word(addr) == 0xfb1e0ff3 else 0)
            op = word(at, 2)
            slot = word(at + 2)
            if op == 0xa3ff:
                slot = (slot + got) & mask
            r = relocs.get(slot, (0, '?'))
            return 'plt %s' % r[1]
    return hex(addr)
for name in sorted((n for n in names if n.startswith('p_')), key=lambda n: int(n.rsplit('_', 1)[1])):
    kind, p = name.split('_')[1], names[name]
    after = kind.endswith('after')
    if after:
        kind, p = kind[:-5], p - 4
    if kind in ('abs8', 'pc8'): # these labels stand behind the byte, or word
        p -= 1
    if kind in ('abs16', 'pc16'):
        p -= 2
    v = word(p)
    if kind == 'abs8': m = hex(word(p, 1))
    elif kind == 'abs16': m = hex(word(p, 2))
    elif kind == 'pc8': m = hex((p + signed(word(p, 1), 8)) & mask)
    elif kind == 'pc16': m = hex((p + signed(word(p, 2), 16)) & 0xffff)
    elif kind == 'abs': m = content(p)
    elif kind == 'pc32': m = '%s %s' % (hex((v + p) & mask), relocs.get(p, ''))
    elif kind == 'gotoff': m = hex((v + got) & mask)
    elif kind == 'gotpc': m = 'the GOT' if (v + p) & mask == got else 'not the GOT'
    elif kind == 'got32':
        op = word(p - 2, 1)
        if after and op in (0xc7, 0x81): m = hex(v)
        elif after and op == 0x8d: m = hex((v + got) & mask)
        else: m = content((v + got) & mask)
    elif kind == 'plt': m = code((v + p + 4) & mask)
    elif kind in ('gd', 'ldm'):
        slot = (v + got) & mask
        m = '%s, %s' % (content(slot), content(slot + 4))
    elif kind == 'gotie':
        op = word(p - 2, 1)
        m = hex(v) if op in (0xc7, 0x81) else content((v + got) & mask)
    elif kind == 'ie': # a slot's address, or the offset as an operand
        m = hex(v) if word(p - 2, 1) in (0xc7, 0x81) or word(p - 1, 1) == 0xb8 else content(v)
    else: m = hex(v) # size, ldo, le
    print('%s: %s' % (kind, m))
END

compare() { # NAME ARGS: both linkers' outputs mean the same
	local name=$1
	shift
	ld.bfd -m elf_i386 "$@" -o "$name.bfd" 2> bfd.txt || { cat bfd.txt; fail "$name: GNU ld does not link"; }
	"$GILD" -m elf_i386 "$@" -o "$name.gild"
	python3 meaning.py "$name.bfd" | grep -v "^${without:-none}:" > "$name.wanted"
	python3 meaning.py "$name.gild" | grep -v "^${without:-none}:" > "$name.got"
	[ "$(wc -l < "$name.got")" -gt 30 ] || fail "$name: labels are missing"
	diff "$name.wanted" "$name.got" || fail "$name: relocations mean something else than in GNU ld's output"
}
addresses="-Ttext=0x8100000 -Tdata=0x8200000 --section-start=.tdata=0x8300000 --hash-style=sysv"
as --32 --defsym EXE=1 types.s -o exe.o
as --32 types.s -o shared.o
printf '\t.globl tiny, small\n\t.set tiny, 5\n\t.set small, 0x1234\n' | as --32 - -o numbers.o
compare exe $addresses --no-relax exe.o numbers.o
compare relaxed $addresses exe.o numbers.o
compare shared $addresses -shared -z notext shared.o
# GNU ld leaves the module of a thread-local variable to the loader even so.
without=gd compare symbolic $addresses -shared -Bsymbolic -z notext shared.o

# The same from objects that were objects before: addends of the places went with them.
for o in exe shared; do
	"$GILD" -m elf_i386 -r $o.o -o $o-r.o
done
compare exe-r $addresses --no-relax exe-r.o numbers.o
compare shared-r $addresses -shared -z notext shared-r.o
diff exe.got exe-r.got || fail "-r changed what relocations mean"
diff shared.got shared-r.got || fail "-r changed what relocations mean"

# Each type that objects have is there.
readelf -rW exe.o shared.o | grep -oE 'R_386_[A-Z0-9_]+' | sort -u > types.txt
for type in 32 PC32 GOT32 GOT32X PLT32 GOTOFF GOTPC 16 PC16 8 PC8 SIZE32 TLS_GD TLS_LDM TLS_GOTIE TLS_IE TLS_LE TLS_LE_32 TLS_LDO_32; do
	grep -qx "R_386_$type" types.txt || fail "types.s has no R_386_$type"
done

# What else becomes of offsets from the thread pointer, for each kind of symbol and output (all types: tests/long).
python3 "$GILD_SRC/tests/long/relocation-types.py" "$GILD" elf_i386 TLS_LE TLS_LE_32 32PLT > found.txt ||
	{ cat found.txt; fail "relocations differ from GNU ld's"; }
