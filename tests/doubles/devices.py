"""The account's list of devices, as a session or a refresh token sees and changes it."""
import re
import secrets
import time

from clients import OLDSYNC
from errors import Failure

REFRESH = re.compile(r"^Bearer ([0-9a-zA-Z-]+)$")
TYPES = ("desktop", "mobile", "tablet", "vr", "tv")
SAID = ("name", "type", "availableCommands", "pushCallback", "pushPublicKey", "pushAuthKey")


class Devices:
    def __init__(self, service):
        self.service = service

    def owner(self, call):
        """(account, id of the token) of a session, or of a refresh token with the scope of Sync."""
        match = REFRESH.match(call.request.headers.get("Authorization") or "")
        account = match and self.service.oauth.living_refresh(match[1])
        if account:
            if OLDSYNC not in account.refreshes[match[1]].scope.split():
                raise Failure(163)
            return account, match[1]
        session = self.service.sessions.authenticated(call.request, call.raw, "sessionToken",
                                                      call.fault)
        return session.account, session.derived.id

    def post_account_device(self, call, account, token):
        data, own = call.data, account.device_of(token)
        if "id" in data and data["id"] not in account.devices:
            raise Failure(123)
        if own is None and "id" not in data and not {"name", "type"} <= set(data):
            raise Failure(108)
        if not isinstance(data.get("name", ""),
                          str) or not 0 < len(data.get("name", "x")) <= 255 or data.get(
                              "type", "desktop") not in TYPES:
            raise Failure(107)
        device = account.devices.get(data.get("id")) or own or {
            "id": secrets.token_hex(16), "availableCommands": {}, "createdAt": int(
                time.time() * 1000)
        }
        device.update({name: data[name] for name in SAID if name in data})
        device["token"] = token
        account.devices[device["id"]] = device
        return self._shown(device, token)

    @staticmethod
    def _shown(device, token):
        shown = {name: value for name, value in device.items() if name != "token"}
        return {
            **shown, "isCurrentDevice": device["token"] == token, "lastAccessTime":
            int(time.time() * 1000), "location": {}, "pushEndpointExpired": False
        }

    def get_account_devices(self, call, account, token):
        return [self._shown(d, token) for d in account.devices.values()]

    def get_account_attached_clients(self, call, account, token):
        """The same list, as its person's settings show it."""
        return [{
            "clientId": None, "deviceId": d["id"], "sessionTokenId": d["token"], "refreshTokenId":
            None, "isCurrentSession": d["token"] == token, "deviceType": d.get("type"), "name":
            d.get("name"), "createdTime": d["createdAt"], "lastAccessTime": int(
                time.time() * 1000), "scope": None, "location": {}, "os": None, "userAgent": ""
        } for d in account.devices.values()]

    @staticmethod
    def post_account_devices_notify(call, account, token):
        """Nobody listens: there is no push service here."""
        return {}

    def post_account_device_destroy(self, call, account, token):
        device = account.devices.pop(call.text("id"), None)
        if device is None:
            raise Failure(123)
        if device["token"] in account.refreshes:
            account.end_refresh(device["token"])
        return {}
