"""The Python SDK of the Model Context Protocol: `OAuthClientProvider` as the authentication of an
HTTP client, from a challenge to an API call with a refreshed token.

    python flow_mcp_provider.py FLOW API_URL
"""

import asyncio
import json
import logging
import sys
import time
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import AuthorizationCodeResult
from mcp_provider import (
    TIME_LIMIT_SECONDS,
    BrowserWouldOpen,
    Storage,
    as_json,
    client_metadata,
)

GRANT_TYPES = ["authorization_code", "refresh_token"]

# The port may differ from the registered one (RFC 8252 section 7.3).
REGISTERED_LOOPBACK = "http://127.0.0.1:33418/callback"
USED_LOOPBACK = "http://127.0.0.1:45123/callback"
WEB = "https://app.example.com/callback"


class Clock:
    """`time.time`, which tests can advance: the provider refreshes a token once it has expired."""

    def __init__(self):
        self.ahead = 0
        self.now = time.time

    def __call__(self):
        return self.now() + self.ahead

    def pass_expiry_of(self, tokens):
        self.ahead += tokens.expires_in + 1


class TokenStorage(Storage):
    """Also stores the tokens, and records each response."""

    def __init__(self):
        super().__init__()
        self.granted = []
        self.current = None

    async def get_tokens(self):
        return self.current

    async def set_tokens(self, tokens):
        self.granted.append(tokens)
        self.current = tokens


class Application:
    """A program with a provider, and the results."""

    def __init__(self, api, metadata, clock, storage=None):
        self.api = api
        self.clock = clock
        self.storage = storage or TokenStorage()
        self.provider = OAuthClientProvider(
            api, metadata, self.storage, self.open_browser, self.callback
        )
        self.stops_at_browser = False
        self.authorization = None
        self.browser = None
        self.landed = None
        self.answers = []
        self.requests = []

    async def call_api(self):
        """Calls the API. The provider does whatever the call needs."""
        hooks = {"response": [self.note]}
        async with httpx2.AsyncClient(
            auth=self.provider, event_hooks=hooks, trust_env=False
        ) as http:
            await http.get(self.api)

    async def note(self, response):
        request = response.request
        if str(request.url) == self.api:
            self.answers.append(response.status_code)
        if request.headers.get("content-type") == "application/x-www-form-urlencoded":
            await response.aread()
            self.requests.append(
                {
                    "path": request.url.path,
                    "form": dict(parse_qsl(request.content.decode(), strict_parsing=True)),
                    "authorization": request.headers.get("authorization"),
                    "status": response.status_code,
                    "error": None if response.is_success else response.json()["error"],
                }
            )

    async def open_browser(self, url):
        """Opens `url` in a browser that follows no redirect."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(url)
        self.browser = {
            "status": answer.status_code,
            "location": answer.headers.get("location"),
            "contentType": answer.headers.get("content-type"),
        }
        if self.stops_at_browser:
            raise BrowserWouldOpen(url)
        assert self.browser["location"], f"the browser was answered {answer.status_code}"
        self.authorization = self.authorization or dict(parse_qsl(urlsplit(url).query))
        self.landed = self.landed or self.browser["location"]

    async def callback(self):
        answer = dict(parse_qsl(urlsplit(self.browser["location"]).query))
        return AuthorizationCodeResult(**answer)

    async def stop_at_browser(self):
        self.stops_at_browser = True
        try:
            await self.call_api()
        except BrowserWouldOpen:
            return
        raise AssertionError("no browser was opened")

    async def call_api_later(self, tokens):
        """Continues with `tokens`, and calls the API after they have expired."""
        self.provider.context.current_tokens = self.storage.current = tokens
        self.clock.pass_expiry_of(tokens)
        await self.call_api()

    def seen(self):
        return {
            "issuer": self.provider.context.auth_server_url,
            "client": as_json(self.storage.client),
            "authorization": self.authorization,
            "landed": self.landed,
            "tokens": [as_json(tokens) for tokens in self.storage.granted],
            "requests": self.requests,
            "api": self.answers,
        }


async def complete(api, clock):
    """A program that registers, is closed before its user returns, and starts again at another
    port.
    """
    metadata = client_metadata([REGISTERED_LOOPBACK], "none", GRANT_TYPES)
    closed = Application(api, metadata, clock)
    await closed.stop_at_browser()

    metadata = client_metadata([USED_LOOPBACK], "none", GRANT_TYPES)
    application = Application(api, metadata, clock, closed.storage)
    await application.call_api()
    await application.call_api_later(application.storage.granted[0])
    return application


async def public(api, clock):
    application = await complete(api, clock)
    return application.seen()


async def replay(api, clock):
    """The program tries a used refresh token, and then its successor: each time its user
    has to come again.
    """
    application = await complete(api, clock)
    used, successor = application.storage.granted
    await application.call_api_later(used)
    await application.call_api_later(successor)
    return application.seen()


async def confidential(api, clock):
    metadata = client_metadata([WEB], "client_secret_post", GRANT_TYPES)
    application = Application(api, metadata, clock)
    await application.call_api()
    await application.call_api_later(application.storage.granted[0])
    await application.call_api_later(application.storage.granted[1])
    return application.seen()


async def authorization(api, clock):
    """Stops after the response to the browser."""
    metadata = client_metadata([REGISTERED_LOOPBACK], "none", GRANT_TYPES)
    application = Application(api, metadata, clock)
    await application.stop_at_browser()
    return {"browser": application.browser}


FLOWS = {
    "authorization": authorization,
    "confidential": confidential,
    "public": public,
    "replay": replay,
}


async def main(flow, api):
    # The provider logs the error that stops it, and this test stops it on purpose.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    clock = Clock()
    with mock.patch("time.time", clock):
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            print(json.dumps(await FLOWS[flow](api, clock)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: flow_mcp_provider.py FLOW API_URL")
    asyncio.run(main(*sys.argv[1:]))
