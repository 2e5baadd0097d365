// Builds, loads and proves Merkle trees with @openzeppelin/merkle-tree.
//
//   node merkle.mjs < request.json > answer.json
//
// The request is {types, values, several, dump}: the leaves, lists of indices to be proved at once, and a dump
// made elsewhere, which is loaded and so checked. The answer is {dump, proofs, several, loadedRoot}.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");

const { types, values, several, dump } = JSON.parse(readFileSync(0, "utf8"));
const tree = StandardMerkleTree.of(values, types);
process.stdout.write(
  JSON.stringify({
    dump: tree.dump(),
    proofs: values.map((_, index) => tree.getProof(index)),
    several: several.map((indices) => tree.getMultiProof(indices)),
    loadedRoot: StandardMerkleTree.load(dump).root,
  }),
);
