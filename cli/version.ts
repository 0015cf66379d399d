/** Version of this program; a test compares it with `deno.json`. */

