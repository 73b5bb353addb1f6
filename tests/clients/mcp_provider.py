"""The Python SDK of the Model Context Protocol: `OAuthClientProvider`, up to its registration.

A protected resource answers 401, as a client would meet it. From there the provider goes its own
way: protected resource metadata, authorization server metadata, registration. It is stopped where
it would open a browser.
"""

import asyncio
import json
import logging
import re
import sys

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthRegistrationError
from mcp.shared.auth import OAuthClientMetadata
from pydantic import AnyUrl

TIME_LIMIT_SECONDS = 30
RESOURCE = "https://resource.example"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource/mcp"
REDIRECT_URIS = [
    "http://127.0.0.1:33418/callback",
    # A lower-case escape: a server that parses and serialises URIs would change it.
    "https://app.example.com/callback?from=a%2fb",
]


class BrowserWouldOpen(Exception):
    """The provider has registered and opens the browser."""


class Storage:
    """A `TokenStorage` that remembers the client."""

    def __init__(self):
        self.client = None

    async def get_tokens(self):
        return None

    async def set_tokens(self, tokens):
        raise AssertionError("the server issues no tokens")

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


def resource_answering_for(base):
    """A protected resource that names the server at `base` as its authorization server."""

    def answer(request):
        if request.url.path == RESOURCE_METADATA:
            metadata = {"resource": f"{RESOURCE}/mcp", "authorization_servers": [base]}
            return httpx2.Response(200, json=metadata)
        challenge = f'Bearer resource_metadata="{RESOURCE}{RESOURCE_METADATA}"'
        return httpx2.Response(401, headers={"WWW-Authenticate": challenge})

    return httpx2.MockTransport(answer)


def client_metadata(redirect_uris, method, grant_types):
    return OAuthClientMetadata(
        client_name="MCP Application",
        redirect_uris=[AnyUrl(uri) for uri in redirect_uris],
        token_endpoint_auth_method=method,
        grant_types=grant_types,
    )


async def open_browser(url):
    raise BrowserWouldOpen(url)


async def no_callback():
    raise AssertionError("no browser, no callback")


async def register(base, metadata):
    """The context of a provider that ran until it opened the browser, and its stored client."""
    storage = Storage()
    provider = OAuthClientProvider(
        f"{RESOURCE}/mcp", metadata, storage, open_browser, no_callback
    )
    mounts = {RESOURCE: resource_answering_for(base)}
    async with httpx2.AsyncClient(auth=provider, mounts=mounts, trust_env=False) as http:
        try:
            await http.get(f"{RESOURCE}/mcp")
        except BrowserWouldOpen as stopped:
            assert storage.client.client_id in str(stopped)
    assert storage.client is not None
    return provider.context, storage.client


def check_discovered(context, base):
    assert context.auth_server_url.rstrip("/") == base
    assert str(context.oauth_metadata.issuer) == base
    assert str(context.oauth_metadata.registration_endpoint) == f"{base}/oidc/register"


def check_registered(client, method, grant_types):
    assert re.fullmatch(r"tpc_[A-Za-z0-9]{32}", client.client_id), client.client_id
    assert [str(uri) for uri in client.redirect_uris] == REDIRECT_URIS
    assert client.token_endpoint_auth_method == method
    assert client.grant_types == grant_types


async def register_public(base):
    grant_types = ["authorization_code", "refresh_token"]
    context, client = await register(base, client_metadata(REDIRECT_URIS, "none", grant_types))
    check_discovered(context, base)
    check_registered(client, "none", grant_types)
    assert client.client_secret is None
    return context, client


async def register_confidential(base):
    method, grant_types = "client_secret_post", ["authorization_code"]
    _, client = await register(base, client_metadata(REDIRECT_URIS, method, grant_types))
    check_registered(client, method, grant_types)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", client.client_secret)
    assert client.client_secret_expires_at == 0
    return client


async def refusal(base):
    """The error code of a refused registration: the provider reports the response unchanged."""
    metadata = client_metadata(["http://evil.example/callback"], "none", ["authorization_code"])
    try:
        await register(base, metadata)
    except OAuthRegistrationError as error:
        report = re.fullmatch(r"Registration failed: 400 (\{.*\})", str(error))
        assert report, error
        code = json.loads(report[1])["error"]
        assert code == "invalid_redirect_uri", code
        return code
    raise AssertionError("a plain http redirect URI was registered")


def as_json(model):
    return model.model_dump(mode="json", exclude_none=True)


async def main(base):
    # The provider logs the error that stops it, and this test stops it on purpose.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        context, public = await register_public(base)
        confidential = await register_confidential(base)
        refused = await refusal(base)
    seen = {
        "discovered": {"oauth2": as_json(context.oauth_metadata)},
        "public": as_json(public),
        "confidential": as_json(confidential),
        "refused": refused,
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: mcp_provider.py BASE_URL")
    asyncio.run(main(sys.argv[1]))
