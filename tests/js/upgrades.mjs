// Asks OpenZeppelin's upgrades-core about contracts behind proxies.
//
//   node upgrades.mjs < request.json > findings.json
//
// The request is {input, output, contracts, pairs}: a standard JSON input, what the compiler made of it, contracts
// as "source:Name", and pairs of such names, old and new. The answer is {unsafe, incompatible}: for each contract
// the kinds of what is unsafe in it, for each pair the kinds of what its storage layouts differ in.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const solc = require("solc");
const upgrades = require("@openzeppelin/upgrades-core");

function compile(input) {
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return output;
}

const { input, output, contracts, pairs } = JSON.parse(readFileSync(0, "utf8"));
const version = solc.version().split("+")[0];
const defaults = upgrades.withValidationDefaults({ kind: "uups" });

// With the second compilation, which only makes layouts, namespaces have slots and not just names.
const namespaced = compile(upgrades.makeNamespacedInput(input, output, version));
const decodeSrc = upgrades.solcInputOutputDecoder(input, output);
const data = upgrades.validate(output, decodeSrc, version, input, namespaced);

const unsafe = contracts.map((name) =>
  upgrades.getErrors(data, upgrades.getContractVersion(data, name), defaults).map(({ kind, src }) => [kind, src.split(":")[0]]),
);
const incompatible = pairs.map(([before, after]) =>
  upgrades.getStorageUpgradeReport(data[before].layout, data[after].layout, defaults).ops.map(({ kind }) => kind),
);
process.stdout.write(JSON.stringify({ unsafe, incompatible }));
