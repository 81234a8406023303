#!/usr/bin/env python3
# Writes the assembler source of an object that has a section for every pattern of a Linux kernel's linker script, and the
# symbols that the script asks for: something to link by that script without a kernel.
#
#   vmlinux-stub.py SCRIPT WORD > STUB.s      WORD: bytes of an address, 4 or 8
import re
import sys

# What the linker makes itself, or what a script only names to see that there is none of it.
LEFT_OUT = {
    ".symtab", ".strtab", ".shstrtab", "COMMON", ".got", ".got.plt", ".plt", ".igot.x", ".iplt", ".plt.x", ".rel.x",
    ".rel_x", ".rela.x", ".rela_x", ".gnu.versionx", ".gnu.warning", ".comment", ".note.GNU-stack", ".note.x", ".eh_frame",
    ".stab", ".stabstr", ".stab.excl", ".stab.exclstr", ".stab.index", ".stab.indexstr",
}
READ_ONLY = {"__ksymtab_strings", "__param", ".modinfo"}

# Symbols by the section that begins with them.
SYMBOLS = {
    ".text..__x86.rethunk_untrain": "srso_alias_untrain_ret:",
    ".text..__x86.rethunk_safe": "srso_alias_safe_ret:",
    ".data..percpu..first": "fixed_percpu_data: .skip 64",
    ".data..percpu": "gdt_page: .quad 1; irq_stack_backing_store: .quad 2",
    ".head.text": "startup_64: startup_32: nop",
    ".data": "jiffies_64: .quad 1",
    ".text": "ftrace_stub: ret; arch_ftrace_ops_list_func: ret; .p2align 6; retbleed_return_thunk: ret; .p2align 6; "
             "srso_safe_ret: ret",
}


def sections(script):
    names = set()
    for patterns in re.findall(r"\*\(((?:[^()]|\([^()]*\))*)\)", script):
        for name in re.sub(r"SORT\(|\)", "", patterns).split():
            names.add((name[:-1] + "zeta" if name.endswith("+*") else name).replace("*", "x"))
    return sorted(names - LEFT_OUT)


def flags(name):
    if "text" in name or name == ".altinstr_replacement":
        return "ax"
    if name.startswith((".debug", ".gnu.linkonce.wi", ".stab")) or name == ".line" or "DWARF" in name:
        return ""
    if "rodata" in name or "__ex_table" in name or name.startswith(("__ksym", "___k")) or name in READ_ONLY:
        return "a"
    return "aw"


def main():
    script, word = open(sys.argv[1]).read(), sys.argv[2]
    for number, name in enumerate(sections(script), 1):
        nobits = name.startswith(".bss") or name == ".init.scratch"
        print(f'\t.section "{name}","{flags(name)}",{"@nobits" if nobits else "@progbits"}')
        for label in re.findall(r"(\w+):", SYMBOLS.get(name, "")):
            print(f"\t.globl {label}")
        print("\t" + SYMBOLS.get(name, ""))
        if nobits:
            print(f"\t.skip {number % 7 * 8 + 8}")
        else:
            print(f"\t.skip {(number % 5 + 1) * 4}, {0x90 if 'x' in flags(name) else number % 200 + 1}")
    print("\t.globl kexec_control_code_size\nkexec_control_code_size = 100")
    # A reference from code, one from data; a note; what no pattern takes.
    print(f"\t.text\n\t.{word}byte jiffies\n\t.data\n\t.{word}byte _end, __per_cpu_start")
    print('\t.section .note.foo,"a",@note\n\t.long 4,4,1\n\t.asciz "abc"\n\t.long 0')
    print('\t.section .orphan.data,"aw"\n\t.long 1\n\t.section .orphan.text,"ax"\n\t.long 1')
    print('\t.section .orphan.rest,"",@progbits\n\t.asciz "x"\n\t.section .note.GNU-stack,"",@progbits')


main()
