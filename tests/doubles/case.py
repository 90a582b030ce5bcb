"""What the tests of this folder share: a running double and readers of it."""
import unittest

from client import ADA, SyncService
from reader import Reader


class Running(unittest.TestCase):
    """A double with Ada at step 7 for each class; tests put back what they change."""

    @classmethod
    def setUpClass(cls):
        cls.service = SyncService()
        cls.addClassCleanup(cls.service.stop)

    def setUp(self):
        self.service.faults()
        self.service.clear()

    def reader(self, email=ADA, sign_in=True):
        reader = Reader(self.service.import_file(email))
        self.addCleanup(reader.close)
        if sign_in:
            self.assertEqual(reader.sign_in()[0], 200)
        return reader

    def small(self, email, **size):
        """A fresh account, for tests that break it."""
        self.service.account(email, **{"history": 30, "bookmarks": 5, "tabs": 3, **size})
        return self.reader(email)
