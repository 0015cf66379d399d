// The one error class of the tools: its message is for people and printed without a stack.

export class ToolError extends Error {
  name = "ToolError";
}
