#!/usr/bin/env python3
"""release.py [FOLDER]: all files of a release of the commit that is checked out, into FOLDER
(.dev/release unless given), which it makes anew. docs/releases.md says what they are. Needs root,
for bootstrapped systems of Debian 12 and 13."""
import base64
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import systems

ROOT = pathlib.Path(__file__).resolve().parents[1]
NUMBERS = {"bookworm": "12", "trixie": "13"}
IN_TARBALL = ("hearth", "hearth-postgresql", "hearth-redis")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def name_and_version(deb):
    name, version, architecture = deb.stem.split("_")
    return name, version, architecture


# --- tarballs of what the packages install ---


def make_tarball(debs, release, version, epoch, folder):
    """Below one folder, with bin and lib at its top; etc and units lie beside them."""
    architecture = name_and_version(debs[0])[2]
    name = f"hearth-{version}-debian{NUMBERS[release]}-{architecture}"
    with tempfile.TemporaryDirectory(prefix="hearth-release-") as work:
        root, tree = pathlib.Path(work, "root"), pathlib.Path(work, name)
        for deb in debs:
            if name_and_version(deb)[0] in IN_TARBALL:
                subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
        (root / "usr").rename(tree)
        (root / "etc").rename(tree / "etc")
        if (root / "lib").is_dir():
            shutil.copytree(root / "lib", tree / "lib", dirs_exist_ok=True)
        out = folder / (name + ".tar.xz")
        subprocess.run([
            "tar", "--create", "--xz", f"--file={out}", f"--directory={work}", "--sort=name",
            f"--mtime=@{epoch}", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu",
            "--mode=u+rw,go=rX", name
        ], check=True, env={**os.environ, "XZ_OPT": "-6 -T1"})


# --- SPDX 2.3 ---


class Sbom:
    def __init__(self, version, epoch):
        created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
        self.version, self.ids = version, set()
        self.document = {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"hearth-{version}", "documentNamespace": "", "creationInfo": {
                "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators":
                ["Organization: Hearth", "Tool: packaging/release.py"]
            }, "packages": [], "relationships": []
        }

    def add(self, kind, name, version, **more):
        """Returns its id; the same package is there once."""
        id = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", f"{kind}-{name}-{version}")
        if id not in self.ids:
            self.ids.add(id)
            self.document["packages"].append({
                "SPDXID": id, "name": name, "versionInfo": version, "downloadLocation":
                "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION", **more
            })
        return id

    def relate(self, one, how, other):
        relation = {"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
        if relation not in self.document["relationships"]:
            self.document["relationships"].append(relation)

    def add_file(self, path):
        return self.add("file", path.name, self.version, packageFileName=path.name,
                        licenseDeclared="MPL-2.0",
                        checksums=[{"algorithm": "SHA256", "checksumValue": sha256(path)}])

    def add_debian(self, release, name, version, source):
        return self.add(f"debian{NUMBERS[release]}", name, version, sourceInfo=f"Debian: {source}",
                        supplier="Organization: Debian", externalRefs=[
                            purl(f"pkg:deb/debian/{name}@{version}?distro=debian-"
                                 f"{NUMBERS[release]}")
                        ])

    def add_npm(self, name, package):
        more = {}
        algorithm, _, value = package.get("integrity", "").partition("-")
        if algorithm == "sha512":
            more["checksums"] = [{
                "algorithm": "SHA512", "checksumValue": base64.b64decode(value).hex()
            }]
        place = name.replace("@", "%40", 1)
        return self.add("npm", name, package["version"],
                        licenseDeclared=package.get("license", "NOASSERTION"),
                        downloadLocation=package.get("resolved", "NOASSERTION"),
                        externalRefs=[purl(f"pkg:npm/{place}@{package['version']}")], **more)

    def write(self, path):
        self.document["packages"].sort(key=lambda p: p["SPDXID"])
        content = json.dumps(self.document, sort_keys=True).encode()
        self.document["documentNamespace"] = (
            f"https://hearth.invalid/spdx/hearth-{self.version}-"
            f"{hashlib.sha256(content).hexdigest()}")
        path.write_text(json.dumps(self.document, indent=1) + "\n", encoding="utf-8")


def purl(text):
    return {
        "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator":
        text.replace("+", "%2B").replace("~", "%7E")
    }


def debian_libraries(system, deb):
    """What it depends on of Debian, as it was when it was made: (name, version, source)."""
    system.put(deb, f"srv/{deb.name}")
    depends = system.run(f"dpkg-deb -f /srv/{deb.name} Depends")
    names = {
        re.sub(r"[ (:].*", "", choice.strip())
        for choice in depends.split(",")
        if "|" not in choice and not choice.strip().startswith("hearth")
    }
    said = system.run("dpkg-query -W -f '${Package} ${Version} ${source:Package}=${source:Version}"
                      "\\n' " + " ".join(sorted(names)) + " 2>/dev/null", None)
    return [tuple(line.split()) for line in said.splitlines() if len(line.split()) == 3]


def private_libraries(system, deb):
    """What it has a copy of: Built-Using says from which source."""
    using = system.run(f"dpkg-deb -f /srv/{deb.name} Built-Using").strip()
    found = re.match(r"(\S+) \(= (\S+)\)", using)
    return [("libh2o-evloop0.13", found[2], f"{found[1]}={found[2]}")] if found else []


def write_sbom(folder, version, epoch, source, made):
    sbom = Sbom(version, epoch)
    top = sbom.add("hearth", "hearth", version, licenseDeclared="MPL-2.0",
                   primaryPackagePurpose="APPLICATION")
    sbom.relate("SPDXRef-DOCUMENT", "DESCRIBES", top)
    tarball = sbom.add_file(source)
    sbom.relate(top, "CONTAINS", tarball)
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    for path, package in sorted(lock["packages"].items()):
        if path and not package.get("dev"):
            sbom.relate(tarball, "CONTAINS",
                        sbom.add_npm(path.rpartition("node_modules/")[2], package))
    for system, debs in made:
        for deb in debs:
            id = sbom.add_file(folder / deb.name)
            sbom.relate(top, "CONTAINS", id)
            for library in debian_libraries(system, deb):
                sbom.relate(id, "DEPENDS_ON", sbom.add_debian(system.release, *library))
            for library in private_libraries(system, deb):
                sbom.relate(id, "CONTAINS", sbom.add_debian("bookworm", *library))
    sbom.write(folder / f"hearth-{version}.spdx.json")


def write_sums(folder):
    lines = [f"{sha256(p)}  {p.name}\n" for p in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def finish(folder, source, made):
    """The folder with all files of a release, of the source and of (system, its packages)."""
    version = source.name[len("hearth-"):-len(".tar.xz")]
    stamp = subprocess.run(
        ["tar", "-xOf", source, f"hearth-{version}/packaging/stamp"], stdout=subprocess.PIPE,
        text=True, check=True).stdout
    epoch = int(stamp.split()[1])
    systems.remove(folder)
    folder.mkdir(parents=True)
    source = pathlib.Path(shutil.copy(source, folder))
    packages = []
    for system, out in made:
        for path in (*out.glob("*.deb"), *out.glob("*.buildinfo")):
            shutil.copy(path, folder)
        debs = [p for p in sorted(out.glob("*.deb")) if "-dbgsym" not in p.name]
        make_tarball(debs, system.release, version, epoch, folder)
        packages.append((system, debs))
    write_sbom(folder, version, epoch, source, packages)
    write_sums(folder)


def release(folder):
    source, made = systems.make_source(systems.FOLDER / "source"), []
    for codename in systems.RELEASES:
        print(f"making the packages of {codename}", flush=True)
        system = systems.builder(codename)
        made.append((system, systems.make_packages(system, source)))
    finish(folder, source, made)
    print(*sorted(p.name for p in folder.iterdir()), sep="\n")


if __name__ == "__main__":
    try:
        release(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".dev" / "release"))
    except systems.Failed as failed:
        sys.exit(f"release: {failed}")
