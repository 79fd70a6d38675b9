/**
 * What the public entries declare: every exported name with its declaration, the names that it needs, and what has no doc comment. Read by
 * the compiler's own API, which is unstable between versions: the compiler is pinned, and nothing of the package depends on this.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTypeReferenceNode, SyntaxKind, type Node } from 'typescript/unstable/ast';
import { API, SymbolFlags, type Checker, type Symbol as TsSymbol, type Type } from 'typescript/unstable/sync';

export const ROOT = join(import.meta.dirname, '../..');

/** A public entry. */
export interface DeclaredEntry {
  /** As it is imported: `stepwell/read`. */
  readonly name: string;
  /** One block of text for each exported name, sorted by name. */
  readonly declarations: readonly string[];
  /** Types of ours that a declaration names and the entry does not export: `foldRun names RunSummary`. */
  readonly unnamed: readonly string[];
  /** Exported names and members without a doc comment: `RunSource.kind`. */
  readonly undocumented: readonly string[];
}

/** The entries of `exports` in package.json that are code. */
export function entryFiles(): { name: string; file: string }[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  return Object.keys(exports).flatMap((path) => {
    if (path === './package.json') return [];
    return [{ name: path.replace(/^\./, 'stepwell'), file: join(ROOT, 'src', `${path === '.' ? 'index' : path.slice(2)}.ts`) }];
  });
}

/** NoTruncation, UseSingleQuotesForStringLiteralType. */
const FORMAT = 1 | 268_435_456;
/** A table of schemas is told by its keys. */
const LONGEST = 5000;
/** The same for the type behind an alias, whose own name says nothing. */
const IN_ALIAS = FORMAT | 8_388_608;

export function declaredApi(): DeclaredEntry[] {
  using closing = new DisposableStack();
  const api = closing.adopt(new API({ cwd: ROOT }), (open) => open.close());
  const [project] = api.updateSnapshot({ openProject: join(ROOT, 'tsconfig.build.json') }).getProjects();
  if (project === undefined) throw new Error('tsconfig.build.json is no project');
  const { checker, program } = project;
  return entryFiles().map(({ name, file }) => {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    const exported = checker
      .getExportsOfModule(module)
      .map((symbol) => ({ name: symbol.name, symbol: resolved(checker, symbol), typeOnly: isTypeOnly(symbol) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const ids = new Set(exported.map(({ symbol }) => symbol.id));
    const reader = new Reader(checker);
    return {
      name,
      declarations: exported.map((one) => reader.declaration(one.name, one.symbol, one.typeOnly)),
      unnamed: exported.flatMap((one) =>
        reader
          .namedBy(one.symbol)
          .filter(({ id }) => !ids.has(id))
          .map((type) => `${one.name} names ${type.name}`),
      ),
      undocumented: exported.flatMap((one) => reader.undocumented(one.name, one.symbol)),
    };
  });
}

function resolved(checker: Checker, symbol: TsSymbol): TsSymbol {
  return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** Whether the entry exports the type alone, though there is a value of the same name. */
function isTypeOnly(symbol: TsSymbol): boolean {
  const node = symbol.declarations[0]?.resolve();
  // A name that the entry itself declares is no specifier of an `export { … } from`.
  if (node?.kind !== SyntaxKind.ExportSpecifier) return false;
  return node.getText().startsWith('type ') || node.parent.parent.getText().startsWith('export type ');
}

function isOurs(symbol: TsSymbol | undefined): symbol is TsSymbol {
  return symbol?.declarations.some(({ path }) => path.startsWith(join(ROOT, 'src/'))) === true;
}

const isValue = ({ flags }: TsSymbol): boolean => (flags & SymbolFlags.Value) !== 0;
const isType = ({ flags }: TsSymbol): boolean => (flags & SymbolFlags.Type) !== 0;

class Reader {
  readonly #checker: Checker;

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  declaration(name: string, symbol: TsSymbol, typeOnly: boolean): string {
    const lines: string[] = [];
    const isClass = (symbol.flags & SymbolFlags.Class) !== 0;
    if (isValue(symbol) && !(typeOnly && isType(symbol) && !isClass)) {
      const type = this.#checker.getTypeOfSymbol(symbol);
      const text = type === undefined ? 'unknown' : this.#checker.typeToString(type, undefined, FORMAT);
      if (isClass) lines.push(`class ${name}`, ...this.#constructors(type));
      // The type of the same name says what it accepts.
      else if (text.length > LONGEST) lines.push(`value ${name}: { ${this.#keys(type)} }`);
      else lines.push(`value ${name}: ${isType(symbol) && /^(z\.)?Zod/.test(text) ? 'zod schema' : text}`);
    }
    if (isType(symbol)) {
      const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
      const members = this.#members(type);
      const head = (symbol.flags & SymbolFlags.Interface) === 0 ? 'type' : 'interface';
      if (!isClass) {
        const whole = this.#checker.typeToString(type, undefined, IN_ALIAS);
        const text = whole.length > LONGEST ? `(declared as) ${symbol.declarations[0]?.resolve()?.getText() ?? ''}` : whole;
        lines.push(members.length === 0 ? `${head} ${name} = ${text}` : `${head} ${name}`);
      }
      for (const member of members) lines.push(`  ${this.#member(member)}`);
    }
    return lines.join('\n');
  }

  #constructors(type: Type | undefined): string[] {
    if (type === undefined) return [];
    return this.#checker.getSignaturesOfType(type, 1).map((signature) => {
      const parameters = signature.getParameters().map((one) => `${one.name}: ${this.#typeOf(one)}`);
      return `  constructor(${parameters.join(', ')})`;
    });
  }

  #keys(type: Type | undefined): string {
    return type === undefined
      ? ''
      : this.#checker
          .getPropertiesOfType(type)
          .map((one) => one.name)
          .join(', ');
  }

  #typeOf(symbol: TsSymbol): string {
    const type = this.#checker.getTypeOfSymbol(symbol);
    return type === undefined ? 'unknown' : this.#checker.typeToString(type, undefined, FORMAT);
  }

  #member(symbol: TsSymbol): string {
    return `${symbol.name}${(symbol.flags & SymbolFlags.Optional) === 0 ? '' : '?'}: ${this.#typeOf(symbol)}`;
  }

  /** Members that we declared: none of a text or a list. */
  #members(type: Type): TsSymbol[] {
    if (type.isUnionType() || type.isIntersectionType()) {
      if (type.isUnionType() && (type.getTypes() ?? []).some((one) => !one.isObjectType())) return [];
    }
    const parts = type.isUnionType() ? (type.getTypes() ?? []) : [type];
    const found = new Map<string, TsSymbol>();
    for (const part of parts) {
      for (const symbol of this.#checker.getPropertiesOfType(part)) {
        if (isOurs(symbol) && !/^(#|__#)/.test(symbol.name) && !found.has(symbol.name)) found.set(symbol.name, symbol);
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  undocumented(name: string, symbol: TsSymbol): string[] {
    const missing = this.#isDocumented(symbol) ? [] : [name];
    if (!isType(symbol)) return missing;
    const members = this.#members(this.#checker.getDeclaredTypeOfSymbol(symbol)).filter((member) => !this.#isDocumented(member));
    return [...missing, ...members.map((member) => `${name}.${member.name}`)];
  }

  /** By a comment before it, or by the text that a key of the configuration has in the published schema. */
  #isDocumented(symbol: TsSymbol): boolean {
    if (this.#checker.getDocumentationCommentOfSymbol(symbol) !== '' || symbol.getJsDocTags(this.#checker).length > 0)
      return true;
    return symbol.declarations.some((handle) => /\.describe\(/.test(handle.resolve()?.getText() ?? ''));
  }

  /** Types of ours that the declaration names; bodies of functions do not count. */
  namedBy(symbol: TsSymbol): TsSymbol[] {
    const found = new Map<number, TsSymbol>();
    const visit = (node: Node): void => {
      if (isTypeReferenceNode(node)) {
        const named = this.#checker.getSymbolAtLocation(node.typeName);
        const target = named === undefined ? undefined : resolved(this.#checker, named);
        if (isOurs(target) && (target.flags & SymbolFlags.TypeParameter) === 0) found.set(target.id, target);
      }
      node.forEachChild((child) => {
        if (!isHidden(child, node)) visit(child);
      });
    };
    for (const handle of symbol.declarations) {
      const node = handle.resolve();
      if (node !== undefined) visit(node);
    }
    return [...found.values()];
  }
}

/** What no user of a class sees: members with #, what a method does, the value behind a schema. */
function isHidden(node: Node, parent: Node): boolean {
  const { body, initializer } = parent as Node & { readonly body?: Node; readonly initializer?: Node };
  if (node === body || node === initializer) return true;
  return (node as Node & { readonly name?: Node }).name?.getText().startsWith('#') === true;
}

/** The file that keeps what an entry declares. */
export function goldenOf(name: string): string {
  return join(ROOT, 'test/api', `${name.replace('stepwell/', '')}.txt`);
}

export function apiText({ name, declarations }: DeclaredEntry): string {
  return `${name}\n\n${declarations.join('\n\n')}\n`;
}
