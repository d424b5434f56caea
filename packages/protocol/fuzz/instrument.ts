/** TypeScript in, JavaScript out that counts each branch it takes in `branches`, an array of octets that is global. */
import ts from "typescript"

const { factory } = ts

/** As JavaScript: `branches[id]++`. */
const count = (id: number): ts.Expression =>
  factory.createPostfixIncrement(factory.createElementAccessExpression(factory.createIdentifier("branches"), id))

const isLogical = ({ kind }: ts.Token<ts.BinaryOperator>): boolean =>
  kind === ts.SyntaxKind.AmpersandAmpersandToken ||
  kind === ts.SyntaxKind.BarBarToken ||
  kind === ts.SyntaxKind.QuestionQuestionToken

/** Counts from `first` on, or not at all. */
export const instrument = (
  source: string,
  first: number | undefined
): { readonly code: string; readonly branches: number } => {
  let next = first ?? 0
  const counted = (body: ts.Expression): ts.Expression =>
    factory.createParenthesizedExpression(factory.createComma(count(next++), body))
  const statement = (): ts.Statement => factory.createExpressionStatement(count(next++))
  /** A block has been counted when its statement is visited. */
  const block = (body: ts.Statement): ts.Statement =>
    ts.isBlock(body) ? body : factory.createBlock([statement(), body])

  const visitor = (context: ts.TransformationContext) => {
    const visit = (node: ts.Node): ts.Node => branch(ts.visitEachChild(node, visit, context))
    const branch = (node: ts.Node): ts.Node => {
      if (ts.isBlock(node)) return factory.createBlock([statement(), ...node.statements])
      if (ts.isConditionalExpression(node)) {
        const { colonToken, condition, questionToken, whenFalse, whenTrue } = node
        const [yes, no] = [counted(whenTrue), counted(whenFalse)]
        return factory.updateConditionalExpression(node, condition, questionToken, yes, colonToken, no)
      }
      if (ts.isBinaryExpression(node) && isLogical(node.operatorToken)) {
        return factory.updateBinaryExpression(node, node.left, node.operatorToken, counted(node.right))
      }
      if (ts.isIfStatement(node)) {
        const no = node.elseStatement === undefined ? statement() : block(node.elseStatement)
        return factory.updateIfStatement(node, node.expression, block(node.thenStatement), no)
      }
      if (ts.isForStatement(node)) {
        const { condition, incrementor, initializer } = node
        return factory.updateForStatement(node, initializer, condition, incrementor, block(node.statement))
      }
      if (ts.isCaseOrDefaultClause(node)) {
        const statements = [statement(), ...node.statements]
        return ts.isCaseClause(node)
          ? factory.updateCaseClause(node, node.expression, statements)
          : factory.updateDefaultClause(node, statements)
      }
      return node
    }
    return (file: ts.SourceFile) => ts.visitNode(file, visit) as ts.SourceFile
  }

  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    transformers: { before: first === undefined ? [] : [visitor] }
  })
  return { code: outputText, branches: next - (first ?? 0) }
}
