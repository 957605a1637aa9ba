"""Requests to S3 made by hand, with the path exactly as given and headers that older SDKs do not know."""

import http.client
import re
from urllib.parse import urlsplit


def elements(body, *names):
    """The texts of these elements of an XML body, the first of each; None where there is none."""
    text = body.decode() if isinstance(body, bytes) else body
    found = [re.search(f"<{name}(?: [^>]*)?>(.*?)</{name}>", text, re.S) for name in names]
    texts = [one.group(1) if one else None for one in found]
    return texts[0] if len(texts) == 1 else texts


class Raw:
    """Asks as an account (None: nobody), in a Region. Signatures are not checked where the server is open."""

    def __init__(self, server, account, region="us-east-1"):
        self.netloc = urlsplit(server.endpoint).netloc
        self.account = account
        self.region = region

    def ask(self, method, path, body=b"", headers=None):
        """Status, headers by lower-case name, and body."""
        sent = {"host": self.netloc, **{name.lower(): value for name, value in (headers or {}).items()}}
        if self.account:
            sent["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.account}/20260101/{self.region}/s3/aws4_request, "
                                     f"SignedHeaders=host, Signature={'0' * 64}")
            sent["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
        connection = http.client.HTTPConnection(self.netloc, timeout=30)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def refused(self, method, path, body=b"", headers=None, members=()):
        """Status and code of a refusal, its text, and the members that are named."""
        status, _, answer = self.ask(method, path, body, headers)
        assert status >= 300, (status, answer)
        return (status, *(elements(answer, "Code", "Message", *members)))
