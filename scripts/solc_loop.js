// Standard JSON in, a line each; standard JSON out, a line each. For scripts/mutate.py, which compiles hundreds of
// times: a compiler that stays loaded takes a second where a fresh one takes five. Imports come from the directory.
"use strict";

const fs = require("node:fs");
const readline = require("node:readline");
const solc = require("solc");

const known = new Map();

function contentsOf(name) {
  if (!known.has(name)) known.set(name, fs.existsSync(name) ? { contents: fs.readFileSync(name, "utf8") } : { error: name });
  return known.get(name);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(JSON.parse(solc.compile(line, { import: contentsOf }))) + "\n");
});
