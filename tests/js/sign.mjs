// Signs EIP-712 data the way a wallet does, with a library that wallets are made with.
//
//   node sign.mjs viem|ethers < request.json > signatures.json
//
// The request is {mnemonic, jobs}; a job is {account, typedData}: the account's index under the mnemonic, and
// the argument of eth_signTypedData_v4. The answer has {address, digest, signature} for each job, in order.

import { readFileSync } from "node:fs";

async function viem(mnemonic) {
  const { hashTypedData } = await import("viem/utils");
  const { mnemonicToAccount } = await import("viem/accounts");
  return {
    open: (addressIndex) => mnemonicToAccount(mnemonic, { addressIndex }),
    digest: hashTypedData,
    sign: (account, typedData) => account.signTypedData(typedData),
  };
}

async function ethers(mnemonic) {
  const { HDNodeWallet, Mnemonic, TypedDataEncoder } = await import("ethers");
  const accounts = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(mnemonic), "m/44'/60'/0'/0");
  // ethers makes the domain's type itself and refuses to be given it.
  const parts = ({ domain, message, types: { EIP712Domain: _, ...types } }) => [domain, types, message];
  return {
    open: (index) => accounts.deriveChild(index),
    digest: (typedData) => TypedDataEncoder.hash(...parts(typedData)),
    sign: (wallet, typedData) => wallet.signTypedData(...parts(typedData)),
  };
}

const libraries = { viem, ethers };
const name = process.argv[2];
if (!Object.hasOwn(libraries, name)) {
  throw new Error(`unknown library ${name}: use ${Object.keys(libraries).join(" or ")}`);
}

const { mnemonic, jobs } = JSON.parse(readFileSync(0, "utf8"));
const library = await libraries[name](mnemonic);
const opened = new Map();
const answers = [];
for (const { account, typedData } of jobs) {
  if (!opened.has(account)) opened.set(account, library.open(account));
  const wallet = opened.get(account);
  answers.push({
    address: wallet.address,
    digest: library.digest(typedData),
    signature: await library.sign(wallet, typedData),
  });
}
process.stdout.write(JSON.stringify(answers));
