/* One of many units of the debug link: each instantiates clang's AST visitor for a class of its own (UNIT is a number), which
 * makes some 30 MB of object code and debugging information. */
#include "visitor.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define VISITOR JOIN(Visitor, UNIT)

struct VISITOR : clang::RecursiveASTVisitor<VISITOR> {
	unsigned declarations = 0, statements = 0;
	bool VisitDecl(clang::Decl *)
	{
		++declarations;
		return true;
	}
	bool VisitStmt(clang::Stmt *)
	{
		++statements;
		return true;
	}
};

unsigned JOIN(count, UNIT)(clang::Decl *decl)
{
	VISITOR visitor;
	visitor.TraverseDecl(decl);
	return visitor.declarations + visitor.statements;
}
