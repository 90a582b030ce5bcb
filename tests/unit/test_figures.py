"""The rules of tests/figures.py, on inputs whose figures are known."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import figures  # noqa: E402

SOURCE = '''#include "a.h"
struct made { int x; };
static const char *const words[] = {"static int no(void)\\n{"};

static int keep(int a)
{
    return a; /* } */
}

/* static int not_this(void)
{
} */
static struct made *
row_keep(struct made *made,
         int more)
{
    if (more) {
        made->x = more;
    }
    return made;
}

int whole_name(void)
{
    return keep(1) + row_keep(NULL, 0)->x;
}
'''
HEADER = '''/* A module. */
typedef int (*callback)(void *ctx);
struct made { int (*run)(void); };

/* Says why. */
int above(void);
int bare(const char *text, int (*cb)(void *));
int behind(void); /* says why */
static inline int inside(void)
{
    return above();
}
'''


class Figures(unittest.TestCase):
    def test_functions(self):
        self.assertEqual(figures.functions(SOURCE), [("keep", True, 1), ("row_keep", True, 4),
                                                     ("whole_name", False, 1)])

    def test_names(self):
        self.assertEqual(figures.names([SOURCE]), (2, 1, 0))
        self.assertEqual(figures.names([SOURCE, SOURCE]), (4, 2, 4))

    def test_width(self):
        self.assertEqual(figures.wide(["x" * 100 + "\n" + "x" * 101 + "\n"], 100), (1, 2))

    def test_rulers(self):
        self.assertEqual(
            figures.broken_rulers("/* --- home\n * ------------- */\n/* --- whole --- */\n"), 1)

    def test_identical_lines(self):
        self.assertEqual(figures.identical("a\n\n  b\nc\n", "x\na\nb\n"), (2, 2, 3))
        self.assertEqual(figures.identical("b\na\n", "a\nb\n"), (1, 1, 2))
        self.assertEqual(
            figures.identical("int f(void)\n{\n    go();\n    return 0;\n}\n",
                              "int f(void)\n{\n    return 0;\n}\n"), (4, 1, 5))

    def test_prototypes(self):
        self.assertEqual(figures.prototypes(HEADER), (3, 2))

    def test_circles(self):
        self.assertEqual(figures.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}),
                         [["a", "b", "c"]])

    def test_prefixes(self):
        self.assertEqual(
            figures.modules_with_one_prefix({
                "conf_get": "core/conf/conf.c", "arena_init": "core/base/arena.c", "page_get":
                "core/api/pages.c", "pg_open": "plugins/storage-pg/open.c"
            }), (["base/arena", "conf", "plugins/storage-pg"
                  ], ["api", "base/arena", "conf", "plugins/storage-pg"]))

    def test_fields(self):
        self.assertEqual(
            figures.containing({"a": "x tag_query;", "b": "tag_query_more"}, "tag_query"), 1)


if __name__ == "__main__":
    unittest.main()
