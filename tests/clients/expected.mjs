// The registrations of every library, and the expected responses.

import assert from "node:assert/strict";

const TIME_LIMIT_MS = 30_000;

const redirectUris = [
  "http://127.0.0.1:33418/callback",
  // A lower-case escape: a server that parses and serialises URIs would change it.
  "https://app.example.com/callback?from=a%2fb",
];

export const publicClient = {
  client_name: "Public Application",
  redirect_uris: redirectUris,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
};

export const confidentialClient = {
  client_name: "Confidential Application",
  redirect_uris: redirectUris,
  grant_types: ["authorization_code"],
  response_types: ["code"],
  token_endpoint_auth_method: "client_secret_post",
};

export const refusedClient = {
  ...publicClient,
  redirect_uris: ["http://evil.example/callback"],
};

export function assertMetadata(metadata, base) {
  assert.equal(metadata.issuer, base);
  assert.equal(metadata.registration_endpoint, `${base}/oidc/register`);
  assert.deepEqual(metadata.code_challenge_methods_supported, ["S256"]);
}

export function assertPublic(client) {
  assertRegistered(client, publicClient);
  assert.equal(client.client_secret, undefined);
}

export function assertConfidential(client) {
  assertRegistered(client, confidentialClient);
  assert.match(client.client_secret, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(client.client_secret_expires_at, 0);
}

function assertRegistered(client, requested) {
  assert.match(client.client_id, /^tpc_[A-Za-z0-9]{32}$/);
  for (const [field, value] of Object.entries(requested)) {
    assert.deepEqual(client[field], value, field);
  }
}

/** Runs `check` with the command line's arguments, and prints its result as one line of JSON. */
export async function run(check) {
  const late = () => {
    console.error(`not done after ${TIME_LIMIT_MS} ms`);
    process.exit(1);
  };
  setTimeout(late, TIME_LIMIT_MS).unref();
  const options = process.argv.slice(2);
  assert.equal(options.length, check.length, "see the head of the script for its arguments");
  console.log(JSON.stringify(await check(...options)));
}
