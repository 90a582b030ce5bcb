"""fuzz_http.py [--short] [--seed N]: tests/http/fuzz_server.py for half an hour, with the
sanitized build when there is one."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANITIZED = os.path.join(ROOT, "build-asan", "hearthd")
if "HEARTHD" not in os.environ and os.path.exists(SANITIZED):
    os.environ["HEARTHD"] = SANITIZED
    os.environ.setdefault("HEARTH_TEST_GROWTH_KIB", "600000")
    os.environ.setdefault("LSAN_OPTIONS",
                          f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
import fuzz_server  # noqa: E402

LIMIT = 2400

if __name__ == "__main__":
    fuzz_server.main()
