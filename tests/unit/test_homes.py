"""Each module of core/, and each program of tools/, has a folder of its name here, with a test
in it that the build runs."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"


def modules(root):
    """What has C files of its own: core/include has declarations alone."""
    found = [
        path.name
        for folder in ("core", "tools")
        for path in sorted((root / folder).iterdir())
        if any(path.glob("*.c"))
    ]
    return found


def without_home(root):
    """What is missing of whom, in words."""
    build = (root / "tests" / "unit" / "meson.build").read_text()
    built = set(
        re.findall(r"'([a-z0-9-]+)'",
                   re.search(r"foreach module : \[(.*?)\]", build, re.S)[1]))
    missing = []
    for module in modules(root):
        folder = root / "tests" / "unit" / module
        tests = sorted(folder.glob("test_*.c")) + sorted(folder.glob("test_*.py"))
        listed = (folder / "meson.build").read_text() if (folder / "meson.build").exists() else ""
        if not tests:
            missing.append(f"{module}: no test_*.c in tests/unit/{module}")
        elif module not in built:
            missing.append(f"{module}: tests/unit/meson.build does not name it")
        missing += [
            f"{module}: its meson.build does not run {test.name}" for test in tests
            if not re.search(rf"(?:test_|\b){test.stem.removeprefix('test_')}\b", listed)
        ]
    return missing


class Homes(unittest.TestCase):
    def test_each_module_has_tests(self):
        self.assertEqual(without_home(ROOT), [])

    def test_modules_are_found(self):
        self.assertGreater(len(modules(ROOT)), 15)

    def test_nobody_lives_here_who_is_no_module(self):
        folders = {
            path.name
            for path in UNIT.iterdir()
            if path.is_dir() and any(path.glob("test_*"))
        }
        self.assertEqual(folders - set(modules(ROOT)), set())


if __name__ == "__main__":
    unittest.main()
