import { expect, it } from "vitest";
import { docComment, docParts } from "./doc-text.js";

const parts = (doc: string | null) => {
  const { text, parameters, returns } = docParts(doc);
  return { text, parameters: Object.fromEntries(parameters), returns };
};

it("takes parameters and results out of Google's style", () => {
  const doc = `Finds boxes.

More of it.

Args:
    image (ndarray): The picture,
        of shape [h, w].
    *rest: Others.

Returns:
    The boxes,
    best first.

Raises:
    ValueError: never.`;
  expect(parts(doc)).toEqual({
    text: "Finds boxes.\n\nMore of it.\n\n\nRaises:\n    ValueError: never.".replace(
      "\n\n\n",
      "\n\n",
    ),
    parameters: { image: "The picture, of shape [h, w].", rest: "Others." },
    returns: "The boxes, best first.",
  });
});

it("takes them out of Sphinx's style", () => {
  const doc = `Finds boxes.

:param image: The picture,
    of shape [h, w].
:param int count: How many.
:type image: ndarray
:returns: The boxes.
:rtype: list`;
  expect(parts(doc)).toEqual({
    text: "Finds boxes.",
    parameters: { image: "The picture, of shape [h, w].", count: "How many." },
    returns: "The boxes.",
  });
});

it("leaves any other text as it is", () => {
  expect(parts(null)).toEqual({ text: "", parameters: {}, returns: undefined });
  const doc = "One line.\n\n    code: here\n\nNote: it is no section.";
  expect(parts(doc)).toEqual({ text: doc, parameters: {}, returns: undefined });
});

it("makes comments that no text can end", () => {
  expect(docComment([], "  ")).toBe("");
  expect(docComment(["a */ b"], "  ")).toBe("  /** a *\\/ b */\n");
  expect(docComment(["a\n\nb", "c"], "")).toBe("/**\n * a\n *\n * b\n * c\n */\n");
});
