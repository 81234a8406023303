#!/bin/bash
# Linux for i386 and for x86-64, with gild as its LD: thin archives made into one object (-r --whole-archive), the image by its
# script with --emit-relocs, real-mode code, the decompressor, vDSOs, and modules (-r -T). The kernel's own tool finds exactly
# those places of the image that change when it is linked at another address; the kernel starts in an emulator, loads
# modules and runs a program.
# timeout: 5400
# packages: linux-source-6.1 make bc bison flex libelf-dev xz-utils gcc-multilib qemu-system-x86 python3
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

[ -f /usr/src/linux-source-6.1.tar.xz ] || skip "no /usr/src/linux-source-6.1.tar.xz"
mkdir source
tar -C source --strip-components=1 -xf /usr/src/linux-source-6.1.tar.xz
cat > fragment <<'END'
CONFIG_MODULES=y
CONFIG_PRINTK=y
CONFIG_TTY=y
CONFIG_SERIAL_8250=y
CONFIG_SERIAL_8250_CONSOLE=y
CONFIG_BLK_DEV_INITRD=y
CONFIG_BINFMT_ELF=y
CONFIG_RELOCATABLE=y
CONFIG_RANDOMIZE_BASE=y
CONFIG_CRC4=m
CONFIG_CRC7=m
CONFIG_LIBCRC32C=m
END
cat > init.c <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	static const char *const modules[] = {"/crc7.ko", "/crc4.ko", "/crypto.ko"};
	puts("init: a program runs");
	for (int i = 0; i < 3; i++)
		printf("init: %s: %ld\n", modules[i], syscall(SYS_finit_module, open(modules[i], O_RDONLY), "", 0));
	fflush(stdout);
	return reboot(RB_AUTOBOOT);
}
END
# TOOL IMAGE MOVED: the places that the tool lists are those that differ between two images.
cat > compare.py <<'END'
import struct, subprocess, sys

def load(path):
    d = open(path, 'rb').read()
    wide = d[4] == 2
    e = struct.unpack_from('<HHIQQQIHHHHHH' if wide else '<HHIIIIIHHHHHH', d, 16)
    for i in range(e[9]):
        if wide:
            kind, _, off, addr, _, size, _, _ = struct.unpack_from('<IIQQQQQQ', d, e[4] + 56 * i)
        else:
            kind, off, addr, _, size, _, _, _ = struct.unpack_from('<8I', d, e[4] + 32 * i)
        if kind == 1: # PT_LOAD
            yield addr & 0xffffffff, d[off:off + size]

tool, image, moved = sys.argv[1:]
images, others = list(load(image)), list(load(moved))
delta = others[0][0] - images[0][0]
text = subprocess.run([tool, '--text', image], stdout=subprocess.PIPE, text=True, check=True).stdout
listed = sorted({int(word, 16) for word in text.split() if word.startswith('0x')} - {0})
bad = n = 0
for (addr, x), (_, y) in zip(images, others):
    covered = set()
    for place in listed:
        if not addr <= place < addr + len(x):
            continue
        was, now = (struct.unpack_from('<I', z, place - addr)[0] for z in (x, y))
        n += 1
        if (now - was) & 0xffffffff not in (delta & 0xffffffff, -delta & 0xffffffff):
            bad += 1
            print('%#x is listed, but does not change: %#x, %#x' % (place, was, now))
        covered.update(range(place, place + 4))
    for i in range(len(x)):
        if x[i] != y[i] and addr + i not in covered:
            bad += 1
            print('%#x changes, and is not listed' % (addr + i))
print('%d places, %d wrong' % (n, bad))
sys.exit(bad > 0 or n < 10000 or n != len(listed))
END
# Under this name gild's --version is what the kernel's makefiles look for: GNU ld's.
cat > ld <<END
#!/bin/sh
case " \$* " in *" --emit-relocs "*" -o vmlinux "*) echo "\$*" > link.args ;; esac
exec "$GILD_BIN/ld" "\$@"
END
chmod +x ld

kernel() { # ARCH FLAG EMULATOR
	local out=$PWD/$1
	local build=(make -s -C "$PWD/source" "ARCH=$1" "O=$out" "LD=$PWD/ld" "CC=$CC")
	mkdir "$out"
	logged "config-$1" "${build[@]}" tinyconfig
	(cd "$out" && logged "../merge-$1" ../source/scripts/kconfig/merge_config.sh -m .config ../fragment)
	logged "config-$1" "${build[@]}" olddefconfig
	logged "make-$1" "${build[@]}" "-j${JOBS:-2}"
	cd "$out"
	# The image's first address, in the script's first assignment to `.`
	sed '/LOAD_OFFSET\|0xC0000000\|__START_KERNEL\|0xffffffff80000000/s/0x1000000/0x3000000/' arch/x86/kernel/vmlinux.lds > moved.lds
	# shellcheck disable=SC2046 # words
	for image in plain moved; do # the build id tells images apart
		[ $image = moved ] || cp arch/x86/kernel/vmlinux.lds plain.lds
		"$GILD" $(sed 's,--script=[^ ]*,,; s,--build-id=sha1,--build-id=none,; s, -o vmlinux , ,' link.args) \
			--script=$image.lds -o $image
	done
	python3 ../compare.py arch/x86/tools/relocs plain moved > compare.txt || { tail compare.txt; fail "$1: relocations that were kept"; }
	"$CC" "$2" -static -B"$GILD_BIN" ../init.c -o first
	cat > list <<-END
		dir /dev 755 0 0
		nod /dev/console 600 0 0 c 5 1
		file /init first 755 0 0
		file /crc4.ko lib/crc4.ko 644 0 0
		file /crc7.ko lib/crc7.ko 644 0 0
		file /crypto.ko crypto/crypto.ko 644 0 0
	END
	usr/gen_init_cpio list > initrd
	timeout 300 "$3" -accel tcg -cpu max -m 512 -kernel arch/x86/boot/bzImage -initrd initrd -append "console=ttyS0 panic=-1" \
		-display none -serial stdio -monitor none -no-reboot < /dev/null > boot.txt 2>&1 || :
	for line in "a program runs" "/crc7.ko: 0" "/crc4.ko: 0" "/crypto.ko: 0"; do assert_contains boot.txt "init: $line"; done
	cd ..
}
kernel i386 -m32 qemu-system-i386
kernel x86_64 -m64 qemu-system-x86_64
