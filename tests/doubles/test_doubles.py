"""All tests of this folder. `-k NAME` runs some of them."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_accounts import Obstacles, PasswordSignIn, SecondFactors  # noqa: E402, F401
from test_admin import Administration  # noqa: E402, F401
from test_faults import FaultRules  # noqa: E402, F401
from test_keys import KeyWrapping, PasswordVectors  # noqa: E402, F401
from test_oauth import OAuthSignIn, TokenEndpoints  # noqa: E402, F401
from test_oidc import OpenId  # noqa: E402, F401
from test_parts import Collections, Vectors  # noqa: E402, F401
from test_reading import HawkChecks, Reading, TokenChecks  # noqa: E402, F401
from test_writing import Writing  # noqa: E402, F401

if __name__ == "__main__":
    unittest.main()
