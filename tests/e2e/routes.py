"""Where core writes down its routes: a test reads the tables from here, so that one that moves
has moved for all of them."""
import os

from harness import ROOT

API, PAGES, CONTROL, APP = (os.path.join("core", *name.split("/"))
                            for name in ("api/api.c", "pages/pages.c", "main/control_serve.c",
                                         "pages/app.c"))


def source(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read()
