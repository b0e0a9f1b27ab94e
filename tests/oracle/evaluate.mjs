// Evaluates expressions with GitHub's own evaluator: {"context": {...}, "expressions": [...]} on stdin, on stdout for
// each expression {"value": ...} or {"error": "..."}. The first argument is the folder of the package.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const home = pathToFileURL(process.argv[2] + "/dist/");
const { Lexer, Parser, Evaluator, data } = await import(new URL("index.js", home));
const { reviver } = await import(new URL("data/reviver.js", home));
const { replacer } = await import(new URL("data/replacer.js", home));

const { context, expressions } = JSON.parse(readFileSync(0, "utf8"));
const names = Object.keys(context);
const dictionary = new data.Dictionary(
  ...names.map((key) => ({ key, value: JSON.parse(JSON.stringify(context[key]), reviver) })),
);
const answers = expressions.map((text) => {
  try {
    const tree = new Parser(new Lexer(text).lex().tokens, names, []).parse();
    const value = new Evaluator(tree, dictionary).evaluate();
    return { value: JSON.parse(JSON.stringify(value, replacer) ?? "null") };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
});
process.stdout.write(JSON.stringify(answers));
