"""Commands for the kit's --break and --mend that make a server of a test go away and come back."""
import os
import pathlib
import tempfile
import threading

# How it goes away: stopped without dying, so that its sockets stay open and nobody answers; or
# ended, and started again on its data.
HALT, END = "halt", "end"


class Breaker:
    """`commands` are the options for the kit. A thread here does what they ask for, by a named
    pipe, and answers each by a file of its own: who asked may be gone by then."""
    def __init__(self, server, how):
        self.server, self.how, self.broken, self.times = server, how, False, 0
        self.folder = tempfile.TemporaryDirectory(prefix="hearth-break-")
        ask = os.path.join(self.folder.name, "ask")
        os.mkfifo(ask)
        self.asked = open(os.open(ask, os.O_RDWR), "r+b", buffering=0)  # nobody waits for a partner
        self.commands = [
            word for option in ("break", "mend") for word in
            (f"--{option}",
             f'cd "{self.folder.name}" && echo {option} $$ >ask && until test -e "$$"; do sleep '
             '0.02; done && test "$(cat "$$")" = done'
             )
        ]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        for line in iter(self.line, ["end"]):
            word, who = line
            try:
                self.do(word == "break")
                said = "done"
            except Exception as e:  # pylint: disable=broad-except
                said = f"failed: {e}"
            answer = pathlib.Path(self.folder.name, who)
            answer.with_suffix(".new").write_text(f"{said}\n", encoding="utf-8")
            answer.with_suffix(".new").rename(answer)

    def line(self):
        text = b""
        while not text.endswith(b"\n"):
            text += self.asked.read(1)
        return text.decode().split()

    def do(self, breaks):
        if breaks == self.broken:
            return
        self.broken = breaks
        self.times += breaks
        if self.how == HALT:
            (self.server.freeze if breaks else self.server.thaw)()
        elif breaks:
            self.server.crash()
        else:
            self.server.start()

    def close(self):
        self.asked.write(b"end\n")
        self.thread.join(60)
        self.asked.close()
        self.do(False)
        self.folder.cleanup()
