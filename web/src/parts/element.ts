// What all elements of the app share: they draw into the document itself, so that one stylesheet
// and one tree of headings serve all.
import { LitElement } from "lit";

export class Part extends LitElement {
  protected override createRenderRoot() {
    return this;
  }
}

/** A view: told of its place when it is opened and when its address changes. */
export abstract class View extends Part {
  static override properties = { argument: {}, parameters: { attribute: false } };
  declare argument: string;
  declare parameters: URLSearchParams;
  constructor() {
    super();
    this.argument = "";
    this.parameters = new URLSearchParams();
  }
}
