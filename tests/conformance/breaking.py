"""Commands for the kit's --break and --mend that make a server of a test go away and come back."""
import os
import pathlib
import signal
import tempfile
import threading

# How it goes away: stopped without dying, so that its sockets stay open and nobody answers; or ended, and started again on its data.
HALT, END = "halt", "end"


class Breaker:
    """`commands` are the options for the kit. A thread here does what they ask for, by two named pipes."""
    def __init__(self, server, how):
        self.server, self.how, self.broken, self.times = server, how, False, 0
        self.folder = tempfile.TemporaryDirectory(prefix="hearth-break-")
        self.ask, self.answer = (pathlib.Path(self.folder.name, name) for name in ("ask", "answer"))
        for pipe in (self.ask, self.answer):
            os.mkfifo(pipe)
        self.commands = [word for option in ("break", "mend") for word in
                         (f"--{option}", f'echo {option} >"{self.ask}" && read done <"{self.answer}" && test "$done" = done')]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            word = self.ask.read_text(encoding="utf-8").strip()
            if word == "end":
                return
            try:
                self.do(word == "break")
                said = "done"
            except Exception as e:  # pylint: disable=broad-except
                said = f"failed: {e}"
            self.answer.write_text(f"{said}\n", encoding="utf-8")

    def do(self, breaks):
        if breaks == self.broken:
            return
        self.broken = breaks
        self.times += breaks
        if self.how == HALT:
            (self.server.freeze if breaks else self.server.thaw)()
        elif breaks:
            self.server.end(signal.SIGQUIT)
        else:
            self.server.start()

    def close(self):
        self.ask.write_text("end\n", encoding="utf-8")
        self.thread.join()
        self.do(False)
        self.folder.cleanup()
