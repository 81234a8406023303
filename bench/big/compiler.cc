/* The program of the clang link: a compiler made of every static library of clang and LLVM.
 *
 *   compiler -triple x86_64-linux-gnu -O2 -S file.c -o file.s        (the arguments of clang -cc1) */
#include <clang/Basic/DiagnosticOptions.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <llvm/Passes/PassPlugin.h>
#include <llvm/Support/TargetSelect.h>

/* The libraries mention polly, which Debian does not ship as a static library. */
llvm::PassPluginLibraryInfo getPollyPluginInfo()
{
	return {LLVM_PLUGIN_API_VERSION, "polly", "0", [](llvm::PassBuilder &) {}};
}

int main(int argc, char **argv)
{
	llvm::InitializeAllTargets();
	llvm::InitializeAllTargetMCs();
	llvm::InitializeAllAsmPrinters();
	llvm::InitializeAllAsmParsers();

	auto options = llvm::makeIntrusiveRefCnt<clang::DiagnosticOptions>();
	clang::TextDiagnosticPrinter printer(llvm::errs(), options.get());
	clang::DiagnosticsEngine diagnostics(llvm::makeIntrusiveRefCnt<clang::DiagnosticIDs>(), options, &printer, false);
	auto invocation = std::make_shared<clang::CompilerInvocation>();
	clang::CompilerInvocation::CreateFromArgs(*invocation, {argv + 1, argv + argc}, diagnostics);

	clang::CompilerInstance compiler;
	compiler.setInvocation(invocation);
	compiler.createDiagnostics(&printer, false);
	clang::EmitAssemblyAction action;
	return compiler.ExecuteAction(action) ? 0 : 1;
}
