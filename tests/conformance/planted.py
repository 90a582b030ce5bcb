"""A fault planted in a real plugin: one of its sources is changed in a copy, compiled as the
build does it, and linked with the rest."""
import json
import pathlib
import re
import shlex
import subprocess


def commands(folder, target, source):
    """How the build compiles that source of the plugin,
    and how it links the plugin, in its folder."""
    entries = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    entries = [
        entry for entry in entries
        if (folder / entry["file"]).resolve().as_posix().endswith(f"/plugins/{source}")
    ]
    # else it comes from a library, for tests of parts
    entries.sort(key=lambda entry: not entry["output"].startswith(f"{target}.p/"))
    said = subprocess.run(["ninja", "-t", "commands", target], cwd=folder, capture_output=True,
                          text=True, check=True, timeout=60).stdout
    return entries[0], said.splitlines()[-1]


def build(build_folder, plugin, folder, source, pattern, replacement):
    """The plugin (a path in the build folder) with that fault, in `folder`. source: a path below
    plugins/."""
    build_folder, plugin = pathlib.Path(build_folder).resolve(), pathlib.Path(plugin)
    plugin = plugin.resolve() if plugin.is_absolute() or plugin.exists() else (build_folder /
                                                                               plugin).resolve()
    entry, linking = commands(build_folder, str(plugin.relative_to(build_folder)), source)
    file = (build_folder / entry["file"]).resolve()
    text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"))
    assert count > 0, f"{source} no longer has what the fault is planted in"
    copy, made, result = (pathlib.Path(folder) / name
                          for name in (file.name, "planted.o", plugin.name))
    copy.write_text(text, encoding="utf-8")
    words = shlex.split(entry["command"])
    if "-MD" in words:  # the build's own notes on what depends on what stay as they are
        words = words[:words.index("-MD")] + words[words.index("-o"):]
    words[words.index("-o") + 1] = str(made)
    words[words.index("-c") + 1] = str(copy)
    subprocess.run([*words, "-iquote", str(file.parent), "-w"], cwd=build_folder, check=True,
                   timeout=120)
    words = [word for word in shlex.split(linking) if word != entry["output"]]
    at = words.index("-o") + 1
    # it comes before the library that has it, too
    words[at:at + 1] = [str(result), str(made), "-Wl,--allow-multiple-definition"]
    subprocess.run(words, cwd=build_folder, check=True, timeout=120)
    return result
