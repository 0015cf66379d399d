/**
 * Lint rules for the direction of dependencies: who may import whom, which files are pure, and where
 * the runtimes' own globals may be used. `deno lint` loads this file (see deno.json).
 *
 * @module
 */

/** Folder (or file of the root) → folders it may import. What has no row may import anything. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli", "lib"],
  lib: ["lib"],
  monitors: ["monitors", "lib"],
  server: ["server", "lib", "ui"],
  cli: ["cli", "server", "monitors", "lib"],
  ui: ["ui"],
  examples: ["examples", "lib"],
};

/** The only files of lib/ that put monitors and the library together. */
const COMPOSITION_ROOTS: readonly string[] = [
  "lib/mod.ts",
  "lib/worker_main.ts",
  "lib/worker_monitors.ts",
];

/** npm package → the one folder that imports it. Tests and tools import what they like. */
const PACKAGE_HOME: Readonly<Record<string, string>> = {
  commander: "cli",
  hono: "server",
};

/** Folders whose files stand outside the rules about packages and globals. */
const FREE_FOLDERS: readonly string[] = ["tests", "tools", "bench"];

/** Where `Deno` and `Bun` may be named. */
const RUNTIME_FOLDER = "lib/runtime/";

/**
 * Pure files: they import only pure files and know no clock, no randomness, no process, no network.
 * `*` stands for any part of a file name.
 */
const PURE_FILES: readonly string[] = [
  "lib/auto_steps.ts",
  "lib/code_points.ts",
  "lib/config_value.ts",
  "lib/errors.ts",
  "lib/flatten.ts",
  "lib/float_value.ts",
  "lib/frames.ts",
  "lib/id_words.ts",
  "lib/ids.ts",
  "lib/iso_time.ts",
  "lib/json_*.ts",
  "lib/metric_buckets.ts",
  "lib/names.ts",
  "lib/point_groups.ts",
  "lib/py_float.ts",
  "lib/record_*.ts",
  "lib/records.ts",
  "lib/ring*.ts",
  "lib/run_ref.ts",
  "lib/settings.ts",
  "lib/store/file_uri.ts",
  "lib/store/schema.ts",
  "lib/tag_sets.ts",
  "lib/traceback.ts",
  "lib/values.ts",
  "cli/run/outcome.ts",
  "cli/run/parse_lines.ts",
  "cli/run/shell_text.ts",
  "monitors/*_parse.ts",
  "monitors/console_lines.ts",
  "monitors/rate.ts",
  "monitors/redact.ts",
  "server/gate/gate.ts",
  "server/gate/hosts.ts",
  "server/gate/ip_address.ts",
  "server/gate/netlink_diag.ts",
  "server/gate/origin.ts",
  "server/gate/socket_ends.ts",
  "server/params.ts",
  "server/reads/blocks.ts",
  "server/reads/downsample.ts",
  "server/request_path.ts",
];

/** Members a pure file must take as parameters instead. */
const IMPURE_MEMBERS = /^(Date\.now|Math\.random|performance\..+|crypto\..+|process\..+)$/;

/** Calls a pure file does not make. */
const IMPURE_CALLS = /^(fetch|setTimeout|setInterval|setImmediate|queueMicrotask|Date)$/;

const ROOT = new URL("..", import.meta.url).pathname;
const PURE = PURE_FILES.map((pattern) =>
  new RegExp("^" + pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]*") + "$")
);

/** Path below the root, such as `lib/run.ts`; undefined for files elsewhere. */
function placeOf(path: string): string | undefined {
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : undefined;
}

function folderOf(place: string): string {
  return place.split("/")[0] ?? place;
}

function isPure(place: string): boolean {
  return PURE.some((pattern) => pattern.test(place));
}

function packageOf(specifier: string): string {
  const parts = specifier.replace(/^npm:/, "").split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0] ?? specifier;
  return name.replace(/(?<=.)@.*$/, "");
}

/** Why `place` may not import `specifier`, or undefined when it may. */
function importFault(place: string, specifier: string): string | undefined {
  const folder = folderOf(place);
  if (specifier.startsWith(".")) {
    const path = new URL(specifier, "file://" + ROOT + place).pathname;
    return relativeFault(place, folder, placeOf(path));
  }
  if (/^(node|bun|data|https?):/.test(specifier)) return undefined;
  if (FREE_FOLDERS.includes(folder)) return undefined;
  const name = packageOf(specifier);
  const home = PACKAGE_HOME[name];
  if (home === folder) return undefined;
  return home === undefined
    ? `the package "${name}" has no place in the table of tools/lint_layers.ts`
    : `the package "${name}" is imported in ${home}/ only`;
}

function relativeFault(place: string, folder: string, target?: string): string | undefined {
  const allowed = MAY_IMPORT[folder];
  if (allowed === undefined) return undefined;
  if (target === undefined) return `${folder} must not import files outside the repository`;
  const to = folderOf(target);
  if (!allowed.includes(to) && !(to === "monitors" && COMPOSITION_ROOTS.includes(place))) {
    return `${folder} must not import ${to}`;
  }
  const protocol = /^server\/protocols\/([^/]+)\//;
  const [from, into] = [protocol.exec(place)?.[1], protocol.exec(target)?.[1]];
  if (from !== undefined && into !== undefined && from !== into) {
    return `the protocol ${from} must not import the protocol ${into}`;
  }
  return undefined;
}

/** Why the pure file `place` may not import `specifier`, or undefined when it may. */
function pureFault(place: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return `a pure file must not import "${specifier}"`;
  const target = placeOf(new URL(specifier, "file://" + ROOT + place).pathname);
  return target !== undefined && isPure(target)
    ? undefined
    : `a pure file must import pure files only, found "${specifier}" ` +
      "(is that one pure too? then it belongs into PURE_FILES of tools/lint_layers.ts)";
}

/** Calls `check` for each import of a file, static or with a literal in `import()`. */
function onImports(
  check: (node: Deno.lint.Node, specifier: string, typeOnly: boolean) => void,
): Deno.lint.LintVisitor {
  return {
    ImportDeclaration(node) {
      check(node, node.source.value, node.importKind === "type");
    },
    ExportNamedDeclaration(node) {
      if (node.source) check(node, node.source.value, node.exportKind === "type");
    },
    ExportAllDeclaration(node) {
      check(node, node.source.value, node.exportKind === "type");
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        check(node, node.source.value, false);
      }
    },
  };
}

/** Imports follow the table of folders and the table of packages. */
const layering: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place === undefined) return {};
    return onImports((node, specifier) => {
      const message = importFault(place, specifier);
      if (message !== undefined) context.report({ node, message });
    });
  },
};

/** Pure files stay pure; types may come from anywhere, they leave nothing behind. */
const pure: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place === undefined || !isPure(place)) return {};
    const refuse = (node: Deno.lint.Node, what: string): void =>
      context.report({ node, message: `a pure file must not use ${what}: take it as a parameter` });
    return {
      ...onImports((node, specifier, typeOnly) => {
        const message = typeOnly ? undefined : pureFault(place, specifier);
        if (message !== undefined) context.report({ node, message });
      }),
      MemberExpression(node) {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const member = `${node.object.name}.${node.property.name}`;
        if (IMPURE_MEMBERS.test(member)) refuse(node, member);
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && IMPURE_CALLS.test(node.callee.name)) {
          refuse(node, node.callee.name);
        }
      },
      NewExpression(node) {
        const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
        if (isDate && node.arguments.length === 0) refuse(node, "the present time");
      },
    };
  },
};

/** `Deno` and `Bun` are named in lib/runtime/ only. */
const runtimeGlobals: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place === undefined || place.startsWith(RUNTIME_FOLDER)) return {};
    if (FREE_FOLDERS.includes(folderOf(place))) return {};
    return {
      Identifier(node) {
        if (node.name === "Deno" || node.name === "Bun") {
          context.report({ node, message: `${node.name} may be used in ${RUNTIME_FOLDER} only` });
        }
      },
      'BinaryExpression[operator="in"]'(node: Deno.lint.BinaryExpression) {
        const name = node.left.type === "Literal" ? node.left.value : undefined;
        if (name === "Deno" || name === "Bun") {
          context.report({ node, message: `${name} may be asked for in ${RUNTIME_FOLDER} only` });
        }
      },
    };
  },
};

/** The plugin; Deno wants it as the default export. */
const plugin: Deno.lint.Plugin = {
  name: "goodseed",
  rules: { layering, pure, "runtime-globals": runtimeGlobals },
};
export default plugin;
