"""Errors of the accounts server and of its OAuth server, by their numbers."""
import http.client

from storage_api import json_answer

AUTH = {
    102: (400, "Unknown account"), 103: (400, "Incorrect password"), 104:
    (400, "Unverified account"), 105: (400, "Invalid verification code"), 106:
    (400, "Invalid JSON in request body"), 107: (400, "Invalid parameter in request body"), 108:
    (400, "Missing parameter in request body"), 109: (401, "Invalid request signature"), 110:
    (401, "Invalid authentication token in request signature"), 111:
    (401, "Invalid timestamp in request signature"), 112: (411, "Missing content-length header"),
    113: (413, "Request body too large"), 114: (429, "Client has sent too many requests"), 115:
    (401, "Invalid nonce in request signature"), 116: (404, "Not Found"), 120:
    (400, "Incorrect email case"), 123: (400, "Unknown device"), 124:
    (400, "Session already registered by another device"), 125:
    (400, "The request was blocked for security reasons"), 126: (400, "Account must be reset"), 127:
    (400, "Invalid unblock code"), 138: (400, "Unverified session"), 142:
    (400, "Sign in with this email type is not currently supported"), 148:
    (400, "Email already verified"), 149: (400, "This email can not currently be used to login"),
    151: (422, "Failed to send email"), 152: (400, "Invalid token verification code"), 153:
    (400, "Expired token verification code"), 155: (400, "TOTP token not found"), 156:
    (400, "Recovery code not found"), 157: (400, "Unavailable device command"), 160:
    (400, "TOTP required"), 162: (400, "Unknown client_id"), 163: (400, "Invalid OAuth scopes"),
    164: (401, "Stale auth timestamp"), 166: (400, "Not a public client"), 169:
    (400, "Public clients require PKCE OAuth parameters"), 171: (400, "Incorrect client secret"),
    172: (400, "Unknown authorization code"), 173: (400, "Mismatched authorization code"), 174:
    (400, "Expired authorization code"), 175: (400, "Invalid PKCE code challenge"), 182:
    (400, "Unknown refresh token"), 183: (400, "Invalid or expired verification code"), 201:
    (503, "Service unavailable"), 202: (503, "Feature not enabled"), 203:
    (500, "A backend service request failed."), 204: (400,
                                                      "This client has been temporarily disabled"),
    206: (400, "Can not create password"), 210: (400, "Account has no password"), 213:
    (400, "Authorization needs more"), 222: (400, "Insufficient assurance level"), 223:
    (400, "MFA required"), 998: (500,
                                 "An internal validation check failed."), 999: (500,
                                                                                "Unspecified error")
}
OAUTH = {
    101: (400, "Unknown client"), 102: (400, "Incorrect secret"), 103: (400,
                                                                        "Incorrect redirect_uri"),
    105: (400, "Unknown code"), 106: (400, "Incorrect code"), 107: (400, "Expired code"), 108:
    (400, "Invalid token"), 109: (400, "Invalid request parameter"), 111: (401, "Unauthorized"),
    112: (403, "Forbidden"), 114: (400, "Requested scopes are not allowed"), 115:
    (401, "Expired token"), 116: (400, "Not a public client"), 117:
    (400, "Incorrect code_challenge"), 118: (400, "Public clients require PKCE OAuth parameters"),
    121: (400, "Invalid grant"), 122: (400, "Unknown token"), 182: (400, "Unknown refresh token"),
    201: (503, "Service unavailable"), 202: (500, "Backend")
}


class Failure(Exception):
    """An error of the accounts server; `extra` goes into the body, `headers` beside it."""
    table = AUTH

    def __init__(self, errno, status=None, headers=None, **extra):
        super().__init__(errno)
        usual, self.message = self.table.get(errno, (400, "Refused"))
        self.errno, self.status, self.headers, self.extra = errno, status or usual, headers, extra

    def answer(self):
        return json_answer(
            {
                "code": self.status, "errno": self.errno, "error": http.client.responses.get(
                    self.status, "Error"), "message": self.message, **self.extra
            }, self.status, self.headers)


class OAuthFailure(Failure):
    """The same of the OAuth server, whose numbers mean other things."""
    table = OAUTH
