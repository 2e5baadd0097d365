// Runs the verifier of the browser page, and nothing else of the page, on many proofs.
//
//   node position.mjs page.html < documents.json > answers.json
//
// The documents are texts; each answer is {amount} or {error, message}, the error being the page's own class.

import { readFileSync } from "node:fs";
import vm from "node:vm";

const page = readFileSync(process.argv[2], "utf8");
const [, script] = page.match(/<script>\n([^]*)<\/script>/);
const { keccak, verify } = vm.runInNewContext(`${script}\n({ keccak, verify })`, { TextEncoder });

const answers = JSON.parse(readFileSync(0, "utf8")).map((text) => {
  try {
    return { amount: verify(JSON.parse(text)).toString() };
  } catch (error) {
    return { error: error.constructor.name, message: error.message };
  }
});
const hashes = [0, 1, 135, 136, 137, 272].map((length) => Buffer.from(keccak(new Uint8Array(length).fill(7))).toString("hex"));
process.stdout.write(JSON.stringify({ answers, hashes }));
