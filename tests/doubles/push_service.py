"""A push service for tests: https on a loopback port, in a thread of the test. The first part of
a path says how it answers:

/ok 201 · /gone 410 · /missing 404 · /busy 503 with Retry-After · /refused 403 · /elsewhere 307 to
/ok/redirected · /large 201 with a body without an end · /hang nothing, until the end"""
import datetime
import http.server
import ipaddress
import os
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

STATUS = {"ok": 201, "gone": 410, "missing": 404, "busy": 503, "refused": 403, "elsewhere": 307,
          "large": 201}
DAY = datetime.timedelta(1)


def certificate(folder):
    """One that signs itself, for this machine's names: its file, and that of its key."""
    pem, key = os.path.join(folder, "push.pem"), os.path.join(folder, "push.key")
    private = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "push.localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName([
        x509.DNSName("localhost"), x509.DNSName("push.localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        who, who, private.public_key(), x509.random_serial_number(), now - DAY, now + 90 * DAY,
        [x509.Extension(x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, False, names)]).sign(
            private, hashes.SHA256())
    with open(pem, "wb") as f:
        f.write(made.public_bytes(serialization.Encoding.PEM))
    with open(key, "wb") as f:
        f.write(private.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
    return pem, key


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        service = self.server.service
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        how = self.path.strip("/").partition("/")[0]
        with service.lock:
            service.messages.append({"path": self.path, "headers": dict(self.headers.items()),
                                     "body": body})
        if how == "hang":
            service.over.wait(600)
            self.close_connection = True
            return
        self.send_response(STATUS.get(how, 404))
        if how == "busy":
            self.send_header("Retry-After", "3600")
        if how == "elsewhere":
            self.send_header("Location", f"{service.url}/ok/redirected")
        if how == "large":
            self.close_connection = True
            self.end_headers()
            try:
                while not service.over.is_set():
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
            return
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    service = None

    def get_request(self):
        connection, address = super().get_request()
        with self.service.lock:
            self.service.connections += 1
        return connection, address

    def process_request_thread(self, request, client_address):
        """The handshake is of the connection's own thread."""
        try:
            request.settimeout(600)
            request = self.service.context.wrap_socket(request, server_side=True)
        except OSError:
            self.shutdown_request(request)
            return
        super().process_request_thread(request, client_address)

    def handle_error(self, request, client_address):
        pass


class PushService:
    def __init__(self, folder, host="127.0.0.1"):
        self.ca_file, key = certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.ca_file, key)
        self.lock, self.over = threading.Lock(), threading.Event()
        self.messages, self.connections = [], 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.service = self
        self.port = self.server.server_address[1]
        self.origin = self.url = f"https://{host}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def of(self, path):
        with self.lock:
            return [m for m in self.messages if m["path"] == path]
