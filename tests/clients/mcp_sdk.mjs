// The TypeScript SDK of the Model Context Protocol: its discovery and its registration.
//
//     node mcp_sdk.mjs BASE_URL

import assert from "node:assert/strict";
import {
  discoverAuthorizationServerMetadata,
  discoverOAuthServerInfo,
  registerClient,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { OAuthError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import {
  assertConfidential,
  assertMetadata,
  assertPublic,
  confidentialClient,
  publicClient,
  refusedClient,
  run,
} from "./expected.mjs";

/** Hides the RFC 8414 document, so that the SDK tries the OpenID Connect document. */
function withoutOAuthDocument(url, init) {
  const hidden = new URL(url).pathname === "/.well-known/oauth-authorization-server";
  return hidden ? Promise.resolve(new Response(null, { status: 404 })) : fetch(url, init);
}

async function discover(base) {
  const { authorizationServerMetadata: oauth2 } = await discoverOAuthServerInfo(base);
  const oidc = await discoverAuthorizationServerMetadata(base, { fetchFn: withoutOAuthDocument });
  return { oauth2, oidc };
}

/**
 * The error code of a refused registration. The SDK has no class for `invalid_redirect_uri` and
 * throws its general error with the server's description, so the code is read from the response.
 */
async function refusalOf(base, metadata) {
  let body;
  const fetchFn = async (url, init) => {
    const response = await fetch(url, init);
    body = await response.clone().json();
    return response;
  };
  const options = { metadata, clientMetadata: refusedClient, fetchFn };
  const refusal = await registerClient(base, options).catch((error) => error);
  assert(refusal instanceof OAuthError, `${refusal}`);
  assert.equal(refusal.message, body.error_description);
  return body.error;
}

await run(async (base) => {
  const discovered = await discover(base);
  assertMetadata(discovered.oauth2, base);
  assertMetadata(discovered.oidc, base);

  const metadata = discovered.oauth2;
  const registeredPublic = await registerClient(base, { metadata, clientMetadata: publicClient });
  assertPublic(registeredPublic);
  const registeredConfidential = await registerClient(base, {
    metadata: discovered.oidc,
    clientMetadata: confidentialClient,
  });
  assertConfidential(registeredConfidential);

  const refused = await refusalOf(base, metadata);
  assert.equal(refused, "invalid_redirect_uri");

  return {
    discovered,
    public: registeredPublic,
    confidential: registeredConfidential,
    refused,
  };
});
