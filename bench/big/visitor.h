/* Precompiled once for all units of the debug link. */
#include <clang/AST/ASTContext.h>
#include <clang/AST/RecursiveASTVisitor.h>
