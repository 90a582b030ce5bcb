"""Prints fold_table.h: simple lower case of every code point, as ranges. Run by hand: python3 make_fold_table.py > fold_table.h"""
import unicodedata


def lower(code):
    text = chr(code).lower()
    if code == 0x130:
        return 0x69
    return ord(text) if len(text) == 1 else code


def ranges():
    found = []
    for code in range(0x80, 0x20000):
        delta = lower(code) - code
        if delta == 0:
            continue
        if found:
            first, last, step, was = found[-1]
            gap = code - last
            if was == delta and (gap == step or (first == last and gap in (1, 2))):
                found[-1] = (first, code, gap, delta)
                continue
        found.append((code, code, 1, delta))
    return found


print(f"/* Made by make_fold_table.py from Unicode {unicodedata.unidata_version}: simple lower case above ASCII. */")
print("#ifndef SUPPORT_FOLD_TABLE_H")
print("#define SUPPORT_FOLD_TABLE_H")
print()
print("#include <stdint.h>")
print()
print("/* Code points first, first + step … last become lower case by adding delta. Ascending. */")
print("static const struct fold_range {")
print("    uint32_t first, last;")
print("    int32_t step, delta;")
print("} fold_ranges[] = {")
for first, last, step, delta in ranges():
    print(f"    {{0x{first:x}, 0x{last:x}, {step}, {delta}}},")
print("};")
print()
print("#endif")
