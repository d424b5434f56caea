/**
 * A plugin of TypeDoc: the docstring at the begin of a file is the one of its module. (TypeDoc asks for a tag `@module` in each.)
 */
import { Comment, Converter, MinimalSourceFile } from "typedoc"
import ts from "typescript"

/** The first docstring of a file as Markdown. */
const docstringOf = ({ text }) =>
  /^\/\*\*([\s\S]*?)\*\//
    .exec(text)?.[1]
    .replace(/^ *\* ?/gm, "")
    .replace(/^@example$/gm, "#### Example\n")
    .trim()

/** What TypeDoc calls when it loads a plugin. */
export const load = ({ converter }) => {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    const source = context.getSymbolFromReflection(reflection)?.declarations?.find(ts.isSourceFile)
    const text = source && docstringOf(source)
    if (text === undefined) return
    const file = new MinimalSourceFile(text, source.fileName)
    reflection.comment = new Comment(converter.parseRawComment(file, context.project.files).content)
  })
}
