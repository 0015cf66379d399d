/**
 * What git knows about the source code of a run (contract: goodseed §3.1).
 *
 * The repository may be anybody's: no program that it names is run (external diffs, text
 * conversions, filters, file-system monitors, signature checks, remote helpers), nothing is locked
 * or written, nothing is asked, nothing is fetched.
 *
 * @module
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type ProbeOutput, runProbe } from "../lib/runtime/spawn.ts";
import { redactAddresses } from "./redact.ts";

/** Where to look and for how long. */
export interface GitFactsOptions {
  /** A folder or file of the repository. @default `cwd` */
  readonly repositoryPath?: string;
  /** A folder of the repository. @default the working folder of this process */
  readonly cwd?: string;
  /** Time for all commands together, in ms; what is not known by then is left out. */
  readonly timeoutMs: number;
  /** Longest diff that is kept, in bytes. @default {1_048_576} */
  readonly maxDiffBytes?: number;
}

/** Config paths and values. */
export type GitFacts = Record<string, string | boolean>;

const MAX_TEXT_BYTES = 65_536;

const ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none", // a partial clone must not fetch what a diff would need
  GIT_ASKPASS: "",
  SSH_ASKPASS: "",
  GIT_PAGER: "cat",
  LC_ALL: "C",
};

const SAFE_CONFIG = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "diff.autoRefreshIndex=false", // or `git diff` writes the index where it can
  "log.showSignature=false",
  "diff.submodule=short",
  "color.ui=false",
];

/** A submodule has a configuration of its own; only which commit it is at is looked at. */
const SUBMODULES = "--ignore-submodules=dirty";
const DIFF = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", SUBMODULES];
const STATUS = ["status", "--porcelain", SUBMODULES];

/** Runs git commands in one folder within one time limit. */
class Repository {
  readonly #folder: string;
  readonly #deadlineMs: number;
  readonly #config: string[] = [...SAFE_CONFIG];

  constructor(folder: string, timeoutMs: number) {
    this.#folder = folder;
    this.#deadlineMs = performance.now() + timeoutMs;
  }

  /** Runs a command; undefined when git is missing or the time is over. */
  async run(args: string[], maxBytes: number = MAX_TEXT_BYTES): Promise<ProbeOutput | undefined> {
    const timeoutMs = this.#deadlineMs - performance.now();
    if (timeoutMs <= 0) return undefined;
    const config = this.#config.flatMap((setting) => ["-c", setting]);
    const result = await runProbe("git", ["--no-pager", ...config, ...args], {
      timeoutMs,
      maxBytes,
      cwd: this.#folder,
      env: ENVIRONMENT,
    });
    return result.missing || result.timedOut ? undefined : result;
  }

  /** Output of a command that succeeded, without trailing newlines. */
  async text(...args: string[]): Promise<string | undefined> {
    const result = await this.run(args);
    if (result === undefined || result.code !== 0 || result.truncated) return undefined;
    return withoutTrailingNewlines(result.stdout);
  }

  /**
   * Switches off the filters that the configuration names; they are programs.
   *
   * @returns false when that cannot be done
   */
  async disableFilters(): Promise<boolean> {
    const result = await this.run([
      "config",
      "--null",
      "--name-only",
      "--get-regexp",
      "^filter\\.",
    ]);
    if (result === undefined || result.truncated || result.code > 1) return false;
    for (const name of result.stdout.split("\0")) {
      if (name === "") continue;
      if (name.includes("=") || name.includes("\n")) return false; // no way to override it
      this.#config.push(/\.required$/i.test(name) ? `${name}=false` : `${name}=`);
    }
    return true;
  }
}

/**
 * Collects the facts; a command that fails just leaves its fact out.
 *
 * @param options where to look and for how long
 * @returns configs `source_code/…`; empty when git or a repository is missing
 */
export async function gitFacts(options: GitFactsOptions): Promise<GitFacts> {
  const { repositoryPath, cwd = ".", timeoutMs, maxDiffBytes = 1_048_576 } = options;
  const folder = repositoryPath === undefined ? cwd : folderOf(repositoryPath);
  const repository = new Repository(folder, timeoutMs);
  const facts: GitFacts = {};

  const places = await repository.run(["rev-parse", "--git-dir", "--show-toplevel"]);
  if (places === undefined || places.stdout === "") return facts; // not a repository
  if (places.code === 0) { // a bare one has no top level
    const topLevel = places.stdout.slice(places.stdout.indexOf("\n") + 1);
    facts["source_code/git/repository_path"] = withoutTrailingNewlines(topLevel);
  }
  Object.assign(facts, await commitFacts(repository));
  const branch = await repository.text("rev-parse", "--abbrev-ref", "HEAD");
  if (branch !== undefined) facts["source_code/git/current_branch"] = branch;
  const remotes = await repository.text("remote", "-v");
  if (remotes) facts["source_code/git/remotes"] = redactAddresses(remotes);
  if (await repository.disableFilters()) {
    Object.assign(facts, await changeFacts(repository, maxDiffBytes));
  }
  return facts;
}

async function commitFacts(repository: Repository): Promise<GitFacts> {
  const text = await repository.text("log", "-1", "--pretty=format:%H%x00%an%x00%cI%x00%B");
  const [id, author, date, message] = text?.split("\0") ?? [];
  if (id === undefined || author === undefined || date === undefined) return {};
  return {
    "source_code/git/commit_id": id,
    "source_code/git/commit_message": withoutTrailingNewlines(message ?? ""),
    "source_code/git/commit_author": author,
    "source_code/git/commit_date": date,
  };
}

async function changeFacts(repository: Repository, maxDiffBytes: number): Promise<GitFacts> {
  const facts: GitFacts = {};
  const status = await repository.run(STATUS, 1); // any output will do
  if (status !== undefined && (status.code === 0 || status.truncated)) {
    facts["source_code/git/dirty"] = status.stdout !== "";
  }
  const diff = await repository.run([...DIFF, "HEAD"], maxDiffBytes);
  const text = diffText(diff, maxDiffBytes);
  if (text !== undefined) facts["source_code/diff"] = text;

  const commits = await repository.text("rev-parse", "@{u}", "HEAD");
  const [upstream, head] = commits?.split("\n") ?? [];
  if (upstream !== undefined && head !== undefined && upstream !== head) {
    const upstreamDiff = diffText(
      await repository.run([...DIFF, "@{u}"], maxDiffBytes),
      maxDiffBytes,
    );
    if (upstreamDiff !== undefined) facts[`source_code/diff_upstream_${upstream}`] = upstreamDiff;
  }
  return facts;
}

/** The diff, cut at a line with a marker in place of what was too much. */
function diffText(result: ProbeOutput | undefined, maxBytes: number): string | undefined {
  if (result === undefined) return undefined;
  if (result.truncated) {
    const end = result.stdout.lastIndexOf("\n") + 1;
    const kept = end === 0 ? result.stdout + "\n" : result.stdout.slice(0, end);
    return `${kept}[goodseed: the diff is longer than ${maxBytes} bytes; the rest is left out]`;
  }
  return result.code === 0 ? withoutTrailingNewlines(result.stdout) : undefined;
}

function withoutTrailingNewlines(text: string): string {
  return text.replace(/[\r\n]+$/, "");
}

function folderOf(path: string): string {
  try {
    return statSync(path).isDirectory() ? path : dirname(path);
  } catch { // the command will fail in its own way
    return path;
  }
}
