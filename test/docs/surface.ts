import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { ROOT } from "./pages.ts";

/** What others may import: each module of `exports` in package.json with where its report stands. */
const MODULES = {
  plugin: "engine/plugin/index.ts",
  client: "engine/client/index.ts",
  testing: "engine/testing/index.ts",
};

/** `docs/surface/`: for each module every export with its declaration and without what is inside of it, by path from the root. */
export const surfaceFiles = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(MODULES).map(([name, entry]) => {
      const found = [...exportsOf(join(ROOT, entry))].sort(([a], [b]) => (a < b ? -1 : 1));
      const head = `parlando/${name}: every export with its declaration. Written by bun test/docs/write.ts; a change here is a change for others.`;
      return [`docs/surface/${name}.txt`, `${[head, ...found.map(([, text]) => text)].join("\n\n")}\n`];
    }),
  );

const sources = new Map<string, ts.SourceFile>();

function sourceOf(path: string): ts.SourceFile {
  const known =
    sources.get(path) ?? ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  sources.set(path, known);
  return known;
}

/** Exported names with the text of their declarations. */
function exportsOf(path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of sourceOf(path).statements) {
    if (!ts.isExportDeclaration(statement)) {
      for (const name of declaredNames(statement))
        if (isExported(statement)) found.set(name, declared(statement, name));
      continue;
    }
    const { moduleSpecifier } = statement;
    const from = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
    const target = from === undefined ? path : resolved(from, path);
    if (!statement.exportClause) {
      for (const [name, text] of target ? exportsOf(target) : []) found.set(name, text);
    } else if (ts.isNamedExports(statement.exportClause))
      for (const { name, propertyName } of statement.exportClause.elements) {
        const own = (propertyName ?? name).text;
        found.set(
          name.text,
          target ? (lookUp(own, target) ?? `${own} is not found`) : `${name.text}: of the package ${from}`,
        );
      }
  }
  return found;
}

/** Undefined for a package. */
function resolved(from: string, path: string): string | undefined {
  if (from.startsWith("#engine/")) return join(ROOT, "engine", from.slice(8), "index.ts");
  return from.startsWith(".") ? join(dirname(path), from) : undefined;
}

/** A name in the module that exports it, or in the one that it hands it on from. */
function lookUp(name: string, path: string): string | undefined {
  for (const statement of sourceOf(path).statements)
    if (declaredNames(statement).includes(name)) return declared(statement, name);
  for (const statement of sourceOf(path).statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    const target = resolved(statement.moduleSpecifier.text, path);
    const imports =
      bindings && ts.isNamedImports(bindings) && bindings.elements.some((each) => each.name.text === name);
    if (imports && target) return lookUp(name, target);
  }
  return exportsOf(path).get(name);
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name ? [statement.name.text] : [];
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false);

const printer = ts.createPrinter({ removeComments: true });

function declared(statement: ts.Statement, name: string): string {
  const source = statement.getSourceFile();
  const bare = ts.transform(statement, [withoutBodies(name)]).transformed[0]!;
  const where = relative(ROOT, source.fileName);
  return `// ${where}\n${printer.printNode(ts.EmitHint.Unspecified, bare, source)}`;
}

/** Takes out what callers do not see: bodies, private members, and what a value is made of. */
const withoutBodies =
  (name: string): ts.TransformerFactory<ts.Statement> =>
  (context) => {
    const { factory } = context;
    const visit = (node: ts.Node): ts.Node | undefined => {
      if (ts.isClassElement(node) && isHidden(node)) return undefined;
      if (ts.isVariableDeclarationList(node))
        return factory.updateVariableDeclarationList(
          node,
          node.declarations.filter((each) => each.name.getText() === name).map((each) => shortened(each, factory)),
        );
      if (ts.isBlock(node) && ts.isFunctionLike(node.parent)) return factory.createBlock([]);
      return ts.visitEachChild(node, visit, context);
    };
    return (statement) => ts.visitEachChild(statement, visit, context);
  };

const isHidden = (node: ts.ClassElement): boolean =>
  (node.name !== undefined && ts.isPrivateIdentifier(node.name)) ||
  ts.isClassStaticBlockDeclaration(node) ||
  (ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ?? false));

/** A function keeps its parameters and its result; of any other value the type is kept where it is written, else the value. */
function shortened(declaration: ts.VariableDeclaration, factory: ts.NodeFactory): ts.VariableDeclaration {
  const { name, exclamationToken, type, initializer } = declaration;
  const short =
    initializer && ts.isArrowFunction(initializer)
      ? factory.updateArrowFunction(
          initializer,
          initializer.modifiers,
          initializer.typeParameters,
          initializer.parameters,
          initializer.type,
          initializer.equalsGreaterThanToken,
          factory.createBlock([]),
        )
      : type
        ? undefined
        : initializer;
  return factory.updateVariableDeclaration(declaration, name, exclamationToken, type, short);
}
