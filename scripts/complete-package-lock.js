#!/usr/bin/env node
// Adds to package-lock.json the platform packages of Foundry that npm left out, as it does for every
// optional package that the registry it was made from does not serve. `npm ci` refuses a lock file
// without them. Their integrity is not known here, so npm takes it from the registry that serves them.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const file = path.join(__dirname, "..", "package-lock.json");
const lock = JSON.parse(fs.readFileSync(file, "utf8"));
const CPU = { amd64: "x64", arm64: "arm64" };

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = /^@foundry-rs\/[a-z]+-([a-z0-9]+)-(amd64|arm64)$/.exec(name);
    if (!platform || lock.packages[`node_modules/${name}`]) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [CPU[platform[2]]],
      license: entry.license,
      optional: true,
      os: [platform[1]],
    };
  }
}

const sorted = Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
