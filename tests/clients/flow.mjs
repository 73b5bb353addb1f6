// The shared parts of the flows: redirect URIs, the browser, and a record of token requests.

/** The port may differ from the registered one (RFC 8252 section 7.3). */
export const loopback = {
  registered: "http://127.0.0.1:33418/callback",
  used: "http://127.0.0.1:45123/callback",
};

const web = "https://app.example.com/callback";

const grants = {
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};

/** The two kinds of client: the metadata and the redirect URI of each. */
export const kinds = {
  public: {
    redirectUri: loopback.used,
    metadata: {
      client_name: "Public Application",
      redirect_uris: [loopback.registered],
      token_endpoint_auth_method: "none",
      ...grants,
    },
  },
  confidential: {
    redirectUri: web,
    metadata: {
      client_name: "Confidential Application",
      redirect_uris: [web],
      token_endpoint_auth_method: "client_secret_post",
      ...grants,
    },
  },
};

/** The response to a browser that opens `url` and follows no redirect. */
export async function openBrowser(url) {
  const response = await fetch(url, { redirect: "manual" });
  await response.body?.cancel();
  return {
    status: response.status,
    location: response.headers.get("location"),
    contentType: response.headers.get("content-type"),
  };
}

/** A `fetch` that records each posted form and its response in `requests`. */
export function noting(requests) {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (init?.body instanceof URLSearchParams) {
      requests.push({
        path: new URL(url).pathname,
        form: Object.fromEntries(init.body),
        authorization: new Headers(init.headers).get("authorization"),
        status: response.status,
        error: response.ok ? null : (await response.clone().json()).error,
      });
    }
    return response;
  };
}

/** The parameters of a URL's query. */
export function parametersOf(url) {
  return Object.fromEntries(new URL(url).searchParams);
}
