/** The version of this program; equal to that of `deno.json` and `package.json` (tested). */
export const VERSION = "0.1.0";
