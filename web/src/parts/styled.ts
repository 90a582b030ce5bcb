// Styles that are computed, set one by one through the CSSOM: the content security policy forbids
// style attributes.
import { noChange } from "lit";
import { Directive, directive, type ElementPart } from "lit/directive.js";

class Styled extends Directive {
  render(_styles: Record<string, string>) {
    return noChange;
  }
  override update(part: ElementPart, [styles]: [Record<string, string>]) {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(styles))
      if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
    return noChange;
  }
}

/** `<div ${styled({ "--site": "120" })}>`: the same names each time. */
export const styled = directive(Styled);
