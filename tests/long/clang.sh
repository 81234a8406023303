#!/bin/bash
# A C compiler made of all static libraries of LLVM and clang (hundreds of archives, half a gigabyte) compiles functions for several
# processors; what it makes of C and C++ links and runs. As a position-independent program, as a fixed one with --gc-sections, and
# static.
# timeout: 1200
# packages: g++ libclang-19-dev llvm-19-dev zlib1g-dev libzstd-dev libxml2-dev libncurses-dev
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

llvm=''
for folder in $(ls -d /usr/lib/llvm-*/ | sort -rV); do
	[ ! -e "$folder/lib/libclangCodeGen.a" ] || [ ! -e "$folder/lib/libLLVMX86CodeGen.a" ] || { llvm=$folder; break; }
done
[ -n "$llvm" ] || skip "no static libraries of clang (package libclang-19-dev) and LLVM (package llvm-19-dev)"
archives=("$llvm"lib/*.a)

cat >main.cc <<'END_C'
#include "clang/Basic/DiagnosticOptions.h"
#include "clang/CodeGen/CodeGenAction.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Frontend/CompilerInvocation.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "llvm/Passes/PassPlugin.h"
#include "llvm/Support/TargetSelect.h"
// Debian's LLVM refers to Polly, which it has in another package.
llvm::PassPluginLibraryInfo getPollyPluginInfo() { return {LLVM_PLUGIN_API_VERSION, "polly", "0", [](llvm::PassBuilder &) {}}; }
int main(int argc, char **argv) {
	llvm::InitializeAllTargets();
	llvm::InitializeAllTargetMCs();
	llvm::InitializeAllAsmPrinters();
	llvm::InitializeAllAsmParsers();
	auto options = llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>();
	auto *printer = new clang::TextDiagnosticPrinter(llvm::errs(), options.get());
	clang::DiagnosticsEngine diagnostics(llvm::makeIntrusiveRefCnt<clang::DiagnosticIDs>(), options, printer, false);
	auto invocation = std::make_shared<clang::CompilerInvocation>();
	std::vector<const char *> arguments(argv + 1, argv + argc);
	if (!clang::CompilerInvocation::CreateFromArgs(*invocation, arguments, diagnostics)) return 2;
	clang::CompilerInstance compiler;
	compiler.setInvocation(invocation);
	compiler.createDiagnostics(printer, false);
	clang::EmitAssemblyAction action;
	return !compiler.ExecuteAction(action);
}
END_C
cat >square.c <<'END_C'
int table[4] = {1, 2, 3, 4};
int square(int n) { int sum = 0; for (int i = 0; i < 4; i++) sum += table[i] * n; return n * n + sum; }
END_C
cat >throws.cc <<'END_C'
struct problem { int code; };
struct base { virtual ~base() {} virtual int f(int n) { if (n > 5) throw problem{n}; return n; } };
struct derived : base { int f(int n) override { return base::f(n) + 1; } };
extern "C" int twice(int n) { base *b = new derived; try { n = b->f(n); } catch (problem &p) { n = -p.code; } delete b; return n; }
END_C
echo 'int square(int), twice(int); int main(void) { return !(square(5) == 75 && twice(3) == 4 && twice(8) == -8); }' >use.c
echo 'int f(void) { return undeclared; }' >wrong.c

# compiles COMPILER: it does its work
compiles() {
	"$1" -triple x86_64-pc-linux-gnu -mrelocation-model pic -pic-level 2 -O2 -o square.s square.c || fail "$1: square.c"
	"$1" -triple x86_64-pc-linux-gnu -mrelocation-model pic -pic-level 2 -O1 -x c++ -fexceptions -fcxx-exceptions -funwind-tables=2 \
		-o throws.s throws.cc || fail "$1: throws.cc"
	link -fPIE -pie use.c square.s throws.s -lstdc++ -o use
	./use || fail "$1: what it compiled is wrong"
	"$1" -triple aarch64-linux-gnu -O2 -o arm.s square.c
	grep -qE '\bmadd\b|\bmul\b' arm.s || fail "$1: AArch64"
	"$1" -triple riscv64-linux-gnu -target-feature +m -O2 -o riscv.s square.c
	grep -qE '\bmulw?\b' riscv.s || fail "$1: RISC-V"
	fails "$1" -triple x86_64-pc-linux-gnu -o wrong.s wrong.c
	assert_contains err.txt "use of undeclared identifier 'undeclared'"
}

watch_links
g++ -std=c++17 -O1 -fno-rtti -fPIE -I"${llvm}include" -c main.cc
libraries=(-Wl,--start-group "${archives[@]}" -Wl,--end-group -lz -lzstd -ltinfo -lxml2 -ldl -lpthread)
for kind in pie no-pie static; do
	flags=() libs=("${libraries[@]}")
	[ $kind != no-pie ] || flags=(-Wl,--gc-sections,-O2 -Wl,-z,now)
	[ $kind != static ] || libs=("${libraries[@]/-lxml2/-lm}") # libxml2.a asks for more libraries; nothing here asks for it
	began=${EPOCHREALTIME/./}
	link++ $(ldflags $kind) "${flags[@]}" main.o "${libs[@]}" -o compiler-$kind
	echo "$kind: ${#archives[@]} archives, linked in $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
	by_gild compiler-$kind
	compiles ./compiler-$kind
done
