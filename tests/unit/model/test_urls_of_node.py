#!/usr/bin/env python3
"""test_urls_of_node.py URL_TOOL [SEED]: thousands of odd URLs are what node's URL makes of them,
which is another program's reading of the same standard. What Firefox does otherwise is not among
them (FIREFOX_ONLY); tests/firefox asks it all of Firefox."""
import json
import random
import re
import subprocess
import sys

SCHEMES = ["http", "https", "ftp", "HTTP", "Https", "ws", "wss", "file", "place", "javascript",
           "mailto", "data", "about", "x-y+z.1", "moz-extension", "1http", "ht tp", "", "web+x"]
SLASHES = ["//", "//", "//", "//", "", "/", "///", "\\\\", "\\/", "//\t/"]
USERS = ["", "", "", "", "user@", "user:pw@", ":@", "@", ":pw@", "a@b@", "u:p:q@", "ü:ö/@",
         "a b:c|d@", "%41:%zz@", "u^`{}:[]@"]
HOSTS = ["example.org", "EXAMPLE.org", "bücher.example", "BÜCHER.example", "faß.de",
         "xn--bcher-kva.de", "XN--BCHER-KVA.de", "xn--n3h.net", "☃.net", "i❤️.ws", "日本語。jp",
         "a_b.example", "-a-.de", "ab--cd.de", "ab--cd.ü", "-ü.de", "ex%61mple.org",
         "b%C3%BCcher.de", "%ff.de", "a%00b.de", "a b.de", "a%20b.de", "a<b.de", "a|b.de", "a^b",
         "a*b.de", "a,b;c!d$e&f'g(h)i", "127.0.0.1", "127.1", "0x7f.1", "017700000001",
         "2130706433", "256.1.1.1", "1.2.3.4.5", "1.2.3.4.", "1..2", "09.1", "0x", "0xg", "a.0x1",
         "a.1", "4294967295", "4294967296", "1.2.65536", "1.2.65535", "[::1]",
         "[0:0:0:0:0:0:0:1]", "[2001:DB8::0:1]", "[1:0:0:2:0:0:0:3]", "[::ffff:1.2.3.4]",
         "[::1.2.3]", "[::1%25eth0]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[1:2:3:4:5:6:7::]",
         "[::", "[]", "a[b]", "localhost", "LOCALHOST", "", ".", "..", "a..b", "a.", ".a",
         "\u00ad", "a\u00adb.de", "a\u200db.de", "xn--", "xn--a", "xn--zzzz", "xn--a-\u00fc",
         "１２７.０.０.１", "%30x7f.1", "a\u2044b", "a℀b", "a\uff05b", "ａ.com", "a\u3002b", "a\u0338=",
         "σς.gr", "ΒΌΛΟΣ.com", "x" * 70 + ".de", "ü" * 70 + ".de", "☕.example", "sub.☃.example"]
PORTS = ["", "", "", "", ":", ":80", ":443", ":21", ":8080", ":00080", ":65535", ":65536", ":x",
         ":-1", ":8 0", ":99999999999999999999", ":８"]
SEGMENTS = ["a", "b c", ".", "..", "%2e", "%2E%2e", ".%2e", "...", "", "ä", "%", "%zz", "%c3%a4",
            "{x}", "a^b", "a`b", "a|b", "a\"b", "<a>", "a'b", "a;b=c", "a:b@c", "[x]",
            "~!$&()*+,", "\u007f", "\u0001", "\U0001f600", "a\tb", "a\nb", "%2f", "C:", "C|",
            "\u00a0", "\ue000"]
QUERIES = ["", "", "", "?", "?a=b", "?a'b", "?ä=ü", "?a b", "?\"<>`{}^|\\", "??", "?a?b/c", "?%zz",
           "?[x]", "?\u0001\u007f"]
FRAGMENTS = ["", "", "", "#", "#a", "#ä b", "#\"<>`{}^|\\'", "##a", "#?", "#\u0001"]
ENDS = ["", "", "", "", " ", "\t", "\u0001", "  \n", "\u00a0"]
NODE = """
let odd = JSON.parse(require('fs').readFileSync(0, 'utf8'));
let own = u => { try { return new URL(u).href } catch (e) { return '!' } };
process.stdout.write(JSON.stringify(odd.map(own)));
"""


# Where Firefox does not keep to the standard: hosts have neither '"' nor '*' nor end in "0x", files
# have no hosts, some schemes are left as they are. Node's older versions leave '^' in paths, and
# lose the slash behind unknown schemes' '..'.
FIREFOX_ONLY = re.compile(r"""["*^]|%22|%2a|0x(?![0-9a-f])|^[^a-z]*(?!(http|https|ftp|ws|wss):)"""
                          r"[a-z]+[-+.a-z0-9]*:", re.I)


def some_url(rng):
    path = "".join(rng.choice(["/", "/", "/", "\\"]) + rng.choice(SEGMENTS)
                   for _ in range(rng.randrange(5)))
    if rng.random() < 0.1:
        path = path[1:]
    scheme = rng.choice(SCHEMES if rng.random() < 0.4 else SCHEMES[:4])
    url = (scheme + (":" if rng.random() < 0.98 else "") + rng.choice(SLASHES) +
           rng.choice(USERS) + rng.choice(HOSTS if rng.random() < 0.7 else HOSTS[:2]) +
           rng.choice(PORTS) + path + rng.choice(QUERIES) + rng.choice(FRAGMENTS))
    if rng.random() < 0.1:
        at = rng.randrange(len(url) + 1)
        url = url[:at] + rng.choice("\t\n\r \\/:@?#[]%.|^<>'\"`{}ü\u3002") + url[at:]
    return rng.choice(ENDS) + url + rng.choice(ENDS)


def of_node(urls):
    done = subprocess.run(["node", "-e", NODE], input=json.dumps(urls).encode(), check=True,
                          stdout=subprocess.PIPE, timeout=50)
    return json.loads(done.stdout)


def of_hearth(tool, urls):
    done = subprocess.run([tool], input="".join(u + "\0" for u in urls).encode(), check=True,
                          stdout=subprocess.PIPE, timeout=50)
    return done.stdout.decode().split("\0")[:-1]


def compare(tool, rng, count, theirs_of, keeps):
    """How many differ, of how many, of which so many are URLs."""
    urls = [u for u in sorted({some_url(rng) for _ in range(count)}) if keeps(u)]
    wrong, hearth, other = 0, of_hearth(tool, urls), theirs_of(urls)
    assert len(hearth) == len(other) == len(urls)
    for url, ours, theirs in zip(urls, hearth, other):
        if ours != theirs:
            wrong += 1
            if wrong <= 40:
                print(f"{url!r}\n  other  {theirs!r}\n  Hearth {ours!r}")
    valid = [u for u in hearth if u != "!"]
    assert of_hearth(tool, valid) == valid, "canonical URLs are not their own form"
    return wrong, len(urls), len(valid)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wrong, urls, valid = compare(
        sys.argv[1], random.Random(seed), 20000, of_node,
        lambda u: not FIREFOX_ONLY.search(re.sub("[\t\r\n]", "", u)))
    print(f"{urls} URLs, seed {seed}, {valid} valid, {wrong} differ")
    assert wrong == 0 and urls > 9000 and valid > 3000


if __name__ == "__main__":
    main()
