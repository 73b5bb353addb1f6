"""Writes the first inputs of a fuzz target, one file for each: seeds.py TARGET FOLDER.

They come from tests/corpus. A new target adds a function with its name.
"""

import base64
import hashlib
import json
import pathlib
import sys

# How many bytes of an input for `requests` choose the tenant and the proxies.
CHOICES = 32

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus"


def lines(name):
    with open(CORPUS / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def request(headers, body):
    head = [("host", "auth.example.com"), *headers, ("content-length", str(len(body)))]
    fields = [f"{name}: {value}\r\n" for name, value in head]
    text = "POST /oidc/register HTTP/1.1\r\n" + "".join(fields) + "\r\n"
    return text.encode() + body


def body_of(case):
    if "raw_body_base64" in case:
        return base64.b64decode(case["raw_body_base64"])
    if "raw_body" in case:
        return case["raw_body"].encode()
    return json.dumps(case["body"]).encode()


def requests():
    """Bytes that choose the tenant and the proxies, then a request."""
    json_body = ("content-type", "application/json")
    small = b'{"redirect_uris": ["https://app.example.com/callback"]}'
    texts = []
    for case in lines("attacks.jsonl"):
        given = case["input"]
        if case["area"] == "acl":
            headers = given.get("request", {}).get("headers", [])
            texts.append(request([*headers, json_body], small))
        elif case["area"] == "register" and "generate" not in given:
            texts.append(request([json_body], body_of(given)))
    for case in lines("interop.jsonl"):
        texts.append(request([("content-type", case["content_type"])], body_of(case)))
    seeds = [hashlib.sha256(text).digest()[:CHOICES] + text for text in texts]
    # Headers as a proxy writes them, with the chosen bytes of every tenant and other choices.
    claims = [
        ("x-forwarded-for", "198.51.100.7, 10.0.0.9"),
        ("forwarded", 'for="[2001:db8:11::7]:443";proto=https, for=10.0.0.9'),
        ("x-geo-country", "SE"),
        ("x-geo-subdivision", "SE-AB"),
        ("x-asn", "AS64500"),
        ("x-ja3", "e7d705a3286e19ea42f587b344ee6865"),
        ("x-ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
    ]
    for tenant in range(256):
        first = bytes([tenant])
        others = hashlib.sha256(first).digest()[: CHOICES - 1]
        seeds.append(first + others + request([*claims, json_body], small))
    return seeds


TARGETS = {"requests": requests}

if __name__ == "__main__":
    target, folder = sys.argv[1:]
    for seed in TARGETS[target]():
        name = hashlib.sha256(seed).hexdigest()[:40]
        (pathlib.Path(folder) / name).write_bytes(seed)
