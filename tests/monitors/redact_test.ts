import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { redactAddresses, redactArguments } from "../../monitors/redact.ts";

const TOKEN = "ghp_" + "aB3".repeat(12);

const ADDRESSES: [string, string][] = [
  ["https://me:pass@example.org/a/b.git", "https://***@example.org/a/b.git"],
  [`https://${TOKEN}@github.com/a/b.git`, "https://***@github.com/a/b.git"],
  ["http://a:b@c:8080/d?e=f#g", "http://***@c:8080/d?e=f#g"],
  ["https://me:p@ss@example.org/x", "https://***@example.org/x"],
  ["ssh://git:secret@example.org:22/a", "ssh://git:***@example.org:22/a"],
  ["postgres://user:pw@db/x", "postgres://user:***@db/x"],
  ["ssh://git@example.org/a", "ssh://git@example.org/a"],
  ["git@github.com:org/repo.git", "git@github.com:org/repo.git"],
  ["https://example.org/path@v1", "https://example.org/path@v1"],
  ["https://example.org:8443/a", "https://example.org:8443/a"],
  ["https://x/y?private_token=abc&page=2", "https://x/y?private_token=***&page=2"],
  [`origin\tgit@x:y\n${TOKEN} z`, "origin\tgit@x:y\n*** z"],
  ["Authorization: Bearer abcdefgh12345", "Authorization: Bearer ***"],
  ["nothing to hide", "nothing to hide"],
];

for (const [text, expected] of ADDRESSES) {
  test(`redactAddresses() on ${text.replace(TOKEN, "a token").replaceAll("\n", " ")}`, () => {
    assert.equal(redactAddresses(text), expected);
  });
}

test("redactAddresses() never lets a password through", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=%-]{6,20}$/);
  fc.assert(
    fc.property(word, word, fc.constantFrom("https", "http", "ssh", "git"), (user, pw, scheme) => {
      fc.pre(!user.includes(pw) && !"***@host/repo.git".includes(pw));
      const text = redactAddresses(`origin\t${scheme}://${user}:${pw}@host/repo.git (fetch)`);
      assert.ok(!text.includes(`:${pw}@`), text);
      assert.ok(text.endsWith("***@host/repo.git (fetch)"), text);
    }),
  );
});

const COMMANDS: [string[], string[]][] = [
  [["train.ts", "--lr", "0.1", "--api-key", "abc"], [
    "train.ts",
    "--lr",
    "0.1",
    "--api-key",
    "***",
  ]],
  [["--token=abc", "--secret:abc"], ["--token=***", "--secret:***"]],
  [["WANDB_API_KEY=abc", "PASSWORD=x=y", "A=1"], ["WANDB_API_KEY=***", "PASSWORD=***", "A=1"]],
  [["-password", "hunter2", "next"], ["-password", "***", "next"]],
  [["--password", "-x1"], ["--password", "***"]],
  [["--password", "-x"], ["--password", "-x"]],
  [["--api-key", "--verbose"], ["--api-key", "--verbose"]],
  [["--token", "123456"], ["--token", "***"]],
  [["--max-tokens", "512", "--num_tokens=1e9"], ["--max-tokens", "512", "--num_tokens=1e9"]],
  [["key_dim=64", "--key-size", "32"], ["key_dim=64", "--key-size", "32"]],
  [["--tokenizer", "bert-base", "tokenizer.path=x"], [
    "--tokenizer",
    "bert-base",
    "tokenizer.path=x",
  ]],
  [["--author", "me", "--keywords=a,b"], ["--author", "me", "--keywords=a,b"]],
  [["--use-auth-token=false"], ["--use-auth-token=false"]],
  [["--db", "postgres://u:pw@h/x"], ["--db", "postgres://u:***@h/x"]],
  [["--url=https://u:pw@h/x"], ["--url=https://***@h/x"]],
  [["-H", "Authorization: Bearer abcdefgh1234"], ["-H", "Authorization: Bearer ***"]],
  [[TOKEN, "--name", TOKEN], ["***", "--name", "***"]],
  [["--hf-token", ""], ["--hf-token", ""]],
  [[], []],
];

for (const [args, expected] of COMMANDS) {
  test(`redactArguments() on ${args.join(" ").replaceAll(TOKEN, "a token")}`, () => {
    assert.deepEqual(redactArguments(args), expected);
  });
}

test("redactArguments() keeps the number of arguments and hides every named secret", () => {
  const name = fc.constantFrom("api-key", "token", "secret", "password", "AWS_SECRET_ACCESS_KEY");
  const secret = fc.stringMatching(/^[A-Za-z][A-Za-z0-9+/]{8,30}$/);
  fc.assert(fc.property(name, secret, fc.array(fc.string()), (flag, value, others) => {
    const args = [...others, `--${flag}=${value}`, `--${flag}`, value, `${flag}=${value}`];
    const shown = redactArguments(args);
    assert.equal(shown.length, args.length);
    assert.deepEqual(shown.slice(-4), [`--${flag}=***`, `--${flag}`, "***", `${flag}=***`]);
  }));
});
