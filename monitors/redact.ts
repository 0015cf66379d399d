/**
 * Takes secrets out of texts that are recorded: command lines and addresses of git remotes. Pure.
 *
 * @module
 */

/** Stands where a secret was. */
export const REDACTED = "***";

const SECRET_NAME = /key|token|secret|passw|passphrase|pwd|credential|auth/i;
/** `tokenizer` and the like are no secrets; nor are words that only happen to hold `key` or `auth`. */
const HARMLESS_NAME =
  /tokeni[sz]\w*|keyboard|keyword\w*|keypoint\w*|keyframe\w*|monkey|author(?!i)\w*/gi;
/** Counts and sizes (`--max-tokens 512`, `key_dim=64`) are no secrets either, if they are numbers. */
const COUNTED_NAME =
  /(tokens|keys)$|(tokens|keys)[-_.]?per|\b(num|n|max|min)[-_]|key[-_.]?(dim|size|len|channels|heads|features|units)|(dim|size|len)[-_.]?key/i;
const PLAIN_NUMBER = /^[+-]?\d{1,9}(\.\d+)?([eE][+-]?\d{1,3})?[kKmMbB]?$/;

/** Secrets that tell themselves by their form, whatever they are called. */
const KNOWN_SECRET = new RegExp(
  [
    "\\bgh[pousr]_[A-Za-z0-9]{20,}",
    "\\bgithub_pat_[A-Za-z0-9_]{20,}",
    "\\bglpat-[A-Za-z0-9_-]{16,}",
    "\\bhf_[A-Za-z0-9]{20,}",
    "\\bgsk_[A-Za-z0-9_]{20,}",
    "\\bsk-[A-Za-z0-9_-]{20,}",
    "\\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b",
    "\\beyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]*",
  ].join("|"),
  "g",
);

/**
 * Takes the secrets out of addresses in a text: user and password of `https://user:password@host`,
 * passwords of other schemes, secret parameters of a query, and tokens of well-known forms.
 *
 * @param text anything that may hold addresses, for example the output of `git remote -v`
 * @returns the text with `***` in their place
 * @example
 * ```ts
 * redactAddresses("https://me:pass@example.org/repo.git"); // "https://***@example.org/repo.git"
 * ```
 */
export function redactAddresses(text: string): string {
  return text
    .replace(/\b(https?:\/\/)[^\s/?#]*@/gi, `$1${REDACTED}@`)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s/?#]*@/gi, `$1:${REDACTED}@`)
    .replace(/([?&;]([^\s=&;#]+)=)[^\s&;#]+/g, (whole: string, head: string, name: string) => {
      return isSecretName(name) ? head + REDACTED : whole;
    })
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`)
    .replace(KNOWN_SECRET, REDACTED);
}

/**
 * Takes the secrets out of a command line: the values of flags and assignments whose name says that
 * they are secret (`--api-key X`, `--token=X`, `PASSWORD=X`), and whatever
 * {@linkcode redactAddresses} finds.
 *
 * @param args arguments of a program
 * @returns as many arguments, with `***` in place of the secrets
 */
export function redactArguments(args: readonly string[]): string[] {
  let secretFlag: string | undefined;
  return args.map((arg) => {
    const flag = secretFlag;
    secretFlag = undefined;
    if (flag !== undefined && !arg.startsWith("--") && !/^-[A-Za-z]$/.test(arg)) {
      return redactValue(flag, arg);
    }
    const [, name, separator, value] = /^([^=:\s]+)([=:])([\s\S]*)$/.exec(arg) ?? [];
    const isFlag = /^--?[A-Za-z]/.test(arg);
    if (name !== undefined && (separator === "=" || isFlag)) {
      return `${name}${separator}${redactValue(name, value ?? "")}`;
    }
    if (isFlag) secretFlag = arg;
    return redactAddresses(arg);
  });
}

function redactValue(name: string, value: string): string {
  if (value === "" || !isSecretName(name)) return redactAddresses(value);
  if (PLAIN_NUMBER.test(value) && COUNTED_NAME.test(name.replace(/^-+/, ""))) return value;
  return /^(true|false|none|null)$/i.test(value) ? value : REDACTED;
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(HARMLESS_NAME, ""));
}
