"""The interface of plugins grows by the rules of hearth/plugin.h: nothing else may happen to the
headers inside an epoch.

`python3 tests/package/growth.py` says what breaks a rule; `… record` writes
tests/package/hearth.abi anew, in the commit that adds something on purpose, and refuses what
breaks a rule. `… record --new-epoch` records whatever there is: when HEARTH_ABI_EPOCH has grown,
or nobody can have built on this one yet. Drafts (hearth/draft/) keep the rules of form, and may
change: nothing of them is recorded or frozen.

`… freeze` copies the headers and a plugin of each kind to tests/package/epochN, where
test_frozen.py builds them for as long as the epoch lives: once, at the epoch's first release. `…
freeze --new-epoch` does it again, while nobody can have built on this epoch; `… record
--new-epoch` does so too."""
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import interface  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# What is frozen with the headers: each is complete in its folder.
PLUGINS = ("plugins/storage-mem", "docs/templates/queue-mem", "docs/templates/sync-mem")
RECORDED = pathlib.Path(__file__).resolve().parent / "hearth.abi"
# Structs without struct_size: they never change at all. Each with the reason why that is bearable.
OWN_SIDE = "each side makes it from its own headers; it never crosses the border"
FROZEN = dict.fromkeys(("hearth_field", "hearth_sentence", "hearth_message_row", "hearth_duration",
                        "hearth_time", "hearth_rendering"), OWN_SIDE)
EXTENSION = re.compile(r"hearth\.(host|storage|queue|sync)\.[a-z][a-z0-9_]*(\.draft)?/[1-9][0-9]*")
NUMBERS = {
    "TEXT": (0, None), "INT": (None, None), "FLAG": (0, 1), "REAL": (None, None), "HASH": (1, None)
}


def rules_of_structs(found):
    """What is wrong with the headers by themselves."""
    for name, struct in found["structs"].items():
        members = struct["members"]
        first, last = members[0], members[-1]
        if name not in FROZEN and (first["name"], first["type"],
                                   first["offset"]) != ("struct_size", "uint32_t", 0):
            yield (
                f"struct {name}: it begins with {first['name']}, not with uint32_t struct_size: "
                "nobody could tell a longer one from a shorter one. "
                "Put struct_size in front, or name the struct among FROZEN with the reason why it "
                "never changes"
            )
        if last["offset"] + last["size"] < struct["size"]:
            yield (
                f"struct {name}: {struct['size'] - last['offset'] - last['size']} bytes of room "
                f"behind its last member {last['name']}: a later member would hide there "
                "without making struct_size grow. Add a `reserved` member, or make the last one as "
                "wide as a pointer"
            )
        for member in members:
            if member["what"] == "bool":
                yield (f"struct {name}: member {member['name']} is a bool, which leaves room "
                       "behind it. Make it int64_t, 0 or 1")
            elif name in FROZEN:
                continue
            elif member["what"] == "struct" and member["array"]:
                yield (
                    f"struct {name}: member {member['name']} is an array of structs "
                    f"({member['type']}), whose elements can never grow. "
                    "Make it a pointer to the first (HEARTH_AT) and a count")
            elif member["what"] == "struct":
                yield (f"struct {name}: member {member['name']} is {member['type']} by value, so "
                       "that neither can ever grow. Make it a pointer")


def rules_of_extensions(found):
    seen = {}
    drafts = found["drafts"]["extensions"]
    for name, struct in found["extensions"] + drafts:
        if not EXTENSION.fullmatch(name):
            yield (f'extension "{name}": its name has not the form hearth.KIND.NAME/NUMBER, KIND '
                   'one of host, storage, queue, sync. Name it so')
        elif (".draft/" in name) != ((name, struct) in drafts):
            yield (
                f'extension "{name}": ' +
                ("it calls itself a draft and stands among what is settled"
                 if ".draft/" in name else "it stands in hearth/draft/ and does not say so") +
                '. A draft is called "….draft/NUMBER" and stands there; what a plugin implements '
                'and the kit tests is none'
            )
        elif name in seen:
            yield (f'extension "{name}": two have that name, {struct} and {seen[name]}. Whoever '
                   'asks gets either. Give one another name, or another number when its meaning '
                   'has changed')
        elif struct != "hearth_" + re.sub(
                r"\W", "_", name[len("hearth."):name.index("/")].removesuffix(".draft")):
            yield (f'extension "{name}": below it stands struct {struct or "(none)"}, not the '
                   'struct that is called like it. Put it there')
        seen[name] = struct


def rules_of_fields(found):
    for record, fields in found["fields"].items():
        for name, (role, kind, least, most, meaning) in fields.items():
            low, high = NUMBERS[kind]
            least, most = float(least), float(most)
            if least > most or (low is not None and least < low) or (
                    high is not None and
                (least, most) != (low, high)) or (kind == "HASH" and least != most):
                yield (f"record {record}: field {name} ({kind}) has the impossible limits "
                       f"{least:.20g} … {most:.20g}. Say what is the least and the most that a "
                       "storage must keep")
            elif kind == "TEXT" and most < 1:
                yield f"record {record}: field {name} has no limit. Say how many bytes it may have"
            if not meaning.strip():
                yield f"record {record}: field {name} has no words. Say what it means, and its unit"


def changes_of_struct(name, was, now):
    if now is None:
        yield f"struct {name}: it is gone. Plugins in the field hand it over: keep it"
        return
    today = {member["name"]: member for member in now["members"]}
    for member in was["members"]:
        here = today.get(member["name"])
        at = next((m for m in now["members"] if m["offset"] == member["offset"]), None)
        if here is None:
            yield (
                f"struct {name}: member {member['name']} at offset {member['offset']} is gone" +
                (f", {at['name']} is there now" if at else "") +
                ": a plugin of before still reads and writes it. Leave it, and add the new one at "
                "the end"
            )
        elif here["offset"] != member["offset"]:
            yield (f"struct {name}: member {member['name']} moved from offset {member['offset']} "
                   f"to {here['offset']}: a plugin of before looks for it where it was. Add new "
                   "members at the end")
        elif (here["type"], here["size"]) != (member["type"], member["size"]):
            yield (f"struct {name}: member {member['name']} was {member['type']} and is "
                   f"{here['type']}: a plugin of before has the old one. Leave it, and add another "
                   "member at the end")
    known = {member["name"] for member in was["members"]}
    for member in now["members"]:
        if member["name"] in known:
            continue
        if name in FROZEN:
            yield (f"struct {name}: member {member['name']} is new, but the struct is frozen "
                   f"({FROZEN[name]}). Make a new struct")
        elif member["offset"] < was["size"]:
            yield (
                f"struct {name}: the new member {member['name']} lies at offset "
                f"{member['offset']}, within the {was['size']} bytes that the struct has had: "
                "a plugin of before has something else there, and struct_size does not tell. Put "
                "it at the end"
            )


def changes(was, now):
    """What breaks a rule between what was recorded and today."""
    for name, struct in was["structs"].items():
        yield from changes_of_struct(name, struct, now["structs"].get(name))
    for name, values in was["enums"].items():
        for value, number in values.items():
            today = now["enums"].get(name, {}).get(value)
            if today != number:
                yield (f"enum {name}: {value} was {number} and is "
                       f"{'gone' if today is None else today}: plugins in the field say {number}. "
                       "Leave it, and give new values new numbers")
    for name, said in was["callbacks"].items():
        if now["callbacks"].get(name) != said:
            yield (f"callback {name}: it was {said} and is {now['callbacks'].get(name, 'gone')}: "
                   "plugins in the field call the old one. Make a new callback type, and a new "
                   "operation that takes it")
    for name, struct in was["extensions"]:
        if (name, struct) not in now["extensions"]:
            yield (f'extension "{name}": it is gone, or has another struct. Who asks for it would '
                   'do without: keep it, and give what is new another number')
    for record, fields in was["fields"].items():
        for name, said in fields.items():
            today = now["fields"].get(record, {}).get(name)
            if today is not None and today[:4] != said:
                yield (
                    f"record {record}: field {name} was {' '.join(said)} and is "
                    f"{' '.join(today[:4])}: a storage in the field keeps to what it was built "
                    "with. "
                    "Leave it, and add another field at the end of the table")


def additions(was, now):
    """What is new, and allowed."""
    for name, struct in now["structs"].items():
        known = {member["name"] for member in was["structs"].get(name, {"members": []})["members"]}
        yield from (f"struct {name}: {member['name']}" for member in struct["members"]
                    if member["name"] not in known)
    for kind in ("enums", "fields"):
        for name, values in now[kind].items():
            yield from (f"{name}: {value}" for value in values
                        if value not in was[kind].get(name, {}))
    yield from (f"callback {name}" for name in now["callbacks"] if name not in was["callbacks"])
    yield from (f"extension {name}" for name, struct in now["extensions"]
                if (name, struct) not in was["extensions"])


def broken(now, was=None):
    """A sentence for each rule that is broken; without `was` only those that need no past."""
    found = [
        *rules_of_structs(now), *rules_of_extensions(now), *rules_of_fields(now),
        *rules_of_structs(now["drafts"]), *rules_of_fields(now["drafts"])
    ]
    found += [
        f"hearth/{name} includes a draft, which may change at any time: what is settled must not "
        "lean on it"
        for name in now["leaning"]
    ]
    if was is not None and now["epoch"] == was["epoch"]:
        found += changes(was, now)
        new = list(additions(was, now))
        if new and now["version"] <= was["version"]:
            found.append(
                f"HEARTH_ABI_VERSION is {now['version']} as it was recorded, and there is "
                f"something new ({', '.join(new[:3])}{', …' if len(new) > 3 else ''}). "
                "It grows by one with every addition")
    return found


def said(headers=interface.HEADERS, recorded=RECORDED):
    """Everything that is wrong, also an addition that nobody recorded yet; [] for nothing."""
    was, now = interface.parse(recorded.read_text(encoding="utf-8")), interface.read(headers)
    found = broken(now, was)
    if not found and interface.parse(interface.write(now)) != was:
        found = [
            f"not recorded yet: {', '.join(additions(was, now)) or 'epoch or version'}. Read "
            "\"Growing the interface\" in docs/plugins.md, "
            "then run `python3 tests/package/growth.py record`"
        ]
    return found


def freeze(anew=False, headers=interface.HEADERS, to=HERE):
    """[] when the headers and a plugin of each kind are frozen as they are now;
    else what is wrong."""
    epoch = re.search(r"^#define HEARTH_ABI_EPOCH +(\d+)$",
                      (headers / "hearth" / "plugin.h").read_text(encoding="utf-8"), re.M)[1]
    folder = to / f"epoch{epoch}"
    if folder.exists() and not anew:
        return [
            f"{folder.name} is frozen already: plugins in the field were built against it, and it "
            "stays. While nobody can have built on this epoch: freeze --new-epoch"
        ]
    shutil.rmtree(folder, ignore_errors=True)
    sources = {
        "include/hearth": headers / "hearth",
        **{path.rpartition("/")[2]: interface.HEADERS.parents[1] / path
           for path in PLUGINS}
    }
    for name, source in sources.items():
        (folder / name).mkdir(parents=True)
        for file in sorted(source.glob("*.[ch]")):
            shutil.copyfile(file, folder / name / file.name)
    return []


def main(arguments):
    if arguments not in ([], ["record"], ["record",
                                          "--new-epoch"], ["freeze"], ["freeze", "--new-epoch"]):
        sys.exit(__doc__)
    if not arguments:
        found = said()
    elif arguments[0] == "freeze":
        found = freeze("--new-epoch" in arguments)
    else:
        now = interface.read()
        found = broken(
            now, None if "--new-epoch" in arguments else interface.parse(
                RECORDED.read_text(encoding="utf-8")))
        if not found:
            RECORDED.write_text(interface.write(now), encoding="utf-8")
            if "--new-epoch" in arguments:
                found = freeze(anew=True)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
